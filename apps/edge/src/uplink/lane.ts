import type { ProblemCode } from '@oiltrail/kernel'
import { RangeSet } from '../spool/ranges.ts'
import type { Stream } from './uplink.ts'

/** Records that may go now. */
export interface Turn {
  readonly first: number
  readonly last: number
  readonly live: boolean
}

/** A backlog of at most this many records is sent in order before what follows: that makes no gap, and takes no time. */
const SHORT_BACKLOG = 200
/** Above this many separate runs with receipts, nothing more is sent ahead: the platform bears 64 (MAX_ISLANDS). */
const MAX_RUNS = 32
/** Real pause of a stream after a refusal. Some end by themselves (an enrolment on its way); the rest need a person. */
const REFUSAL_PAUSE_MS: Partial<Record<ProblemCode, number>> = {
  TOO_MANY_GAPS: 5_000,
  UNKNOWN_DEVICE: 60_000,
  UNKNOWN_KEY: 60_000,
}
const LONG_PAUSE_MS = 600_000

/** What of one stream has been sent, and what is next. */
export class Lane {
  readonly stream: Stream
  private readonly inFlight = new RangeSet()
  /** Records from here on are live; older ones are backlog. */
  private liveFrom = 1
  private pausedUntil = Number.NEGATIVE_INFINITY
  /** After a refusal one batch at a time, until one is stored: each refusal is an entry of the county's log. */
  private probing = false

  constructor(stream: Stream) {
    this.stream = stream
  }

  /** The connection is up: what waits now is backlog, unless it is little. */
  reconnect(): void {
    this.disconnect()
    const { spool } = this.stream
    const first = spool.firstUnacknowledged(1) ?? spool.durableSeq + 1
    this.liveFrom = spool.durableSeq - first < SHORT_BACKLOG ? first : spool.durableSeq + 1
  }

  /** The connection is gone: nothing is in flight any more. */
  disconnect(): void {
    for (const [first, last] of this.inFlight.list()) this.inFlight.remove(first, last)
  }

  get hasLive(): boolean {
    return (
      this.stream.enrolled() && this.stream.spool.firstUnacknowledged(this.effectiveLiveFrom) !== undefined
    )
  }

  private get effectiveLiveFrom(): number {
    return this.stream.spool.acked.size < MAX_RUNS ? this.liveFrom : Number.POSITIVE_INFINITY
  }

  /** The oldest records of a kind that have neither receipt nor are under way. */
  next(kind: 'live' | 'backlog', now: number): Turn | undefined {
    if (now < this.pausedUntil || !this.stream.enrolled()) return undefined
    if (this.probing && this.inFlight.size > 0) return undefined
    const { spool, keys } = this.stream
    const live = kind === 'live'
    const liveFrom = this.effectiveLiveFrom
    const end = Math.min(spool.durableSeq, keys.barrier, live ? Number.POSITIVE_INFINITY : liveFrom - 1)
    let first: number | undefined = live ? liveFrom : 1
    for (;;) {
      if (first > end) return undefined
      first = spool.firstUnacknowledged(first)
      if (first === undefined || first > end) return undefined
      const landed = this.inFlight.firstMissing(first)
      if (landed === first) break
      first = landed
    }
    const last = Math.min(
      end,
      (spool.acked.nextPresent(first) ?? Number.POSITIVE_INFINITY) - 1,
      (this.inFlight.nextPresent(first) ?? Number.POSITIVE_INFINITY) - 1,
    )
    return { first, last, live }
  }

  depart(first: number, last: number): void {
    this.inFlight.add(first, last)
  }

  arrive(first: number, last: number): void {
    this.inFlight.remove(first, last)
  }

  /** A batch was stored. A pause still runs to its end: what was refused is still there. */
  accepted(): void {
    this.probing = false
  }

  /** The platform will not have it: pauses the stream, returns for how long (real milliseconds). */
  refused(code: ProblemCode, now: number): number {
    const pauseMs = REFUSAL_PAUSE_MS[code] ?? LONG_PAUSE_MS
    if (code === 'TOO_MANY_GAPS') this.liveFrom = Number.POSITIVE_INFINITY
    this.pausedUntil = now + pauseMs
    this.probing = true
    return pauseMs
  }
}
