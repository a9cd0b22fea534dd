import type { Grade } from '@oiltrail/domain'
import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import type { Answer } from '../api/endpoints.ts'

/** A stock reading stands for a midnight when it was taken within this of it. */
export const READING_WITHIN_MS: number = 1.5 * HOUR_MS
/** Fewer full days say nothing with a confidence interval worth showing. */
export const LEAST_DAYS = 3
/** Shares of the sales one would like to see; the next one not yet visible is named with the days it needs. */
const GOALS_PERCENT = [2, 1, 0.5, 0.3] as const
/** A goal farther away than this is not promised. */
const LONGEST_WAIT_DAYS = 400

/** One grade of a site on one day, millilitres. */
export interface BalanceDay {
  readonly day: number
  readonly openingMillilitres: number
  readonly closingMillilitres: number
  readonly receivedMillilitres: number
  readonly pulsesMillilitres: number
  readonly boardMillilitres: number
  /** What left the tanks by their gauges. */
  readonly tankMillilitres: number
}

type Levels = Answer<'siteLevels'>
type Rows = Answer<'statistics'>
type Deliveries = Answer<'site'>['deliveries']

/** Stock of a tank at a moment from the nearest reading, when one is near enough. */
function stockAt(points: Levels[number]['points'], at: number): number | undefined {
  let best: { apart: number; volume: number } | undefined
  for (const point of points) {
    const apart = Math.abs(point.at - at)
    if (apart <= READING_WITHIN_MS && (!best || apart < best.apart))
      best = { apart, volume: point.volumeMillilitres }
  }
  return best?.volume
}

interface Sources {
  readonly levels: Levels
  /** Sales by hour and grade. */
  readonly sales: Rows
  readonly deliveries: Deliveries
  /** Midnight at which the first day begins, and the end of the last full one. */
  readonly from: number
  readonly to: number
}

interface HourSales {
  readonly pulsesMillilitres: number
  readonly boardMillilitres: number
}

/** Sales of a grade by the start of their hour. */
function hourSales(sales: Rows, grade: Grade): ReadonlyMap<number, HourSales> {
  return new Map(
    sales
      .filter((row) => row.grade === grade)
      .map((row) => [
        row.bucket,
        { pulsesMillilitres: row.volumeMillilitres, boardMillilitres: row.boardMillilitres },
      ]),
  )
}

/** What was sold in a span by the rate of each hour. */
function soldWithin(hours: ReadonlyMap<number, HourSales>, from: number, to: number): number {
  let sold = 0
  for (let hour = Math.floor(from / HOUR_MS) * HOUR_MS; hour < to; hour += HOUR_MS) {
    const share = (Math.min(to, hour + HOUR_MS) - Math.max(from, hour)) / HOUR_MS
    sold += (hours.get(hour)?.pulsesMillilitres ?? 0) * Math.max(0, share)
  }
  return sold
}

/**
 * Full days of a grade: those whose midnights have a reading of every tank and on which something was sold. `skipped` counts
 * the others. A tank goes on selling while it is filled, which its rise does not show: that much, by the rate of the hour
 * and in equal parts from the grade's tanks, is added to what was received.
 */
export function balanceDays(
  { levels, sales, deliveries, from, to }: Sources,
  grade: Grade,
): { days: BalanceDay[]; skipped: number } {
  const tanks = levels.filter((level) => level.grade === grade)
  const codes = new Set(tanks.map((tank) => tank.tank))
  const hours = hourSales(sales, grade)
  const stockOf = (at: number): number | undefined => {
    let sum = 0
    for (const { points } of tanks) {
      const stock = stockAt(points, at)
      if (stock === undefined) return undefined
      sum += stock
    }
    return tanks.length === 0 ? undefined : sum
  }
  const receivedIn = (day: number): number =>
    deliveries
      .filter((each) => codes.has(each.tank) && each.endedAt >= day && each.endedAt < day + DAY_MS)
      .reduce(
        (total, each) =>
          total +
          each.endMillilitres -
          each.startMillilitres +
          soldWithin(hours, each.startedAt, each.endedAt) / tanks.length,
        0,
      )
  const days: BalanceDay[] = []
  let skipped = 0
  for (let day = from; day + DAY_MS <= to; day += DAY_MS) {
    const [opening, closing] = [stockOf(day), stockOf(day + DAY_MS)]
    const within = [...hours].filter(([hour]) => hour >= day && hour < day + DAY_MS)
    if (opening === undefined || closing === undefined || within.length === 0) {
      skipped++
      continue
    }
    const receivedMillilitres = Math.round(receivedIn(day))
    days.push({
      day,
      openingMillilitres: opening,
      closingMillilitres: closing,
      receivedMillilitres,
      pulsesMillilitres: within.reduce((sum, [, hour]) => sum + hour.pulsesMillilitres, 0),
      boardMillilitres: within.reduce((sum, [, hour]) => sum + hour.boardMillilitres, 0),
      tankMillilitres: opening + receivedMillilitres - closing,
    })
  }
  return { days, skipped }
}

/** Two-sided 95 % points of Student's t for 1 … 30 degrees of freedom (tables of ISO 2602). */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const
const T95_MANY = 1.96

/** Student's t for a 95 % interval. */
export function t95(degrees: number): number {
  return T95[Math.max(1, Math.floor(degrees)) - 1] ?? T95_MANY
}

/** A mean with its 95 % confidence interval. */
export interface Estimate {
  readonly mean: number
  /** The mean lies within this of the truth in 95 of 100 cases. */
  readonly within: number
  /** Spread of single days. */
  readonly spread: number
  readonly count: number
}

/** Mean of daily differences and how sure it is; undefined for fewer than two. */
export function estimate(values: readonly number[]): Estimate | undefined {
  const count = values.length
  if (count < 2) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  const spread = Math.sqrt(square)
  return { mean, spread, count, within: (t95(count - 1) * spread) / Math.sqrt(count) }
}

export type Finding = 'insufficient' | 'agree' | 'tankMore' | 'tankLess' | 'boardLess' | 'boardMore'

/** What two witnesses against the pulses say. */
export interface Balance {
  readonly tank: Estimate | undefined
  readonly board: Estimate | undefined
  readonly findings: readonly Finding[]
  /** Mean sales a day by pulses. */
  readonly dailyMillilitres: number
  /** The next share of the sales that cannot be seen yet, and the days still needed; absent when all are reached. */
  readonly next?: { readonly percent: number; readonly days: number }
  /** The smallest of the shares that can be seen now. */
  readonly reachedPercent?: number
}

/** Board and pulses differ by rounding; less than this share of the sales is no finding. */
const BOARD_TOLERANCE = 0.002

/** Days needed until a difference of `share` of the sales is larger than the interval. */
export function daysNeeded(of: Estimate, shareMillilitres: number): number {
  let days = LEAST_DAYS
  while (days < LONGEST_WAIT_DAYS && (t95(days - 1) * of.spread) / Math.sqrt(days) > shareMillilitres) days++
  return days
}

/** Weighs the days: which witnesses agree, and what more days would show. */
export function weigh(days: readonly BalanceDay[]): Balance {
  const dailyMillilitres =
    days.length === 0 ? 0 : days.reduce((sum, day) => sum + day.pulsesMillilitres, 0) / days.length
  const tank = estimate(days.map((day) => day.tankMillilitres - day.pulsesMillilitres))
  const board = estimate(days.map((day) => day.boardMillilitres - day.pulsesMillilitres))
  if (days.length < LEAST_DAYS || !tank || !board || dailyMillilitres <= 0)
    return { tank, board, findings: ['insufficient'], dailyMillilitres }
  const findings: Finding[] = []
  if (Math.abs(tank.mean) > tank.within) findings.push(tank.mean > 0 ? 'tankMore' : 'tankLess')
  if (Math.abs(board.mean) > Math.max(board.within, BOARD_TOLERANCE * dailyMillilitres))
    findings.push(board.mean > 0 ? 'boardMore' : 'boardLess')
  const waits = GOALS_PERCENT.map((percent) => ({
    percent,
    days: daysNeeded(tank, (percent / 100) * dailyMillilitres) - days.length,
  }))
  const next = waits.find((goal) => goal.days > 0)
  const reachedPercent = waits.filter((goal) => goal.days <= 0).at(-1)?.percent
  return {
    tank,
    board,
    findings: findings.length === 0 ? ['agree'] : findings,
    dailyMillilitres,
    ...(next && next.days + days.length < LONGEST_WAIT_DAYS ? { next } : {}),
    ...(reachedPercent === undefined ? {} : { reachedPercent }),
  }
}
