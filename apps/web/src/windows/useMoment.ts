import { serverNow, useNow } from '../api/clock.ts'

/** The platform's time, for windows: renewed every few seconds and whenever something is drawn, so that what was just ended has ended. */
export function useMoment(): number {
  return Math.max(useNow(5_000), serverNow())
}
