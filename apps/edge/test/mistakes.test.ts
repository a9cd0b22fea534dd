import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig, parseConfig } from '../src/config/load.ts'
import { bundleCollector, TestCollector, until } from './collector.ts'

/** Mistakes of people who configure a collector by hand: each is named by line and reason, and nothing is begun. */

/** Written from docs/formats/collector.md alone: every driver, every way to plug one in. */
const GOOD = `# 站点配置
county: "520327"
uplink: mqtts://platform.example:8883
ca: 平台 证书.pem
api: https://platform.example
directory: ./采集 数据
history: ./历史
sites:
  - device: 520327-S001-A
    enrolCode: ABCD-EFGH
    volume:
      - driver: pulse
        port: tcp://192.168.1.10:502
        unit: 1
        nozzles:
          - { nozzle: "1", input: 0, pulsesPerLitre: 100 }
          - { nozzle: "2", input: 1, pulsesPerLitre: 100, loopOhms: 1000 }
      - driver: pulse
        port: serial:///dev/ttyS1?baud=19200&parity=even
        framing: rtu
        unit: 2
        nozzles: [{ nozzle: "3", input: 0, pulsesPerLitre: 100 }]
      - driver: arm
        port: serial:///dev/ttyS1?baud=19200&parity=even
        framing: rtu
        unit: 7
        arms: [{ arm: A1, input: 0 }, { arm: A2, input: 1 }]
      - driver: taxport
        port: tcp://192.168.1.20:4001
        dialect: ytsf
        nozzles: [{ nozzle: "5", gun: 1 }, { nozzle: "6", gun: 2 }]
      - driver: gauge
        port: serial:///dev/ttyS2?baud=9600&parity=odd&data=7
        securityCode: "123456"
        tanks: [{ tank: "1", number: 1 }, { tank: "2", number: 2 }]
    price:
      - driver: taxport
        port: serial:///dev/ttyS3
        dialect: ktk
        nozzles: [{ nozzle: "1", gun: 1 }]
      - driver: taxport
        port: tcp://192.168.1.21:4001
        dialect: ytsf
        nozzles: [{ nozzle: "5", gun: 1 }]
`

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), '采集器 配置-'))
  file = join(folder, '站点 一.yaml')
  mkdirSync(join(folder, '历史'))
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=house', '-keyout', 'ca.key', '-out', '平台 证书.pem'],
    ],
    { cwd: folder, stdio: 'ignore' },
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function complaints(content: string | Uint8Array): string[] {
  writeFileSync(file, content)
  const loaded = loadConfig(file)
  return loaded.ok ? [] : loaded.problem.detail.split('\n')
}

/** The first line that is not as it was, from 1. */
function firstChange(text: string): number {
  const good = GOOD.split('\n')
  return text.split('\n').findIndex((line, i) => line !== good[i]) + 1
}

/** `site` twice: what a copied block looks like before it is edited. */
const COPIED = GOOD + GOOD.slice(GOOD.indexOf('  - device'))

describe('a configuration written by hand', () => {
  it.each<[string, (text: string) => string | Uint8Array]>([
    ['as it stands', (text) => text],
    ['with the line ends of Windows', (text) => text.replaceAll('\n', '\r\n')],
    ['with a byte order mark', (text) => `\ufeff${text}`],
    ['with the mark and the line ends of Notepad', (text) => `\ufeff${text.replaceAll('\n', '\r\n')}`],
    ['without a last line end', (text) => text.trimEnd()],
    ['in JSON', (text) => JSON.stringify(JSON.parse(jsonOf(text)), null, 2)],
  ])('is accepted %s, Chinese names and spaces in its paths', (_, change) => {
    expect(complaints(change(GOOD))).toEqual([])
  })

  it('is accepted as the format’s own text shows it', () => {
    const text = readFileSync(new URL('../../../docs/formats/collector.md', import.meta.url), 'utf8')
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? []
    expect(parseConfig(example, 'collector.md')).toMatchObject({ ok: true })
  })

  it.each<[mistake: string, from: string | RegExp, to: string, below: number, zh: string, en: string]>([
    ['a Tab as indent', '    volume:', '\tvolume:', 0, '制表符', 'YAML syntax'],
    ['a full-width colon', 'county: "520327"', 'county\uff1a"520327"', 0, '全角符号 \uff1a', 'plain ASCII'],
    ['full-width quotes', '"520327"', '\u201c520327\u201d', 0, '全角符号 \u201c', 'six digits'],
    ['no space behind a colon', 'county: ', 'county:', 0, '冒号后须有一个空格', 'YAML syntax'],
    ['a quote that is not closed', 'ca: 平台 证书.pem', 'ca: "平台 证书.pem', 0, '', 'YAML syntax'],
    ['a bracket that is not closed', 'gun: 2 }]', 'gun: 2 }', 1, '', 'YAML syntax'],
    ['one setting twice', 'api:', 'county: "520327"\napi:', 0, '同一项写了两次', 'unique'],
    ['a wrong indent', '        unit: 1\n', '      unit: 1\n', 0, 'YAML 语法错误', 'YAML syntax'],
    ['a county without quotes', '"520327"', '520327', 0, '加引号', 'quote the county code'],
    [
      'a misspelt setting',
      'pulsesPerLitre: 100 }',
      'pulsePerLitre: 100 }',
      0,
      '未知的配置项',
      'unknown setting',
    ],
    ['a missing setting', 'dialect: ktk\n        ', '', -2, 'dialect: 缺少此项', 'is missing'],
    ['an empty setting', 'dialect: ktk', 'dialect:', 0, '此项为空', 'is empty'],
    [
      'a site that is no list',
      /sites:\n {2}- device/,
      'sites:\n    device',
      -1,
      '须为列表',
      'must be a list',
    ],
    ['a driver that is only a name', /- driver: gauge[\s\S]*?2 }\]/, '- gauge', 0, '', ' / '],
    ['an unknown driver', 'driver: gauge', 'driver: guage', 0, 'driver 须为', 'driver must be'],
    [
      'a driver in the wrong channel',
      'driver: taxport\n        port: serial',
      'driver: pulse\n        port: serial',
      0,
      '单价通道',
      'price channel',
    ],
    ['an unknown dialect', 'dialect: ktk', 'dialect: KTK', 0, '须为 ytsf、ktk', 'must be one of'],
    ['a number as text', 'unit: 1\n', 'unit: "1"\n', 0, '须为 1–247 的整数', 'must be an integer'],
    ['text as a number', 'nozzle: "1", input', 'nozzle: 1, input', 0, '加引号', 'quote it'],
    ['a security code without quotes', '"123456"', '123456', 0, '加引号', 'quote it'],
    ['kilo-ohms for ohms', 'loopOhms: 1000', 'loopOhms: 1.0e-3', 0, '整数', 'integer'],
    [
      'pulses of a whole refuelling',
      'pulsesPerLitre: 100 }',
      'pulsesPerLitre: 1000000 }',
      0,
      '1–100000',
      'integer',
    ],
    ['an input that no module has', 'input: 1, pulses', 'input: 8, pulses', 0, '0–7', '0–7'],
    ['a baud rate that is none', 'baud=19200', 'baud=19201', 0, '波特率须为', 'baud must be one of'],
    ['a parity in one letter', 'parity=odd', 'parity=O', 0, 'parity 须为', 'parity must be'],
    ['an unknown option of a port', 'data=7', 'databits=7', 0, 'databits', 'unknown option'],
    [
      'a baud rate on a network port',
      '4001\n        dialect: ytsf',
      '4001?baud=9600\n        dialect: ytsf',
      0,
      '串口服务器',
      'serial server',
    ],
    ['a port without its protocol', 'tcp://192.168.1.10:502', '192.168.1.10:502', 0, '端口', 'port'],
    [
      'a port number that cannot be',
      '192.168.1.10:502',
      '192.168.1.10:70000',
      0,
      'tcp://主机:端口',
      'tcp://host:port',
    ],
    [
      'two slashes before a serial port',
      'serial:///dev/ttyS3',
      'serial://dev/ttyS3',
      0,
      '三个斜杠',
      'three slashes',
    ],
    ['a broken escape in a path', 'ttyS3', 'tty%zz', 0, '串口须写作', 'serial port reads'],
    [
      'one serial port with two rates',
      'ttyS1?baud=19200&parity=even\n        framing: rtu\n        unit: 7',
      'ttyS1?baud=9600&parity=even\n        framing: rtu\n        unit: 7',
      0,
      '参数不一致',
      'two different settings (第 19 行 / line 19)',
    ],
    [
      'Modbus TCP on a serial port',
      'framing: rtu\n        unit: 2',
      'framing: tcp\n        unit: 2',
      0,
      'Modbus RTU',
      'is RTU',
    ],
    [
      'a gauge on a board’s port',
      'serial:///dev/ttyS2?baud=9600&parity=odd&data=7',
      'TCP://192.168.1.20:4001/',
      0,
      '一种协议',
      'one protocol',
    ],
    [
      'a port of both channels, written otherwise',
      'tcp://192.168.1.21:4001',
      'tcp://192.168.1.20:4001/',
      0,
      '油量与单价通道不得共用端口',
      'must not share a port (第 29 行 / line 29)',
    ],
    [
      'two nozzles on one input',
      'input: 1, pulses',
      'input: 0, pulses',
      0,
      'input 0 已被读取',
      'is read already',
    ],
    ['two nozzles on one gun', 'gun: 2', 'gun: 1', 0, 'gun 1 已被读取', 'is read already'],
    ['two tanks with one number', 'number: 2', 'number: 1', 0, 'number 1 已被读取', 'is read already'],
    ['one nozzle twice', 'nozzle: "6"', 'nozzle: "5"', 0, '5 在本通道中重复', 'stands twice'],
    ['a device of another county', '520327-S001-A', '520328-S001-A', 0, '不属于本县', 'this county'],
    ['a uplink without its protocol', 'mqtts://platform', 'platform', 0, '须以 mqtt://', 'must begin with'],
    [
      'a password in an address',
      'https://platform.example',
      'https://me:secret@platform.example',
      0,
      '不带路径与密码',
      'without path or password',
    ],
    [
      'an address with a path',
      'https://platform.example',
      'https://platform.example/oiltrail',
      0,
      '不带路径',
      'without path',
    ],
    ['an authority that nothing uses', /mqtts:|https:/g, 'http:', 1, 'ca 不起作用', 'ca does nothing'],
    ['an authority that is not there', '证书.pem', '证书.crt', 0, '证书文件无法读取', 'cannot be read'],
    [
      'a key where the authority should be',
      '平台 证书.pem',
      'ca.key',
      0,
      '不是 PEM 证书',
      'no certificate in PEM',
    ],
    ['a history that is not there', './历史', './history', 0, '没有此目录', 'no such folder'],
    ['a folder that is a file', './采集 数据', './ca.key', 0, '这是文件', 'is a file'],
    ['a site that reads nothing', / {4}volume:[\s\S]*/, '', -2, '未配置任何 driver', 'no driver'],
    ['a second document', 'sites:', '---\nsites:', 0, '只能有一份配置', 'YAML syntax'],
  ])('with %s is refused with line and reason', (_, from, to, below, zh, en) => {
    const wrong = GOOD.replace(from, to)
    expect(wrong).not.toBe(GOOD)
    const said = complaints(wrong)
    expect(said.length).toBeGreaterThan(0)
    for (const each of said) {
      expect(each.startsWith(`${file}:`), each).toBe(true)
      expect(each, 'both languages').toMatch(/[\u4e00-\u9fff].* \/ .*[A-Za-z]/)
      expect(each).not.toContain('secret')
    }
    const line = firstChange(wrong) + below
    const fitting = said.filter(
      (each) => each.startsWith(`${file}:${line}:`) && each.includes(zh) && each.includes(en),
    )
    expect(fitting, `line ${line}, ${zh}, ${en}; said:\n${said.join('\n')}`).not.toEqual([])
  })

  it('whose block was copied is refused for every place that was not edited', () => {
    const said = complaints(COPIED).join('\n')
    for (const words of ['采集器编号重复', '登记码只能用于一台', 'input 0 已被读取', 'gun 1 已被读取'])
      expect(said).toContain(words)
    expect(said).toContain('(第 9 行 / line 9)')
  })

  it.each<[string, Uint8Array | string, number, string]>([
    ['UTF-16', Buffer.from(`\ufeff${GOOD}`, 'utf16le'), 1, 'UTF-16'],
    [
      'GBK',
      Buffer.concat([Buffer.from('county: "520327"\n# \n# '), Buffer.of(0xd3, 0xcd, 0xd5, 0xbe)]),
      3,
      'GBK',
    ],
    ['JSON without a comma', '{\n "county": "520327"\n "uplink": "mqtt://h"\n}\n', 3, 'YAML 语法错误'],
    ['JSON that ends too soon', '{\n "county": "520327",\n', 3, 'YAML 语法错误'],
    ['nothing at all', '', 1, '文件是空的'],
    ['only remarks', '# 站点\n', 1, '文件是空的'],
    ['a list', '- county\n', 1, '须为一组设置'],
    ['a single word', 'county\n', 1, '须为一组设置'],
  ])('that is %s is refused', (_, content, line, words) => {
    const said = complaints(content)
    expect(said.join('\n')).toContain(words)
    expect(said[0]!.startsWith(`${file}:${line}:`), said[0]).toBe(true)
  })

  it('that is not there, or is a folder, is refused by its name', () => {
    for (const [name, words] of [
      ['没有.yaml', '没有此文件'],
      ['历史', '这是目录'],
    ]) {
      const loaded = loadConfig(join(folder, name!))
      expect(loaded.ok ? '' : loaded.problem.detail).toContain(words)
    }
  })
})

/** The same settings as JSON, which is YAML too. */
function jsonOf(text: string): string {
  writeFileSync(file, text)
  const loaded = loadConfig(file)
  if (!loaded.ok) throw new Error(loaded.problem.detail)
  return JSON.stringify({ ...loaded.value, spoolMegabytes: 64 })
}

describe('edge run', () => {
  let program: string
  const collectors: TestCollector[] = []
  beforeAll(async () => {
    program = await bundleCollector()
  })
  afterEach(async () => {
    for (const collector of collectors.splice(0)) await collector.remove()
  })
  afterAll(() => rmSync(dirname(program), { recursive: true }))

  async function collectorAt(): Promise<TestCollector> {
    const collector = await TestCollector.make(program)
    collectors.push(collector)
    return collector
  }

  it('begins nothing with a wrong file: exit code 2, no folder, no key, no process', async () => {
    const collector = await collectorAt()
    writeFileSync(file, GOOD.replace('dialect: ktk', 'dialect: kkt'))
    for (const command of ['run', 'check']) {
      const { code, output } = await collector.command(command, '--config', file)
      expect(code, output).toBe(2)
      expect(output).toContain(`${file}:39:18 sites.0.price.0.dialect: 须为 ytsf`)
      expect(output).not.toContain('channel process started')
    }
    expect(existsSync(join(folder, '采集 数据'))).toBe(false)
  })

  it('says so when another collector works in the folder, and leaves that one alone', async () => {
    const first = await collectorAt()
    await first.configure(small())
    first.start()
    await until('both channels', () => first.log.split('channel process started').length === 3, first)
    const before = readdirSync(join(first.folder, 'data', 'keys')).sort()
    const second = await first.command('run', '--config', first.configFile)
    expect(second.code).toBe(1)
    expect(second.output).toContain('另一采集器正在使用此目录 / another collector works in this folder')
    expect(readdirSync(join(first.folder, 'data', 'keys')).sort()).toEqual(before)
    expect(await first.stop()).toBe(0)
  })

  it('says so when its folder cannot be made', async () => {
    const collector = await collectorAt()
    writeFileSync(join(collector.folder, 'taken'), '')
    await collector.configure({ ...small(), directory: './taken/data' })
    const { code, output } = await collector.command('run', '--config', collector.configFile)
    expect(code).toBe(1)
    expect(output).toContain('目录不可用 / the folder cannot be used')
    expect(output).not.toContain('    at ')
  })

  const small = (): object => ({
    uplink: 'mqtt://127.0.0.1:9',
    sites: [
      {
        device: '520327-S001-A',
        volume: [{ driver: 'gauge', port: 'tcp://127.0.0.1:9', tanks: [{ tank: '1', number: 1 }] }],
      },
    ],
  })
})
