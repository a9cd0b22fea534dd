import { GRADE_FACTS, type Grade } from '@oiltrail/domain'
import {
  amountFen,
  chinaParts,
  dayIndex,
  type EpochMs,
  type Fen,
  HOUR_MS,
  type Millilitres,
} from '@oiltrail/kernel'
import { type Stream, uniformAt } from '../random.ts'

/** Share of a day's customers by hour: morning commute, noon, evening. Sums to about 24. */
const HOUR_WEIGHT: readonly number[] = [
  0.18, 0.12, 0.08, 0.08, 0.12, 0.3, 0.72, 1.35, 1.6, 1.42, 1.36, 1.3, 1.1, 1.08, 1.2, 1.34, 1.5, 1.85, 1.75,
  1.35, 1.05, 0.85, 0.55, 0.35,
]
/** Sunday … Saturday. */
const WEEKDAY_WEIGHT: readonly number[] = [1.02, 0.97, 0.95, 0.96, 0.98, 1.1, 1.06]
const OPENS_HOUR = 6
const CLOSES_HOUR = 22
const MEAN_WEEKDAY_WEIGHT = mean(WEEKDAY_WEIGHT)
/** Weights of the hours in which a station is open, so that each sells its day's number whatever its hours. */
const ALL_NIGHT_SUM = 24 * mean(HOUR_WEIGHT)
const BY_DAY_SUM = (CLOSES_HOUR - OPENS_HOUR) * mean(HOUR_WEIGHT.slice(OPENS_HOUR, CLOSES_HOUR))

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** A day can be this much better or worse than its weekday: weather, markets, feasts. */
const DAY_LUCK = 0.12

/** Customers' wishes by grade (share of all sales). */
export const GRADE_MIX: readonly (readonly [Grade, number])[] = [
  ['92', 0.555],
  ['95', 0.225],
  ['98', 0.02],
  ['0', 0.18],
  ['-10', 0.06],
]

/** How busy a station is. */
export interface Business {
  readonly salesPerDay: number
  readonly allNight: boolean
  /** Identity of its good and bad days ({@link seedOf}). */
  readonly luck: number
}

/** Expected customers per hour of a station at a moment. */
export function arrivalsPerHour(business: Business, at: EpochMs): number {
  const { hour, weekday } = chinaParts(at)
  if (!business.allNight && (hour < OPENS_HOUR || hour >= CLOSES_HOUR)) return 0
  const luck = 1 + DAY_LUCK * (uniformAt(business.luck, dayIndex(at)) * 2 - 1)
  const share = HOUR_WEIGHT[hour]! / (business.allNight ? ALL_NIGHT_SUM : BY_DAY_SUM)
  return (business.salesPerDay * share * WEEKDAY_WEIGHT[weekday]! * luck) / MEAN_WEEKDAY_WEIGHT
}

/**
 * The moment of the next arrival after `at`: a Poisson process whose rate changes every hour, by spending one
 * exponentially distributed unit of expectation.
 */
export function nextArrival(random: Stream, at: EpochMs, rateAt: (at: EpochMs) => number): EpochMs {
  let due = random.exponential()
  let from = at
  for (;;) {
    const hourEnds = (Math.floor(from / HOUR_MS) + 1) * HOUR_MS
    const expected = (rateAt(from) * (hourEnds - from)) / HOUR_MS
    if (expected >= due) return Math.min(from + Math.ceil((due / expected) * (hourEnds - from)), hourEnds)
    due -= expected
    from = hourEnds
  }
}

/** What a customer asks for: a preset amount of money, or the tank filled up. */
export type Wish = { readonly presetFen: Fen } | { readonly fillMillilitres: Millilitres }

/** Decides a customer's wish for petrol or diesel. */
export function wish(random: Stream, grade: Grade): Wish {
  if (GRADE_FACTS[grade].family === 'diesel') {
    if (random.next() < 0.45)
      return {
        presetFen: random.pick([
          [10_000, 3],
          [20_000, 5],
          [30_000, 4],
          [50_000, 3],
          [100_000, 1],
        ]),
      }
    // Farm machines, pick-ups and lorries: a wide spread.
    return { fillMillilitres: litres(Math.exp(Math.log(38) + 0.75 * random.gaussian()), 5, 320) }
  }
  const kind = random.next()
  if (kind < 0.07) return { fillMillilitres: litres(random.between(3, 9), 2, 10) }
  if (kind < 0.5)
    return {
      presetFen: random.pick([
        [5_000, 1],
        [10_000, 5],
        [20_000, 10],
        [30_000, 5],
        [40_000, 1],
      ]),
    }
  return { fillMillilitres: litres(Math.exp(Math.log(36) + 0.32 * random.gaussian()), 5, 78) }
}

function litres(value: number, lowest: number, highest: number): Millilitres {
  return Math.round(Math.min(Math.max(value, lowest), highest) * 100) * 10
}

/**
 * Volume and amount as the board shows them. A preset amount is shown as such, with the volume that it buys rounded to
 * 0.01 L; else the amount is volume × price, rounded half up to the fen.
 */
export function quantities(
  asked: Wish,
  priceFenPerLitre: Fen,
): { meteredMillilitres: Millilitres; amountFen: Fen } {
  if ('presetFen' in asked)
    return {
      meteredMillilitres: Math.round((asked.presetFen * 100) / priceFenPerLitre) * 10,
      amountFen: asked.presetFen,
    }
  return {
    meteredMillilitres: asked.fillMillilitres,
    amountFen: amountFen(asked.fillMillilitres, priceFenPerLitre),
  }
}
