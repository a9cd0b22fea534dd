import type { Site } from '@oiltrail/domain'
import type { NozzleStateRow, TankStateRow } from '../states.ts'
import { type Reader, type SalesSums, sumColumns, sumNames } from './sums.ts'

/** A site on a list: who it is, what it sold on a day, what its gauges show. */
export interface SiteListRow extends SalesSums {
  readonly siteId: number
  readonly site: string
  readonly name: string
  readonly kind: 'station' | 'depot'
  readonly town: string
  readonly enterprise: string
  readonly enterpriseName: string
  readonly longitude: number
  readonly latitude: number
  readonly stockMillilitres: number
  readonly capacityMillilitres: number
  /** Nozzles whose pulse line is cut, shorted or rewired. */
  readonly brokenLines: number
}

/** All sites, or one. `day` counts days since 1970 in China. */
export async function listSites(
  reader: Reader,
  county: number,
  day: number,
  site?: string,
): Promise<SiteListRow[]> {
  const { rows } = await reader.query<SiteListRow>({
    name: 'list-sites',
    text: `select s.site_id as "siteId", s.site, s.name, s.kind, s.town, s.enterprise, s.enterprise_name as "enterpriseName",
        s.longitude, s.latitude, ${sumNames('d')},
        coalesce(k.stock, 0)::int8 as "stockMillilitres", coalesce(k.capacity, 0)::int8 as "capacityMillilitres",
        (select count(*) from nozzle_state l join nozzle n on n.county = $1 and n.nozzle_id = l.nozzle_id and n.standing
           where l.county = $1 and l.site_id = s.site_id and l.line in ('cut', 'shorted', 'rewired')) as "brokenLines"
      from site s
      left join lateral (
        select ${sumColumns('r')} from sales_day r where r.county = $1 and r.site_id = s.site_id and r.day = $2
      ) d on true
      left join lateral (
        select sum(t.capacity_ml) as capacity, sum(l.volume_ml) as stock from tank t
        left join tank_state l on l.county = $1 and l.tank_id = t.tank_id
        where t.county = $1 and t.site_id = s.site_id and t.standing
      ) k on true
      where s.county = $1 and ($3::text is null or s.site = $3)
      order by s.site`,
    values: [county, day, site ?? null],
  })
  return rows
}

/** The registration of a site in force; undefined when it is not registered. */
export async function readRegistration(
  reader: Reader,
  county: number,
  site: string,
): Promise<{ siteId: number; document: Site } | undefined> {
  const { rows } = await reader.query<{ siteId: number; document: Site }>({
    name: 'read-registration',
    text: 'select site_id as "siteId", document from site where county = $1 and site = $2',
    values: [county, site],
  })
  return rows[0]
}

/** A tank of a site with its latest reading, if there was one. */
export type TankListRow = {
  readonly tank: string
  readonly grade: number
  readonly capacityMillilitres: number
  readonly safeFillMillilitres: number
  readonly diameterMillimetres: number
} & { readonly [K in keyof Omit<TankStateRow, 'tankId' | 'siteId' | 'seq'>]: number | null }

/** All tanks ever registered at a site, with their latest readings. */
export async function listTanks(reader: Reader, county: number, siteId: number): Promise<TankListRow[]> {
  const { rows } = await reader.query<TankListRow>({
    name: 'list-tanks',
    text: `select t.tank, t.grade, t.capacity_ml as "capacityMillilitres", t.safe_fill_ml as "safeFillMillilitres",
        t.diameter_mm as "diameterMillimetres", l.at, l.height_um as "heightMicrometres", l.water_um as "waterMicrometres",
        l.temperature_cc as "temperatureCentiCelsius", l.volume_ml as "volumeMillilitres",
        l.corrected_ml as "correctedMillilitres", l.ullage_ml as "ullageMillilitres", l.status
      from tank t left join tank_state l on l.county = t.county and l.tank_id = t.tank_id
      where t.county = $1 and t.site_id = $2 order by t.tank_id`,
    values: [county, siteId],
  })
  return rows
}

/** A nozzle or arm of a site, the tank it draws from now, its latest state and its sums of a day. */
export type NozzleListRow = SalesSums & {
  readonly nozzle: string
  readonly dispenser: string
  readonly arm: boolean
  readonly tank: string
  readonly grade: number
} & { readonly [K in keyof Omit<NozzleStateRow, 'nozzleId' | 'siteId'>]: NozzleStateRow[K] | null }

/** All nozzles and arms ever registered at a site. */
export async function listNozzles(
  reader: Reader,
  county: number,
  siteId: number,
  when: { readonly now: number; readonly day: number },
): Promise<NozzleListRow[]> {
  const { rows } = await reader.query<NozzleListRow>({
    name: 'list-nozzles',
    text: `select n.nozzle, n.dispenser, n.arm, t.tank, k.grade, ${sumNames('d')},
        l.flow_at as "flowAt", l.flow_seq as "flowSeq", l.flow, l.running_ml as "runningMillilitres",
        l.price_at as "priceAt", l.price_seq as "priceSeq", l.price_fen as "priceFenPerLitre",
        l.sale_at as "saleAt", l.sale_seq as "saleSeq", l.sale_ml as "saleMillilitres",
        l.total_at as "totalAt", l.total_seq as "totalSeq", l.total_ml as "totalMillilitres",
        l.line_at as "lineAt", l.line_seq as "lineSeq", l.line
      from nozzle n
      cross join lateral (
        select tank_id, grade from nozzle_link where county = $1 and nozzle_id = n.nozzle_id
        order by valid_from > $3, case when valid_from > $3 then valid_from else -valid_from end limit 1
      ) k
      join tank t on t.county = $1 and t.tank_id = k.tank_id
      left join nozzle_state l on l.county = $1 and l.nozzle_id = n.nozzle_id
      left join (
        select r.nozzle_id, ${sumColumns('r')} from sales_day r where r.county = $1 and r.site_id = $2 and r.day = $4
        group by r.nozzle_id
      ) d on d.nozzle_id = n.nozzle_id
      where n.county = $1 and n.site_id = $2
      order by n.arm, n.nozzle_id`,
    values: [county, siteId, when.now, when.day],
  })
  return rows
}

export interface SaleListRow {
  readonly position: number
  readonly seq: number
  readonly nozzle: string
  readonly grade: number
  readonly startedAt: number
  readonly endedAt: number
  readonly volumeMillilitres: number
  readonly priceFenPerLitre: number | null
  readonly amountFen: number | null
  readonly totalMillilitres: number
  readonly source: number
}

/** Sales and loads of a site that ended in a span, newest first. */
export async function listSales(
  reader: Reader,
  county: number,
  siteId: number,
  span: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<SaleListRow[]> {
  const { rows } = await reader.query<SaleListRow>({
    name: 'list-sales',
    text: `select s.position, s.seq, n.nozzle, s.grade, s.started_at as "startedAt", s.ended_at as "endedAt",
        s.volume_ml as "volumeMillilitres", s.price_fen as "priceFenPerLitre", s.amount_fen as "amountFen",
        s.total_ml as "totalMillilitres", s.source
      from (
        select * from sale where county = $1 and site_id = $2 and ended_at >= $3 and ended_at < $4
        order by ended_at desc, position desc, seq desc limit $5
      ) s join nozzle n on n.county = $1 and n.nozzle_id = s.nozzle_id
      order by s.ended_at desc, s.position desc, s.seq desc`,
    values: [county, siteId, span.from, span.to, span.limit],
  })
  return rows
}

export interface LevelPointRow {
  readonly tank: string
  readonly at: number
  readonly volumeMillilitres: number
  readonly lowMillilitres: number
  readonly highMillilitres: number
  readonly heightMicrometres: number
  readonly temperatureCentiCelsius: number
}

/** One point an hour for each tank of a site: the last reading of the hour, and the bounds of all. Oldest first. */
export async function listLevels(
  reader: Reader,
  county: number,
  siteId: number,
  fromHour: number,
  toHour: number,
): Promise<LevelPointRow[]> {
  const { rows } = await reader.query<LevelPointRow>({
    name: 'list-levels',
    text: `select t.tank, h.last_at as at, h.last_ml as "volumeMillilitres", h.low_ml as "lowMillilitres",
        h.high_ml as "highMillilitres", h.last_um as "heightMicrometres", h.last_cc as "temperatureCentiCelsius"
      from tank_hour h join tank t on t.county = $1 and t.tank_id = h.tank_id
      where h.county = $1 and h.site_id = $2 and h.hour >= $3 and h.hour < $4
      order by h.hour`,
    values: [county, siteId, fromHour, toHour],
  })
  return rows
}

export interface DeliveryListRow {
  readonly position: number
  readonly seq: number
  readonly site: string
  readonly siteName: string
  readonly tank: string
  readonly grade: number
  readonly startedAt: number
  readonly endedAt: number
  readonly startMillilitres: number
  readonly endMillilitres: number
}

/** The newest deliveries of the county, or of one site. */
export async function listDeliveries(
  reader: Reader,
  county: number,
  limit: number,
  siteId?: number,
): Promise<DeliveryListRow[]> {
  const bySite = siteId === undefined ? '' : 'and site_id = $3'
  const { rows } = await reader.query<DeliveryListRow>({
    name: siteId === undefined ? 'list-deliveries' : 'list-site-deliveries',
    text: `select d.position, d.seq, s.site, s.name as "siteName", t.tank, t.grade, d.started_at as "startedAt",
        d.ended_at as "endedAt", d.start_ml as "startMillilitres", d.end_ml as "endMillilitres"
      from (select * from delivery where county = $1 ${bySite} order by ended_at desc limit $2) d
      join site s on s.county = $1 and s.site_id = d.site_id
      join tank t on t.county = $1 and t.tank_id = d.tank_id
      order by d.ended_at desc, d.position desc, d.seq desc`,
    values: siteId === undefined ? [county, limit] : [county, limit, siteId],
  })
  return rows
}
