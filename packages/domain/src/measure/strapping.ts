import type { EpochMs, Micrometres, Millilitres } from '@oiltrail/kernel'
import type { Tank } from '../registry/site.ts'
import { millilitresPerMillimetre, type TankPoint } from './tank-track.ts'

/**
 * What a tank's chart (罐容表) makes of every litre that is metered out, by band of filling: the material from which a better
 * chart can be proposed (`strapping-chart.ts`). A chart that is right falls by a litre for each litre drawn in every band; one
 * that is bent falls by more in some and by less in others. Meters know nothing of heights, so a bend cannot come from them.
 */

/** Bands of filling, equal shares of the capacity: narrow enough for a bend, wide enough that ripple drowns in the draw. */
export const BANDS = 20
/** Rows of the present chart are kept this far apart: the usual step of a printed chart is 10 to 50 mm. */
export const ROW_MICROMETRES = 50_000
/** Ten metres of tank; readings above are no tank of ours. */
const MOST_ROWS = 400
/** A passage through a band that drew less says nothing above the ripple. */
const LEAST_DRAWN_LITRES = 150
const LEAST_POINTS = 4
/** No chart is wrong by half; a leak into a neighbour's pit is not a chart. */
const MOST_SLOPE = 0.5
/** No passage is known better than this, parts of one: probes wander, breathing differs with the weather. */
const LEAST_ERROR = 0.0005
/** What is held jumps by more than this, and than eight deviations, only with a delivery or a theft (as in `tank-day.ts`). */
const JUMP_MILLILITRES = 60_000
const JUMP_DEVIATIONS = 8
const BENT_SHARE = 0.1
const LONGEST_PAUSE_MS = 3 * 3_600_000
/** A smaller rise is no delivery that could be matched. */
const LEAST_ARRIVAL_MILLILITRES = 500_000
/** Calm readings after the last drop before a delivery is measured. */
const CALM_READINGS = 2
const MOST_ARRIVALS = 24
const MOST_NOTICES = 16
/** Lorries come within half a day of their notice, and bring what it says within a bad chart's error. */
const NOTICE_WITHIN_MS = 12 * 3_600_000
const NOTICE_WITHIN = 0.06
/** The same height with another volume, by more than this much height, is another chart. */
const OTHER_CHART_MILLIMETRES = 3
/** One odd reading is a spark; three in a row are a new chart. */
const ODD_READINGS = 3
/** Water moves the net volume of every height. */
const OTHER_WATER_MICROMETRES = 3_000

/** Passages through one band: weight, weighted sum and squares of (true litres per litre of the chart − 1), and how many. */
export type BandSums = readonly [weight: number, sum: number, squares: number, passages: number]

/** A passage under way: sums of litres held against litres drawn since it began. */
interface Passage {
  readonly band: number
  readonly at: EpochMs
  readonly held: number
  readonly drawn: number
  readonly share: number
  readonly held0: number
  readonly drawn0: number
  readonly n: number
  readonly x: number
  readonly y: number
  readonly xx: number
  readonly xy: number
  readonly yy: number
}

/** A delivery under way: how the tank stood before it, and calm readings since the last rise. */
interface Rising {
  readonly share: number
  readonly drawn: number
  readonly calm: number
}

/**
 * A delivery matched with its notice; millilitres as they lie in the tank, at its temperature after the delivery, since a chart
 * knows nothing of temperatures, and volumes of the same product nearly add up when warm and cold mix.
 */
export interface Arrival {
  readonly fromShare: number
  readonly toShare: number
  readonly risen: number
  readonly noticed: number
}

/** A registered delivery that has not come yet; millilitres at 20 °C. */
export interface StrapNotice {
  readonly notice: string
  readonly at: EpochMs
  readonly volume: Millilitres
}

/** State; plain data. */
export interface Strap {
  /**
   * By band, passages of even and of odd fillings apart: a chart learnt from the one half is judged by the other, which
   * knows nothing of it.
   */
  readonly bands: Readonly<Record<string, readonly [BandSums, BandSums]>>
  readonly passage: Passage | null
  readonly rising: Rising | null
  /** Deliveries seen. */
  readonly fillings: number
  /** Metered litres that passages rest on. */
  readonly litres: number
  readonly notices: readonly StrapNotice[]
  readonly arrivals: readonly Arrival[]
  /** The present chart as the gauge states it: by row of `ROW_MICROMETRES` the reading nearest to it. */
  readonly rows: Readonly<Record<string, readonly [height: Micrometres, volume: Millilitres]>>
  readonly water: Micrometres
  /** Readings in a row that do not fit the rows. */
  readonly odd: number
}

export const NO_STRAP: Strap = {
  bands: {},
  passage: null,
  rising: null,
  fillings: 0,
  litres: 0,
  notices: [],
  arrivals: [],
  rows: {},
  water: 0,
  odd: 0,
}
export const NO_SUMS: BandSums = [0, 0, 0, 0]

/** A gauge's own pair of height and volume, valid readings only: they spell out the chart it was given. */
export interface ChartReading {
  readonly heightMicrometres: Micrometres
  readonly waterMicrometres: Micrometres
  readonly volumeMillilitres: Millilitres
}

/** Takes a reading for the present chart. Three readings that no longer fit it begin everything anew: it was replaced. */
export function strapReading(before: Strap, reading: ChartReading, tank: Tank): Strap {
  const { heightMicrometres: height, volumeMillilitres: volume, waterMicrometres: water } = reading
  const row = Math.round(height / ROW_MICROMETRES)
  if (row < 1 || row > MOST_ROWS) return before
  const drained = Math.abs(water - before.water) > OTHER_WATER_MICROMETRES
  const strap = drained ? { ...before, rows: {}, water, odd: 0 } : before
  const known = strap.rows[row]
  if (!known) return { ...strap, rows: { ...strap.rows, [row]: [height, volume] } }
  const millimetres = Math.abs(height - known[0]) / 1_000 + OTHER_CHART_MILLIMETRES
  if (Math.abs(volume - known[1]) > millimetres * millilitresPerMillimetre(tank)) {
    if (strap.odd + 1 < ODD_READINGS) return { ...strap, odd: strap.odd + 1 }
    return { ...NO_STRAP, notices: strap.notices, rows: { [row]: [height, volume] }, water }
  }
  const target = row * ROW_MICROMETRES
  const nearer = Math.abs(height - target) < Math.abs(known[0] - target)
  if (!nearer && strap.odd === 0) return strap
  return { ...strap, odd: 0, rows: nearer ? { ...strap.rows, [row]: [height, volume] } : strap.rows }
}

/** Takes a registered delivery; the same notice again replaces it. */
export function strapNotice(before: Strap, notice: StrapNotice): Strap {
  const others = before.notices.filter((each) => each.notice !== notice.notice)
  return { ...before, notices: [...others, notice].slice(-MOST_NOTICES) }
}

/** A withdrawn notice is matched with nothing that comes; the same object when it is not waited for. */
export function withdrawStrapNotice(before: Strap, name: string): Strap {
  const notices = before.notices.filter((each) => each.notice !== name)
  return notices.length === before.notices.length ? before : { ...before, notices }
}

/** Takes a settled reading, whose deviation is given in millilitres. */
export function strapPoint(before: Strap, point: TankPoint, deviation: number, tank: Tank): Strap {
  const { passage } = before
  if (point.delivering) return rising(finished(before, deviation), passage)
  if (!passage) return calmed(passing(before, begun(point)), point, tank)
  const grown = point.held - passage.held
  const drew = Math.abs(point.drawnSum - passage.drawn)
  const allowed = Math.max(JUMP_MILLILITRES, JUMP_DEVIATIONS * deviation) + drew * BENT_SHARE
  if (Math.abs(grown) > allowed) {
    const over = finished(before, deviation)
    return { ...(grown > 0 ? rising(over, passage) : over), passage: begun(point) }
  }
  if (point.at - passage.at > LONGEST_PAUSE_MS)
    return { ...finished(before, deviation), rising: null, passage: begun(point) }
  if (bandOf(point) !== passage.band)
    return calmed({ ...finished(before, deviation), passage: begun(point) }, point, tank)
  return calmed(passing(before, passedOn(passage, point)), point, tank)
}

function passing(
  { bands, rising, fillings, litres, notices, arrivals, rows, water, odd }: Strap,
  passage: Passage,
): Strap {
  return { bands, passage, rising, fillings, litres, notices, arrivals, rows, water, odd }
}

function bandOf({ share }: TankPoint): number {
  return Math.min(Math.max(Math.floor(share * BANDS), 0), BANDS - 1)
}

function begun(point: TankPoint): Passage {
  const { at, held, drawnSum: drawn, share } = point
  const place = { band: bandOf(point), at, held, drawn, share, held0: held, drawn0: drawn }
  return { ...place, n: 1, x: 0, y: 0, xx: 0, xy: 0, yy: 0 }
}

function passedOn(before: Passage, point: TankPoint): Passage {
  const x = (point.drawnSum - before.drawn0) / 1e3
  const y = (point.held - before.held0) / 1e3
  return {
    band: before.band,
    held0: before.held0,
    drawn0: before.drawn0,
    at: point.at,
    held: point.held,
    drawn: point.drawnSum,
    share: point.share,
    n: before.n + 1,
    x: before.x + x,
    y: before.y + y,
    xx: before.xx + x * x,
    xy: before.xy + x * y,
    yy: before.yy + y * y,
  }
}

function rising(before: Strap, passage: Passage | null): Strap {
  const from = before.rising ?? (passage && { share: passage.share, drawn: passage.drawn })
  return { ...before, passage: null, rising: from && { ...from, calm: 0 } }
}

/** A calm reading after a delivery; the second one measures it. */
function calmed(before: Strap, point: TankPoint, tank: Tank): Strap {
  if (!before.rising) return before
  const { share, drawn, calm } = before.rising
  if (calm + 1 < CALM_READINGS) return { ...before, rising: { share, drawn, calm: calm + 1 } }
  const lies = point.share * tank.capacityMillilitres
  const sold = ((point.drawnSum - drawn) * lies) / point.v20
  const risen = Math.round(lies - share * tank.capacityMillilitres + sold)
  const strap = { ...before, rising: null }
  if (risen < LEAST_ARRIVAL_MILLILITRES) return strap
  const filled = { ...strap, fillings: strap.fillings + 1 }
  const inTank = (volume20: Millilitres): number => (volume20 * lies) / point.v20
  const notice = strap.notices.find(
    ({ at, volume }) =>
      Math.abs(at - point.at) <= NOTICE_WITHIN_MS && Math.abs(risen / inTank(volume) - 1) <= NOTICE_WITHIN,
  )
  if (!notice) return filled
  const arrival = {
    fromShare: share,
    toShare: point.share,
    risen,
    noticed: Math.round(inTank(notice.volume)),
  }
  return {
    ...filled,
    notices: strap.notices.filter((each) => each !== notice),
    arrivals: [...strap.arrivals.slice(-(MOST_ARRIVALS - 1)), arrival],
  }
}

/** Significant digits of stored sums: far finer than any chart, half the length of a double. */
const DIGITS = 9
const rounded = (value: number): number => Number(value.toPrecision(DIGITS))

function finished(before: Strap, deviation: number): Strap {
  const { passage } = before
  const found = passage && slopeOf(passage, deviation / 1e3)
  if (!found) return { ...before, passage: null }
  const halves = before.bands[passage.band] ?? [NO_SUMS, NO_SUMS]
  const half = before.fillings % 2
  const [weight, sum, squares, passages] = halves[half]!
  const added = 1 / found.variance
  const sums: BandSums = [
    rounded(weight + added),
    rounded(sum + added * found.value),
    rounded(squares + added * found.value ** 2),
    passages + 1,
  ]
  return {
    ...before,
    passage: null,
    litres: Math.round(before.litres + (passage.drawn - passage.drawn0) / 1e3),
    bands: { ...before.bands, [passage.band]: half === 0 ? [sums, halves[1]] : [halves[0], sums] },
  }
}

/**
 * True litres per litre of the chart, less one. Fitted against what was drawn, which is metered, not against the gauge, whose
 * ripple would bend the answer.
 */
function slopeOf(passage: Passage, litres: number): { value: number; variance: number } | undefined {
  const { n, x, y, xx, xy, yy } = passage
  if (n < LEAST_POINTS || (passage.drawn - passage.drawn0) / 1e3 < LEAST_DRAWN_LITRES) return undefined
  const sxx = xx - (x * x) / n
  const sxy = xy - (x * y) / n
  const slope = sxy / sxx
  if (!(Math.abs(slope) < MOST_SLOPE)) return undefined
  const residual = Math.max((yy - (y * y) / n - slope * sxy) / (n - 2), litres * litres)
  const spread = residual / sxx / (1 - slope) ** 4
  return { value: slope / (1 - slope), variance: spread + LEAST_ERROR ** 2 }
}
