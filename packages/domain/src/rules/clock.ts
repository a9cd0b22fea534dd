import type { Channel, EpochMs } from '@oiltrail/kernel'
import type { RuleClock } from './rule.ts'

/** A channel of which nothing was heard for this long holds nobody's time up: heartbeats come far more often. */
export const IDLE_MS = 10 * 60_000
/** A channel whose newest record was this fresh on receipt is live; one further behind is back-filling. */
export const LIVE_LAG_MS = 2 * 60_000
/** Records of a live channel may still be under way for this long. */
export const SETTLE_MS = 5_000

/** What is known of one channel's time. Plain data. */
export interface ChannelTime {
  readonly channel: Channel
  /** Time of its newest fact shown to rules. */
  toldAt: EpochMs
  /** When it was last heard of, by the server. */
  heardAt: EpochMs
  /** How old its newest fact was on receipt. */
  lagMs: number
  /** Facts wait behind a gap. */
  waiting: boolean
}

/** Up to when everything a channel has to say is known. */
export function knownUntil(channel: ChannelTime, logTime: EpochMs): EpochMs {
  if (logTime - channel.heardAt > IDLE_MS) return logTime
  if (channel.waiting || channel.lagMs > LIVE_LAG_MS) return channel.toldAt
  return Math.max(channel.toldAt, logTime - SETTLE_MS)
}

/** Time of one site in each of the clocks by which rules live. Never goes back. */
export class SiteClock {
  readonly channels = new Map<string, ChannelTime>()
  readonly #now: Record<RuleClock, EpochMs> = { volume: 0, price: 0, both: 0, log: 0 }

  channel(device: string, channel: Channel): ChannelTime {
    const key = `${device}.${channel}`
    let known = this.channels.get(key)
    if (!known) {
      known = { channel, toldAt: 0, heardAt: 0, lagMs: 0, waiting: false }
      this.channels.set(key, known)
    }
    return known
  }

  now(clock: RuleClock): EpochMs {
    return this.#now[clock]
  }

  /** The clocks as they stand, to be stored and taken back. */
  stand(): Readonly<Record<RuleClock, EpochMs>> {
    return { ...this.#now }
  }

  /** Takes back what `stand` gave; never goes back. */
  restore(stand: Readonly<Record<RuleClock, EpochMs>>): void {
    for (const clock of ['volume', 'price', 'both', 'log'] as const)
      this.#now[clock] = Math.max(this.#now[clock], stand[clock])
  }

  /**
   * Moves all clocks to what is known at a log time. Must be called before anything about a channel changes: so the clocks
   * depend on what arrived alone, not on how often somebody looked.
   */
  advance(logTime: EpochMs): void {
    const least = { volume: logTime, price: logTime }
    for (const channel of this.channels.values()) {
      const until = knownUntil(channel, logTime)
      if (until < least[channel.channel]) least[channel.channel] = until
    }
    const now = this.#now
    now.volume = Math.max(now.volume, least.volume)
    now.price = Math.max(now.price, least.price)
    now.both = Math.max(now.both, Math.min(least.volume, least.price))
    now.log = Math.max(now.log, logTime)
  }
}
