import type { RecordedFact, Span } from '@oiltrail/domain'
import type { LogRow } from '@oiltrail/store'

export { ENTRY_TYPES, type EntryType } from '@oiltrail/store'

/** One entry of a county's log, as committed (`docs/formats/log.md` §1). */
export interface LogEntry extends LogRow {
  /**
   * Entries that are still in memory carry what intake decoded already, so that followers need not parse again. Absent
   * for entries read back from the database and once every follower that reads records has passed (`LogFeed`);
   * `readBatch` gives the same content either way.
   */
  memo?: BatchMemo | undefined
}

/** What an accepted batch says: its records, all valid by `recordSchema`, and its place in the chain. */
export interface BatchMemo {
  /** Index 0 is record `firstSeq`. */
  readonly records: readonly RecordedFact[]
  /** For `admitSpan`. `hashAt` is cheap for the last record; others may cost a walk of the chain. */
  readonly span: Span
}
