import type { Pipeline, Transaction } from '@oiltrail/store'
import type { LogEntry } from '../log/entry.ts'

/** Begins the transaction of a round when it must be read from before anything is written. */
export type Open = () => Promise<Transaction>

/**
 * A function of the log with its own tables (promise 5: state and cursor commit together, so an effect happens once).
 * A follower gets every entry exactly once in the order of positions, as seen from its committed tables.
 */
export interface Follower {
  /** Name of its cursor in `follower_cursor`; stable for ever. */
  readonly name: string
  /** For a follower that nobody waits for: at least so many milliseconds lie between the starts of its rounds. */
  readonly paceMs?: number
  /** It never looks at the records of a batch: what is kept of them in memory need not wait for it. */
  readonly ignoresRecords?: boolean
  /** Writes the effects of the entries. Throwing rolls the round back; it is tried again after `reload`. */
  apply(tx: Transaction, entries: readonly LogEntry[]): Promise<void>
  /**
   * Instead of `apply`, for a follower that seldom reads: returns what is to be written, which then leaves in one round trip
   * with the cursor and COMMIT.
   */
  compose?(open: Open, entries: readonly LogEntry[]): Promise<Pipeline>
  /** Called after the commit of a round: the place for what the outside may see (stream events). */
  committed?(nextPosition: number): void
  /** Called at start and after a rollback: forget memory, read your own tables. */
  reload(tx: Transaction): Promise<void>
  /** Called at a clean stop, in a transaction of its own: write what you have kept in memory only. */
  rest?(tx: Transaction): Promise<void>
}
