import { type Reader, type SalesSums, sumColumns } from './sums.ts'

/** Sums of dispensers' sales (loads of arms are not sales) by hour and grade. */
export interface HourGradeRow extends SalesSums {
  readonly hour: number
  readonly grade: number
}

/** Hours since 1970 in China, `from ≤ hour < to`. */
export async function sumHours(
  reader: Reader,
  county: number,
  from: number,
  to: number,
): Promise<HourGradeRow[]> {
  const { rows } = await reader.query<HourGradeRow>({
    name: 'sum-hours',
    text: `select r.hour, r.grade, ${sumColumns('r')}
      from sales_hour r join nozzle n on n.county = $1 and n.nozzle_id = r.nozzle_id and not n.arm
      where r.county = $1 and r.hour >= $2 and r.hour < $3 group by r.hour, r.grade order by r.hour, r.grade`,
    values: [county, from, to],
  })
  return rows
}

/** The part of an hour that no rollup knows: sales and receipts of all sites in a short span, by grade. */
export async function sumSpan(
  reader: Reader,
  county: number,
  from: number,
  to: number,
): Promise<Omit<HourGradeRow, 'hour'>[]> {
  const { rows } = await reader.query<Omit<HourGradeRow, 'hour'>>({
    name: 'sum-span',
    text: `select r.grade, ${sumColumns('r')} from (
        select f.grade, 1 as sales, f.volume_ml, coalesce(f.amount_fen, 0) as amount_fen,
          (f.amount_fen is null)::int as unpriced_sales, case when f.amount_fen is null then f.volume_ml else 0 end as unpriced_ml,
          0 as board_sales, 0 as board_ml, 0 as board_fen
        from site s cross join lateral (
          select * from sale where county = $1 and site_id = s.site_id and ended_at >= $2 and ended_at < $3 and source <> 2 offset 0
        ) f where s.county = $1
        union all
        select grade, 0, 0, 0, 0, 0, 1, volume_ml, amount_fen from receipt where county = $1 and at >= $2 and at < $3
      ) r group by r.grade`,
    values: [county, from, to],
  })
  return rows
}

/** Stock by grade in the tanks that stand, and what dispensers sold a day on average over whole days `fromDay ≤ day < toDay`. */
export interface StockRow {
  readonly grade: number
  readonly volumeMillilitres: number
  readonly capacityMillilitres: number
  readonly dailySalesMillilitres: number
}

export async function sumStock(
  reader: Reader,
  county: number,
  fromDay: number,
  toDay: number,
): Promise<StockRow[]> {
  const { rows } = await reader.query<StockRow>({
    name: 'sum-stock',
    text: `select t.grade, coalesce(sum(l.volume_ml), 0)::int8 as "volumeMillilitres", sum(t.capacity_ml)::int8 as "capacityMillilitres",
        coalesce((select sum(r.volume_ml) / ($3::int4 - $2::int4) from sales_day r
           join nozzle n on n.county = $1 and n.nozzle_id = r.nozzle_id and not n.arm
           where r.county = $1 and r.day >= $2 and r.day < $3 and r.grade = t.grade), 0)::int8 as "dailySalesMillilitres"
      from tank t left join tank_state l on l.county = $1 and l.tank_id = t.tank_id
      where t.county = $1 and t.standing group by t.grade order by t.grade`,
    values: [county, fromDay, toDay],
  })
  return rows
}

/** Something a duty officer wants to see: a fault, a broken line, an opened cabinet. */
export interface NotableRow {
  readonly at: number
  readonly kind: string
  readonly site: string
  readonly siteName: string
  readonly subject: string
  readonly value: number | null
}

/** The newest notable facts. `kind` is the health event, or `line-cut`, `line-shorted`, `line-rewired`. */
export async function listNotable(reader: Reader, county: number, limit: number): Promise<NotableRow[]> {
  const { rows } = await reader.query<NotableRow>({
    name: 'list-notable',
    text: `select f.at, case f.kind when 'health' then f.body->>'event' else f.kind || '-' || (f.body->>'state') end as kind,
        coalesce(s.site, '') as site, coalesce(s.name, '') as "siteName", f.subject, (f.body->>'value')::int8 as value
      from (select * from other_fact where county = $1 and notable order by at desc limit $2) f
      left join site s on s.county = $1 and s.site_id = f.site_id
      order by f.at desc, f.position desc, f.seq desc`,
    values: [county, limit],
  })
  return rows
}
