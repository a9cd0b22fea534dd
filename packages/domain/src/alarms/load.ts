import { CHINA_OFFSET_MS, DAY_MS, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import type { AlarmGrade } from '../rules/rule.ts'

/** How many alarms people get and how soon they answer, by the standards of alarm management (EEMUA 191, ISA 18.2; B5). */

/** The window in which load is counted. */
export const LOAD_WINDOW_MS = 10 * 60_000
/** Budget: alarms a window that one officer can deal with on average (B5, EEMUA 191). */
export const BUDGET_PER_WINDOW = 1
/** More than this in a window for one officer is a flood: nobody reads them any more (EEMUA 191). */
export const FLOOD_PER_WINDOW = 10
/** An alarm that stands longer than this in sight is stale. */
export const STALE_AFTER_MS: number = DAY_MS
/** Share of the gravest grade above which it no longer means anything, in per cent. */
export const CRITICAL_PERCENT = 5

/** Time to accept an alarm (domain.md "People and time limits"). Red is "at once": a minute to get to the screen. */
const RESPOND_WITHIN_MS = { red: 60_000, orange: 15 * 60_000, yellow: 4 * HOUR_MS } as const
/** Blue alarms may wait this many working days. */
const BLUE_WORKING_DAYS = 2

/** Saturday or Sunday in China. Public holidays are not known here and count as working days. */
function isWeekend(at: EpochMs): boolean {
  // 1970-01-01 was a Thursday.
  const weekday = (Math.floor((at + CHINA_OFFSET_MS) / DAY_MS) + 4) % 7
  return weekday === 0 || weekday === 6
}

/** Until when an alarm of a grade has to be accepted that came into sight at a moment. */
export function respondBy(grade: AlarmGrade, seenAt: EpochMs): EpochMs {
  if (grade !== 'blue') return seenAt + RESPOND_WITHIN_MS[grade]
  let due = seenAt
  for (let days = 0; days < BLUE_WORKING_DAYS; ) {
    due += DAY_MS
    if (!isWeekend(due)) days++
  }
  return due
}

/** What is known of one alarm: when it was logged, and the first steps of its life that matter here. */
export interface LoadRow {
  readonly grade: AlarmGrade
  readonly raisedAt: EpochMs
  /** First time it was hidden after people could see it, came into sight, or was settled unseen. */
  readonly suppressedAt: EpochMs | null
  readonly releasedAt: EpochMs | null
  readonly settledAt: EpochMs | null
  /** First thing a person did about it, shelving left out. */
  readonly answeredAt: EpochMs | null
  readonly inSight: boolean
  /** It is explained away now. */
  readonly suppressed: boolean
}

/** When an alarm first came before people's eyes; undefined when it never did. */
export function seenAt(row: LoadRow): EpochMs | undefined {
  const { raisedAt, suppressedAt, releasedAt, settledAt } = row
  const hiddenLater = suppressedAt !== null && (releasedAt === null || suppressedAt < releasedAt)
  if (hiddenLater) return raisedAt
  // Steps carry the time of the facts that caused them, which may lie before the platform heard of them.
  if (releasedAt !== null) return Math.max(raisedAt, releasedAt)
  return row.suppressed || settledAt !== null ? undefined : raisedAt
}

/** The load of a span. */
export interface AlarmLoad {
  /** Alarms that came before people's eyes. */
  readonly seen: number
  readonly byGrade: Readonly<Record<AlarmGrade, number>>
  /** On average a window of ten minutes and officer. */
  readonly perWindow: number
  /** Most within ten minutes, and when those ten minutes began. */
  readonly peak: number
  readonly peakAt: EpochMs | null
  /** Alarms of each hour of the span, from its beginning. */
  readonly hours: readonly number[]
  /** In sight for longer than a day, now. */
  readonly stale: number
  /** Share of the gravest grade, in per cent. */
  readonly criticalPercent: number
  /** How soon people answered: how many, the middle and the slowest twentieth, in milliseconds. */
  readonly answered: number
  readonly medianMs: number | null
  readonly p95Ms: number | null
  /** Answered after their time, and not answered though their time is over. */
  readonly late: number
  readonly overdue: number
}

/** Most within any ten minutes. `times` rise. */
function peakOf(times: readonly EpochMs[]): { peak: number; peakAt: EpochMs | null } {
  let peak = 0
  let peakAt: EpochMs | null = null
  let first = 0
  for (let last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= LOAD_WINDOW_MS) first++
    if (last - first + 1 > peak) {
      peak = last - first + 1
      peakAt = times[first]!
    }
  }
  return { peak, peakAt }
}

/** The value that a share of the sorted ones does not exceed; null of none. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}

/** The load of `officers` people in a span; rows of alarms seen outside of it do not count. */
export function loadOf(
  rows: readonly LoadRow[],
  span: { readonly from: EpochMs; readonly to: EpochMs },
  officers: number,
  now: EpochMs,
): AlarmLoad {
  const seen = rows
    .map((row) => ({ row, at: seenAt(row) }))
    .filter((each): each is { row: LoadRow; at: EpochMs } => each.at !== undefined)
    .filter(({ at }) => at >= span.from && at < span.to)
    .sort((a, b) => a.at - b.at)
  const byGrade = { red: 0, orange: 0, yellow: 0, blue: 0 }
  const hours = new Array<number>(Math.ceil((span.to - span.from) / HOUR_MS)).fill(0)
  const delays: number[] = []
  let late = 0
  let overdue = 0
  for (const { row, at } of seen) {
    byGrade[row.grade]++
    hours[Math.floor((at - span.from) / HOUR_MS)]!++
    const due = respondBy(row.grade, at)
    if (row.answeredAt !== null) {
      delays.push(Math.max(0, row.answeredAt - at))
      if (row.answeredAt > due) late++
    } else if (row.inSight && now > due) overdue++
  }
  delays.sort((a, b) => a - b)
  const windows = Math.max(1, (span.to - span.from) / LOAD_WINDOW_MS)
  return {
    seen: seen.length,
    byGrade,
    perWindow: seen.length / windows / officers,
    ...peakOf(seen.map(({ at }) => at)),
    hours,
    stale: rows.filter((row) => row.inSight && now - (seenAt(row) ?? now) > STALE_AFTER_MS).length,
    criticalPercent: seen.length === 0 ? 0 : (byGrade.red / seen.length) * 100,
    answered: delays.length,
    medianMs: quantile(delays, 0.5),
    p95Ms: quantile(delays, 0.95),
    late,
    overdue,
  }
}
