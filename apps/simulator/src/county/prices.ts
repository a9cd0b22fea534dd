import type { Grade } from '@oiltrail/domain'
import { DAY_MS, dayIndex, dayStart, type EpochMs, type Fen } from '@oiltrail/kernel'
import { seedOf, uniformAt } from '../random.ts'

/** Guide prices of an ordinary day, fen per litre. */
const BASE_FEN: Readonly<Record<Grade, Fen>> = {
  '92': 745,
  '95': 788,
  '98': 893,
  '0': 708,
  '-10': 751,
  '-20': 779,
  '-35': 815,
}
/** Prices are adjusted every ten working days (国内成品油价格机制): every fourteen days when no holiday intervenes. */
const PERIOD_DAYS = 14
/** A day whose evening (24:00) is an adjustment; day 0 of the calendar is Thursday 1970-01-01, so 4 is a Monday. */
const FIRST_ADJUSTMENT_DAY = 5
/** An adjustment moves the guide by at most about this much. */
const SWING_FEN = 28

/** Number of the price period in which a moment lies. */
export function pricePeriod(at: EpochMs): number {
  return Math.floor((dayIndex(at) - FIRST_ADJUSTMENT_DAY) / PERIOD_DAYS)
}

/** The moment after `at` at which the next period begins: midnight in China. */
export function nextAdjustment(at: EpochMs): EpochMs {
  return dayStart((pricePeriod(at) + 1) * PERIOD_DAYS + FIRST_ADJUSTMENT_DAY)
}

/** The county's guide price of a grade in a period: a smoothed walk around its base, the same shift for all grades. */
export function guidePriceFen(seed: number, grade: Grade, period: number): Fen {
  const identity = seedOf(seed, 'guide price')
  let shift = 0
  for (let back = 0; back < 4; back++) shift += uniformAt(identity, period - back) - 0.5
  return BASE_FEN[grade] + Math.round(shift * SWING_FEN)
}

/** Length of a price period, for tests. */
export const PRICE_PERIOD_MS: number = PERIOD_DAYS * DAY_MS
