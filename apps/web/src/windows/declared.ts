import { cutShort } from '@oiltrail/domain'
import { DAY_MS, dayIndex, dayStart, HOUR_MS } from '@oiltrail/kernel'
import type { Answer } from '../api/endpoints.ts'

export type DeclaredWindow = Answer<'windows'>[number]

/** What a declaration changes on screen: windows, and the alarms they hold back. */
export const WINDOW_READS = ['windows', 'alarms', 'alarmPlaces'] as const
/** A form takes a while to fill in; a window that began meanwhile was not declared late. */
export const GRACE_MS = 600_000
/** Days looked back on, today included. */
export const DECLARED_DAYS = 30
/** The rule that raises an alarm when a site declares too much; its settings say how much that is. */
export const OVER_DECLARED = 'over-declared'
/** The most windows the platform tells at once; of what is older nothing is known here. */
export const MOST_WINDOWS = 500

/** How much of the last days a site declared. */
export interface Declared {
  readonly site: string
  readonly milliseconds: number
  /** Milliseconds declared on each of the days, oldest first, the last one today. */
  readonly byDay: readonly number[]
  /** Days with any declared time. */
  readonly days: number
  /** Windows that reach into the days. */
  readonly windows: number
  /** More than is usual. */
  readonly often: boolean
}

/** How much of thirty days may usually be declared. */
export interface Usual {
  readonly days: number
  readonly hours: number
}

type Span = readonly [from: number, to: number]

/** Spans without their overlaps, in order. */
function union(spans: readonly Span[]): Span[] {
  const joined: Span[] = []
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last && from <= last[1]) joined[joined.length - 1] = [last[0], Math.max(last[1], to)]
    else joined.push([from, to])
  }
  return joined
}

function overlap([from, to]: Span, begins: number, ends: number): number {
  return Math.max(0, Math.min(to, ends) - Math.max(from, begins))
}

/** A window as far as it hides alarms: one that was withdrawn only until then. */
export function inForce<W extends Pick<DeclaredWindow, 'from' | 'to' | 'withdrawn'>>(window: W): W {
  return window.withdrawn ? cutShort(window, window.withdrawn.at) : window
}

/**
 * What each site declared of the last `DECLARED_DAYS` days of China time, up to now: windows of any part of it, overlaps counted
 * once, what is still to come not at all. Sites with none are left out; those with most days come first.
 */
export function declaredBySite(
  windows: readonly Pick<DeclaredWindow, 'site' | 'from' | 'to' | 'withdrawn'>[],
  now: number,
  usual: Usual,
): Declared[] {
  const today = dayIndex(now)
  const begins = dayStart(today - DECLARED_DAYS + 1)
  const spans = new Map<string, Span[]>()
  for (const { site, from, to } of windows.map(inForce)) {
    const span: Span = [Math.max(from, begins), Math.min(to, now)]
    if (span[1] > span[0]) spans.set(site, [...(spans.get(site) ?? []), span])
  }
  return [...spans]
    .map(([site, all]) => {
      const joined = union(all)
      const byDay = Array.from({ length: DECLARED_DAYS }, (_, i) => {
        const day = begins + i * DAY_MS
        return joined.reduce((sum, span) => sum + overlap(span, day, day + DAY_MS), 0)
      })
      const days = byDay.filter((milliseconds) => milliseconds > 0).length
      const milliseconds = byDay.reduce((sum, day) => sum + day, 0)
      const often = days > usual.days || milliseconds > usual.hours * HOUR_MS
      return { site, milliseconds, byDay, days, windows: all.length, often }
    })
    .sort((a, b) => b.days - a.days || b.milliseconds - a.milliseconds || a.site.localeCompare(b.site))
}

export const WINDOW_STATES = ['all', 'running', 'coming', 'over', 'withdrawn'] as const
export type WindowState = (typeof WINDOW_STATES)[number]

/** Where a window stands at a moment; its last moment still belongs to it. One that was withdrawn while it ran is over. */
export function stateOf(
  window: Pick<DeclaredWindow, 'from' | 'to' | 'withdrawn'>,
  now: number,
): Exclude<WindowState, 'all'> {
  const { from, to } = inForce(window)
  if (window.withdrawn) return to > from ? 'over' : 'withdrawn'
  if (now < from) return 'coming'
  return now <= to ? 'running' : 'over'
}
