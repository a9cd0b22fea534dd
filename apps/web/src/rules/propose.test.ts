import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isToken } from '../admin.ts'
import { GRADE_COLOURS, SERIES_COLOURS } from '../theme/tokens.ts'
import { judgedRow, knownEffect } from './known.ts'
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

describe('B3: a trial against the cases people have judged', () => {
  type Known = Parameters<typeof knownEffect>[1][number]
  const raised = (alarm: number, subject: string, openedAt: number, handling: string): Known =>
    ({ alarm, subject, openedAt, handling }) as Known
  const gone = (subject: string, at: number) => ({ subject, at, sentence: { zh: '', en: '' } })
  const HOUR = 3_600_000
  const known = [
    raised(1, 'S001/nozzle/1', 10 * HOUR, 'closed'),
    raised(2, 'S001/nozzle/1', 30 * HOUR, 'closed'),
    raised(3, 'S001/nozzle/2', 10 * HOUR, 'false'),
    raised(4, 'S001/nozzle/3', 10 * HOUR, 'false'),
    raised(5, 'S001/nozzle/4', 10 * HOUR, 'checking'),
  ]

  it('says which true ones would be missed and which false ones spared', () => {
    const removed = [
      gone('S001/nozzle/1', 10 * HOUR + 60_000),
      gone('S001/nozzle/2', 10 * HOUR),
      gone('S001/nozzle/4', 10 * HOUR),
    ]
    expect(knownEffect(removed, known)).toEqual({ kept: 1, missed: 1, spared: 1, repeated: 1 })
    expect(knownEffect([], known)).toEqual({ kept: 2, missed: 0, spared: 0, repeated: 2 })
  })

  it.each([
    ['of the same subject and time', gone('S001/nozzle/1', 10 * HOUR), 'true'],
    ['moved by a changed delay', gone('S001/nozzle/2', 10.5 * HOUR), 'false'],
    ['of another time', gone('S001/nozzle/1', 20 * HOUR), 'open'],
    ['of another nozzle', gone('S001/nozzle/9', 10 * HOUR), 'open'],
    ['not judged yet', gone('S001/nozzle/4', 10 * HOUR), 'open'],
  ])('knows the alarm %s', (_what, row, judged) => {
    expect(judgedRow(row, known)).toBe(judged)
  })
})
