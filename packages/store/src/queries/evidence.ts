import type { Reader } from './sums.ts'

/** A site's entries, and when the records of its batches were made. */
export interface SiteSpan {
  /** What the names of the site's devices begin with. */
  readonly devicePrefix: string
  /** At or after, by the device's clock, epoch milliseconds. */
  readonly from: number
  /** Before. */
  readonly to: number
}

/**
 * Positions, ascending, of every batch of a site's devices with a record that may have been made in the span, of every batch
 * that must be looked into, and of every statement about the devices. Back-fill stands anywhere in the log, so its order says
 * nothing of when records were made. The devices are those of the log's own enrolments, so that no view has to be believed.
 */
export async function listSiteEntries(reader: Reader, county: number, span: SiteSpan): Promise<number[]> {
  const { rows } = await reader.query<{ position: number }>(
    `with d as (select distinct device from log_entry where county = $1 and type = 2 and starts_with(device, $2))
     select e.position from d join log_entry e on e.county = $1 and e.type = 2 and e.device = d.device
     union all
     select e.position from d join log_entry e on e.county = $1 and e.type = 0 and e.device = d.device
       where e.made_to >= $3 and e.made_from < $4
     union all
     select e.position from d join log_entry e on e.county = $1 and e.type = 0 and e.device = d.device
       where e.made_to is null
     order by position`,
    [county, span.devicePrefix, span.from, span.to],
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
