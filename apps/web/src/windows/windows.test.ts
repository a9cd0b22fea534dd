import { LONGEST_WINDOW_MS, RULES } from '@oiltrail/domain'
import { DAY_MS, dayIndex, dayStart, HOUR_MS } from '@oiltrail/kernel'
import { describe, expect, it } from 'vitest'
import { fieldOfMoment } from '../site/localTime.ts'
import { DECLARED_DAYS, declaredBySite, OVER_DECLARED, stateOf, type Usual } from './declared.ts'
import { type Draft, type Faults, faultsOf, freshDraft, LONGEST_MS, orderOf, warningsOf } from './draft.ts'

/** 14:05:32 in China. */
const NOW = 1_795_413_932_120
const TODAY = dayStart(dayIndex(NOW))

const at = (day: number, hour: number): number => TODAY + day * DAY_MS + hour * HOUR_MS
const USUAL: Usual = { days: 8, hours: 96 }
const declare = (site: string, from: number, to: number) => ({ site, from, to })
const only = (...windows: [number, number][]) =>
  declaredBySite(
    windows.map(([from, to]) => declare('S001', from, to)),
    NOW,
    USUAL,
  )[0]

describe('declared time of the last 30 days', () => {
  it.each([
    ['one morning', [[at(-1, 8), at(-1, 10)]], 2, 1],
    [
      'the same twice counts once',
      [
        [at(-1, 8), at(-1, 10)],
        [at(-1, 8), at(-1, 10)],
      ],
      2,
      1,
    ],
    [
      'overlaps count once',
      [
        [at(-1, 8), at(-1, 10)],
        [at(-1, 9), at(-1, 12)],
      ],
      4,
      1,
    ],
    [
      'one inside another',
      [
        [at(-1, 8), at(-1, 20)],
        [at(-1, 9), at(-1, 10)],
      ],
      12,
      1,
    ],
    ['over midnight it takes two days', [[at(-2, 23), at(-1, 1)]], 2, 2],
    ['up to midnight it takes one', [[at(-2, 22), at(-1, 0)]], 2, 1],
    ['from before the first day', [[at(-40, 0), at(-29, 6)]], 6, 1],
    [
      'what is to come is not counted',
      [
        [at(-1, 8), at(-1, 9)],
        [NOW + HOUR_MS, NOW + 9 * HOUR_MS],
      ],
      1,
      1,
    ],
  ] as [string, [number, number][], number, number][])('%s', (_, windows, hours, days) => {
    const declared = only(...windows)
    expect(declared && [declared.milliseconds / HOUR_MS, declared.days]).toEqual([hours, days])
  })

  it('runs up to now and not to the end of a window that still runs', () => {
    expect(only([NOW - HOUR_MS, NOW + DAY_MS])?.milliseconds).toBe(HOUR_MS)
  })

  it('is nothing for a window that ended before the first day, or is only to come', () => {
    expect(only([at(-DECLARED_DAYS, 0), at(-DECLARED_DAYS + 1, 0)])).toBeUndefined()
    expect(only([NOW, NOW + HOUR_MS])).toBeUndefined()
  })

  it('calls a site out on one day too many, however short, or one hour, and puts the most days first', () => {
    const daily = (site: string, count: number) =>
      Array.from({ length: count }, (_, i) => declare(site, at(-i - 1, 8), at(-i - 1, 8) + 60_000))
    const long = [declare('S003', at(-5, 0), at(-1, 0)), declare('S004', at(-5, 0), at(-1, 0) + 60_000)]
    const rows = declaredBySite([...daily('S001', 8), ...daily('S002', 9), ...long], NOW, USUAL)
    expect(rows.map(({ site, days, often }) => [site, days, often])).toEqual([
      ['S002', 9, true],
      ['S001', 8, false],
      ['S004', 5, true],
      ['S003', 4, false],
    ])
    expect(rows[3]!.byDay.slice(-6).map((day) => day / HOUR_MS)).toEqual([24, 24, 24, 24, 0, 0])
  })

  it('takes what is usual from the rule that alarms of it', () => {
    const rule = RULES.find(({ id }) => id === OVER_DECLARED)
    expect(Object.keys(rule?.settings ?? {})).toEqual(expect.arrayContaining(['days', 'hours']))
  })
})

describe('a window at a moment', () => {
  it.each([
    ['coming', -1],
    ['running', 0],
    ['running', HOUR_MS],
    ['over', HOUR_MS + 1],
  ])('%s at %i ms after it began', (state, after) => {
    expect(stateOf({ from: NOW, to: NOW + HOUR_MS }, NOW + after)).toBe(state)
  })

  it.each([
    ['withdrawn', 'before it began', -HOUR_MS, 0],
    ['withdrawn', 'the moment it began', 0, 0],
    ['over', 'in its midst', HOUR_MS / 2, 0.5],
    ['over', 'after its end', 2 * HOUR_MS, 1],
  ])('%s: taken back %s, and counts as far as it ran', (state, _when, after, hours) => {
    const [from, to] = [at(-1, 8), at(-1, 9)]
    const withdrawn = { position: 9, at: from + after, actor: '李四', reason: '改期' }
    expect(stateOf({ from, to, withdrawn }, NOW)).toBe(state)
    const [declared] = declaredBySite([{ site: 'S001', from, to, withdrawn }], NOW, USUAL)
    expect((declared?.milliseconds ?? 0) / HOUR_MS).toBeCloseTo(hours, 5)
  })
})

const GOOD: Draft = { ...freshDraft('S001', '张三', NOW), note: '2 号枪检定' }

describe('the form of a window', () => {
  it('knows the bound of the platform', () => expect(LONGEST_MS).toBe(LONGEST_WINDOW_MS))

  it('stands for a declaration once who, where, when and why are said, in China time', () => {
    expect(orderOf({ ...GOOD, note: ' 2 号枪检定 ', part: 'nozzle/2', purpose: 'verification' })).toEqual({
      ...{ site: 'S001', part: 'nozzle/2', purpose: 'verification', note: '2 号枪检定', actor: '张三' },
      ...{ from: NOW - 32_120, to: NOW - 32_120 + 2 * HOUR_MS },
    })
  })

  it.each([
    [{}, {}],
    [{ site: '' }, { site: 'site' }],
    [{ note: '  ' }, { note: 'note' }],
    [{ actor: '' }, { actor: 'actor' }],
    [{ from: '' }, { from: 'from' }],
    [{ from: '2026-02-30T10:00' }, { from: 'from' }],
    [{ to: '' }, { to: 'to' }],
    [{ to: GOOD.from }, { to: 'order' }],
    [{ to: fieldOfMoment(NOW - HOUR_MS) }, { to: 'order' }],
    [{ to: fieldOfMoment(NOW + LONGEST_WINDOW_MS) }, {}],
    [{ to: fieldOfMoment(NOW + LONGEST_WINDOW_MS + 60_000) }, { to: 'long' }],
    [
      { site: '', from: '', to: '', note: '', actor: '' },
      { site: 'site', from: 'from', to: 'to', note: 'note', actor: 'actor' },
    ],
  ] as [Partial<Draft>, Faults][])('with %j is faulted for %j, and not sent', (changes, faults) => {
    const draft = { ...GOOD, ...changes }
    expect(faultsOf(draft)).toEqual(faults)
    expect(orderOf(draft) === undefined).toBe(Object.keys(faults).length > 0)
  })

  it.each([
    ['as it opens', 0, 2, []],
    ['begun five minutes ago', -1 / 12, 2, []],
    ['begun an hour ago', -1, 2, ['past']],
    ['of a day', 0, 24, []],
    ['of more than a day', 0, 24.1, ['day']],
    ['long past and long', -48, 0, ['day', 'past']],
  ] as const)('warns of a window %s: %i to %i h gives %j', (_, from, to, warnings) => {
    const times = { from: fieldOfMoment(NOW + from * HOUR_MS), to: fieldOfMoment(NOW + to * HOUR_MS) }
    expect(warningsOf({ ...GOOD, ...times }, NOW)).toEqual(warnings)
  })
})
