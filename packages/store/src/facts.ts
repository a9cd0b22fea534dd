import type { CopyColumn } from './copy.ts'
import type { Pipeline } from './pipeline.ts'

/** Rows of the fact tables and how they are appended. Field order is column order; every row is one record of the log. */

/** One refuelling or load. `price` and `amount` are null while the price channel has not told the price. */
export type SaleRow = [
  county: number,
  position: number,
  seq: number,
  siteId: number,
  nozzleId: number,
  grade: number,
  endedAt: number,
  startedAt: number,
  volumeMillilitres: number,
  totalMillilitres: number,
  priceFenPerLitre: number | null,
  amountFen: number | null,
  source: number,
]
/** `sale.source`: how the volume was counted. */
export const SALE_SOURCES = ['pulse', 'board', 'arm'] as const

export type ReceiptRow = [
  county: number,
  position: number,
  seq: number,
  siteId: number,
  nozzleId: number,
  grade: number,
  at: number,
  volumeMillilitres: number,
  amountFen: number,
  priceFenPerLitre: number,
  totalMillilitres: number,
  totalFen: number,
  boardTime: string,
]
export type LevelRow = [
  county: number,
  position: number,
  seq: number,
  siteId: number,
  tankId: number,
  at: number,
  heightMicrometres: number,
  waterMicrometres: number,
  temperatureCentiCelsius: number,
  volumeMillilitres: number,
  correctedMillilitres: number,
  ullageMillilitres: number,
  status: number,
]
export type DeliveryRow = [
  county: number,
  position: number,
  seq: number,
  siteId: number,
  tankId: number,
  startedAt: number,
  endedAt: number,
  startMillilitres: number,
  endMillilitres: number,
  startMicrometres: number,
  endMicrometres: number,
  startCentiCelsius: number,
  endCentiCelsius: number,
]
export type PriceRow = [
  county: number,
  nozzleId: number,
  at: number,
  position: number,
  seq: number,
  priceFenPerLitre: number,
]
export type OtherFactRow = [
  county: number,
  position: number,
  seq: number,
  siteId: number,
  device: string,
  channel: number,
  kind: string,
  subject: string,
  at: number,
  notable: boolean,
  body: object,
]
export type RefusedRecordRow = [
  county: number,
  position: number,
  seq: number,
  device: string,
  channel: number,
  at: number | null,
  code: string,
  detail: string,
]

/** Fact rows of one round, in the order of the log. */
export interface FactRows {
  readonly sale: SaleRow[]
  readonly receipt: ReceiptRow[]
  readonly level: LevelRow[]
  readonly delivery: DeliveryRow[]
  readonly price: PriceRow[]
  readonly otherFact: OtherFactRow[]
  readonly refusedRecord: RefusedRecordRow[]
}

type ColumnType = CopyColumn['type']
function columns(types: readonly (readonly [string, ColumnType])[]): readonly CopyColumn[] {
  return types.map(([name, type]) => ({ name, type }))
}
const PLACE: readonly (readonly [string, ColumnType])[] = [
  ['county', 'int4'],
  ['position', 'int8'],
  ['seq', 'int8'],
]

/** Columns of each fact table in row order; also what a bare COPY of the same rows uses in the benchmarks. */
export const FACT_COLUMNS = {
  sale: columns([
    ...PLACE,
    ['site_id', 'int4'],
    ['nozzle_id', 'int4'],
    ['grade', 'int2'],
    ['ended_at', 'int8'],
    ['started_at', 'int8'],
    ['volume_ml', 'int8'],
    ['total_ml', 'int8'],
    ['price_fen', 'int4'],
    ['amount_fen', 'int8'],
    ['source', 'int2'],
  ]),
  receipt: columns([
    ...PLACE,
    ['site_id', 'int4'],
    ['nozzle_id', 'int4'],
    ['grade', 'int2'],
    ['at', 'int8'],
    ['volume_ml', 'int8'],
    ['amount_fen', 'int8'],
    ['price_fen', 'int4'],
    ['total_ml', 'int8'],
    ['total_fen', 'int8'],
    ['board_time', 'text'],
  ]),
  level: columns([
    ...PLACE,
    ['site_id', 'int4'],
    ['tank_id', 'int4'],
    ['at', 'int8'],
    ['height_um', 'int4'],
    ['water_um', 'int4'],
    ['temperature_cc', 'int4'],
    ['volume_ml', 'int8'],
    ['corrected_ml', 'int8'],
    ['ullage_ml', 'int8'],
    ['status', 'int4'],
  ]),
  delivery: columns([
    ...PLACE,
    ['site_id', 'int4'],
    ['tank_id', 'int4'],
    ['started_at', 'int8'],
    ['ended_at', 'int8'],
    ['start_ml', 'int8'],
    ['end_ml', 'int8'],
    ['start_um', 'int4'],
    ['end_um', 'int4'],
    ['start_cc', 'int4'],
    ['end_cc', 'int4'],
  ]),
  price: columns([
    ['county', 'int4'],
    ['nozzle_id', 'int4'],
    ['at', 'int8'],
    ['position', 'int8'],
    ['seq', 'int8'],
    ['price_fen', 'int4'],
  ]),
  other_fact: columns([
    ...PLACE,
    ['site_id', 'int4'],
    ['device', 'text'],
    ['channel', 'int2'],
    ['kind', 'text'],
    ['subject', 'text'],
    ['at', 'int8'],
    ['notable', 'bool'],
    ['body', 'jsonb'],
  ]),
  refused_record: columns([
    ...PLACE,
    ['device', 'text'],
    ['channel', 'int2'],
    ['at', 'int8'],
    ['code', 'text'],
    ['detail', 'text'],
  ]),
} as const

/** Appends the fact rows of a round; tables without rows cost nothing. */
export function appendFacts(to: Pipeline, rows: FactRows): void {
  append(to, 'sale', rows.sale)
  append(to, 'receipt', rows.receipt)
  append(to, 'level', rows.level)
  append(to, 'delivery', rows.delivery)
  append(to, 'price', rows.price)
  append(to, 'other_fact', rows.otherFact)
  append(to, 'refused_record', rows.refusedRecord)
}

function append(to: Pipeline, table: keyof typeof FACT_COLUMNS, rows: readonly unknown[][]): void {
  to.copy(table, FACT_COLUMNS[table], rows)
}
