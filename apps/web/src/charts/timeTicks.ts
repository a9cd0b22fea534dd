import { CHINA_OFFSET_MS, DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import { formatDate, formatTime } from '../text/format.ts'

const MINUTE_MS = 60_000
/** Steps a time axis may have. */
const STEPS_MS: readonly number[] = [
  ...[1, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 5, 7, 14, 30, 90].map((days) => days * DAY_MS),
]
/** Room of a label with its distance to the next, px. */
const LABEL_WIDTH = 64

/**
 * Round moments of China's day within a span, at most `most` of them, and the step between them. The chart library rounds
 * by the clock of the viewer's machine, which may stand anywhere.
 */
export function timeTicks(from: number, to: number, most: number): { stepMs: number; ticks: number[] } {
  const fits = (step: number): boolean => (to - from) / step <= Math.max(1, most)
  const stepMs = STEPS_MS.find(fits) ?? STEPS_MS.at(-1)!
  const ticks: number[] = []
  const first = Math.ceil((from + CHINA_OFFSET_MS) / stepMs) * stepMs - CHINA_OFFSET_MS
  for (let at = first; at <= to; at += stepMs) ticks.push(at)
  return { stepMs, ticks }
}

/** Label of a tick: the date at midnight, else the time of day. */
export function tickText(at: number): string {
  const time = formatTime(at).slice(0, 5)
  return time === '00:00' ? formatDate(at).slice(5) : time
}

/** Labels of a time axis that is `width` px long, as the chart library takes them. */
export function timeAxis(
  from: number,
  to: number,
  width: number,
): { customValues: number[]; hideOverlap: boolean; formatter: (at: number) => string } {
  const { ticks } = timeTicks(from, to, Math.floor(width / LABEL_WIDTH))
  return { customValues: ticks, hideOverlap: true, formatter: tickText }
}
