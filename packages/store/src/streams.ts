import type { StreamState } from '@oiltrail/domain'
import type { Channel } from '@oiltrail/kernel'
import { texts, wholeNumbers } from './arrays.ts'
import { channelNumber, channelOf } from './log.ts'
import type { Pipeline } from './pipeline.ts'
import type { Transaction } from './pool.ts'

/** What admission remembers of one channel of one device, as stored. */
export interface StreamRow {
  readonly device: string
  readonly channel: Channel
  readonly islands: StreamState
  readonly lastReceivedAt: number
}

interface StreamRecord {
  device: string
  channel: number
  islands: StreamState
  last_received_at: number
}

/** Streams of a county, or of one device of it. */
export async function readStreams(
  tx: Pick<Transaction, 'query'>,
  county: number,
  device?: string,
): Promise<StreamRow[]> {
  const { rows } = await tx.query<StreamRecord>(
    `select device, channel, islands, last_received_at from stream
     where county = $1 and ($2::text is null or device = $2)`,
    [county, device ?? null],
  )
  return rows.map((row) => ({
    device: row.device,
    channel: channelOf(row.channel),
    islands: row.islands,
    lastReceivedAt: row.last_received_at,
  }))
}

/** Writes the state of the streams a group of batches touched; each stream at most once. */
export function writeStreams(to: Pipeline, county: number, rows: readonly StreamRow[]): void {
  if (rows.length === 0) return
  to.add({
    name: 'write_streams',
    text: `insert into stream (county, device, channel, islands, last_received_at)
           select $1, s.device, s.channel, s.islands::jsonb, s.at
           from unnest($2::text[], $3::smallint[], $4::text[], $5::bigint[]) as s (device, channel, islands, at)
           on conflict (county, device, channel)
           do update set islands = excluded.islands, last_received_at = excluded.last_received_at`,
    values: [
      county,
      texts(rows, (row) => row.device),
      wholeNumbers(rows, (row) => channelNumber(row.channel)),
      texts(rows, (row) => JSON.stringify(row.islands)),
      wholeNumbers(rows, (row) => row.lastReceivedAt),
    ],
  })
}
