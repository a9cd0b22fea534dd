import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConfig } from './load.ts'

const GOOD = `county: "520327"
uplink: mqtt://127.0.0.1:1883
api: http://127.0.0.1:8080
directory: ./edge-data
sites:
  - device: 520327-S001-A
    enrolCode: ABCD-EFGH
    volume:
      - driver: pulse
        port: tcp://127.0.0.1:5020
        unit: 1
        nozzles: [{ nozzle: "1", input: 0, pulsesPerLitre: 100 }]
      - driver: gauge
        port: tcp://127.0.0.1:10001
        tanks: [{ tank: "1", number: 1 }]
    price:
      - driver: taxport
        port: tcp://127.0.0.1:5031
        dialect: ktk
        nozzles: [{ nozzle: "1", gun: 1 }]
`

const detail = (text: string): string => {
  const parsed = parseConfig(text, 'edge.yaml')
  return parsed.ok ? 'accepted' : `${parsed.problem.code} ${parsed.problem.detail}`
}

describe('a configuration', () => {
  it('is accepted with its defaults', () => {
    const parsed = parseConfig(GOOD, 'edge.yaml')
    expect(parsed).toMatchObject({
      ok: true,
      value: { spoolMegabytes: 128, sites: [{ algorithm: 'SM2-SM3' }] },
    })
  })

  it.each<[string, string, string, string]>([
    ['an unquoted county', 'county: "520327"', 'county: 520327', 'edge.yaml:1:9 county:'],
    ['an unknown setting', 'directory:', 'colour: red\ndirectory:', 'edge.yaml:4:9 colour: 未知的配置项'],
    ['a missing setting', 'directory: ./edge-data\n', '', 'directory: 缺少此项'],
    [
      'a port that is none',
      'tcp://127.0.0.1:5020',
      '127.0.0.1:5020',
      'edge.yaml:10:15 sites.0.volume.0.port:',
    ],
    ['a unit out of range', 'unit: 1', 'unit: 300', 'edge.yaml:11:15 sites.0.volume.0.unit: 须为 1–247'],
    [
      'a dialect nobody speaks',
      'dialect: ktk',
      'dialect: kkt',
      'edge.yaml:19:18 sites.0.price.0.dialect: 须为 ytsf',
    ],
    [
      'a gauge in the price channel',
      'driver: taxport',
      'driver: gauge',
      'edge.yaml:17:17 sites.0.price.0.driver:',
    ],
    [
      'a port of both channels',
      '127.0.0.1:5031',
      '127.0.0.1:5020',
      'edge.yaml:18:15 sites.0.price.0.port: 油量与单价通道不得共用端口',
    ],
    [
      'a device of another county',
      '520327-S001-A',
      '520328-S001-A',
      'edge.yaml:6:13 sites.0.device: 不属于本县',
    ],
    [
      'a code without an address to enrol at',
      'api: http://127.0.0.1:8080\n',
      '',
      'sites.0.enrolCode: 登记需要 api',
    ],
    [
      'a nozzle twice',
      'pulsesPerLitre: 100 }',
      'pulsesPerLitre: 100 }, { nozzle: "1", input: 1, pulsesPerLitre: 9 }',
      '1 在本通道中重复',
    ],
    ['broken YAML', 'sites:', 'sites: [', 'YAML 语法错误'],
    ['an alias', 'directory: ./edge-data', 'directory: &a ./x\nca: *a', '/ '],
  ])('with %s is refused at its line and column', (_, from, to, expected) => {
    const said = detail(GOOD.replace(from, to))
    expect(said).toContain('CONFIG_INVALID')
    expect(said).toContain(expected)
  })

  it('names every fault, not only the first', () => {
    const said = detail(GOOD.replace('unit: 1', 'unit: 0').replace('gun: 1', 'gun: x'))
    expect(said.split('\n').length).toBe(2)
  })

  it('is never more than refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.nat(GOOD.length), (junk, at) => {
        parseConfig(junk, 'edge.yaml')
        parseConfig(GOOD.slice(0, at) + junk + GOOD.slice(at), 'edge.yaml')
      }),
      { numRuns: 300 },
    )
  })
})
