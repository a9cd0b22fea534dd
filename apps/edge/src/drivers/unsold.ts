import type { EpochMs, Millilitres } from '@oiltrail/kernel'
import type { Observation } from '../station/recorder.ts'
import { MOST_MILLILITRES_PER_MS, SHORTEST_GAP_MS } from './sale-meter.ts'

/** Pulses that no refuelling makes come to at least this much within `WITHIN_MS`: more than seeps through a nozzle at rest. */
export const UNSOLD_MILLILITRES: Millilitres = 1_000
export const WITHIN_MS = 3_600_000
/** Less than a tenth of what a dispenser may be used for at the least (JJG 443: 5 L). */
const LEAST_SALE: Millilitres = 500
/** A pump that is slower than this does not run; JJG 443 knows no flow below 5 L/min. */
const LEAST_MILLILITRES_PER_MS = 2_000 / 60_000

/** One reading of a counter, beside what the meter made of it. */
export interface UnsoldReading {
  readonly at: EpochMs
  /** What the counter grew by since the reading before, and how long ago that was; undefined after an interruption. */
  readonly grown: Millilitres
  readonly sinceMs: number | undefined
  /** Whether the station's mains are present: without them no pump runs. */
  readonly mainsPresent: boolean
  readonly observations: readonly Observation[]
}

/**
 * Pulses without a sale (有脉冲而无加油) at one nozzle, the mark of a line that was bypassed or rewired: counted without
 * mains, faster than any nozzle delivers, or as growth too small or too slow for a refuelling. All of it stays in the
 * totalizer and in the sales; this only says that nobody refuelled. Pure: no clock, no disk.
 */
export class UnsoldPulses {
  private unsold: { readonly at: EpochMs; readonly volume: Millilitres }[] = []
  private running: Millilitres = 0
  private hadMains = true
  private bridged = false

  /** Takes a reading; returns what came together within the hour when it is worth a record, and begins anew. */
  read({ at, grown, sinceMs, mainsPresent, observations }: UnsoldReading): Millilitres | undefined {
    const fast = sinceMs !== undefined && grown > Math.max(sinceMs, SHORTEST_GAP_MS) * MOST_MILLILITRES_PER_MS
    // What flowed between the reading before the mains went and the one after was pumped.
    if (sinceMs !== undefined && grown > 0 && (fast || !(mainsPresent || this.hadMains)))
      this.running += grown
    this.hadMains = mainsPresent
    this.bridged ||= sinceMs === undefined && grown > 0
    for (const { fact, at: endedAt } of observations) {
      if (fact.kind !== 'sale') continue
      const { volumeMillilitres: volume, startedAt } = fact
      // When it flowed that came over an interruption, nobody knows.
      const slow = !this.bridged && volume < (endedAt - startedAt) * LEAST_MILLILITRES_PER_MS
      this.take(at, volume < LEAST_SALE || slow ? volume : Math.min(this.running, volume))
      this.running = 0
      this.bridged = false
    }
    const sum = this.unsold.reduce((total, { volume }) => total + volume, 0)
    if (sum < UNSOLD_MILLILITRES) return undefined
    this.unsold = []
    return sum
  }

  private take(at: EpochMs, volume: Millilitres): void {
    const recent = this.unsold.filter((each) => at - each.at < WITHIN_MS)
    this.unsold = volume > 0 ? [...recent, { at, volume }] : recent
  }
}
