import type { Millilitres } from '@oiltrail/kernel'

/**
 * What a tank's chart makes of a litre, band by band of its height, as the meters of its nozzles tell it: the gauge lost so
 * much while so much was drawn. Needs no delivery, and is known a few days after a tank was first seen.
 */

/** Gauge and meters over one tenth of the capacity, at 20 °C. Plain data. */
export interface MeteredBand {
  /** What the gauge lost, millilitres. */
  readonly lost: Millilitres
  /** What was drawn by the meters. */
  readonly drawn: Millilitres
  /** How often the level came in from another band. */
  readonly passes: number
}

/** A tank's bands from the bottom up; a band that nothing was drawn from is null. */
export interface MeteredChart {
  readonly bands: readonly (MeteredBand | null)[]
  /** The reading from which the next draw is reckoned; null after a delivery. */
  readonly from: MeteredReading | null
}

export interface MeteredReading {
  readonly v20: Millilitres
  readonly drawnSum: Millilitres
  /** Contents as a share of the capacity. */
  readonly share: number
}

export const METERED_BANDS = 10
export const NO_METERED_CHART: MeteredChart = { bands: new Array(METERED_BANDS).fill(null), from: null }

/** Less than this drawn from a band says nothing about it. */
const LEAST_DRAWN: Millilitres = 400_000
/** A band of which gauge and meters differ by more was drawn from in another way (a theft, a cut line): it says nothing. */
const MOST_OFF = 0.06
/** A band's memory, in passes: a chart that was put right is believed after as many. */
const MOST_PASSES = 8

function bandOf(share: number): number {
  return Math.min(METERED_BANDS - 1, Math.max(0, Math.floor(share * METERED_BANDS)))
}

/** Takes a settled reading; `isDraw` is false when oil ran in or vanished since the one before. */
export function takeMetered(before: MeteredChart, reading: MeteredReading, isDraw: boolean): MeteredChart {
  const { v20, drawnSum, share } = reading
  const from = { v20, drawnSum, share }
  const last = before.from
  if (!isDraw || !last) return { ...before, from }
  const drawn = drawnSum - last.drawnSum
  // A reading during a pause replaces nothing: noise must not add up where nothing is drawn.
  if (drawn <= 0) return before
  const index = bandOf((share + last.share) / 2)
  const known = before.bands[index] ?? { lost: 0, drawn: 0, passes: 0 }
  const comes = bandOf(last.share) !== index || known.passes === 0 ? 1 : 0
  const kept = comes === 1 && known.passes >= MOST_PASSES ? 0.5 : 1
  const band = {
    lost: Math.round(known.lost * kept + last.v20 - v20),
    drawn: Math.round(known.drawn * kept + drawn),
    passes: known.passes * kept + comes,
  }
  return { bands: before.bands.with(index, band), from }
}

/** What really ran in between two readings, and how sure that is. */
export interface MeteredRise {
  readonly millilitres: Millilitres
  /** Standard deviation, millilitres. */
  readonly deviation: number
  /** Share of the rise in bands that the meters know. */
  readonly knownShare: number
}

/**
 * Corrects a rise of the gauge by what each band it passed makes of a litre. `unknownError` is the standard deviation of a
 * chart nobody knows yet, parts of one; `readingDeviation` that of one reading.
 */
export function meteredRise(
  { bands }: MeteredChart,
  low: MeteredReading,
  high: MeteredReading,
  unknownError: number,
  readingDeviation: number,
): MeteredRise {
  const rise = high.v20 - low.v20
  const width = high.share - low.share
  if (rise <= 0 || width <= 0) return { millilitres: rise, deviation: readingDeviation, knownShare: 0 }
  let millilitres = 0
  let variance = 2 * readingDeviation ** 2
  let unknown = 0
  for (let i = bandOf(low.share); i <= bandOf(high.share); i++) {
    const top = i === METERED_BANDS - 1 ? high.share : Math.min(high.share, (i + 1) / METERED_BANDS)
    const bottom = i === 0 ? low.share : Math.max(low.share, i / METERED_BANDS)
    const part = (rise * (top - bottom)) / width
    const band = bands[i]
    if (band && band.drawn >= LEAST_DRAWN && Math.abs(band.lost / band.drawn - 1) <= MOST_OFF) {
      millilitres += (part * band.drawn) / band.lost
      // A pass begins and ends with a reading; neighbouring bands share it, which is left out: it only makes us more careful.
      variance += ((part / band.drawn) * readingDeviation) ** 2 * 2 * band.passes
    } else {
      millilitres += part
      unknown += part
    }
  }
  const deviation = Math.sqrt(variance + (unknown * unknownError) ** 2)
  return { millilitres: Math.round(millilitres), deviation, knownShare: 1 - unknown / rise }
}
