import { DAY_MS, fromChina, HOUR_MS } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupEvents } from '../cockpit/groupEvents.ts'
import { gapsOf } from './levelGaps.ts'
import { niceCeiling } from './scale.ts'
import { tickText, timeTicks } from './timeTicks.ts'

function hours(...list: number[]): { points: { at: number }[] } {
  return { points: list.map((hour) => ({ at: hour * HOUR_MS })) }
}

describe('holes in level series', () => {
  it('are the stretches in which no tank spoke', () => {
    expect(gapsOf([hours(0, 1, 2, 8, 9), hours(0, 1, 3, 8, 9)], 0, 10 * HOUR_MS)).toEqual([
      { from: 3 * HOUR_MS, to: 8 * HOUR_MS },
    ])
  })

  it('count before the first reading and after the last, but not the hour that runs', () => {
    expect(gapsOf([hours(5, 6, 7)], 0, 8 * HOUR_MS)).toEqual([{ from: 0, to: 5 * HOUR_MS }])
    expect(gapsOf([hours(0, 1)], 0, 8 * HOUR_MS)).toEqual([{ from: HOUR_MS, to: 8 * HOUR_MS }])
  })

  it('are none when hours follow each other', () => {
    expect(gapsOf([hours(0, 1, 2, 3)], 0, 4 * HOUR_MS)).toEqual([])
  })
})

describe('top of an axis', () => {
  it('is round, not below the value, and not more than double of it', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (value) => {
        const top = niceCeiling(value)
        return top >= value * (1 - 1e-9) && top <= value * 2.01
      }),
    )
    expect(niceCeiling(0)).toBe(1)
    expect(niceCeiling(17_300)).toBe(20_000)
  })
})

describe('newest events', () => {
  const event = (at: number, kind: string, site: string, subject = '') => ({
    at,
    kind,
    site,
    siteName: site,
    subject,
  })

  it('of one kind within a minute are one line, each site once', () => {
    const groups = groupEvents([
      event(60_000, 'mains-lost', 'A'),
      event(59_000, 'mains-lost', 'A'),
      event(58_000, 'mains-lost', 'B'),
    ])
    expect(groups).toHaveLength(1)
    expect(groups[0]?.events.map((e) => e.site)).toEqual(['A', 'B'])
  })

  it('further apart, of another kind, or with an amount stay apart', () => {
    const list = [
      event(200_000, 'mains-lost', 'A'),
      event(199_000, 'cabinet-opened', 'A'),
      event(130_000, 'mains-lost', 'B'),
      event(129_000, 'delivery', 'A'),
      event(128_000, 'delivery', 'B'),
    ]
    expect(groupEvents(list)).toHaveLength(5)
  })
})

describe('ticks of a time axis', () => {
  const midnight = fromChina(2026, 11, 23)

  it.each([
    ['a day', DAY_MS, 8, 3 * HOUR_MS],
    ['two hours', 2 * HOUR_MS, 8, 15 * 60_000],
    ['a week on a phone', 7 * DAY_MS, 4, 2 * DAY_MS],
    ['a month', 30 * DAY_MS, 12, 5 * DAY_MS],
  ])('of %s stand at round moments of the day in China', (_what, span, most, step) => {
    const { stepMs, ticks } = timeTicks(midnight + 1, midnight + span, most)
    expect(stepMs).toBe(step)
    for (const at of ticks) expect((at - midnight) % Math.min(step, DAY_MS)).toBe(0)
  })

  it('say the date at midnight and the time elsewhere', () => {
    expect([tickText(midnight), tickText(midnight + 6 * HOUR_MS)]).toEqual(['11-23', '06:00'])
  })

  it('are within the span, no more than asked for, and never endless', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2e12 }),
        fc.integer({ min: 1, max: 400 * DAY_MS }),
        fc.integer({ min: 0, max: 20 }),
        (from, span, most) => {
          const { ticks } = timeTicks(from, from + span, most)
          expect(ticks.length).toBeLessThanOrEqual(Math.max(most, 5) + 1)
          for (const at of ticks) expect(at >= from && at <= from + span).toBe(true)
        },
      ),
    )
  })
})
