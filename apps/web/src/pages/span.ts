import { chinaParts, DAY_MS, dayIndex, dayStart, fromChina } from '@oiltrail/kernel'
import type { Bucket } from '../text/format.ts'

/** Whole days in China time: from the first moment of `from` to the last of `to`, both `YYYY-MM-DD`. */
export interface DaySpan {
  readonly from: string
  readonly to: string
}

export const PRESETS = ['today', 'yesterday', 'week', 'month', 'thisMonth', 'lastMonth'] as const
export type Preset = (typeof PRESETS)[number]

/** Longest span a page asks for: the platform keeps to 400 days by the hour. */
export const LONGEST_DAYS = 400

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/

/** The day's number since 1970 of `YYYY-MM-DD`, or undefined when it is no date of the calendar. */
export function dayOf(text: string): number | undefined {
  const match = DATE.exec(text)
  if (!match) return undefined
  const day = dayIndex(fromChina(Number(match[1]), Number(match[2]), Number(match[3])))
  return dateOf(day) === text ? day : undefined
}

/** `YYYY-MM-DD` of a day's number. */
export function dateOf(day: number): string {
  const { year, month, day: date } = chinaParts(dayStart(day))
  return `${year}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`
}

/** The days a preset means at a moment. */
export function presetSpan(preset: Preset, now: number): DaySpan {
  const today = dayIndex(now)
  const { year, month } = chinaParts(now)
  const first = dayIndex(fromChina(year, month, 1))
  const days = (from: number, to: number): DaySpan => ({ from: dateOf(from), to: dateOf(to) })
  switch (preset) {
    case 'today':
      return days(today, today)
    case 'yesterday':
      return days(today - 1, today - 1)
    case 'week':
      return days(today - 6, today)
    case 'month':
      return days(today - 29, today)
    case 'thisMonth':
      return days(first, today)
    case 'lastMonth':
      return days(dayIndex(fromChina(year, month - 1, 1)), first - 1)
  }
}

/** The span an address asks for: `span=week`, or `from` and `to`; anything malformed gives the preset. */
export function spanOf(
  search: URLSearchParams,
  otherwise: Preset,
  now: number,
): DaySpan & { preset?: Preset } {
  const from = dayOf(search.get('from') ?? '')
  const to = dayOf(search.get('to') ?? '')
  if (from !== undefined && to !== undefined && from <= to)
    return { from: dateOf(Math.max(from, to - LONGEST_DAYS + 1)), to: dateOf(to) }
  const asked = PRESETS.find((preset) => preset === search.get('span')) ?? otherwise
  return { ...presetSpan(asked, now), preset: asked }
}

/** The moments of a span: `from` inclusive, `to` exclusive, epoch milliseconds. */
export function momentsOf(span: DaySpan): { from: number; to: number } {
  return { from: dayStart(dayOf(span.from) ?? 0), to: dayStart((dayOf(span.to) ?? 0) + 1) }
}

export function dayCount(span: DaySpan): number {
  return (dayOf(span.to) ?? 0) - (dayOf(span.from) ?? 0) + 1
}

function addMonths(at: number, count: number): number {
  const { year, month, day } = chinaParts(at)
  return fromChina(year, month + count, day)
}

function isMonthStart(at: number): boolean {
  return chinaParts(at).day === 1
}

/**
 * The period before a span, and how a moment in it maps forward. Whole months step by months, so that November is
 * compared with October; anything else steps by its own length.
 */
export function previousPeriod(
  span: DaySpan,
  bucket: Bucket,
): {
  from: number
  to: number
  forward: (at: number) => number
} {
  const { from, to } = momentsOf(span)
  const wholeMonths = isMonthStart(from) && (isMonthStart(to) || bucket === 'month' || bucket === 'year')
  if (wholeMonths) {
    const a = chinaParts(from)
    const b = chinaParts(to - 1)
    const count = (b.year - a.year) * 12 + b.month - a.month + 1
    const step = bucket === 'year' ? Math.ceil(count / 12) * 12 : count
    const start = addMonths(from, -step)
    return {
      from: start,
      to: Math.min(from, addMonths(to, -step)),
      forward: (at) => addMonthsExact(at, step),
    }
  }
  return { from: from - (to - from), to: from, forward: (at) => at + (to - from) }
}

/** Months later with the same time of day; the 31st of a month without one counts as absent (undefined match). */
function addMonthsExact(at: number, count: number): number {
  const p = chinaParts(at)
  const moved = fromChina(p.year, p.month + count, p.day, p.hour, p.minute, p.second)
  return chinaParts(moved).day === p.day ? moved : Number.NaN
}

/** Whether a span ends on or after the day of a moment: its last bucket is still growing. */
export function includesNow(span: DaySpan, now: number): boolean {
  const { from, to } = momentsOf(span)
  return now >= from && now < to + DAY_MS
}
