import type { Channel } from '@oiltrail/kernel'
import type { CopyColumn } from './copy.ts'
import { mustTouch, Pipeline } from './pipeline.ts'
import type { Transaction } from './pool.ts'

/** The kinds of log entry; the index is the number in `log_entry.type`. */
export const ENTRY_TYPES = ['batch', 'refusal', 'desk'] as const
export type EntryType = (typeof ENTRY_TYPES)[number]

/** One row of `log_entry`; docs/formats/log.md §1. */
export interface LogRow {
  readonly county: number
  readonly position: number
  readonly type: EntryType
  /** Server clock when it was taken in, epoch milliseconds. */
  readonly receivedAt: number
  /** Of a refusal: what its sender claimed, if it could be read. */
  readonly device?: string
  readonly channel?: Channel
  readonly firstSeq?: number
  readonly lastSeq?: number
  /** Refusal: catalogue code. Desk: action. */
  readonly code?: string
  /** Batch: the earliest and the latest time of its records, by the device's clock. Absent when it announces a key. */
  readonly made?: readonly [from: number, to: number]
  /** What the Merkle tree hashes. */
  readonly leaf: Uint8Array
  /** The bytes as they came. */
  readonly raw: Uint8Array
}

/** Number of a channel in the tables. */
export function channelNumber(channel: Channel): 0 | 1 {
  return channel === 'volume' ? 0 : 1
}

/** Channel of a number in the tables. */
export function channelOf(number: number): Channel {
  return number === 0 ? 'volume' : 'price'
}

/** Makes the head of a county's log if there is none, and takes it for a new writer. Returns the writer's epoch. */
export async function takeLog(tx: Transaction, county: number): Promise<number> {
  const { rows } = await tx.query<{ owner_epoch: number }>(
    `insert into log_head (county, owner_epoch) values ($1, 1)
     on conflict (county) do update set owner_epoch = log_head.owner_epoch + 1 returning owner_epoch`,
    [county],
  )
  return rows[0]!.owner_epoch
}

/** Head of a county's log: the position the next entry will take, and the epoch of the writer that owns it. */
export interface LogHead {
  readonly nextPosition: number
  readonly ownerEpoch: number
}

/** Reads the head; undefined when the county has no log yet. */
export async function readHead(tx: Pick<Transaction, 'query'>, county: number): Promise<LogHead | undefined> {
  const { rows } = await tx.query<{ next_position: number; owner_epoch: number }>(
    'select next_position, owner_epoch from log_head where county = $1',
    [county],
  )
  const row = rows[0]
  return row && { nextPosition: row.next_position, ownerEpoch: row.owner_epoch }
}

/** Counties whose log has entries. */
export async function listLogs(tx: Pick<Transaction, 'query'>): Promise<number[]> {
  const { rows } = await tx.query<{ county: number }>(
    'select county from log_head where next_position > 0 order by county',
  )
  return rows.map((row) => row.county)
}

/** Reads the head and locks it until the end of the transaction: waits for any commit that is still on its way. */
export async function lockHead(tx: Transaction, county: number): Promise<LogHead | undefined> {
  await tx.query('select 1 from log_head where county = $1 for update', [county])
  return readHead(tx, county)
}

/**
 * Locks the head row until the end of the transaction and takes `count` positions. Returns the first of them, or
 * undefined when the writer's epoch is no longer the owner's: such a writer must roll back and stop.
 */
export async function takePositions(
  tx: Transaction,
  county: number,
  epoch: number,
  count: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ next_position: number }>({
    name: 'take_positions',
    text: `update log_head set next_position = next_position + $3 where county = $1 and owner_epoch = $2
           returning next_position`,
    values: [county, epoch, count],
  })
  return rows[0] && rows[0].next_position - count
}

const CLAIM_POSITIONS = mustTouch(
  `update log_head set next_position = $3::bigint + $4::bigint
   where county = $1 and owner_epoch = $2 and next_position = $3::bigint`,
)

/**
 * Takes `count` positions from `first` on, as part of a pipeline, which fails with `TOUCHED_NOTHING` unless the log stands
 * at `first` and the writer's epoch is the owner's. Locks the head row until the end of the transaction.
 */
export function claimPositions(
  to: Pipeline,
  county: number,
  epoch: number,
  first: number,
  count: number,
): void {
  to.add({ name: 'claim_positions', text: CLAIM_POSITIONS, values: [county, epoch, first, count] })
}

const LOG_COLUMNS: readonly CopyColumn[] = [
  { name: 'county', type: 'int4' },
  { name: 'position', type: 'int8' },
  { name: 'type', type: 'int2' },
  { name: 'received_at', type: 'int8' },
  { name: 'device', type: 'text' },
  { name: 'channel', type: 'int2' },
  { name: 'first_seq', type: 'int8' },
  { name: 'last_seq', type: 'int8' },
  { name: 'code', type: 'text' },
  { name: 'leaf', type: 'bytea' },
  { name: 'raw', type: 'bytea' },
  { name: 'made_from', type: 'int8' },
  { name: 'made_to', type: 'int8' },
]

/** Appends entries whose positions were taken in this transaction. */
export async function appendEntries(tx: Transaction, entries: readonly LogRow[]): Promise<void> {
  const writes = new Pipeline()
  writeEntries(writes, entries)
  await writes.run(tx)
}

/** As `appendEntries`, as part of a pipeline. */
export function writeEntries(to: Pipeline, entries: readonly LogRow[]): void {
  to.copy(
    'log_entry',
    LOG_COLUMNS,
    entries.map((e) => [
      e.county,
      e.position,
      ENTRY_TYPES.indexOf(e.type),
      e.receivedAt,
      e.device ?? null,
      e.channel === undefined ? null : channelNumber(e.channel),
      e.firstSeq ?? null,
      e.lastSeq ?? null,
      e.code ?? null,
      e.leaf,
      e.raw,
      e.made?.[0] ?? null,
      e.made?.[1] ?? null,
    ]),
  )
}

/** How much of the log is read at once. */
export interface ReadLimits {
  readonly entries: number
  /** Raw bytes; the first entry is returned even if it alone is larger. */
  readonly bytes: number
}

interface EntryRecord {
  position: number
  type: number
  received_at: number
  device: string | null
  channel: number | null
  first_seq: number | null
  last_seq: number | null
  code: string | null
  leaf: Buffer
  raw: Buffer
  made_from: number | null
  made_to: number | null
}

function entryOf(county: number, row: EntryRecord): LogRow {
  return {
    county,
    position: row.position,
    type: ENTRY_TYPES[row.type] ?? 'refusal',
    receivedAt: row.received_at,
    ...(row.device === null ? {} : { device: row.device }),
    ...(row.channel === null ? {} : { channel: channelOf(row.channel) }),
    ...(row.first_seq === null ? {} : { firstSeq: row.first_seq }),
    ...(row.last_seq === null ? {} : { lastSeq: row.last_seq }),
    ...(row.code === null ? {} : { code: row.code }),
    ...(row.made_from === null || row.made_to === null ? {} : { made: [row.made_from, row.made_to] }),
    leaf: row.leaf,
    raw: row.raw,
  }
}

/**
 * Reads entries from a position on, in order and without a hole. The sizes are summed before the bytes are fetched
 * (`octet_length` does not read a value that is stored aside), so memory stays within the limits.
 */
export async function readEntries(
  tx: Pick<Transaction, 'query'>,
  county: number,
  from: number,
  limits: ReadLimits,
): Promise<LogRow[]> {
  const { rows } = await tx.query<EntryRecord>({
    name: 'read_entries',
    text: `select position, type, received_at, device, channel, first_seq, last_seq, code, leaf, raw, made_from, made_to
           from (select *, sum(octet_length(raw)) over (order by position) - octet_length(raw) as bytes_before
                 from log_entry where county = $1 and position >= $2 and position < $3) as e
           where bytes_before <= $4 order by position`,
    values: [county, from, from + limits.entries, limits.bytes],
  })
  return rows.map((row) => entryOf(county, row))
}

/** Whole entries at given positions, in the order of the log; positions that do not exist are left out. */
export async function readRowsAt(
  tx: Pick<Transaction, 'query'>,
  county: number,
  positions: readonly number[],
): Promise<LogRow[]> {
  const { rows } = await tx.query<EntryRecord>(
    `select position, type, received_at, device, channel, first_seq, last_seq, code, leaf, raw, made_from, made_to
     from log_entry where county = $1 and position = any($2::bigint[]) order by position`,
    [county, positions],
  )
  return rows.map((row) => entryOf(county, row))
}

/** A record of a stream that is looked for in the log. */
export interface RecordName {
  readonly device: string
  readonly channel: Channel
  readonly seq: number
}

/** Positions of the entries that first brought these records; undefined where none did. */
export async function findRecords(
  tx: Pick<Transaction, 'query'>,
  county: number,
  records: readonly RecordName[],
): Promise<(number | undefined)[]> {
  const { rows } = await tx.query<{ position: number | null }>(
    `select (select min(position) from log_entry e
             where e.county = $1 and e.device = r.device and e.channel = r.channel and e.type = 0
               and e.first_seq <= r.seq and e.first_seq > r.seq - $5 and e.last_seq >= r.seq) as position
     from unnest($2::text[], $3::smallint[], $4::bigint[]) with ordinality as r (device, channel, seq, number)
     order by number`,
    [
      county,
      records.map((r) => r.device),
      records.map((r) => channelNumber(r.channel)),
      records.map((r) => r.seq),
      MOST_RECORDS_OF_A_BATCH,
    ],
  )
  return rows.map((row) => row.position ?? undefined)
}

/** Raw bytes of some entries, by position. */
export async function readRaw(
  tx: Pick<Transaction, 'query'>,
  county: number,
  positions: readonly number[],
): Promise<Map<number, Uint8Array>> {
  const { rows } = await tx.query<{ position: number; raw: Buffer }>(
    'select position, raw from log_entry where county = $1 and position = any($2::bigint[])',
    [county, positions],
  )
  return new Map(rows.map((row) => [row.position, row.raw]))
}

/** Bounds the index range of `findRecords`: no accepted batch holds more records (docs/formats/uplink.md §2). */
const MOST_RECORDS_OF_A_BATCH = 1_000

/** The next position of a follower; 0 when it never ran. */
export async function readCursor(
  tx: Pick<Transaction, 'query'>,
  county: number,
  follower: string,
): Promise<number> {
  const { rows } = await tx.query<{ next_position: number }>(
    'select next_position from follower_cursor where county = $1 and follower = $2',
    [county, follower],
  )
  return rows[0]?.next_position ?? 0
}

const MOVE_CURSOR = `insert into follower_cursor as c (county, follower, next_position)
  select $1::integer, $2::text, $4::bigint
  where $3::bigint = 0 or exists (select 1 from follower_cursor where county = $1 and follower = $2)
  on conflict (county, follower) do update set next_position = $4 where c.next_position = $3`

/** Moves a follower's cursor. Returns false when it does not stand where the caller thinks: another loop moved it. */
export async function moveCursor(
  tx: Transaction,
  county: number,
  follower: string,
  from: number,
  to: number,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'move_cursor',
    text: MOVE_CURSOR,
    values: [county, follower, from, to],
  })
  return rowCount === 1
}

const PASS_CURSOR = mustTouch(MOVE_CURSOR)

/** As `moveCursor`, as part of a pipeline, which fails with `TOUCHED_NOTHING` when the cursor does not stand at `from`. */
export function passCursor(
  writes: Pipeline,
  county: number,
  follower: string,
  from: number,
  to: number,
): void {
  writes.add({ name: 'pass_cursor', text: PASS_CURSOR, values: [county, follower, from, to] })
}
