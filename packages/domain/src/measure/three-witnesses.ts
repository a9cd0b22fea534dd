/**
 * Three witnesses of what left a tank (B4): the pulses of the encoders, the totals of main board and tax memory, and the
 * tank gauge. Each pair is compared with the interval within which honest ones may differ.
 */

/** What each witness says of the same grade, site and time, millilitres at 20 °C; undefined: it says nothing. */
export interface Testimony {
  /** Pulses of the nozzles that are tapped.. */
  readonly pulses: number | undefined
  /** Board totals of the nozzles whose pulses are tapped. */
  readonly boardTapped: number | undefined
  /** Board totals of all nozzles. */
  readonly board: number | undefined
  /** What the tanks lost besides what ran in. */
  readonly tank: number | undefined
  /** Days the span lasts. */
  readonly days: number
  /** Standard deviation of the tanks' loss that readings alone make, millilitres. */
  readonly tankDeviation: number
  /** Standard error of the tanks' charts over the span, parts of one. */
  readonly chartError: number
}

export type Pair = 'pulses-board' | 'pulses-tank' | 'board-tank'

/** What a pair says. */
export interface PairResult {
  readonly pair: Pair
  /** First minus second, millilitres, and in percent of the second. */
  readonly differenceMillilitres: number
  readonly percent: number
  /** Half width of the 95 % interval of the percent. */
  readonly halfWidthPercent: number
  /** `agree` and `differ` can be said today; `open` needs more days. */
  readonly verdict: 'agree' | 'differ' | 'open'
  /** Days of the same trade after which 0.6 % could be told from nothing; undefined when no number of days would do. */
  readonly daysNeeded: number | undefined
}

/** 95 % of a normal distribution. */
const COVERS = 1.96
/** A meter may be off by this (JJG 443), percent: a difference within it is none. */
const PERMITTED_PERCENT = 0.3
/** What a dispenser is locked for (GB/T 9081), percent: what must be told from nothing. */
const LOCKED_PERCENT = 0.6
/** Boards round each sale to a tick; 0.01 % of what is sold. */
const ROUNDING = 0.0001

function result(
  pair: Pair,
  first: number,
  second: number,
  deviation: { readonly fixed: number; readonly share: number },
  days: number,
): PairResult {
  const base = Math.max(Math.abs(second), 1)
  const percent = ((first - second) / base) * 100
  const fixed = (deviation.fixed / base) * 100
  const share = deviation.share * 100
  const halfWidthPercent = COVERS * Math.hypot(fixed, share)
  const size = Math.abs(percent)
  const differ = size - halfWidthPercent > PERMITTED_PERCENT
  const agree = size + halfWidthPercent <= LOCKED_PERCENT
  return {
    pair,
    differenceMillilitres: Math.round(first - second),
    percent,
    halfWidthPercent,
    verdict: differ ? 'differ' : agree ? 'agree' : 'open',
    daysNeeded: neededOf(fixed, share, days),
  }
}

/** The noise of readings shrinks with what is sold, the error of a chart does not. */
function neededOf(fixed: number, share: number, days: number): number | undefined {
  const allowed = (LOCKED_PERCENT / COVERS) ** 2 - share ** 2
  if (allowed <= 0) return undefined
  return Math.max(1, Math.ceil((days * fixed) / Math.sqrt(allowed)))
}

/** Compares every pair of witnesses that speak. */
export function threeWitnesses(told: Testimony): readonly PairResult[] {
  const { pulses, board, boardTapped, tank, days, tankDeviation, chartError } = told
  const results: PairResult[] = []
  if (pulses !== undefined && boardTapped !== undefined)
    results.push(result('pulses-board', pulses, boardTapped, { fixed: 0, share: ROUNDING }, days))
  const gauge = { fixed: tankDeviation, share: chartError }
  // Pulses speak for all that was sold only where every nozzle is tapped.
  if (pulses !== undefined && tank !== undefined && boardTapped === board)
    results.push(result('pulses-tank', pulses, tank, gauge, days))
  if (board !== undefined && tank !== undefined) results.push(result('board-tank', board, tank, gauge, days))
  return results
}
