import type { Rule } from '@oiltrail/domain'
import { openStore, quoteIdentifier, readCursor, readEntries, type Store } from '@oiltrail/store'
import { compareTable, type DerivedTable, type TableComparison } from '../replay/compare.ts'
import { type Finding, Findings } from '../replay/findings.ts'
import { WatchFollower } from './follower.ts'

/** Every table of the watch. A migration that adds one adds a line. */
export const WATCH_TABLES: readonly DerivedTable[] = [
  { table: 'alarm', key: ['alarm'], tells: ['rule', 'subject', 'sentence_en'] },
  { table: 'alarm_step', key: ['alarm', 'step'], tells: ['what', 'actor', 'note'] },
  { table: 'watch_state', key: ['rule', 'subject'] },
  { table: 'watch_channel', key: ['device', 'channel'] },
  { table: 'watch_registration', key: ['site', 'effective_at'] },
  { table: 'watch_device', key: ['device'] },
  { table: 'rule_setting', key: ['position'], tells: ['rule', 'site', 'actor', 'reason'] },
  { table: 'delivery_notice', key: ['notice'] },
  { table: 'quiet_window', key: ['quiet_window'] },
  { table: 'watch_clock', key: ['log_time'] },
]

/** Entries of one round: larger than live rounds, since nobody waits for each. */
const ROUND = { entries: 5_000, bytes: 8 * 1024 * 1024 }

/** What a replay of the watch did and found. */
export interface WatchReplay {
  readonly entries: number
  readonly rebuildMs: number
  readonly tables: readonly TableComparison[]
  readonly findingCount: number
  readonly findings: readonly Finding[]
}

/**
 * Raises all alarms of a county again from its log, into temporary tables, and compares every row with the live ones. May run
 * beside a working server: one snapshot, read-only. Alarms agree as long as the rules are those that raised them; after an
 * upgrade of rules the differences are the upgrade's.
 */
export async function replayWatch(
  store: Pick<Store, 'url'>,
  county: number,
  rules?: readonly Rule[],
): Promise<WatchReplay> {
  // A connection of its own: a statement that another use prepared would still name the live tables.
  const own = openStore(store.url, {
    max: 1,
    statementTimeoutMs: 0,
    applicationName: 'oiltrail-replay-watch',
  })
  const tx = await own.pool.connect()
  try {
    const live = (await tx.query<{ name: string }>('select current_schema() as name')).rows[0]!.name
    for (const { table } of WATCH_TABLES)
      await tx.query(
        `create temporary table ${quoteIdentifier(table)} (like ${quoteIdentifier(live)}.${quoteIdentifier(table)} including all)`,
      )
    await tx.query('begin isolation level repeatable read, read only')
    const follower = new WatchFollower({ county, ...(rules ? { rules } : {}) })
    const end = await readCursor(tx, county, follower.name)
    const began = performance.now()
    await follower.reload(tx)
    let entries = 0
    for (let next = 0; next < end; ) {
      const round = await readEntries(tx, county, next, {
        ...ROUND,
        entries: Math.min(ROUND.entries, end - next),
      })
      await follower.apply(tx, round)
      next = round.length === 0 ? next + ROUND.entries : round.at(-1)!.position + 1
      entries += round.length
    }
    const rebuildMs = performance.now() - began
    const findings = new Findings()
    const tables: TableComparison[] = []
    for (const of of WATCH_TABLES)
      tables.push(await compareTable(tx, county, of, { live, rebuilt: 'pg_temp' }, findings))
    return { entries, rebuildMs, tables, findingCount: findings.count, findings: findings.list }
  } finally {
    // Closing the connection drops the temporary tables with it.
    tx.release(true)
    await own.close()
  }
}
