import {
  openStore,
  quoteIdentifier,
  readCursor,
  readEntries,
  readHead,
  type Store,
  type Transaction,
} from '@oiltrail/store'
import { ViewsFollower } from '../views/follower.ts'
import { compareTable, type TableComparison, VIEW_TABLES } from './compare.ts'
import { type Finding, Findings, readable } from './findings.ts'
import { soundEntries } from './sound.ts'

/** Entries of one round of a rebuild: larger than live rounds, since nobody waits for each. */
const ROUND = { entries: 5_000, bytes: 8 * 1024 * 1024 }
/** Temporary tables live in this connection's own buffers. */
const TEMP_BUFFERS = '64MB'
/** The planner is told the sizes of the growing tables when their number of rounds reaches a power of this. */
const ANALYZE_EVERY = 4

/** What a replay did and found. */
export interface ReplayReport {
  /** Entries replayed: all that the live views have followed. */
  readonly entries: number
  /** Length of the log in the same snapshot; live views may stand a round behind it. */
  readonly head: number
  readonly records: number
  /** Milliseconds of the rebuild alone, without the comparison. */
  readonly rebuildMs: number
  readonly tables: readonly TableComparison[]
  readonly findingCount: number
  readonly findings: readonly Finding[]
}

/**
 * Rebuilds all views of a county from the log with the very code that keeps them live, into temporary tables, and
 * compares every row with the live ones. May run beside a working server: everything is read in one snapshot, and the
 * transaction is read-only, so that PostgreSQL itself makes sure that no live row can be touched.
 */
export async function replay(
  store: Pick<Store, 'url'>,
  county: number,
  onProgress?: (entries: number, of: number) => void,
): Promise<ReplayReport> {
  // A connection of its own: a statement that another use prepared would still name the live tables.
  const own = openStore(store.url, { max: 1, statementTimeoutMs: 0, applicationName: 'oiltrail-replay' })
  const tx = await own.pool.connect()
  const findings = new Findings()
  try {
    const report = await readable(findings, 'views', async () => {
      await tx.query(`set temp_buffers = '${TEMP_BUFFERS}'`)
      const live = (await tx.query<{ name: string }>('select current_schema() as name')).rows[0]!.name
      for (const { table } of VIEW_TABLES)
        await tx.query(
          `create temporary table ${quoteIdentifier(table)} (like ${quoteIdentifier(live)}.${quoteIdentifier(table)} including all)`,
        )
      await tx.query('begin isolation level repeatable read, read only')
      return rebuildAndCompare(tx, county, live, findings, onProgress)
    })
    const nothing = { entries: 0, head: 0, records: 0, rebuildMs: 0, tables: [] }
    return { ...(report ?? nothing), findingCount: findings.count, findings: findings.list }
  } finally {
    // Closing the connection drops the temporary tables with it.
    tx.release(true)
    await own.close()
  }
}

async function rebuildAndCompare(
  tx: Transaction,
  county: number,
  live: string,
  findings: Findings,
  onProgress: ((entries: number, of: number) => void) | undefined,
): Promise<Omit<ReplayReport, 'findings' | 'findingCount'>> {
  const follower = new ViewsFollower({ county })
  const head = (await readHead(tx, county))?.nextPosition ?? 0
  const began = performance.now()
  const entries = await rebuild(tx, county, follower, findings, onProgress)
  const rebuildMs = performance.now() - began
  const tables: TableComparison[] = []
  for (const of of VIEW_TABLES)
    tables.push(await compareTable(tx, county, of, { live, rebuilt: 'pg_temp' }, findings))
  return { entries, head, records: follower.records, rebuildMs, tables }
}

/** Applies the log as far as the live views have followed it. Returns the number of entries. */
async function rebuild(
  tx: Transaction,
  county: number,
  follower: ViewsFollower,
  findings: Findings,
  onProgress: ((entries: number, of: number) => void) | undefined,
): Promise<number> {
  const end = Math.min(await readCursor(tx, county, follower.name), await readLogEnd(tx, county))
  await follower.reload(tx)
  let next = 0
  let entries = 0
  for (let rounds = 1; next < end; rounds++) {
    const round = await readEntries(tx, county, next, {
      ...ROUND,
      entries: Math.min(ROUND.entries, end - next),
    })
    await follower.apply(tx, soundEntries(round, findings))
    // Where entries are missing the audit says so; here the views are made of what is left.
    next = round.length === 0 ? next + ROUND.entries : round.at(-1)!.position + 1
    entries += round.length
    if (Number.isInteger(Math.log(rounds) / Math.log(ANALYZE_EVERY)))
      await tx.query('analyze sale, price, receipt')
    onProgress?.(Math.min(next, end), end)
  }
  return entries
}

/** The position after the last entry there is: what a cursor or the head of the log claims may be anything. */
export async function readLogEnd(tx: Pick<Transaction, 'query'>, county: number): Promise<number> {
  const { rows } = await tx.query<{ end: number }>(
    `select coalesce(max(position), -1) + 1 as "end" from log_entry where county = $1 and position < $2`,
    [county, Number.MAX_SAFE_INTEGER],
  )
  return rows[0]!.end
}
