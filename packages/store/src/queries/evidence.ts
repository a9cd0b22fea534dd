import type { Reader } from './sums.ts'

/** What an evidence file of a site is made of: positions, ascending. */
export interface EvidencePositions {
  /** Before the span: statements about the site's devices, and batches that announce a key. */
  readonly keys: readonly number[]
  /** In the span: the site's batches and statements about its devices. */
  readonly entries: readonly number[]
}

/** Finds the entries of a site's devices received in a span (server clock), and those before it that tell its keys. */
export async function findEvidence(
  reader: Reader,
  county: number,
  devicePrefix: string,
  span: { readonly from: number; readonly to: number },
): Promise<EvidencePositions> {
  const { rows } = await reader.query<{ position: number; in_span: boolean }>(
    `select e.position, e.received_at >= $3 as in_span
     from (select distinct device from channel_state where county = $1 and starts_with(device, $2)) d
     join log_entry e on e.county = $1 and e.device = d.device
     where e.type <> 1 and e.received_at < $4
       and (e.received_at >= $3 or e.type = 2 or exists (
         select 1 from other_fact f where f.county = $1 and f.position = e.position and f.kind = 'key'))
     order by e.position`,
    [county, devicePrefix, span.from, span.to],
  )
  return {
    keys: rows.filter((row) => !row.in_span).map((row) => row.position),
    entries: rows.filter((row) => row.in_span).map((row) => row.position),
  }
}

/** Bytes and leaf of an entry. */
export interface EntryBytes {
  readonly position: number
  readonly leaf: Uint8Array
  readonly raw: Uint8Array
}

/** Entries by their positions, ascending. */
export async function readEntriesAt(
  reader: Reader,
  county: number,
  positions: readonly number[],
): Promise<EntryBytes[]> {
  const { rows } = await reader.query<EntryBytes>(
    'select position, leaf, raw from log_entry where county = $1 and position = any($2::int8[]) order by position',
    [county, positions],
  )
  return rows
}
