import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isToken } from '../admin.ts'
import { GRADE_COLOURS, SERIES_COLOURS } from '../theme/tokens.ts'
import { falsePercent, numberOf, proposalOf, sameValues } from './propose.ts'

const setting = (key: string, unit: string, value: number, least: number, most: number) => ({
  key,
  unit,
  value,
  least,
  most,
  default: value,
  label: { zh: key, en: key },
  source: 'P',
  effective: '2026-01-01',
})
const SETTINGS = [
  setting('window', 'mL', 200_000, 10_000, 10_000_000),
  setting('percent', '%', 0.3, 0.05, 10),
]

describe('a proposal', () => {
  it.each([
    ['nothing changed', { percent: '0.3', window: '200' }, {}, []],
    ['litres typed for millilitres', { window: '350.5' }, { window: 350_500 }, []],
    ['one below its bound', { percent: '0.01' }, {}, ['percent']],
    ['one above its bound', { window: '10,001' }, {}, ['window']],
    ['one that is no number', { percent: '1e3', window: '' }, {}, ['window', 'percent']],
    ['a field that no setting has', { other: '5' }, {}, []],
  ])('of %s', (_what, draft, values, wrong) => {
    expect(proposalOf(SETTINGS, draft as Record<string, string>)).toEqual({ values, wrong })
  })

  it('reads every number it writes, and junk never as a number', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (value) => {
        expect(numberOf(value.toLocaleString('en-US'))).toBe(value)
      }),
    )
    for (const junk of ['', ' ', '0x10', '1e5', 'NaN', '1.2.3', '--1', '١'])
      expect(numberOf(junk)).toBeUndefined()
  })

  it('is put in force only as it was tried', () => {
    expect(sameValues({ a: 1 }, { a: 1 })).toBe(true)
    expect(sameValues({ a: 1 }, { a: 2 })).toBe(false)
    expect(sameValues({ a: 1 }, { a: 1, b: 2 })).toBe(false)
  })
})

describe('a rule', () => {
  it('without alarms has no share of false ones', () => {
    expect(falsePercent({ alarms30: 0, false30: 0 })).toBeUndefined()
    expect(falsePercent({ alarms30: 8, false30: 2 })).toBe(25)
  })
})

describe('a token', () => {
  it('may hold nothing that could end a header', () => {
    expect(isToken('A'.repeat(43))).toBe(true)
    for (const bad of ['', 'short', `${'a'.repeat(20)}\r\nx: y`, `${'a'.repeat(20)} `, 'a'.repeat(129)])
      expect(isToken(bad)).toBe(false)
  })
})

describe('colours of series', () => {
  const channels = (colour: string): number[] =>
    [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  const apart = (a: string, b: string): number =>
    Math.hypot(...channels(a).map((value, i) => value - channels(b)[i]!))

  it('are none of the grades’, nor near them, nor near each other', () => {
    for (const [i, colour] of SERIES_COLOURS.entries()) {
      for (const grade of Object.values(GRADE_COLOURS)) expect(apart(colour, grade)).toBeGreaterThan(45)
      for (const other of SERIES_COLOURS.slice(i + 1)) expect(apart(colour, other)).toBeGreaterThan(30)
    }
  })
})
