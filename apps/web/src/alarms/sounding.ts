import type { StreamEvent } from '@oiltrail/contract'

type LiveAlarm = StreamEvent<'alarm'>

/** Red alarms that have rung already, with how often their cause had come back then. */
export type HeardAlarms = Map<number, number>

/** An alarm older than this by the platform's log is history that is being filled in, and rings for nobody. */
export const RING_WITHIN_MS: number = 5 * 60_000
/** Numbers that are remembered; the oldest are forgotten first. */
const REMEMBERED = 500

/**
 * Whether an alarm rings: red, in sight, nobody has accepted it, told just now, and not rung for before (once more when
 * its cause comes back). Notes that it has rung.
 */
export function shouldSound(heard: HeardAlarms, alarm: LiveAlarm, now: number): boolean {
  if (alarm.grade !== 'red' || !alarm.inSight || alarm.handling !== 'waiting' || !alarm.active) return false
  if (heard.get(alarm.alarm) === alarm.reopened) return false
  const news = alarm.reopened > 0 ? alarm.lastSeenAt : alarm.openedLoggedAt
  if (now - news > RING_WITHIN_MS) return false
  heard.set(alarm.alarm, alarm.reopened)
  for (const oldest of heard.keys()) {
    if (heard.size <= REMEMBERED) break
    heard.delete(oldest)
  }
  return true
}
