import {
  moveCursor,
  passCursor,
  readCursor,
  readEntries,
  type Store,
  TOUCHED_NOTHING,
  type Transaction,
} from '@oiltrail/store'
import type { Logger } from 'pino'
import type { LogEntry } from '../log/entry.ts'
import type { FeedLimits, LogFeed } from '../log/feed.ts'
import type { Follower } from './follower.ts'
import { Awaited, type FollowFigures, type Following } from './following.ts'

/** One round of a follower: large enough to make COPY worth it, small enough to commit several times a second. */
const ROUND: FeedLimits = { entries: 2_000, bytes: 4 * 1024 * 1024 }
/** A round of this many entries says that the log grows fast: a tenth of full intake brings one or two at a time. */
const BUSY_ENTRIES = 16
/**
 * While the log grows fast, a follower lets so much time pass before its next round: each round writes every state row
 * it touches once, however many records touched it, so fewer rounds are less work for the database. Too short to be seen.
 */
const BUSY_PAUSE_MS = 20
/** Wait after a failed round, doubled up to the second value while it goes on failing. */
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000

/**
 * Drives one follower: entries after its cursor → `apply` → cursor → commit → `committed`. Sleeps until the log grows.
 *
 * Its transactions do not wait for the disk (`synchronous_commit = off`): everything a follower writes can be made again
 * from the log, and its cursor is lost or kept together with its effects. The log itself is always waited for.
 */
export class FollowLoop implements Following {
  readonly figures: FollowFigures = { rounds: 0, entries: 0, failures: 0, busyMs: 0, failing: undefined }
  private readonly store: Store
  private readonly county: number
  private readonly feed: LogFeed
  private readonly follower: Follower
  private readonly log: Logger
  private next = 0
  private stopping = false
  private grown: (() => void) | undefined
  private stopped: (() => void) | undefined
  private readonly onRound: (() => void) | undefined
  private readonly awaited = new Awaited()
  private readonly unsubscribe: () => void
  private finished: Promise<void> | undefined

  constructor(parts: {
    store: Store
    county: number
    feed: LogFeed
    follower: Follower
    log: Logger
    /** Called after each round, and after one that failed. */
    onRound?: () => void
  }) {
    this.store = parts.store
    this.county = parts.county
    this.feed = parts.feed
    this.follower = parts.follower
    this.onRound = parts.onRound
    this.log = parts.log.child({ follower: parts.follower.name })
    this.unsubscribe = this.feed.onGrowth(() => this.grown?.())
  }

  get name(): string {
    return this.follower.name
  }

  /** Next position, as last committed. */
  get position(): number {
    return this.next
  }

  /** Starts the loop; resolves when the follower has read its tables for the first time. */
  async start(): Promise<void> {
    await this.reload()
    this.notePassed()
    this.finished = this.run()
  }

  /** Ends after the round in work and one for what gathered meanwhile. */
  async stop(): Promise<void> {
    this.stopping = true
    this.unsubscribe()
    this.grown?.()
    this.stopped?.()
    await this.finished
    await this.last()
    this.feed.leave(this)
    await this.rest()
  }

  /** What a slow pace let gather: left for the next start, the newest entries of a platform at rest would have no proof. */
  private async last(): Promise<void> {
    if (this.figures.failing !== undefined || !this.finished) return
    await this.round().catch((error: unknown) =>
      this.log.warn({ err: error }, 'could not follow the last entries; the next start will'),
    )
  }

  /** What it kept in memory can be made again; not writing it costs the next start some time, no more. */
  private async rest(): Promise<void> {
    if (!this.follower.rest || this.figures.failing !== undefined || !this.finished) return
    await this.store
      .transaction((tx) => this.follower.rest!(tx))
      .catch((error: unknown) => this.log.warn({ err: error }, 'could not write its memory at the end'))
  }

  private notePassed(): void {
    if (!this.follower.ignoresRecords) this.feed.passed(this, this.next)
  }

  /** Resolves when the follower has committed everything before a position. */
  reached(position: number): Promise<void> {
    if (this.next >= position) return Promise.resolve()
    return this.awaited.until(position)
  }

  private async reload(): Promise<void> {
    this.next = await this.store.transaction(async (tx) => {
      await this.follower.reload(tx)
      return readCursor(tx, this.county, this.follower.name)
    })
  }

  private async run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    let stale = false
    while (!this.stopping) {
      try {
        if (stale) await this.reload()
        stale = false
        const began = performance.now()
        const entries = await this.round()
        retryMs = FIRST_RETRY_MS
        this.figures.failing = undefined
        const rest = this.restMs(entries, began)
        if (entries === 0) await this.awaitGrowth()
        else if (rest > 0) await this.pause(rest)
      } catch (error) {
        stale = true
        this.figures.failures++
        this.figures.failing = error instanceof Error ? error.message : String(error)
        this.log.error({ err: error, position: this.next, retryMs }, 'a round failed; it is tried again')
        this.onRound?.()
        await this.pause(retryMs)
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      }
    }
  }

  /** How long to let entries gather after a round of so many; never while a whole round of them waits already. */
  private restMs(entries: number, began: number): number {
    if (this.feed.nextPosition - this.next >= ROUND.entries) return 0
    const early = began + (this.follower.paceMs ?? 0) - performance.now()
    return Math.max(early, entries >= BUSY_ENTRIES ? BUSY_PAUSE_MS : 0)
  }

  /** One round. Returns how many entries it took: 0 when there was nothing to do. */
  private async round(): Promise<number> {
    const from = this.next
    if (from >= this.feed.nextPosition) return 0
    const began = performance.now()
    const entries: readonly LogEntry[] =
      this.feed.since(from, ROUND) ?? (await readEntries(this.store.pool, this.county, from, ROUND))
    const last = entries.at(-1)
    if (!last) return 0
    const to = last.position + 1
    await this.write(entries, from, to)
    this.next = to
    this.notePassed()
    this.figures.rounds++
    this.figures.entries += entries.length
    this.figures.busyMs += performance.now() - began
    this.follower.committed?.(to)
    this.awaited.tell(to)
    this.onRound?.()
    return entries.length
  }

  private async write(entries: readonly LogEntry[], from: number, to: number): Promise<void> {
    const { follower, county, store } = this
    if (!follower.compose) {
      await store.transaction((tx) => this.applyRound(tx, entries, from, to), { lasting: false })
      return
    }
    try {
      await store.round(
        async (open) => {
          const writes = await follower.compose!(open, entries)
          passCursor(writes, county, follower.name, from, to)
          return writes
        },
        { lasting: false },
      )
    } catch (error) {
      throw (error as { code?: unknown }).code === TOUCHED_NOTHING ? this.displaced(from, error) : error
    }
  }

  private displaced(from: number, cause?: unknown): Error {
    return new Error(`the cursor of ${this.follower.name} does not stand at ${from}: another loop moved it`, {
      cause,
    })
  }

  private async applyRound(
    tx: Transaction,
    entries: readonly LogEntry[],
    from: number,
    to: number,
  ): Promise<void> {
    await this.follower.apply(tx, entries)
    if (!(await moveCursor(tx, this.county, this.follower.name, from, to))) throw this.displaced(from)
  }

  /** Until the log grows or the loop is stopped. */
  private awaitGrowth(): Promise<void> {
    return new Promise((wake) => {
      if (this.stopping || this.feed.nextPosition > this.next) wake()
      else
        this.grown = () => {
          this.grown = undefined
          wake()
        }
    })
  }

  /** A wait that only a stop cuts short: a growing log must hurry neither a failing database nor a busy one. */
  private pause(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      const timer = setTimeout(wake, milliseconds)
      this.stopped = () => {
        clearTimeout(timer)
        wake()
      }
      if (this.stopping) this.stopped()
    })
  }
}
