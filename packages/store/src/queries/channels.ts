import type { ChannelStateRow } from '../states.ts'
import type { Reader } from './sums.ts'

/** A channel with its site and its open holes. */
export interface ChannelListRow
  extends Omit<ChannelStateRow, 'islands' | 'revokedAt' | 'lastAt' | 'firstReceivedAt'> {
  readonly siteName: string
  readonly openGaps: number
  readonly missingRecords: number
}

/** Every channel of the devices that may speak, or of one site. */
export async function listChannels(reader: Reader, county: number, site?: string): Promise<ChannelListRow[]> {
  const { rows } = await reader.query<ChannelListRow>({
    name: 'list-channels',
    text: `select c.device, c.channel, c.site, coalesce(s.name, '') as "siteName", c.last_received_at as "lastReceivedAt",
        c.last_seq as "lastSeq", c.records, c.refused, c.faults,
        coalesce(g.gaps, 0)::int8 as "openGaps", coalesce(g.missing, 0)::int8 as "missingRecords"
      from channel_state c
      left join site s on s.county = $1 and s.site = c.site
      left join (
        select device, channel, count(*) as gaps, sum(missing) as missing from gap where county = $1 and missing > 0
        group by device, channel
      ) g on g.device = c.device and g.channel = c.channel
      where c.county = $1 and c.revoked_at is null and ($2::text is null or c.site = $2)
      order by c.device, c.channel`,
    values: [county, site ?? null],
  })
  return rows
}

export interface GapListRow {
  readonly device: string
  readonly channel: number
  readonly site: string
  readonly firstSeq: number
  readonly lastSeq: number
  readonly missing: number
  readonly openedAt: number
  readonly filledAt: number | null
}

/** Holes, open ones first, then the newest. */
export async function listGaps(
  reader: Reader,
  county: number,
  limit: number,
  site?: string,
): Promise<GapListRow[]> {
  const { rows } = await reader.query<GapListRow>({
    name: 'list-gaps',
    text: `select g.device, g.channel, c.site, g.first_seq as "firstSeq", g.last_seq as "lastSeq", g.missing,
        g.opened_at as "openedAt", g.filled_at as "filledAt"
      from gap g join channel_state c on c.county = $1 and c.device = g.device and c.channel = g.channel
      where g.county = $1 and ($3::text is null or c.site = $3)
      order by g.missing > 0 desc, g.opened_at desc, g.device, g.channel, g.first_seq limit $2`,
    values: [county, limit, site ?? null],
  })
  return rows
}
