import { CHINA_OFFSET_MS, DAY_MS, type EpochMs } from '@oiltrail/kernel'
import type { Ref } from '../rules/event.ts'
import { addRow, emptyFit, type FitSums, type Solution, solveFit } from './statistics.ts'
import type { TankPoint } from './tank-track.ts'

/**
 * A tank's settled readings from noon to noon, or between two deliveries, as one fit: what it held against time, what was
 * drawn, and its square (the chart bends), and what each nozzle drew. A leak shows in the time, a nozzle that gives more or
 * less than its neighbours in its own column; a chart that is wrong by a few percent shows in neither.
 */

/** Columns before those of the nozzles: 1, hours, drawn in kilolitres, its square. */
const BASE = 4
/** Nozzles and arms of one tank that a fit can hold; more are left out of the comparison. */
const MOST_NOZZLES = 6
/** What is held jumps by more than this, and than eight deviations of a reading, only with a delivery or a theft. */
const JUMP_MILLILITRES = 60_000
const JUMP_DEVIATIONS = 8
/** A bent chart moves what is held by a few percent of what was drawn. */
const BENT_SHARE = 0.1
const LONGEST_PAUSE_MS = 3 * 3_600_000
const HOUR_MS = 3_600_000

/** State; plain data. */
export interface TankDay {
  readonly startedAt: EpochMs
  readonly lastAt: EpochMs
  readonly held: number
  readonly last: number
  /** Drawn when it began, by nozzle and in all. */
  readonly drawn: Readonly<Record<string, number>>
  readonly drawnSum: number
  readonly lastDrawn: number
  readonly nozzles: readonly string[]
  readonly shareSum: number
  readonly fit: FitSums
  readonly ref: Ref
}

/** A finished stretch of a tank's life. */
export interface TankDayResult {
  readonly day: TankDay
  readonly hours: number
  /** Millilitres drawn in it. */
  readonly drawn: number
  /** Mean filling, share of the capacity. */
  readonly share: number
}

function noonIndex(at: EpochMs): number {
  return Math.floor((at + CHINA_OFFSET_MS - DAY_MS / 2) / DAY_MS)
}

function begin(point: TankPoint): TankDay {
  const nozzles = Object.keys(point.drawn).slice(0, MOST_NOZZLES)
  return rowTaken(
    {
      startedAt: point.at,
      lastAt: point.at,
      held: point.held,
      last: point.held,
      drawn: point.drawn,
      drawnSum: point.drawnSum,
      lastDrawn: point.drawnSum,
      nozzles,
      shareSum: 0,
      fit: emptyFit(BASE + nozzles.length),
      ref: point.ref,
    },
    point,
  )
}

function rowTaken(day: TankDay, point: TankPoint): TankDay {
  const drawn = (point.drawnSum - day.drawnSum) / 1e6
  const row = [1, (point.at - day.startedAt) / HOUR_MS, drawn, drawn * drawn]
  for (const nozzle of day.nozzles) row.push(((point.drawn[nozzle] ?? 0) - (day.drawn[nozzle] ?? 0)) / 1e6)
  return {
    startedAt: day.startedAt,
    held: day.held,
    drawn: day.drawn,
    drawnSum: day.drawnSum,
    nozzles: day.nozzles,
    ref: day.ref,
    lastAt: point.at,
    last: point.held,
    lastDrawn: point.drawnSum,
    shareSum: day.shareSum + point.share,
    fit: addRow(day.fit, row, (point.held - day.held) / 1e3),
  }
}

function ends(day: TankDay, point: TankPoint, deviation: number): boolean {
  const drew = point.drawnSum - day.lastDrawn
  const allowed = Math.max(JUMP_MILLILITRES, JUMP_DEVIATIONS * deviation) + Math.abs(drew) * BENT_SHARE
  const jump = Math.abs(point.held - day.last) > allowed
  return (
    jump ||
    point.delivering ||
    point.at - day.lastAt > LONGEST_PAUSE_MS ||
    noonIndex(point.at) !== noonIndex(day.startedAt)
  )
}

/** What a reading does to a stretch: the stretch that goes on, and the one that it ended. */
export interface DayStep {
  readonly day: TankDay | null
  readonly done: TankDayResult | null
}

/** Takes a settled reading, whose deviation is given in millilitres; `done` is the stretch that it ended, if any. */
export function takeDay(day: TankDay | null, point: TankPoint, deviation: number): DayStep {
  if (!day) return { day: point.delivering ? null : begin(point), done: null }
  if (!ends(day, point, deviation)) return { day: rowTaken(day, point), done: null }
  const done = {
    day,
    hours: (day.lastAt - day.startedAt) / HOUR_MS,
    drawn: day.lastDrawn - day.drawnSum,
    share: day.shareSum / day.fit.n,
  }
  return { day: point.delivering ? null : begin(point), done }
}

/** A fit of some columns of another. */
function columns({ p, n, xx, xy, yy }: FitSums, kept: readonly number[]): FitSums {
  const at = (i: number, j: number): number => {
    const [low, high] = i < j ? [i, j] : [j, i]
    return xx[low * p - (low * (low - 1)) / 2 + (high - low)]!
  }
  const packed: number[] = []
  for (let i = 0; i < kept.length; i++)
    for (let j = i; j < kept.length; j++) packed.push(at(kept[i]!, kept[j]!))
  return { p: kept.length, n, xx: packed, xy: kept.map((i) => xy[i]!), yy }
}

/** Too little drawn for the chart's bend to matter, or for it to be found. */
const STILL_MILLILITRES = 30_000
const BENT_MILLILITRES = 400_000

function baseColumns(drawn: number): number[] {
  if (drawn < STILL_MILLILITRES) return [0, 1]
  return drawn < BENT_MILLILITRES ? [0, 1, 2] : [0, 1, 2, 3]
}

/** An estimate with its variance. */
export interface Estimate {
  readonly value: number
  readonly variance: number
}

function estimate(
  solution: Solution | undefined,
  column: number,
  leastDeviation: number,
): Estimate | undefined {
  if (!solution) return undefined
  const residual = Math.max(solution.residualVariance, leastDeviation ** 2)
  return { value: solution.beta[column]!, variance: solution.spread[column]! * residual }
}

/** Litres an hour that left without a nozzle; `deviationLitres` is the noise of a reading, below which no fit is believed. */
export function leakOf({ day, drawn }: TankDayResult, deviationLitres: number): Estimate | undefined {
  const found = estimate(solveFit(columns(day.fit, baseColumns(drawn))), 1, deviationLitres)
  return found && { value: -found.value, variance: found.variance }
}

/**
 * Litres at 20 °C the gauge lost per litre metered, all nozzles of the tank together. Its chart's slope is in it, and so is a
 * leak: sales and hours run too much alike by day to be told apart here, which `leakOf` does with the nights.
 */
export function slopeOf({ day, drawn }: TankDayResult, deviationLitres: number): Estimate | undefined {
  const kept = baseColumns(drawn)
  if (kept.length < 3) return undefined
  const found = estimate(solveFit(columns(day.fit, [0, 2])), 1, deviationLitres)
  return found && { value: 1 - found.value / 1e3, variance: found.variance / 1e6 }
}

/**
 * How much more (of one) a nozzle gives per metered litre than the other nozzles of its tank: +0.01 means that customers
 * get 1 % more than shown, compared with the neighbours. Needs at least two nozzles that sold.
 */
export function contrastOf(
  { day, drawn }: TankDayResult,
  nozzle: number,
  deviationLitres: number,
): Estimate | undefined {
  const found = estimate(
    solveFit(columns(day.fit, [...baseColumns(drawn), BASE + nozzle])),
    baseColumns(drawn).length,
    deviationLitres,
  )
  return found && { value: -found.value / 1e3, variance: found.variance / 1e6 }
}
