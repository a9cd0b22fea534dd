import type { EpochMs } from '@oiltrail/kernel'
import type { Station } from '../station/station.ts'
import { ALIVE_KEY } from '../station/watch.ts'

/** Failures in a row after which what happened meanwhile is unknown. */
const INTERRUPTION_FAILURES = 3

/** Knows how old the reading before is, by a clock that nobody sets, and whether there was an interruption since. */
export class Cadence {
  private readonly station: Station
  private lastSteady: number | undefined
  private failures = 0

  constructor(station: Station) {
    this.station = station
  }

  /** Notes a good reading. `storedAt`: when the driver's stored state was true (used at the first reading only). */
  heard(now: EpochMs, storedAt: EpochMs | undefined): { sinceMs: number | undefined; interrupted: boolean } {
    const steady = performance.now()
    const interrupted = this.lastSteady === undefined || this.failures >= INTERRUPTION_FAILURES
    let sinceMs: number | undefined
    if (this.lastSteady !== undefined) sinceMs = (steady - this.lastSteady) * this.station.clock.speed
    else if (storedAt !== undefined) {
      // The process before this one was alive at its last heartbeat; a counter at rest was then as it was stored.
      const alive = this.station.recorder.state(ALIVE_KEY)
      sinceMs = now - Math.max(storedAt, typeof alive === 'number' ? alive : 0)
    }
    this.lastSteady = steady
    this.failures = 0
    return { sinceMs, interrupted }
  }

  /** Notes a failed reading. */
  missed(): void {
    this.failures++
  }

  /** Whether this process has had a good reading. */
  get hasHeard(): boolean {
    return this.lastSteady !== undefined
  }

  /** Whether the next reading follows an interruption. */
  get interrupted(): boolean {
    return this.lastSteady === undefined || this.failures >= INTERRUPTION_FAILURES
  }
}
