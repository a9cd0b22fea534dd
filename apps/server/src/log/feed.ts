import type { LogEntry } from './entry.ts'

/** Entries kept for followers that are close behind; about a second of full intake. */
const KEPT_ENTRIES = 8_192
/** Raw bytes kept. Decoded records take about five times as much beside it, until the last reader has passed them. */
const KEPT_BYTES = 16 * 1024 * 1024

/** How many entries a follower is given at once. */
export interface FeedLimits {
  readonly entries: number
  readonly bytes: number
}

/**
 * The end of a county's log in memory: entries just committed, so that followers need not read them back, and the call
 * that wakes the followers. Bounded; who falls behind reads the database.
 */
export class LogFeed {
  private kept: LogEntry[] = []
  /** Index in `kept` of the oldest entry still held. */
  private start = 0
  private bytes = 0
  private next: number
  private readonly listeners = new Set<() => void>()
  /** Next position of each follower that reads records. */
  private readonly readers = new Map<object, number>()
  /** Entries before this position have been relieved of their records. */
  private relieved = 0

  /** `nextPosition` is where the log stands in the database. */
  constructor(nextPosition: number) {
    this.next = nextPosition
  }

  /** Position the next entry will take, as last committed. */
  get nextPosition(): number {
    return this.next
  }

  /** Takes entries that were committed just now; they follow each other. */
  append(entries: readonly LogEntry[]): void {
    const first = entries[0]
    if (!first) return
    if (first.position !== this.next) this.forget()
    for (const entry of entries) {
      this.kept.push(entry)
      this.bytes += entry.raw.length
    }
    this.next = entries.at(-1)!.position + 1
    this.trim()
    this.wake()
  }

  /** Learns where the log stands after something else wrote it or the outcome of a commit was unknown. */
  moveTo(nextPosition: number): void {
    if (nextPosition === this.next) return
    this.forget()
    this.next = nextPosition
    this.wake()
  }

  /** Entries from a position on, within the limits, at least one; undefined when the oldest of them is no longer held. */
  since(position: number, limits: FeedLimits): LogEntry[] | undefined {
    const held = this.kept.length - this.start
    const offset = position - (this.next - held)
    if (offset < 0) return undefined
    const entries: LogEntry[] = []
    let bytes = 0
    for (let i = this.start + offset; i < this.kept.length && entries.length < limits.entries; i++) {
      const entry = this.kept[i]!
      bytes += entry.raw.length
      if (entries.length > 0 && bytes > limits.bytes) break
      entries.push(entry)
    }
    return entries
  }

  /**
   * A follower that reads records stands at this position now. What all of them have passed gives up its decoded records:
   * kept, they would be copied about by every collection of garbage, and the pauses be several times as long.
   */
  passed(reader: object, position: number): void {
    this.readers.set(reader, position)
    const slowest = Math.min(...this.readers.values())
    const first = this.next - (this.kept.length - this.start)
    for (let at = Math.max(this.relieved, first); at < Math.min(slowest, this.next); at++)
      this.kept[this.start + at - first]!.memo = undefined
    this.relieved = Math.max(this.relieved, slowest)
  }

  /** A follower has ended. */
  leave(reader: object): void {
    this.readers.delete(reader)
  }

  /** Calls back whenever the log has grown. Returns the function that ends it. */
  onGrowth(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private wake(): void {
    for (const listener of this.listeners) listener()
  }

  private forget(): void {
    this.kept = []
    this.start = 0
    this.bytes = 0
  }

  private trim(): void {
    while (this.kept.length - this.start > KEPT_ENTRIES || this.bytes > KEPT_BYTES) {
      this.bytes -= this.kept[this.start]!.raw.length
      this.start++
    }
    // Cut only when half of the array is dead, so that each entry is moved once on average.
    if (this.start > this.kept.length / 2) {
      this.kept = this.kept.slice(this.start)
      this.start = 0
    }
  }
}
