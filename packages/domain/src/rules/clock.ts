import type { Channel, EpochMs } from '@oiltrail/kernel'
import { CHANNEL_OF_KIND } from '../facts/index.ts'
import type { DerivedEvent } from './event.ts'
import type { Reducer, RuleClock } from './rule.ts'

/** A channel of which nothing was heard for this long holds nobody's time up: heartbeats come far more often. */
export const IDLE_MS = 10 * 60_000
/** A channel whose newest record was this fresh on receipt is live; one further behind is back-filling. */
export const LIVE_LAG_MS = 2 * 60_000
/** Records of a live channel may still be under way for this long. */
export const SETTLE_MS = 5_000

/** Lag of a channel that has told nothing yet: not live. */
const NEVER_LIVE_MS = LIVE_LAG_MS + 1

/** What is known of one channel's time. Plain data. */
export interface ChannelTime {
  readonly channel: Channel
  /** Time of the fact shown to rules last, by the collector's clock; it goes back when that clock does. */
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

/**
 * Time of one site in each of the clocks by which rules live: a function of what its channels told and of the log's time. It
 * goes back when a channel that was silent begins to back-fill, so that what it missed is judged by its own time.
 */
export class SiteClock {
  /** What is known of each device's channels. */
  readonly devices = new Map<string, Partial<Record<Channel, ChannelTime>>>()
  readonly #channels: ChannelTime[] = []
  readonly #now: Record<RuleClock, EpochMs> = { volume: 0, price: 0, both: 0, log: 0 }

  channel(device: string, channel: Channel): ChannelTime {
    const channels = this.devices.get(device) ?? {}
    const known = channels[channel]
    if (known) return known
    const added = { channel, toldAt: 0, heardAt: 0, lagMs: NEVER_LIVE_MS, waiting: false }
    channels[channel] = added
    this.devices.set(device, channels)
    this.#channels.push(added)
    return added
  }

  /** Nobody could be heard for so long: who was heard before counts as heard so much later. */
  postpone(ms: number): void {
    for (const channel of this.#channels) if (channel.heardAt > 0) channel.heardAt += ms
  }

  /** As of the last `advance`. */
  now(clock: RuleClock): EpochMs {
    return this.#now[clock]
  }

  /** Moves all clocks to what is known at a log time. */
  advance(logTime: EpochMs): void {
    const now = this.#now
    now.volume = logTime
    now.price = logTime
    now.log = logTime
    for (const channel of this.#channels) {
      const until = knownUntil(channel, logTime)
      if (until < now[channel.channel]) now[channel.channel] = until
    }
    now.both = Math.min(now.volume, now.price)
  }
}

/** Events that measures tell are reckoned from facts of this channel. */
const CHANNEL_OF_DERIVED: Readonly<Record<DerivedEvent['type'], Channel>> = { 'tank-point': 'volume' }
const CHANNEL_OF: Readonly<Record<string, Channel | 'both'>> = { ...CHANNEL_OF_KIND, ...CHANNEL_OF_DERIVED }

/** The clock of a rule: declared, or derived from the facts it reads. */
export function clockOf({ clock, reads }: Reducer): RuleClock {
  if (clock) return clock
  const channels = new Set(reads.flatMap((name) => CHANNEL_OF[name] ?? []))
  if (channels.size === 0) return 'log'
  const [only] = channels
  return channels.size === 1 && only !== undefined ? only : 'both'
}
