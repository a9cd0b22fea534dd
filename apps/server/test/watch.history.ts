import type { Alarm, RecordedFact } from '@oiltrail/domain'
import { appendEntries, moveCursor, readEntries, type Store } from '@oiltrail/store'
import type { Follower } from '../src/follow/follower.ts'
import type { LogEntry } from '../src/log/entry.ts'
import { cut, deskEntries, generator, placed, randomStream, type Stream, siteOf } from './views.history.ts'

/** Logs for tests of the watch, in the database, since what waited behind a gap is read back from there. */

export type Unplaced = Parameters<typeof placed>[1]

/** Desk entries and two channels of one site, in the order of their chains. */
export function watchHistory(seed: number, records = 150): { desk: Unplaced; batches: Unplaced } {
  const site = siteOf('S001')
  const streams = [
    randomStream('520327-S001-A', 'volume', seed, records),
    randomStream('520327-S001-A', 'price', seed + 1, records),
  ]
  return {
    desk: deskEntries([site]),
    batches: streams.flatMap((stream) => cut(troubled(stream), generator(seed))),
  }
}

/** Some totalizers go back and some tanks run low, so that there is something to find. */
function troubled(stream: Stream): Stream {
  const records = stream.records.map((record): RecordedFact => {
    if ('totalMillilitres' in record && record.seq % 7 === 0)
      return { ...record, totalMillilitres: Math.floor(record.totalMillilitres / 2) }
    if (record.kind === 'level' && record.seq % 3 === 0) return { ...record, volumeMillilitres: 500_000 }
    return record
  })
  return { ...stream, records }
}

/** Places entries, and puts them into the log of a county. */
export async function stored(store: Store, county: number, entries: Unplaced): Promise<LogEntry[]> {
  const log = placed(county, entries)
  await store.transaction(async (tx) => {
    await tx.query('insert into log_head (county, next_position) values ($1, $2)', [county, log.length])
    await appendEntries(tx, log)
  })
  return log
}

const STUMBLE = new Error('this round shall be rolled back')

/** Runs a follower over a log in rounds; `stumbles` says of each round whether it is rolled back once before it succeeds. */
export async function follow(
  store: Store,
  follower: Follower,
  log: readonly LogEntry[],
  roundSize: () => number,
  stumbles: () => boolean = () => false,
): Promise<void> {
  await store.transaction((tx) => follower.reload(tx))
  for (let from = 0; from < log.length; ) {
    const entries = log.slice(from, from + roundSize())
    const fails = stumbles()
    try {
      await store.transaction(async (tx) => {
        await follower.apply(tx, entries)
        await moveCursor(tx, log[0]!.county, follower.name, from, from + entries.length)
        if (fails) throw STUMBLE
      })
    } catch (error) {
      if (error !== STUMBLE) throw error
      await store.transaction((tx) => follower.reload(tx))
      continue
    }
    from += entries.length
    follower.committed?.(from)
  }
  await store.transaction(async (tx) => follower.rest?.(tx))
}

/** The log of a county as it stands in the database. */
export async function logOf(store: Store, county: number): Promise<LogEntry[]> {
  return readEntries(store.pool, county, 0, { entries: 1_000_000, bytes: 1e9 })
}

const TABLES = [
  'alarm',
  'alarm_step',
  'watch_state',
  'watch_channel',
  'watch_registration',
  'watch_device',
  'rule_setting',
  'delivery_notice',
  'quiet_window',
  'watch_clock',
] as const

/** All rows of the watch of a county as text, in one order. */
export async function watchTables(store: Store, county: number): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {}
  for (const table of TABLES) {
    const { rows } = await store.pool.query<{ row: string }>(
      `select (to_jsonb(t) - 'county')::text as row from ${table} t where county = $1 order by 1`,
      [county],
    )
    tables[table] = rows.map((each) => each.row)
  }
  return tables
}

/** Every alarm ever raised in a county, oldest first. */
export async function raisedIn(store: Store, county: number): Promise<Alarm[]> {
  const { rows } = await store.pool.query<{ document: Alarm }>(
    'select document from alarm where county = $1 order by alarm',
    [county],
  )
  return rows.map((row) => row.document)
}
