import { setImmediate as turn } from 'node:timers/promises'
import type { Rule, SettingsChange, SettingValues, Words } from '@oiltrail/domain'
import { ProblemError } from '@oiltrail/kernel'
import { loadBooks, readEntries, readRowsAt, type Store, type WatchBooks } from '@oiltrail/store'
import { readBatch } from '../log/batch.ts'
import type { LogEntry } from '../log/entry.ts'
import { AlarmBoard } from './board.ts'
import { Watcher } from './watcher.ts'

/** Entries of the log one trial reads at most; beyond, only the end of the span. */
export const MOST_TRIAL_ENTRIES = 200_000
/** Read at once; between two reads everything else gets its turn. */
const CHUNK = { entries: 256, bytes: 1024 * 1024 }

/** An alarm of a trial. */
export interface TrialAlarm {
  readonly subject: string
  readonly at: number
  readonly until: number
  readonly sentence: Words
}

/** What a trial found. */
export interface TrialResult {
  readonly records: number
  readonly before: readonly TrialAlarm[]
  readonly after: readonly TrialAlarm[]
}

/** One rule over a part of the log, with the alarms it raises. */
class TrialRun {
  readonly #watcher: Watcher
  readonly #board: AlarmBoard
  readonly #alarms = new Map<number, TrialAlarm>()

  constructor(rule: Rule, books: WatchBooks) {
    const memory = { ...books, logTime: 0, failing: [], states: [], channels: [] }
    this.#watcher = new Watcher([rule], (signal) => this.#board.signal(signal), memory, true)
    this.#board = new AlarmBoard([rule], this.#watcher.windows, { openAlarms: [], steps: [], lastAlarm: 0 })
  }

  async take(
    entry: LogEntry,
    readBack: (positions: readonly number[]) => Promise<LogEntry[]>,
  ): Promise<void> {
    await this.#watcher.take(entry, readBack)
    this.#board.tick(this.#watcher.engine.logTime, entry.position)
  }

  settle(): void {
    for (const { alarm, sentence } of this.#board.takeChange().alarms)
      this.#alarms.set(alarm.alarm, {
        subject: alarm.subject,
        at: alarm.openedAt,
        until: alarm.active ? Number.POSITIVE_INFINITY : (alarm.clearedAt ?? alarm.lastSeenAt),
        sentence,
      })
  }

  get alarms(): TrialAlarm[] {
    return [...this.#alarms.values()]
  }
}

/** Settings as if the values had held for all time: laid over every change there was. */
function overlaid(
  rule: Rule,
  changes: readonly SettingsChange[],
  site: string,
  values: SettingValues,
): SettingsChange[] {
  const own = changes.filter((change) => change.rule === rule.id)
  const froms = new Set([0, ...own.map((change) => change.from)])
  return [...own, ...[...froms].map((from) => ({ rule: rule.id, site, from, values }))]
}

/** Runs a rule over entries `from` to `to` (exclusive) with the settings in force and with others laid over them. */
export async function tryRule(parts: {
  readonly store: Store
  readonly county: number
  readonly rule: Rule
  readonly site: string
  readonly values: SettingValues
  readonly from: number
  readonly to: number
}): Promise<TrialResult> {
  const { store, county, rule, to } = parts
  const books = await loadBooks(store.pool, county)
  const before = new TrialRun(rule, books)
  const after = new TrialRun(rule, {
    ...books,
    settings: overlaid(rule, books.settings, parts.site, parts.values),
  })
  const readBack = async (positions: readonly number[]): Promise<LogEntry[]> =>
    (await readRowsAt(store.pool, county, positions)).map(decoded)
  let records = 0
  for (let position = parts.from; position < to; ) {
    const entries = await readEntries(store.pool, county, position, {
      ...CHUNK,
      entries: Math.min(CHUNK.entries, to - position),
    })
    if (entries.length === 0) break
    for (const row of entries) {
      const entry = decoded(row)
      records += entry.memo?.records.length ?? 0
      await before.take(entry, readBack)
      await after.take(entry, readBack)
    }
    before.settle()
    after.settle()
    position = entries.at(-1)!.position + 1
    await turn()
  }
  return { records, before: before.alarms, after: after.alarms }
}

/** Decoded once for both runs. A batch that somebody altered stays without. */
function decoded(entry: LogEntry): LogEntry {
  if (entry.type !== 'batch') return entry
  try {
    return { ...entry, memo: readBatch(entry) }
  } catch (error) {
    if (error instanceof ProblemError) return entry
    throw error
  }
}

/** Alarms of one list that no alarm of the other meets: same subject, overlapping in time. */
export function unmatched(of: readonly TrialAlarm[], others: readonly TrialAlarm[]): TrialAlarm[] {
  return of.filter(
    (alarm) =>
      !others.some(
        (other) => other.subject === alarm.subject && other.at <= alarm.until && alarm.at <= other.until,
      ),
  )
}
