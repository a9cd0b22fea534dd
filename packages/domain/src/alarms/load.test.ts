import { fromChina, HOUR_MS } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AlarmGrade } from '../rules/rule.ts'
import { type LoadRow, loadOf, respondBy, seenAt } from './load.ts'

const MINUTE = 60_000
const NOON = fromChina(2026, 11, 23, 12)
const row = (changes: Partial<LoadRow> = {}): LoadRow => ({
  grade: 'orange',
  raisedAt: NOON,
  suppressedAt: null,
  releasedAt: null,
  settledAt: null,
  answeredAt: null,
  inSight: true,
  suppressed: false,
  ...changes,
})
const span = { from: NOON - 24 * HOUR_MS, to: NOON + HOUR_MS }

describe('B5: an alarm has to be accepted', () => {
  it.each<[AlarmGrade, string, number, number]>([
    ['red', 'within a minute', NOON, NOON + MINUTE],
    ['orange', 'within 15 minutes', NOON, NOON + 15 * MINUTE],
    ['yellow', 'within 4 hours', NOON, NOON + 4 * HOUR_MS],
    ['blue', 'of a Monday until Wednesday', fromChina(2026, 11, 23, 9), fromChina(2026, 11, 25, 9)],
    ['blue', 'of a Friday until Tuesday', fromChina(2026, 11, 27, 9), fromChina(2026, 12, 1, 9)],
    ['blue', 'of a Saturday until Tuesday', fromChina(2026, 11, 28, 1), fromChina(2026, 12, 1, 1)],
    ['blue', 'of a Sunday before midnight', fromChina(2026, 11, 29, 23), fromChina(2026, 12, 1, 23)],
  ])('%s %s', (grade, _what, at, due) => {
    expect(respondBy(grade, at)).toBe(due)
  })
})

describe('B5: an alarm counts', () => {
  it.each<[string, Partial<LoadRow>, number | undefined]>([
    ['from when it was raised', {}, NOON],
    ['never when it was explained away at once', { suppressed: true, inSight: false }, undefined],
    ['never when it settled unseen', { settledAt: NOON + 1, inSight: false }, undefined],
    ['from its release when it was raised hidden', { releasedAt: NOON + 5 }, NOON + 5],
    ['from its raising when the release is told of an earlier time', { releasedAt: NOON - 5 }, NOON],
    ['from the start when hidden later', { suppressedAt: NOON + 5, suppressed: true }, NOON],
    ['from the start when hidden and released again', { suppressedAt: NOON + 5, releasedAt: NOON + 9 }, NOON],
    ['from its first release when hidden twice', { releasedAt: NOON + 5, suppressedAt: NOON + 9 }, NOON + 5],
  ])('%s', (_what, changes, at) => {
    expect(seenAt(row(changes))).toBe(at)
  })
})

describe('B5: the load of a span', () => {
  it('counts what came within it, and leaves out what did not', () => {
    const rows = [
      row({ raisedAt: span.from - 1 }),
      row({ raisedAt: span.from }),
      row({ raisedAt: span.to - 1, grade: 'red' }),
      row({ raisedAt: span.to }),
      row({ suppressed: true, inSight: false }),
    ]
    const load = loadOf(rows, span, 1, span.to)
    expect(load).toMatchObject({ seen: 2, byGrade: { red: 1, orange: 1, yellow: 0, blue: 0 } })
    expect(load.hours).toHaveLength(25)
    expect([load.hours[0], load.hours[24]]).toEqual([1, 1])
    expect(load.perWindow).toBeCloseTo(2 / 150, 10)
    expect(loadOf(rows, span, 2, span.to).perWindow).toBeCloseTo(1 / 150, 10)
    expect(load.criticalPercent).toBe(50)
  })

  it('finds the worst ten minutes wherever they begin', () => {
    const at = (minutes: number): LoadRow => row({ raisedAt: NOON + minutes * MINUTE })
    const load = loadOf([at(0), at(9), at(13), at(18), at(18.9), at(30)], span, 1, span.to)
    expect(load).toMatchObject({ peak: 4, peakAt: NOON + 9 * MINUTE })
  })

  it('tells how soon people answered, what they answered late and what is overdue', () => {
    const answered = (minutes: number): LoadRow => row({ answeredAt: NOON + minutes * MINUTE })
    const load = loadOf(
      [answered(1), answered(3), answered(16), row(), row({ grade: 'yellow' }), row({ inSight: false })],
      span,
      1,
      NOON + HOUR_MS,
    )
    expect(load).toMatchObject({ answered: 3, medianMs: 3 * MINUTE, p95Ms: 16 * MINUTE, late: 1, overdue: 1 })
  })

  it('calls stale what is in sight for more than a day, though it came before the span', () => {
    const old = NOON - 25 * HOUR_MS
    const rows = [row({ raisedAt: old }), row({ raisedAt: old, inSight: false }), row({ raisedAt: NOON })]
    expect(loadOf(rows, span, 1, NOON).stale).toBe(1)
  })

  it('of no alarm at all is nothing and not a division by it', () => {
    expect(loadOf([], span, 1, NOON)).toMatchObject({
      seen: 0,
      perWindow: 0,
      peak: 0,
      peakAt: null,
      criticalPercent: 0,
      medianMs: null,
      p95Ms: null,
    })
  })

  it('hours, grades and total are the same number, and the peak is no more than it', () => {
    const grades = fc.constantFrom<AlarmGrade>('red', 'orange', 'yellow', 'blue')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 26 * HOUR_MS }), grades), { maxLength: 60 }),
        (list) => {
          const rows = list.map(([offset, grade]) => row({ raisedAt: span.from + offset, grade }))
          const load = loadOf(rows, span, 1, span.to)
          const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
          expect(sum(load.hours)).toBe(load.seen)
          expect(sum(Object.values(load.byGrade))).toBe(load.seen)
          expect(load.peak).toBeLessThanOrEqual(load.seen)
          expect(load.peak > 0).toBe(load.seen > 0)
        },
      ),
    )
  })
})
