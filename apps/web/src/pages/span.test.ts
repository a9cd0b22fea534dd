import { DAY_MS, fromChina } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dateOf,
  dayCount,
  dayOf,
  LONGEST_DAYS,
  momentsOf,
  presetSpan,
  previousPeriod,
  spanOf,
} from './span.ts'

const NOW = fromChina(2026, 11, 23, 0, 30)

describe('spans of days', () => {
  it.each([
    ['today', '2026-11-23', '2026-11-23'],
    ['yesterday', '2026-11-22', '2026-11-22'],
    ['week', '2026-11-17', '2026-11-23'],
    ['month', '2026-10-25', '2026-11-23'],
    ['thisMonth', '2026-11-01', '2026-11-23'],
    ['lastMonth', '2026-10-01', '2026-10-31'],
  ] as const)('%s half an hour after midnight in China is %s to %s', (preset, from, to) => {
    expect(presetSpan(preset, NOW)).toEqual({ from, to })
  })

  it.each(['2026-02-30', '2026-13-01', '2026-1-1', '', 'x', '2026-11-23T00'])(
    'takes %s for no date',
    (text) => {
      expect(dayOf(text)).toBeUndefined()
    },
  )

  it('gives every day back that it names', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 40_000 }), (day) => dayOf(dateOf(day)) === day))
  })

  it('covers the days to their last moment', () => {
    const { from, to } = momentsOf({ from: '2026-11-22', to: '2026-11-23' })
    expect(to - from).toBe(2 * DAY_MS)
    expect(from).toBe(fromChina(2026, 11, 22))
  })

  it.each([
    ['from=2026-11-01&to=2026-11-05', '2026-11-01', '2026-11-05'],
    ['from=2026-11-05&to=2026-11-01', '2026-11-17', '2026-11-23'],
    ['from=junk&to=2026-11-05', '2026-11-17', '2026-11-23'],
    ['span=today', '2026-11-23', '2026-11-23'],
    ['span=constructor', '2026-11-17', '2026-11-23'],
  ])('reads the address %s as %s to %s', (search, from, to) => {
    expect(spanOf(new URLSearchParams(search), 'week', NOW)).toMatchObject({ from, to })
  })

  it('never asks for more days than the platform answers', () => {
    const span = spanOf(new URLSearchParams('from=1990-01-01&to=2026-11-23'), 'week', NOW)
    expect(dayCount(span)).toBe(LONGEST_DAYS)
  })
})

describe('the period before', () => {
  it('of some days is the same number of days, each mapped onto its counterpart', () => {
    const span = { from: '2026-11-17', to: '2026-11-23' }
    const before = previousPeriod(span, 'day')
    expect(before.to).toBe(momentsOf(span).from)
    expect(before.to - before.from).toBe(7 * DAY_MS)
    expect(before.forward(before.from)).toBe(momentsOf(span).from)
  })

  it('of a whole month is the whole month before, though it has another length', () => {
    const before = previousPeriod({ from: '2026-03-01', to: '2026-03-31' }, 'day')
    expect([before.from, before.to]).toEqual([fromChina(2026, 2, 1), fromChina(2026, 3, 1)])
    expect(before.forward(fromChina(2026, 2, 28))).toBe(fromChina(2026, 3, 28))
  })

  it('of a longer month leaves its 31st without a counterpart', () => {
    const before = previousPeriod({ from: '2026-11-01', to: '2026-11-30' }, 'day')
    expect(before.forward(fromChina(2026, 10, 31))).toBeNaN()
  })

  it('of a year is the year before', () => {
    const before = previousPeriod({ from: '2026-01-01', to: '2026-12-31' }, 'month')
    expect([before.from, before.to]).toEqual([fromChina(2025, 1, 1), fromChina(2026, 1, 1)])
  })
})
