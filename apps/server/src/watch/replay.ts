import type { Rule } from '@oiltrail/domain'
import {
  openStore,
  quoteIdentifier,
  readCursor,
  readEntries,
  type Store,
  type Transaction,
} from '@oiltrail/store'
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
  { table: 'watch_clock', key: ['remembered_position'] },
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
    const began = performance.now()
    const entries = await rebuild(tx, county, live, rules)
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

/** Runs the whole log. What rules remember is written where the live follower last wrote it, so that both can be compared. */
async function rebuild(
  tx: Transaction,
  county: number,
  live: string,
  rules: readonly Rule[] | undefined,
): Promise<number> {
  const follower = new WatchFollower({
    county,
    rememberEveryMs: Number.POSITIVE_INFINITY,
    ...(rules ? { rules } : {}),
  })
  const end = await readCursor(tx, county, follower.name)
  const { rows } = await tx.query<{ position: number }>(
    `select remembered_position as position from ${quoteIdentifier(live)}.watch_clock where county = $1`,
    [county],
  )
  const remembered = rows[0]?.position ?? end
  await follower.begin(tx)
  let entries = 0
  for (let next = 0; next < end; ) {
    const until = next < remembered ? remembered : end
    const limits = { ...ROUND, entries: Math.min(ROUND.entries, until - next) }
    const round = await readEntries(tx, county, next, limits)
    await follower.apply(tx, round)
    next = round.length === 0 ? next + limits.entries : round.at(-1)!.position + 1
    entries += round.length
    if (next === remembered) await follower.remember(tx)
  }
  return entries
}
