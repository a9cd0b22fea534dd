import type { Micrometres, Millilitres } from '@oiltrail/kernel'
import type { Tank } from '../registry/site.ts'
import { type Arrival, BANDS, type BandSums, NO_SUMS, ROW_MICROMETRES, type Strap } from './strapping.ts'

/** A better chart from what `strapping.ts` gathered: only where it can be told from ripple, drift and the meters' own errors. */

/** One height of a chart: what the present chart says there and what the proposed one does. */
export type ChartRow = readonly [height: Micrometres, present: Millilitres, proposed: Millilitres]

/** One band of filling. */
export interface ChartBand {
  readonly fromMillilitres: Millilitres
  readonly toMillilitres: Millilitres
  /** By how much more (or, below zero, less) the tank truly changes than its present chart says. */
  readonly percent: number
  /** Half width of its 95 % interval. */
  readonly halfWidthPercent: number
  readonly passages: number
}

/** What is learnt of a tank's chart. */
export interface LearntChart {
  readonly bands: readonly ChartBand[]
  readonly rows: readonly ChartRow[]
  /** Mean of the bands: meters and chart differ by it as a whole, and readings alone cannot tell which is wrong. */
  readonly scalePercent: number
  readonly scaleHalfWidthPercent: number
  /** From the lowest to the highest point of the difference, mean slope taken away: what no meter can be the cause of. */
  readonly bendMillilitres: Millilitres
  /** How surely the bend is none of chance, in standard deviations of a normal distribution. */
  readonly certainty: number
  /** Half width of the 95 % interval of the difference at its widest place, millilitres. */
  readonly halfWidthMillilitres: Millilitres
  /** Root mean square error over the heights learnt, judged by the other half of the fillings: present chart, and learnt one. */
  readonly residualBeforeMillilitres: Millilitres
  readonly residualAfterMillilitres: Millilitres
  readonly litres: number
  readonly passages: number
  readonly fillings: number
  readonly deliveries: MatchedDeliveries
}

/** Rises of matched deliveries against their notices: a witness that knows nothing of the meters. */
export interface MatchedDeliveries {
  readonly matched: number
  /** Mean difference of the gauge's rise from the notice, percent: by the present chart, and by the learnt one. */
  readonly beforePercent: number
  readonly afterPercent: number
  readonly halfWidthPercent: number
}

/** 95 % of a normal distribution. */
const COVERS = 1.96
/** Fewer bands are no chart: six are three tenths of the tank. */
const LEAST_BANDS = 6
/** A band known no better than this is not used, parts of one. */
const MOST_ERROR = 0.004
/** Notices are good to this, parts of one: meters of the depot, and a few degrees between loading and unloading. */
const NOTICE_ERROR = 0.002
/** What all notices of a season may be off by in common: lorries warm or cool on the way. */
const SEASON_ERROR = 0.002

/** A band as an estimate. */
interface Slope {
  readonly mean: number
  readonly variance: number
  readonly passages: number
}

const together = (a: BandSums, b: BandSums): BandSums => [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]

/** How much more passages of the same band scatter than they should; all bands together, since one has but a few. */
function scatterOf(strap: Strap): number {
  let chi2 = 0
  let degrees = 0
  for (const halves of Object.values(strap.bands)) {
    const [weight, sum, squares, passages] = together(...halves)
    chi2 += Math.max(squares - sum ** 2 / weight, 0)
    degrees += passages - 1
  }
  return degrees > 0 ? Math.max(1, chi2 / degrees) : 1
}

function slope([weight, sum, , passages]: BandSums, scatter: number): Slope {
  return { mean: sum / weight, variance: scatter / weight, passages }
}

/** The longest run of neighbouring bands of which both halves say something. */
function covered(strap: Strap, scatter: number): { readonly first: number; readonly count: number } {
  let best = { first: 0, count: 0 }
  for (let first = 0; first < BANDS; first++) {
    let count = 0
    while (isKnown(strap.bands[first + count], scatter)) count++
    if (count > best.count) best = { first, count }
    first += count
  }
  return best
}

function isKnown(halves: readonly [BandSums, BandSums] | undefined, scatter: number): boolean {
  return (
    halves !== undefined &&
    halves[0][0] > 0 &&
    halves[1][0] > 0 &&
    slope(together(...halves), scatter).variance <= MOST_ERROR ** 2
  )
}

/** Differences at the edges of the bands, from 0 at the lowest: sums of slopes. */
function edges(slopes: readonly number[], width: number): number[] {
  const at = [0]
  for (const each of slopes) at.push(at.at(-1)! + each * width)
  return at
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((value) => value * value)))

/** The difference between edges, linear in the volume that the present chart says; constant beyond them. */
function differenceAt(at: readonly number[], lowest: number, width: number, volume: number): number {
  const place = Math.min(Math.max((volume - lowest) / width, 0), at.length - 1)
  const below = Math.min(Math.floor(place), at.length - 2)
  return at[below]! + (at[below + 1]! - at[below]!) * (place - below)
}

/** Normal deviate of a chi-square (Wilson and Hilferty). */
function deviateOf(chi2: number, degrees: number): number {
  const part = 2 / (9 * degrees)
  return (Math.cbrt(chi2 / degrees) - (1 - part)) / Math.sqrt(part)
}

/** Learns a tank's chart; undefined while too little of it was passed in both halves of the fillings. */
export function learntChart(strap: Strap, tank: Tank): LearntChart | undefined {
  const scatter = scatterOf(strap)
  const { first, count } = covered(strap, scatter)
  if (count < LEAST_BANDS) return undefined
  const halves = Array.from(
    { length: count },
    (_, i): readonly [BandSums, BandSums] => strap.bands[first + i] ?? [NO_SUMS, NO_SUMS],
  )
  const slopes = halves.map((both) => slope(together(...both), scatter))
  const width = tank.capacityMillilitres / BANDS
  const lowest = first * width
  const values = slopes.map((each) => each.mean)
  const scale = mean(values)
  const at = edges(values, width)
  const bend = at.map((value, i) => value - scale * width * i)
  const spread = Math.sqrt(slopes.reduce((sum, each) => sum + each.variance, 0))
  const [even, odd] = [0, 1].map((half) =>
    centred(
      halves.map((both) => slope(both[half]!, scatter).mean),
      width,
    ),
  )
  const judged = even!.map((value, i) => value - odd![i]!)
  const weighed = weightedScale(slopes)
  const chi2 = slopes.reduce((sum, each) => sum + (each.mean - weighed) ** 2 / each.variance, 0)
  const rows = rowsOf(strap, (volume) => differenceAt(at, lowest, width, volume))
  return {
    bands: slopes.map((each, i) => bandOf(each, lowest + i * width, width)),
    rows,
    scalePercent: scale * 100,
    scaleHalfWidthPercent: (COVERS * spread * 100) / count,
    bendMillilitres: Math.round(Math.max(...bend) - Math.min(...bend)),
    certainty: deviateOf(chi2, count - 1),
    halfWidthMillilitres: Math.round(COVERS * spread * width),
    residualBeforeMillilitres: Math.round((rootMeanSquare(even!) + rootMeanSquare(odd!)) / 2),
    residualAfterMillilitres: Math.round(rootMeanSquare(judged)),
    litres: strap.litres,
    passages: slopes.reduce((sum, each) => sum + each.passages, 0),
    fillings: strap.fillings,
    deliveries: deliveriesOf(strap.arrivals, tank, (volume) => differenceAt(at, lowest, width, volume)),
  }
}

/** Differences at the edges with their mean slope and mean taken away: the bend alone. */
function centred(slopes: readonly number[], width: number): number[] {
  const scale = mean(slopes)
  const at = edges(
    slopes.map((each) => each - scale),
    width,
  )
  const middle = mean(at)
  return at.map((value) => value - middle)
}

function weightedScale(slopes: readonly Slope[]): number {
  let weight = 0
  let sum = 0
  for (const each of slopes) {
    weight += 1 / each.variance
    sum += each.mean / each.variance
  }
  return sum / weight
}

function bandOf(each: Slope, from: number, width: number): ChartBand {
  return {
    fromMillilitres: Math.round(from),
    toMillilitres: Math.round(from + width),
    percent: each.mean * 100,
    halfWidthPercent: COVERS * Math.sqrt(each.variance) * 100,
    passages: each.passages,
  }
}

/** The rows that were read, brought to their round heights by the slope to their neighbours. */
function rowsOf(strap: Strap, difference: (volume: number) => number): ChartRow[] {
  const known = Object.entries(strap.rows)
    .map(([row, pair]) => ({ row: Number(row), pair }))
    .sort((a, b) => a.row - b.row)
  return known.flatMap(({ row, pair: [height, volume] }, i): ChartRow[] => {
    const below = known[i - 1]?.pair ?? [height, volume]
    const above = known[i + 1]?.pair ?? [height, volume]
    if (above[0] === below[0]) return []
    const rise = (above[1] - below[1]) / (above[0] - below[0])
    const present = volume + (row * ROW_MICROMETRES - height) * rise
    return [[row * ROW_MICROMETRES, Math.round(present), Math.round(present + difference(present))]]
  })
}

function deliveriesOf(
  arrivals: readonly Arrival[],
  tank: Tank,
  difference: (volume: number) => number,
): MatchedDeliveries {
  const matched = arrivals.length
  if (matched === 0) return { matched, beforePercent: 0, afterPercent: 0, halfWidthPercent: 0 }
  const percents = (corrected: boolean): number[] =>
    arrivals.map(({ fromShare, toShare, risen, noticed }) => {
      const [from, to] = [fromShare, toShare].map((share) => difference(share * tank.capacityMillilitres))
      return ((risen + (corrected ? to! - from! : 0)) / noticed - 1) * 100
    })
  const after = percents(true)
  const middle = mean(after)
  const scatter = Math.max(rootMeanSquare(after.map((each) => each - middle)), NOTICE_ERROR * 100)
  return {
    matched,
    beforePercent: mean(percents(false)),
    afterPercent: middle,
    halfWidthPercent: COVERS * Math.hypot(scatter / Math.sqrt(matched), SEASON_ERROR * 100),
  }
}

/** Why a learnt chart is proposed, or why not (yet). */
export type ChartVerdict =
  /** The chart is bent: no meter can be the cause. */
  | 'bent'
  /** It is wrong as a whole, and matched deliveries say so as well as the meters. */
  | 'scaled'
  /** No difference worth a new chart. */
  | 'sound'
  /** Something is there, but not yet sure, or not the same in both halves of the fillings. */
  | 'unsure'
  /** Matched deliveries would fit worse: meters, not the chart, may be wrong. */
  | 'contradicted'

/** From when a difference is worth a new chart. */
export interface ChartLimits {
  /** Bend, share of the capacity. */
  readonly leastShare: number
  /** Difference as a whole, parts of one. */
  readonly leastScale: number
  /** Standard deviations of certainty. */
  readonly deviations: number
}

/** Matched deliveries that confirm or contradict. */
const LEAST_DELIVERIES = 3
/** The learnt chart must halve the error of the present one, judged by fillings it was not learnt from. */
const MUST_REMAIN_BELOW = 0.5

/** Weighs what was learnt. */
export function chartVerdict(learnt: LearntChart, tank: Tank, limits: ChartLimits): ChartVerdict {
  const { deliveries, bendMillilitres, certainty } = learnt
  const large = bendMillilitres >= limits.leastShare * tank.capacityMillilitres
  const off = Math.abs(learnt.scalePercent) / 100 >= limits.leastScale
  if (!large && !off) return 'sound'
  if (!isRising(learnt.rows)) return 'unsure'
  const told = deliveries.matched >= LEAST_DELIVERIES
  const better = Math.abs(deliveries.beforePercent) - Math.abs(deliveries.afterPercent)
  if (told && -better > deliveries.halfWidthPercent) return 'contradicted'
  const same = learnt.residualAfterMillilitres <= learnt.residualBeforeMillilitres * MUST_REMAIN_BELOW
  if (large && certainty >= limits.deviations && same) return 'bent'
  const sure = Math.abs(learnt.scalePercent) >= (limits.deviations / COVERS) * learnt.scaleHalfWidthPercent
  return off && sure && told && better > deliveries.halfWidthPercent ? 'scaled' : 'unsure'
}

/** Whether the deliveries confirm how much the meters counted; otherwise a person should check a meter first. */
export function isScaleConfirmed({ deliveries }: LearntChart, limits: ChartLimits): boolean {
  const allowed = limits.leastScale * 100 + deliveries.halfWidthPercent
  return deliveries.matched >= LEAST_DELIVERIES && Math.abs(deliveries.afterPercent) <= allowed
}

/** Meters by which a chart was learnt are permitted 0.3 % (JJG 443); what they scatter by about it stays in the chart. */
const METERS_ERROR = 0.001

/** Standard error of differences between heights by a learnt chart, parts of what they are. */
export function learntError({ bands, halfWidthMillilitres }: LearntChart): number {
  const range = bands.at(-1)!.toMillilitres - bands[0]!.fromMillilitres
  return Math.hypot(halfWidthMillilitres / COVERS / range, METERS_ERROR)
}

/** A chart that falls somewhere as it rises is none. */
function isRising(rows: readonly ChartRow[]): boolean {
  return rows.every(([, , proposed], i) => i === 0 || proposed > rows[i - 1]![2])
}

/**
 * What a chart adds to the volume that the gauge stated at a height: linear between its rows, constant beyond them, so that
 * everything between rows stays as the gauge's own chart has it.
 */
export function chartDifference(rows: readonly ChartRow[], height: Micrometres): Millilitres {
  if (rows.length === 0) return 0
  const above = rows.findIndex(([each]) => each >= height)
  if (above === 0) return rows[0]![2] - rows[0]![1]
  if (above < 0) return rows.at(-1)![2] - rows.at(-1)![1]
  const [low, high] = [rows[above - 1]!, rows[above]!]
  const part = (height - low[0]) / (high[0] - low[0])
  const [from, to] = [low[2] - low[1], high[2] - high[1]]
  return from + (to - from) * part
}
