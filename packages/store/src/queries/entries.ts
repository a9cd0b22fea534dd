import type { Reader } from './sums.ts'

/** A log entry on a list, without its bytes. */
export interface EntryListRow {
  readonly position: number
  readonly type: number
  readonly receivedAt: number
  readonly device: string | null
  readonly channel: number | null
  readonly firstSeq: number | null
  readonly lastSeq: number | null
  readonly code: string | null
  readonly bytes: number
  readonly rawHash: string
}

const ENTRY = `position, type, received_at as "receivedAt", device, channel, first_seq as "firstSeq", last_seq as "lastSeq", code,
  octet_length(raw) as bytes, encode(sha256(raw), 'hex') as "rawHash"`

/** Entries before a position, newest first. */
export async function listEntries(
  reader: Reader,
  county: number,
  q: { before?: number | undefined; limit: number; type?: number | undefined; device?: string | undefined },
): Promise<EntryListRow[]> {
  const values: unknown[] = [county, q.limit]
  const where: string[] = []
  const condition = (text: string, value: unknown): void => {
    if (value === undefined) return
    values.push(value)
    where.push(`and ${text} $${values.length}`)
  }
  condition('position <', q.before)
  condition('device =', q.device)
  // Written out so that the partial index of refusals can serve.
  if (q.type !== undefined) where.push(`and type = ${q.type === 0 ? 0 : q.type === 1 ? 1 : 2}`)
  const { rows } = await reader.query<EntryListRow>(
    `select ${ENTRY} from log_entry where position = any(array(
       select position from log_entry where county = $1 ${where.join(' ')} order by position desc limit $2
     )) and county = $1 order by position desc`,
    values,
  )
  return rows
}

/** One entry with its bytes. */
export interface EntryRow extends EntryListRow {
  readonly raw: Buffer
  readonly leaf: Buffer
}

export async function readEntry(
  reader: Reader,
  county: number,
  position: number,
): Promise<EntryRow | undefined> {
  const { rows } = await reader.query<EntryRow>({
    name: 'read-entry',
    text: `select ${ENTRY}, raw, leaf from log_entry where county = $1 and position = $2`,
    values: [county, position],
  })
  return rows[0]
}

export interface RefusedRecordListRow {
  readonly position: number
  readonly seq: number
  readonly device: string
  readonly channel: number
  readonly at: number | null
  readonly code: string
  readonly detail: string
}

/** Records that could not be believed, newest first; of one entry, or of all. */
export async function listRefusedRecords(
  reader: Reader,
  county: number,
  limit: number,
  position?: number,
): Promise<RefusedRecordListRow[]> {
  const { rows } = await reader.query<RefusedRecordListRow>(
    `select position, seq, device, channel, at, code, detail from refused_record
     where county = $1 ${position === undefined ? '' : 'and position = $3'} order by position desc, seq desc limit $2`,
    position === undefined ? [county, limit] : [county, limit, position],
  )
  return rows
}

/** Refused batches, and unbelievable records of each code, are counted up to this many of the newest: enough for any screen, and a flood cannot make the count slow. */
const COUNTED_REFUSALS = 100_000

export interface RefusalCountRow {
  readonly code: string
  readonly batches: number
  readonly records: number
  readonly lastAt: number | null
}

/**
 * Refused batches and records by code, the most frequent first. Counts stop at the bound above, so that the question costs the
 * same whatever was refused in years: the codes are found by stepping through the index, the newest rows of each at its end.
 */
export async function countRefusals(reader: Reader, county: number): Promise<RefusalCountRow[]> {
  const { rows } = await reader.query<RefusalCountRow>({
    name: 'count-refusals',
    text: `with recursive record_code (code) as (
        (select code from refused_record where county = $1 order by code limit 1)
        union all
        select (select r.code from refused_record r where r.county = $1 and r.code > c.code order by r.code limit 1)
        from record_code c where c.code is not null
      )
      select code, sum(batches)::int8 as batches, sum(records)::int8 as records, max(last_at) as "lastAt" from (
        select code, count(*) as batches, 0 as records, max(received_at) as last_at from (
          select code, received_at from log_entry where county = $1 and type = 1 order by position desc limit $2
        ) b group by code
        union all
        select c.code, 0, r.records, e.received_at
        from record_code c
        cross join lateral (
          select count(*) as records, max(position) as position from (
            select position from refused_record where county = $1 and code = c.code order by position desc limit $2
          ) newest
        ) r
        left join log_entry e on e.county = $1 and e.position = r.position
        where c.code is not null
      ) x group by code order by sum(batches) + sum(records) desc, code`,
    values: [county, COUNTED_REFUSALS],
  })
  return rows
}

/** Head of the log, and how many batches were refused since a moment. */
export async function readLogFigures(
  reader: Reader,
  county: number,
  since: number,
): Promise<{ size: number; refusals: number }> {
  const { rows } = await reader.query<{ size: number; refusals: number }>({
    name: 'log-figures',
    text: `select coalesce((select next_position from log_head where county = $1), 0)::int8 as size,
        (select count(*) from (
          select received_at from log_entry where county = $1 and type = 1 order by position desc limit $3
        ) r where received_at >= $2) as refusals`,
    values: [county, since, COUNTED_REFUSALS],
  })
  return rows[0]!
}
