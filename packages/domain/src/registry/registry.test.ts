import { describe, expect, it } from 'vitest'
import { recordSchema } from '../facts/index.ts'
import { creditCodeCheck, isCreditCode } from './creditcode.ts'
import { GRADE_FACTS, GRADES, gradeIndex } from './grades.ts'
import { siteSchema } from './site.ts'

const site = {
  site: 'S001',
  name: '永和加油站',
  kind: 'station',
  enterprise: { code: '91000000000000001X', name: '模拟石油一公司' },
  town: '520327104',
  longitude: 107.7,
  latitude: 27.9,
  tanks: [
    {
      tank: 'T1',
      grade: '92',
      capacityMillilitres: 30_000_000,
      safeFillMillilitres: 28_500_000,
      diameterMillimetres: 2_400,
    },
  ],
  dispensers: [
    {
      dispenser: 'D1',
      maker: '模拟一厂',
      model: 'M1',
      factoryNumber: '1',
      nozzles: [{ nozzle: '1', tank: 'T1' }],
    },
  ],
  arms: [],
  effectiveAt: 0,
}

describe('registration of a site', () => {
  it('accepts a complete one', () => expect(siteSchema.safeParse(site).success).toBe(true))
  it.each<[string, object]>([
    [
      'a nozzle on a tank that is not there',
      { dispensers: [{ ...site.dispensers[0], nozzles: [{ nozzle: '1', tank: 'T9' }] }] },
    ],
    [
      'a nozzle twice',
      {
        dispensers: [
          {
            ...site.dispensers[0],
            nozzles: [
              { nozzle: '1', tank: 'T1' },
              { nozzle: '1', tank: 'T1' },
            ],
          },
        ],
      },
    ],
    ['two tanks of one code', { tanks: [site.tanks[0], site.tanks[0]] }],
    ['an arm without a tank', { arms: [{ arm: 'A1', tank: 'T9' }] }],
    ['a field nobody knows', { colour: 'red' }],
    ['a place outside China', { longitude: 0 }],
  ])('refuses %s', (_what, change) =>
    expect(siteSchema.safeParse({ ...site, ...change }).success).toBe(false),
  )
})

describe('unified social credit code (GB 32100)', () => {
  it('computes the check character of the published example and finds any single wrong character', () => {
    expect(creditCodeCheck('91350100M000100Y4')).toBe('3')
    const code = '91350100M000100Y43'
    expect(isCreditCode(code)).toBe(true)
    for (let i = 0; i < 18; i++)
      expect(
        isCreditCode(`${code.slice(0, i)}${code[i] === '7' ? '8' : '7'}${code.slice(i + 1)}`),
        `${i}`,
      ).toBe(false)
    expect(creditCodeCheck('9135010OM000100Y4')).toBeUndefined()
  })
})

describe('facts', () => {
  it('a record line is read strictly: unknown fields, wrong types and out-of-bound values are refused', () => {
    const line = {
      seq: 1,
      at: 5,
      kind: 'level',
      tank: 'T1',
      heightMicrometres: 1,
      waterMicrometres: 0,
      temperatureCentiCelsius: -500,
      volumeMillilitres: 1,
      correctedMillilitres: 1,
      ullageMillilitres: 1,
      statusBits: 0,
    }
    expect(recordSchema.safeParse(line).success).toBe(true)
    for (const change of [
      { extra: 1 },
      { seq: 0 },
      { at: -1 },
      { tank: 'lower' },
      { volumeMillilitres: 1.5 },
      { temperatureCentiCelsius: 99_999 },
      { kind: 'nothing' },
    ])
      expect(recordSchema.safeParse({ ...line, ...change }).success, JSON.stringify(change)).toBe(false)
  })
  it('grades keep their place in the list, which the database stores', () => {
    expect(GRADES.map(gradeIndex)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(new Set(Object.values(GRADE_FACTS).map((g) => g.oilCode)).size).toBe(GRADES.length)
  })
})
