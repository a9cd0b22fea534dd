import { wholeNumbers } from './arrays.ts'
import type { Pipeline } from './pipeline.ts'
import type { Transaction } from './pool.ts'

/** Sums of sales and board receipts of one nozzle and grade in one hour or day; also a difference to add to such sums. */
export interface SalesDelta {
  /** Hours or days since 1970-01-01T00:00 China time. */
  readonly bucket: number
  readonly nozzleId: number
  readonly siteId: number
  readonly grade: number
  sales: number
  volumeMillilitres: number
  amountFen: number
  unpricedSales: number
  unpricedMillilitres: number
  boardSales: number
  boardMillilitres: number
  boardFen: number
}

/** What the gauge said of one tank in one hour: the last reading, and the bounds and count of all. */
export interface TankHourDelta {
  readonly hour: number
  readonly tankId: number
  readonly siteId: number
  lastAt: number
  lastSeq: number
  lastMillilitres: number
  lastMicrometres: number
  lastWaterMicrometres: number
  lastCentiCelsius: number
  lowMillilitres: number
  highMillilitres: number
  readings: number
}

const SALES_FIELDS = [
  'sales',
  'volume_ml',
  'amount_fen',
  'unpriced_sales',
  'unpriced_ml',
  'board_sales',
  'board_ml',
  'board_fen',
] as const

function salesUpsert(table: 'sales_hour' | 'sales_day', bucket: 'hour' | 'day'): string {
  const fields = SALES_FIELDS.join(', ')
  return `insert into ${table} (county, ${bucket}, nozzle_id, grade, site_id, ${fields})
    select $1::int4, * from unnest($2::int4[], $3::int4[], $4::int2[], $5::int4[],
      $6::int4[], $7::int8[], $8::int8[], $9::int4[], $10::int8[], $11::int4[], $12::int8[], $13::int8[])
    on conflict (county, ${bucket}, nozzle_id, grade) do update set
      ${SALES_FIELDS.map((field) => `${field} = ${table}.${field} + excluded.${field}`).join(', ')}`
}
const UPSERT_HOUR = salesUpsert('sales_hour', 'hour')
const UPSERT_DAY = salesUpsert('sales_day', 'day')

/** Adds differences to `sales_hour` or `sales_day`. No two may name the same row. */
export function addSales(
  to: Pipeline,
  county: number,
  span: 'hour' | 'day',
  deltas: readonly SalesDelta[],
): void {
  if (deltas.length === 0) return
  to.add({
    name: `views-sales-${span}`,
    text: span === 'hour' ? UPSERT_HOUR : UPSERT_DAY,
    values: [
      county,
      wholeNumbers(deltas, (d) => d.bucket),
      wholeNumbers(deltas, (d) => d.nozzleId),
      wholeNumbers(deltas, (d) => d.grade),
      wholeNumbers(deltas, (d) => d.siteId),
      wholeNumbers(deltas, (d) => d.sales),
      wholeNumbers(deltas, (d) => d.volumeMillilitres),
      wholeNumbers(deltas, (d) => d.amountFen),
      wholeNumbers(deltas, (d) => d.unpricedSales),
      wholeNumbers(deltas, (d) => d.unpricedMillilitres),
      wholeNumbers(deltas, (d) => d.boardSales),
      wholeNumbers(deltas, (d) => d.boardMillilitres),
      wholeNumbers(deltas, (d) => d.boardFen),
    ],
  })
}

/** The later of two readings by (at, seq) keeps the `last_…` columns. */
const UPSERT_TANK_HOUR = `
  insert into tank_hour as t (county, hour, tank_id, site_id, last_at, last_seq, last_ml, last_um, last_water_um, last_cc,
    low_ml, high_ml, readings)
  select $1::int4, * from unnest($2::int4[], $3::int4[], $4::int4[], $5::int8[], $6::int8[], $7::int8[], $8::int4[],
    $9::int4[], $10::int4[], $11::int8[], $12::int8[], $13::int4[])
  on conflict (county, hour, tank_id) do update set
    (last_at, last_seq, last_ml, last_um, last_water_um, last_cc) = (
      select n.* from (values
        (t.last_at, t.last_seq, t.last_ml, t.last_um, t.last_water_um, t.last_cc),
        (excluded.last_at, excluded.last_seq, excluded.last_ml, excluded.last_um, excluded.last_water_um, excluded.last_cc)
      ) n (at, seq, ml, um, water, cc) order by at desc, seq desc limit 1),
    low_ml = least(t.low_ml, excluded.low_ml),
    high_ml = greatest(t.high_ml, excluded.high_ml),
    readings = t.readings + excluded.readings`

/** Merges readings into `tank_hour`. No two may name the same row. */
export function addTankHours(to: Pipeline, county: number, deltas: readonly TankHourDelta[]): void {
  if (deltas.length === 0) return
  to.add({
    name: 'views-tank-hour',
    text: UPSERT_TANK_HOUR,
    values: [
      county,
      wholeNumbers(deltas, (d) => d.hour),
      wholeNumbers(deltas, (d) => d.tankId),
      wholeNumbers(deltas, (d) => d.siteId),
      wholeNumbers(deltas, (d) => d.lastAt),
      wholeNumbers(deltas, (d) => d.lastSeq),
      wholeNumbers(deltas, (d) => d.lastMillilitres),
      wholeNumbers(deltas, (d) => d.lastMicrometres),
      wholeNumbers(deltas, (d) => d.lastWaterMicrometres),
      wholeNumbers(deltas, (d) => d.lastCentiCelsius),
      wholeNumbers(deltas, (d) => d.lowMillilitres),
      wholeNumbers(deltas, (d) => d.highMillilitres),
      wholeNumbers(deltas, (d) => d.readings),
    ],
  })
}

/** A span of time in which stored sales of a nozzle get another price: `from ≤ ended_at < to`. */
export interface PriceSpan {
  readonly siteId: number
  readonly nozzleId: number
  readonly from: number
  readonly to: number
  readonly priceFenPerLitre: number
}

/** Difference that a changed price made to one hour of one nozzle and grade. */
export interface PriceDifference {
  readonly hour: number
  readonly nozzleId: number
  readonly siteId: number
  readonly grade: number
  readonly amountFen: number
  readonly unpricedSales: number
  readonly unpricedMillilitres: number
}

const SPANS =
  'unnest($2::int4[], $3::int4[], $4::int8[], $5::int8[], $6::int4[]) c (site_id, nozzle_id, from_at, to_at, price)'
const IN_SPAN =
  's.county = $1 and s.site_id = c.site_id and s.nozzle_id = c.nozzle_id and s.ended_at >= c.from_at and s.ended_at < c.to_at and s.source <> 2'
/** Volume times price, rounded half up to the fen: the integer twin of kernel `amountFen`. */
const AMOUNT = '(s.volume_ml * c.price + 500) / 1000'

/**
 * Gives stored sales their late or corrected price and returns what that changes in the rollups, hour by hour.
 * Spans of one nozzle must not overlap.
 */
export async function repriceSales(
  tx: Transaction,
  county: number,
  spans: readonly PriceSpan[],
): Promise<PriceDifference[]> {
  if (spans.length === 0) return []
  const values = [
    county,
    wholeNumbers(spans, (s) => s.siteId),
    wholeNumbers(spans, (s) => s.nozzleId),
    wholeNumbers(spans, (s) => s.from),
    wholeNumbers(spans, (s) => s.to),
    wholeNumbers(spans, (s) => s.priceFenPerLitre),
  ]
  const { rows } = await tx.query<PriceDifference>({
    name: 'views-reprice-difference',
    text: `select ((s.ended_at + 28800000) / 3600000)::int4 as hour, s.nozzle_id as "nozzleId", s.site_id as "siteId", s.grade,
        sum(${AMOUNT} - coalesce(s.amount_fen, 0))::int8 as "amountFen",
        -count(*) filter (where s.amount_fen is null) as "unpricedSales",
        coalesce(-sum(s.volume_ml) filter (where s.amount_fen is null), 0)::int8 as "unpricedMillilitres"
      from ${SPANS} join sale s on ${IN_SPAN}
      group by 1, 2, 3, 4`,
    values,
  })
  if (rows.length > 0)
    await tx.query({
      name: 'views-reprice',
      text: `update sale s set price_fen = c.price, amount_fen = ${AMOUNT} from ${SPANS} where ${IN_SPAN}`,
      values,
    })
  return rows
}

/** A span in which a nozzle drew from a tank of another grade than was known before: `from ≤ time < to`. */
export interface GradeSpan {
  readonly siteId: number
  readonly nozzleId: number
  readonly from: number
  readonly to: number
  readonly grade: number
}

/**
 * Gives stored sales and receipts the grade that a later registration states for their time, span after span. The
 * rollups of the nozzles must then be made again with `rebuildSales`.
 */
export async function regradeFacts(
  tx: Transaction,
  county: number,
  spans: readonly GradeSpan[],
): Promise<void> {
  for (const span of spans)
    for (const [table, time] of [
      ['sale', 'ended_at'],
      ['receipt', 'at'],
    ] as const)
      await tx.query(
        `update ${table} set grade = $6 where county = $1 and site_id = $2 and nozzle_id = $3
           and ${time} >= $4 and ${time} < $5 and grade <> $6`,
        [county, span.siteId, span.nozzleId, span.from, span.to, span.grade],
      )
}

/** Makes both sales rollups of one nozzle again from its fact rows. A change of registration is rare, so all of them. */
export async function rebuildSales(
  tx: Transaction,
  county: number,
  nozzle: { readonly siteId: number; readonly nozzleId: number },
): Promise<void> {
  for (const table of ['sales_hour', 'sales_day'])
    await tx.query(`delete from ${table} where county = $1 and nozzle_id = $2`, [county, nozzle.nozzleId])
  const fields = SALES_FIELDS.join(', ')
  const sums = SALES_FIELDS.map((field) => `sum(${field})`).join(', ')
  await tx.query(
    `insert into sales_hour (county, hour, nozzle_id, grade, site_id, ${fields})
     select $1::int4, hour, $2::int4, grade, $3::int4, ${sums} from (
       select ((ended_at + 28800000) / 3600000)::int4 as hour, grade, 1 as sales, volume_ml, coalesce(amount_fen, 0) as amount_fen,
         (amount_fen is null)::int4 as unpriced_sales, case when amount_fen is null then volume_ml else 0 end as unpriced_ml,
         0 as board_sales, 0 as board_ml, 0 as board_fen
       from sale where county = $1 and site_id = $3 and nozzle_id = $2
       union all
       select ((at + 28800000) / 3600000)::int4, grade, 0, 0, 0, 0, 0, 1, volume_ml, amount_fen
       from receipt where county = $1 and site_id = $3 and nozzle_id = $2
     ) f group by hour, grade`,
    [county, nozzle.nozzleId, nozzle.siteId],
  )
  await tx.query(
    `insert into sales_day (county, day, nozzle_id, grade, site_id, ${fields})
     select county, hour / 24, nozzle_id, grade, site_id, ${sums} from sales_hour
     where county = $1 and nozzle_id = $2 group by county, hour / 24, nozzle_id, grade, site_id`,
    [county, nozzle.nozzleId],
  )
}
