/**
 * Three witnesses of what left a tank (B4): the pulses of the encoders, the totals of main board and tax memory, and the
 * tank gauge. Each pair is compared with the interval within which honest ones may differ.
 */

/**
 * What each witness says of the same grade, site and time, all in millilitres at one temperature (20 °C, or the tank's own);
 * undefined: it says nothing.
 */
export interface Testimony {
  /** Pulses of the nozzles that are tapped. */
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
  /** What records not yet received, and fuellings across the ends of the span, may stand for, millilitres; none when absent. */
  readonly untoldMillilitres?: number
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
  /** What an open verdict waits for: more days, a better chart (no number of days would do), or records that have not come. */
  readonly waitsFor?: 'days' | 'chart' | 'records'
}

/** 95 % of a normal distribution. */
const COVERS = 1.96
/** A meter may be off by this (JJG 443), percent: a difference within it is none. */
const PERMITTED_PERCENT = 0.3
/** What a dispenser is locked for (GB/T 9081), percent: what must be told from nothing. */
const LOCKED_PERCENT = 0.6
/** Boards round each sale to a tick; 0.01 % of what is sold. */
const ROUNDING = 0.0001

interface Noise {
  /** Of readings, millilitres. */
  readonly fixed: number
  /** Of charts and rounding, parts of one. */
  readonly share: number
  /** Of what was not told, millilitres. */
  readonly untold: number
}

function verdictOf(percent: number, halfWidthPercent: number): PairResult['verdict'] {
  const size = Math.abs(percent)
  if (size - halfWidthPercent > PERMITTED_PERCENT) return 'differ'
  return size + halfWidthPercent <= LOCKED_PERCENT ? 'agree' : 'open'
}

function result(pair: Pair, first: number, second: number, noise: Noise, days: number): PairResult {
  const base = Math.max(Math.abs(second), 1)
  const percent = ((first - second) / base) * 100
  const fixed = (noise.fixed / base) * 100
  const share = noise.share * 100
  const told = COVERS * Math.hypot(fixed, share)
  const halfWidthPercent = Math.hypot(told, (COVERS * noise.untold * 100) / base)
  const verdict = verdictOf(percent, halfWidthPercent)
  const daysNeeded = neededOf(fixed, share, days)
  const waitsFor =
    verdictOf(percent, told) === verdict ? (daysNeeded === undefined ? 'chart' : 'days') : 'records'
  return {
    pair,
    differenceMillilitres: Math.round(first - second),
    percent,
    halfWidthPercent,
    verdict,
    daysNeeded,
    ...(verdict === 'open' ? { waitsFor } : {}),
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
  const {
    pulses,
    board,
    boardTapped,
    tank,
    days,
    tankDeviation,
    chartError,
    untoldMillilitres: untold = 0,
  } = told
  const results: PairResult[] = []
  if (pulses !== undefined && boardTapped !== undefined)
    results.push(result('pulses-board', pulses, boardTapped, { fixed: 0, share: ROUNDING, untold }, days))
  const gauge = { fixed: tankDeviation, share: chartError, untold }
  // Pulses speak for all that was sold only where every nozzle is tapped.
  if (pulses !== undefined && tank !== undefined && boardTapped === board)
    results.push(result('pulses-tank', pulses, tank, gauge, days))
  if (board !== undefined && tank !== undefined) results.push(result('board-tank', board, tank, gauge, days))
  return results
}

/** What the three say together. */
export type Conclusion =
  /** Too little was told to compare anything. */
  | 'silent'
  /** All say the same. */
  | 'agree'
  /** Pulses and board say the same; of the tank it cannot be told yet, or nothing. */
  | 'books-agree'
  /** Pulses and tank say the same, the board says less: the books were rewritten. */
  | 'board-short'
  /** Pulses say more than board and tank: pulses were injected, or belong to another nozzle. */
  | 'pulses-over'
  /** The board says more than the pulses: pulses were lost. */
  | 'board-over'
  /** More left the tanks than anybody states. */
  | 'tank-more'
  /** Less left the tanks than is stated as sold: customers get less than they pay for, or oil ran in unseen. */
  | 'tank-less'
  /** Nothing can be told yet. */
  | 'open'

/** Draws the conclusion from the pairs; `confirms` is the share of what the books lack that the tank must bear out. */
export function concludeWitnesses(results: readonly PairResult[], confirms: number): Conclusion {
  const of = (pair: Pair): PairResult | undefined => results.find((each) => each.pair === pair)
  const [books, tank] = [of('pulses-board'), of('board-tank')]
  if (results.length === 0) return 'silent'
  if (books?.verdict === 'differ') {
    if (books.differenceMillilitres < 0) return 'board-over'
    if (!tank) return 'open'
    const confirmed = -tank.differenceMillilitres / books.differenceMillilitres
    return confirmed >= confirms ? 'board-short' : 'pulses-over'
  }
  if (tank?.verdict === 'differ') return tank.differenceMillilitres < 0 ? 'tank-more' : 'tank-less'
  if (books?.verdict === 'open' || (!books && tank?.verdict === 'open')) return 'open'
  return tank?.verdict === 'agree' ? 'agree' : 'books-agree'
}
