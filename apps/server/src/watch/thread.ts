import type { Worker } from 'node:worker_threads'
import type { AlarmRow } from '@oiltrail/store'
import type { Level, Logger } from 'pino'
import { Awaited, type FollowFigures, type Following } from '../follow/following.ts'
import type { LogEntry } from '../log/entry.ts'
import type { LogFeed } from '../log/feed.ts'
import { startThread } from '../thread.ts'
import { type FromWatch, type ToWatch, WATCH_ROLE, type WatchState, type WatchTask } from './threadside.ts'
import { type Awaiting, isAwaited } from './ticker.ts'

/** A thread that broke is started again after this long. */
const RESTART_MS = 1_000
/** Longest it may take to end; then it is ended. What it remembers is made again from the log. */
const STOP_MS = 5_000
/** Entries handed over in one message; what is further back, the thread reads from the database. */
const HANDED_OVER = { entries: 2_000, bytes: 4 * 1024 * 1024 }

/** The watch as the main thread sees it: hands over what the log takes in, and is told alarms and how far it has come. */
export class WatchThread implements Following, Awaiting {
  readonly name = 'watch'
  readonly #parts: WatchThreadParts
  readonly #awaited = new Awaited()
  readonly #unsubscribe: () => void
  #worker: Worker
  #ended: Promise<void>
  #state: WatchState | undefined
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined
  #broken: string | undefined
  #breaks = 0
  #handed: number
  #restart: NodeJS.Timeout | undefined
  #stopping = false

  constructor(parts: WatchThreadParts) {
    this.#parts = parts
    this.#handed = parts.feed.nextPosition
    this.#unsubscribe = parts.feed.onGrowth(() => this.#handOver())
    ;[this.#worker, this.#ended] = this.#start()
  }

  get position(): number {
    return this.#state?.position ?? 0
  }

  get figures(): FollowFigures {
    const told = this.#state?.figures ?? NOTHING_YET
    return {
      ...told,
      failures: told.failures + this.#breaks,
      failing: this.#broken ?? told.failing,
    }
  }

  get logTime(): number {
    return this.#state?.logTime ?? 0
  }

  /** Whether somebody waits for a moment that lies not after `now`: then the log should be told the time. */
  isAwaited(now: number): boolean {
    return isAwaited(this.#state?.awaits, now)
  }

  /** Resolves when the thread has read its tables; rejects when it broke first. */
  started(): Promise<void> {
    if (this.#state) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject }
    })
  }

  reached(position: number): Promise<void> {
    return this.position >= position ? Promise.resolve() : this.#awaited.until(position)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#unsubscribe()
    clearTimeout(this.#restart)
    this.#tell({ stop: true })
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_MS)
    await this.#ended
    clearTimeout(timer)
  }

  #start(): [Worker, Promise<void>] {
    const { url, county, feed, log } = this.#parts
    const nextPosition = feed.nextPosition
    this.#handed = nextPosition
    const worker = startThread<WatchTask>({
      role: WATCH_ROLE,
      url,
      county,
      nextPosition,
      logLevel: log.level,
    })
    worker.on('message', (message: FromWatch) => this.#hear(message))
    worker.on('error', (error) => this.#fail(error))
    return [worker, new Promise((ended) => worker.once('exit', () => ended(this.#exited())))]
  }

  #hear(message: FromWatch): void {
    if (message.type === 'alarms') this.#parts.onAlarms(message.rows)
    else if (message.type === 'log') logAgain(this.#parts.log, message.line)
    else {
      this.#state = message.state
      this.#broken = undefined
      this.#started?.resolve()
      this.#started = undefined
      this.#awaited.tell(message.state.position)
    }
  }

  #fail(error: Error): void {
    this.#parts.log.error({ err: error }, 'the thread of the watch broke; it is started again')
    this.#breaks++
    this.#broken = error.message
    this.#started?.reject(error)
    this.#started = undefined
  }

  #exited(): void {
    if (this.#stopping) return
    this.#broken ??= 'the thread of the watch ended'
    this.#restart = setTimeout(() => {
      ;[this.#worker, this.#ended] = this.#start()
    }, RESTART_MS)
  }

  #handOver(): void {
    const { feed } = this.#parts
    const entries = feed.since(this.#handed, HANDED_OVER)
    const last = entries?.at(-1)
    if (!entries || !last || last.position + 1 < feed.nextPosition)
      this.#tell({ nextPosition: feed.nextPosition })
    else {
      const copies = entries.map(withBytesOfItsOwn)
      this.#worker.postMessage(
        { entries: copies } satisfies ToWatch,
        copies.map(({ raw }) => raw.buffer as ArrayBuffer),
      )
    }
    this.#handed = feed.nextPosition
  }

  #tell(message: ToWatch): void {
    this.#worker.postMessage(message)
  }
}

/** What the thread is made of. */
export interface WatchThreadParts {
  readonly url: string
  readonly county: number
  readonly feed: LogFeed
  readonly log: Logger
  /** Told after each commit which alarms changed beyond another fold. Must not throw. */
  readonly onAlarms: (rows: readonly AlarmRow[]) => void
}

const NOTHING_YET: FollowFigures = { rounds: 0, entries: 0, failures: 0, busyMs: 0, failing: undefined }

/** The bytes may lie in a larger buffer, and what intake decoded is cheaper to decode again than to hand over. */
function withBytesOfItsOwn({ memo: _, ...entry }: LogEntry): LogEntry {
  return { ...entry, raw: new Uint8Array(entry.raw), leaf: new Uint8Array(entry.leaf) }
}

/** A line of the thread's log, said again by the server's. */
function logAgain(log: Logger, line: string): void {
  const { level, msg, time: _, pid: __, hostname: ___, ...rest } = JSON.parse(line) as Record<string, unknown>
  const label = (log.levels.labels[Number(level)] ?? 'info') as Level
  log[label](rest, String(msg))
}
