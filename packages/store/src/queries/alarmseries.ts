import type { Reader } from './sums.ts'

/** One point of a lane: what, of which part, when, how much. */
export interface SeriesPoint {
  readonly kind: string
  readonly subject: string
  readonly at: number
  readonly value: number
}
/** A moment that is marked on the axis. */
export interface SeriesMark {
  readonly at: number
  readonly kind: string
  readonly subject: string
  readonly text: string
}

/** What part of a site's record is asked for. */
export interface SeriesSpan {
  readonly siteId: number
  readonly from: number
  readonly to: number
  /** Codes of nozzles and tanks; others are left out. */
  readonly nozzles: readonly string[]
  readonly tanks: readonly string[]
  /** Most points of each kind. */
  readonly limit: number
}

/** Spans up to this are drawn from single gauge readings, longer ones from hours. */
const FINE_SPAN_MS = 6 * 3_600_000

/** Totals, tax totals, sales and prices of nozzles in a span, oldest first. */
export async function nozzleSeries(reader: Reader, county: number, span: SeriesSpan): Promise<SeriesPoint[]> {
  const { rows } = await reader.query<SeriesPoint>(
    `with n as (select nozzle_id, nozzle from nozzle where county = $1 and site_id = $2 and nozzle = any($5::text[])),
       s as (select n.nozzle, s.ended_at, s.volume_ml, s.total_ml from sale s join n using (nozzle_id)
             where s.county = $1 and s.site_id = $2 and s.ended_at >= $3 and s.ended_at <= $4 order by s.ended_at limit $6)
     select 'sale' as kind, nozzle as subject, ended_at as at, volume_ml as value from s
     union all select 'total', nozzle, ended_at, total_ml from s
     union all (select 'total', subject, at, (body ->> 'totalMillilitres')::int8 from other_fact
       where county = $1 and site_id = $2 and kind = 'total' and at >= $3 and at <= $4 and subject = any($5::text[])
       order by at limit $6)
     union all (select 'tax', subject, at, (body ->> 'volumeMillilitres')::int8 from other_fact
       where county = $1 and site_id = $2 and kind = 'board-total' and body ->> 'period' = 'grand'
         and at >= $3 and at <= $4 and subject = any($5::text[]) order by at limit $6)
     union all (select 'price', n.nozzle, p.at, p.price_fen from n join price p using (nozzle_id)
       where p.county = $1 and p.at >= $3 and p.at <= $4 order by p.at limit $6)
     union all (select 'receipt', n.nozzle, r.at, r.volume_ml from receipt r join n using (nozzle_id)
       where r.county = $1 and r.at >= $3 and r.at <= $4 order by r.at limit $6)
     order by 1, 2, 3`,
    [county, span.siteId, span.from, span.to, span.nozzles, span.limit],
  )
  return rows
}

/** Volumes and heights of tanks in a span, oldest first. */
export async function tankSeries(reader: Reader, county: number, span: SeriesSpan): Promise<SeriesPoint[]> {
  const fine = span.to - span.from <= FINE_SPAN_MS
  const readings = fine
    ? `select t.tank, l.at, l.volume_ml as ml, l.height_um as um from level l join t using (tank_id)
       where l.county = $1 and l.at >= $3 and l.at <= $4 order by l.at limit $6`
    : `select t.tank, h.last_at as at, h.last_ml as ml, h.last_um as um from tank_hour h join t using (tank_id)
       where h.county = $1 and h.site_id = $2 and h.last_at >= $3 and h.last_at <= $4 order by h.last_at limit $6`
  const { rows } = await reader.query<SeriesPoint>(
    `with t as (select tank_id, tank from tank where county = $1 and site_id = $2 and tank = any($5::text[])),
       r as (${readings})
     select 'level' as kind, tank as subject, at, ml as value from r
     union all select 'height', tank, at, um from r order by 1, 2, 3`,
    [county, span.siteId, span.from, span.to, span.tanks, span.limit],
  )
  return rows
}

/** Self-checks, lines and deliveries of a site in a span, oldest first. */
export async function siteMarks(reader: Reader, county: number, span: SeriesSpan): Promise<SeriesMark[]> {
  const { rows } = await reader.query<SeriesMark>(
    `(select at, kind, subject, coalesce(body ->> 'event', body ->> 'state', '') as text from other_fact
        where county = $1 and site_id = $2 and kind in ('health', 'line') and at >= $3 and at <= $4 order by at limit $5)
     union all (select ended_at, 'delivery', t.tank, (end_ml - start_ml)::text from delivery d
        join tank t on t.county = $1 and t.tank_id = d.tank_id
        where d.county = $1 and d.site_id = $2 and d.ended_at >= $3 and d.ended_at <= $4 order by ended_at limit $5)
     order by 1`,
    [county, span.siteId, span.from, span.to, span.limit],
  )
  return rows
}
