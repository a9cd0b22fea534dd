import type { RecordedFact } from '@oiltrail/domain'
import type { Channel, Problem } from '@oiltrail/kernel'

/** The kinds of log entry, in the order of their numbers in `log_entry.type`. */
export const ENTRY_TYPES = ['batch', 'refusal', 'desk'] as const
export type EntryType = (typeof ENTRY_TYPES)[number]

/** One entry of a county's log, as committed. `docs/formats/log.md` §1. */
export interface LogEntry {
  readonly county: number
  readonly position: number
  readonly type: EntryType
  /** Server clock when it was taken in, epoch milliseconds. */
  readonly receivedAt: number
  readonly device?: string
  readonly channel?: Channel
  readonly firstSeq?: number
  readonly lastSeq?: number
  /** Refusal: catalogue code. Desk: action. */
  readonly code?: string
  /** What the Merkle tree hashes. */
  readonly leaf: Uint8Array
  /** The bytes as they came. */
  readonly raw: Uint8Array
  /**
   * Entries that are still in memory carry what intake decoded already, so that followers need not parse again.
   * Absent for entries read back from the database; the content is the same either way.
   */
  readonly memo?: BatchMemo
}

/** The record lines of an accepted batch, decoded and checked against `recordSchema`; index 0 is record `firstSeq`. */
export interface BatchMemo {
  readonly records: readonly (RecordedFact | RefusedLine)[]
  /** Chain hash before the first record and after each record, hex: `hashes[0]` is the header's `before`. */
  readonly hashes: readonly string[]
}

/** A record line of an accepted batch that is not a record of this version; it is listed as a refused record. */
export interface RefusedLine {
  readonly kind: 'refused-line'
  readonly seq: number
  readonly problem: Problem
}
