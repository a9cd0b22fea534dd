import type { Reader } from './sums.ts'

/** Hours since 1970 in China time, from the first on, without the last. */
interface Hours {
  readonly fromHour: number
  readonly toHour: number
}

/** The last reading of a tank in an hour. */
export interface TankReadingRow {
  readonly tank: string
  readonly hour: number
  readonly at: number
  readonly volumeMillilitres: number
  readonly heightMicrometres: number
  readonly temperatureCentiCelsius: number
}

/** Last readings of a site's tanks by hour, oldest first. */
export async function listTankReadings(
  reader: Reader,
  county: number,
  siteId: number,
  { fromHour, toHour }: Hours,
): Promise<TankReadingRow[]> {
  const { rows } = await reader.query<TankReadingRow>({
    name: 'list-tank-readings',
    text: `select t.tank, h.hour, h.last_at as at, h.last_ml as "volumeMillilitres", h.last_um as "heightMicrometres",
        h.last_cc as "temperatureCentiCelsius"
      from tank_hour h join tank t on t.county = $1 and t.tank_id = h.tank_id
      where h.county = $1 and h.site_id = $2 and h.hour >= $3 and h.hour < $4
      order by t.tank, h.hour`,
    values: [county, siteId, fromHour, toHour],
  })
  return rows
}

/** What the channels of a site told of one nozzle and grade in an hour. */
export interface NozzleHourRow {
  readonly nozzle: string
  /** Place in GRADES. */
  readonly grade: number
  readonly hour: number
  readonly sales: number
  readonly volumeMillilitres: number
  readonly boardSales: number
  readonly boardMillilitres: number
}

/** Sales of a site's nozzles by hour; arms are left out. */
export async function listNozzleHours(
  reader: Reader,
  county: number,
  siteId: number,
  { fromHour, toHour }: Hours,
): Promise<NozzleHourRow[]> {
  const { rows } = await reader.query<NozzleHourRow>({
    name: 'list-nozzle-hours',
    text: `select n.nozzle, h.grade, h.hour, h.sales, h.volume_ml as "volumeMillilitres", h.board_sales as "boardSales",
        h.board_ml as "boardMillilitres"
      from sales_hour h join nozzle n on n.county = $1 and n.nozzle_id = h.nozzle_id
      where h.county = $1 and h.site_id = $2 and h.hour >= $3 and h.hour < $4 and not n.arm
      order by h.hour, n.nozzle_id`,
    values: [county, siteId, fromHour, toHour],
  })
  return rows
}

/** From which tank a nozzle draws since a moment, and whether its pulses are tapped: a supervised line says so. */
export interface NozzleTankRow {
  readonly nozzle: string
  readonly validFrom: number
  readonly tank: string
  readonly tapped: boolean
}

/** Links of a site's nozzles over time, oldest first. */
export async function listNozzleTanks(
  reader: Reader,
  county: number,
  siteId: number,
): Promise<NozzleTankRow[]> {
  const { rows } = await reader.query<NozzleTankRow>({
    name: 'list-nozzle-tanks',
    text: `select n.nozzle, k.valid_from as "validFrom", t.tank, l.line_at is not null as tapped
      from nozzle n
      join nozzle_link k on k.county = $1 and k.nozzle_id = n.nozzle_id
      join tank t on t.county = $1 and t.tank_id = k.tank_id
      left join nozzle_state l on l.county = $1 and l.nozzle_id = n.nozzle_id
      where n.county = $1 and n.site_id = $2 and not n.arm
      order by n.nozzle_id, k.valid_from`,
    values: [county, siteId],
  })
  return rows
}

/** A delivery of a tank as its gauge closed it. */
export interface TankDeliveryRow {
  readonly tank: string
  readonly startedAt: number
  readonly endedAt: number
}

/** Deliveries of a site that ended in a span of moments. */
export async function listTankDeliveries(
  reader: Reader,
  county: number,
  siteId: number,
  span: { readonly from: number; readonly to: number },
): Promise<TankDeliveryRow[]> {
  const { rows } = await reader.query<TankDeliveryRow>({
    name: 'list-tank-deliveries',
    text: `select t.tank, d.started_at as "startedAt", d.ended_at as "endedAt"
      from delivery d join tank t on t.county = $1 and t.tank_id = d.tank_id
      where d.county = $1 and d.site_id = $2 and d.ended_at >= $3 and d.ended_at < $4
      order by d.ended_at`,
    values: [county, siteId, span.from, span.to],
  })
  return rows
}

/** Up to when each channel of a site has told what it knows, and how many of its records are missing. */
export interface ChannelTellingRow {
  readonly channel: number
  readonly lastAt: number | null
  readonly missingRecords: number
}

/** The channels of a site whose devices may speak. */
export async function listTelling(
  reader: Reader,
  county: number,
  site: string,
): Promise<ChannelTellingRow[]> {
  const { rows } = await reader.query<ChannelTellingRow>({
    name: 'list-telling',
    text: `select c.channel, c.last_at as "lastAt",
        coalesce((select sum(g.missing) from gap g where g.county = $1 and g.device = c.device and g.channel = c.channel
          and g.missing > 0), 0)::int8 as "missingRecords"
      from channel_state c where c.county = $1 and c.site = $2 and c.revoked_at is null`,
    values: [county, site],
  })
  return rows
}
