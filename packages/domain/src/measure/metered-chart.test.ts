import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  METERED_BANDS,
  type MeteredChart,
  type MeteredReading,
  meteredRise,
  NO_METERED_CHART,
  takeMetered,
} from './metered-chart.ts'

const CAPACITY = 30_000_000
const SALE = 40_000
/** Standard deviation of one reading, millilitres. */
const READING = 4_000
const UNKNOWN = 0.013

/** What a chart shows of a truth, when each tenth of the height makes its own of a litre. */
function shown(truth: number, slopes: readonly number[]): number {
  const band = CAPACITY / METERED_BANDS
  return slopes.reduce((sum, slope, i) => sum + slope * Math.min(Math.max(truth - i * band, 0), band), 0)
}

/** Reads a tank that holds `truth`; noise by a wave that repeats nowhere near. */
function read(truth: number, drawnSum: number, slopes: readonly number[]): MeteredReading {
  const noise = READING * Math.SQRT2 * Math.sin(truth * 0.000_37 + drawnSum)
  const v20 = shown(truth, slopes) + noise
  return { v20, drawnSum, share: v20 / CAPACITY }
}

function soldDown(from: number, to: number, slopes: readonly number[]): MeteredChart {
  let chart = NO_METERED_CHART
  for (let truth = from; truth >= to; truth -= SALE)
    chart = takeMetered(chart, read(truth, from - truth, slopes), true)
  return chart
}

const SLOPES = fc.array(fc.double({ min: 0.96, max: 1.04, noNaN: true }), {
  minLength: METERED_BANDS,
  maxLength: METERED_BANDS,
})

describe('a chart as the meters know it', () => {
  it('tells what really ran in, to what it says of itself, whatever the chart makes of a litre', () => {
    const low = fc.integer({ min: 3_000_000, max: 12_000_000 })
    const rise = fc.integer({ min: 5_000_000, max: 15_000_000 })
    fc.assert(
      fc.property(SLOPES, low, rise, (slopes, from, volume) => {
        const chart = soldDown(28_500_000, 2_000_000, slopes)
        const told = meteredRise(
          chart,
          read(from, 0, slopes),
          read(from + volume, 0, slopes),
          UNKNOWN,
          READING,
        )
        expect(told.knownShare).toBeGreaterThan(0.99)
        // Bands are cut by what the chart shows, which is up to 4 % of the capacity beside the truth.
        const allowed = 4 * told.deviation + 0.01 * volume
        expect(Math.abs(told.millilitres - volume)).toBeLessThan(allowed)
        expect(told.deviation).toBeLessThan(0.006 * volume)
      }),
    )
  })

  it('is as unsure of heights that nothing was drawn from as of a chart nobody knows', () => {
    const exact = new Array(METERED_BANDS).fill(1)
    const chart = soldDown(15_000_000, 6_000_000, exact)
    const told = meteredRise(chart, read(9_000_000, 0, exact), read(21_000_000, 0, exact), UNKNOWN, READING)
    expect(told.knownShare).toBeCloseTo(0.5, 1)
    expect(told.deviation).toBeGreaterThan(0.9 * UNKNOWN * 6_000_000)
  })

  it('learns nothing from a draw that no meter saw, nor across a delivery', () => {
    const exact = new Array(METERED_BANDS).fill(1)
    const before = soldDown(15_000_000, 14_000_000, exact)
    const delivered = takeMetered(before, read(22_000_000, 1_000_000, exact), false)
    expect(delivered.bands).toEqual(before.bands)
    const stolen = { v20: 14_000_000, drawnSum: 1_040_000, share: 14 / 30 }
    const after = takeMetered(takeMetered(before, read(14_900_000, 1_000_000, exact), false), stolen, true)
    const told = meteredRise(after, read(12_500_000, 0, exact), read(14_500_000, 0, exact), UNKNOWN, READING)
    expect(told.knownShare).toBe(0)
    expect(told.millilitres).toBeCloseTo(2_000_000, -5)
  })
})
