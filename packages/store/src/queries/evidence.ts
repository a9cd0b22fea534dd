import type { Reader } from './sums.ts'

/**
 * Positions, ascending, of every batch of a site's devices and every statement about them: 8 bytes a batch in memory.
 * The devices are those of the log's own enrolments, so that no view has to be believed.
 */
export async function listSiteEntries(
  reader: Reader,
  county: number,
  devicePrefix: string,
): Promise<number[]> {
  const { rows } = await reader.query<{ position: number }>(
    `select e.position
     from (select distinct device from log_entry where county = $1 and type = 2 and starts_with(device, $2)) d
     join log_entry e on e.county = $1 and e.device = d.device
     where e.type <> 1
     order by e.position`,
    [county, devicePrefix],
  )
  return rows.map((row) => row.position)
}

/** Bytes and leaf of an entry. */
export interface EntryBytes {
  readonly position: number
  readonly desk: boolean
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
    `select position, type = 2 as desk, leaf, raw from log_entry
     where county = $1 and position = any($2::int8[]) order by position`,
    [county, positions],
  )
  return rows
}
