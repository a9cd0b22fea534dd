import type { EpochMs } from '@oiltrail/kernel'

/** State of `held`: whether the signal is on, and since when the condition says otherwise (null: it agrees). */
export interface Held {
  readonly on: boolean
  readonly since: EpochMs | null
}

export const NOT_HELD: Held = { on: false, since: null }

/** Delay on and delay off in milliseconds; 0 acts at once. */
export interface Delays {
  readonly onAfterMs: number
  readonly offAfterMs: number
}

/** What `held` answers; `rose` and `fell` are true only in the step where the signal changes. */
export interface HeldStep {
  readonly held: Held
  readonly rose: boolean
  readonly fell: boolean
  /** For `Step.wakeAt`: when to look again, or null when nothing is pending. */
  readonly wakeAt: EpochMs | null
}

/**
 * Delay on, delay off: the signal follows a condition only after it has held for the delay. Call it on every event with
 * the condition as it is now (on a `time` event: unchanged). A time that goes back counts as no time passed.
 * To join conditions ("A and not B for 10 minutes") pass the joined condition.
 */
export function held(before: Held, condition: boolean, at: EpochMs, delays: Delays): HeldStep {
  if (condition === before.on) {
    const settled = before.since === null ? before : { on: before.on, since: null }
    return { held: settled, rose: false, fell: false, wakeAt: null }
  }
  const since = before.since ?? at
  const due = since + (condition ? delays.onAfterMs : delays.offAfterMs)
  if (at >= due)
    return { held: { on: condition, since: null }, rose: condition, fell: !condition, wakeAt: null }
  const waiting = before.since === null ? { on: before.on, since } : before
  return { held: waiting, rose: false, fell: false, wakeAt: due }
}

/** Dead band: on at or above `onAt`, off at or below `offAt`, between them as before. For falling signals pass negated values. */
export function hysteresis(on: boolean, value: number, band: { onAt: number; offAt: number }): boolean {
  if (value >= band.onAt) return true
  return value <= band.offAt ? false : on
}

/** The earlier of two wake-ups. */
export function earlier(a: EpochMs | null | undefined, b: EpochMs | null | undefined): EpochMs | null {
  if (a === null || a === undefined) return b ?? null
  return b === null || b === undefined ? a : Math.min(a, b)
}
