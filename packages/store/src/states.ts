import { texts, wholeNumbers } from './arrays.ts'
import type { Pipeline } from './pipeline.ts'
import type { Transaction } from './pool.ts'

/** Latest states: the follower keeps them in memory and writes whole rows; these files only read and write them. */

/** `[at, seq, 1 while it lasts, else 0]` of the newest event of a pair of onset and end. */
export type FaultMark = readonly [at: number, seq: number, lasts: number]
/** Sequence numbers already counted: ascending, never touching. */
export type CountedRange = readonly [first: number, last: number]

export interface ChannelStateRow {
  readonly device: string
  /** 0 volume, 1 price. */
  readonly channel: number
  site: string
  firstReceivedAt: number | null
  lastReceivedAt: number | null
  /** Newest device time of a record that was believed. */
  lastAt: number | null
  lastSeq: number
  records: number
  refused: number
  faults: Record<string, FaultMark>
  islands: CountedRange[]
  revokedAt: number | null
}

export interface NozzleStateRow {
  readonly nozzleId: number
  readonly siteId: number
  flowAt: number | null
  flowSeq: number | null
  flow: string | null
  runningMillilitres: number | null
  priceAt: number | null
  priceSeq: number | null
  priceFenPerLitre: number | null
  saleAt: number | null
  saleSeq: number | null
  saleMillilitres: number | null
  totalAt: number | null
  totalSeq: number | null
  totalMillilitres: number | null
  lineAt: number | null
  lineSeq: number | null
  line: string | null
}

export interface TankStateRow {
  readonly tankId: number
  readonly siteId: number
  at: number
  seq: number
  heightMicrometres: number
  waterMicrometres: number
  temperatureCentiCelsius: number
  volumeMillilitres: number
  correctedMillilitres: number
  ullageMillilitres: number
  status: number
}

/** A hole in a channel, as wide as it was when it was seen. */
export interface GapRow {
  readonly device: string
  readonly channel: number
  readonly firstSeq: number
  readonly lastSeq: number
  missing: number
  readonly openedAt: number
  filledAt: number | null
}

type Column = readonly [name: string, type: string]
const CHANNEL_COLUMNS: readonly Column[] = [
  ['device', 'text'],
  ['channel', 'int2'],
  ['site', 'text'],
  ['first_received_at', 'int8'],
  ['last_received_at', 'int8'],
  ['last_at', 'int8'],
  ['last_seq', 'int8'],
  ['records', 'int8'],
  ['refused', 'int8'],
  ['faults', 'jsonb'],
  ['islands', 'jsonb'],
  ['revoked_at', 'int8'],
]
const NOZZLE_COLUMNS: readonly Column[] = [
  ['nozzle_id', 'int4'],
  ['site_id', 'int4'],
  ['flow_at', 'int8'],
  ['flow_seq', 'int8'],
  ['flow', 'text'],
  ['running_ml', 'int8'],
  ['price_at', 'int8'],
  ['price_seq', 'int8'],
  ['price_fen', 'int4'],
  ['sale_at', 'int8'],
  ['sale_seq', 'int8'],
  ['sale_ml', 'int8'],
  ['total_at', 'int8'],
  ['total_seq', 'int8'],
  ['total_ml', 'int8'],
  ['line_at', 'int8'],
  ['line_seq', 'int8'],
  ['line', 'text'],
]
const TANK_COLUMNS: readonly Column[] = [
  ['tank_id', 'int4'],
  ['site_id', 'int4'],
  ['at', 'int8'],
  ['seq', 'int8'],
  ['height_um', 'int4'],
  ['water_um', 'int4'],
  ['temperature_cc', 'int4'],
  ['volume_ml', 'int8'],
  ['corrected_ml', 'int8'],
  ['ullage_ml', 'int8'],
  ['status', 'int4'],
]
const GAP_COLUMNS: readonly Column[] = [
  ['device', 'text'],
  ['channel', 'int2'],
  ['first_seq', 'int8'],
  ['last_seq', 'int8'],
  ['missing', 'int8'],
  ['opened_at', 'int8'],
  ['filled_at', 'int8'],
]

function upsert(table: string, columns: readonly Column[], keys: number): string {
  const names = columns.map(([name]) => name)
  return `insert into ${table} (county, ${names.join(', ')})
    select $1::int4, * from unnest(${columns.map(([, type], i) => `$${i + 2}::${type}[]`).join(', ')})
    on conflict (county, ${names.slice(0, keys).join(', ')}) do update set
    ${names
      .slice(keys)
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}`
}
const UPSERT_CHANNEL = upsert('channel_state', CHANNEL_COLUMNS, 2)
const UPSERT_NOZZLE = upsert('nozzle_state', NOZZLE_COLUMNS, 1)
const UPSERT_TANK = upsert('tank_state', TANK_COLUMNS, 1)
const UPSERT_GAP = upsert('gap', GAP_COLUMNS, 3)

/** Writes whole rows of `channel_state`; no two may name the same channel. */
export function putChannelStates(to: Pipeline, county: number, rows: readonly ChannelStateRow[]): void {
  if (rows.length === 0) return
  to.add({
    name: 'views-channel-state',
    text: UPSERT_CHANNEL,
    values: [
      county,
      texts(rows, (r) => r.device),
      wholeNumbers(rows, (r) => r.channel),
      texts(rows, (r) => r.site),
      wholeNumbers(rows, (r) => r.firstReceivedAt),
      wholeNumbers(rows, (r) => r.lastReceivedAt),
      wholeNumbers(rows, (r) => r.lastAt),
      wholeNumbers(rows, (r) => r.lastSeq),
      wholeNumbers(rows, (r) => r.records),
      wholeNumbers(rows, (r) => r.refused),
      texts(rows, (r) => JSON.stringify(r.faults)),
      texts(rows, (r) => JSON.stringify(r.islands)),
      wholeNumbers(rows, (r) => r.revokedAt),
    ],
  })
}

/** Writes whole rows of `nozzle_state`; no two may name the same nozzle. */
export function putNozzleStates(to: Pipeline, county: number, rows: readonly NozzleStateRow[]): void {
  if (rows.length === 0) return
  to.add({
    name: 'views-nozzle-state',
    text: UPSERT_NOZZLE,
    values: [
      county,
      wholeNumbers(rows, (r) => r.nozzleId),
      wholeNumbers(rows, (r) => r.siteId),
      wholeNumbers(rows, (r) => r.flowAt),
      wholeNumbers(rows, (r) => r.flowSeq),
      texts(rows, (r) => r.flow),
      wholeNumbers(rows, (r) => r.runningMillilitres),
      wholeNumbers(rows, (r) => r.priceAt),
      wholeNumbers(rows, (r) => r.priceSeq),
      wholeNumbers(rows, (r) => r.priceFenPerLitre),
      wholeNumbers(rows, (r) => r.saleAt),
      wholeNumbers(rows, (r) => r.saleSeq),
      wholeNumbers(rows, (r) => r.saleMillilitres),
      wholeNumbers(rows, (r) => r.totalAt),
      wholeNumbers(rows, (r) => r.totalSeq),
      wholeNumbers(rows, (r) => r.totalMillilitres),
      wholeNumbers(rows, (r) => r.lineAt),
      wholeNumbers(rows, (r) => r.lineSeq),
      texts(rows, (r) => r.line),
    ],
  })
}

/** Writes whole rows of `tank_state`; no two may name the same tank. */
export function putTankStates(to: Pipeline, county: number, rows: readonly TankStateRow[]): void {
  if (rows.length === 0) return
  to.add({
    name: 'views-tank-state',
    text: UPSERT_TANK,
    values: [
      county,
      wholeNumbers(rows, (r) => r.tankId),
      wholeNumbers(rows, (r) => r.siteId),
      wholeNumbers(rows, (r) => r.at),
      wholeNumbers(rows, (r) => r.seq),
      wholeNumbers(rows, (r) => r.heightMicrometres),
      wholeNumbers(rows, (r) => r.waterMicrometres),
      wholeNumbers(rows, (r) => r.temperatureCentiCelsius),
      wholeNumbers(rows, (r) => r.volumeMillilitres),
      wholeNumbers(rows, (r) => r.correctedMillilitres),
      wholeNumbers(rows, (r) => r.ullageMillilitres),
      wholeNumbers(rows, (r) => r.status),
    ],
  })
}

/** Writes whole rows of `gap`; no two may name the same gap. */
export function putGaps(to: Pipeline, county: number, rows: readonly GapRow[]): void {
  if (rows.length === 0) return
  to.add({
    name: 'views-gap',
    text: UPSERT_GAP,
    values: [
      county,
      texts(rows, (r) => r.device),
      wholeNumbers(rows, (r) => r.channel),
      wholeNumbers(rows, (r) => r.firstSeq),
      wholeNumbers(rows, (r) => r.lastSeq),
      wholeNumbers(rows, (r) => r.missing),
      wholeNumbers(rows, (r) => r.openedAt),
      wholeNumbers(rows, (r) => r.filledAt),
    ],
  })
}

/** Every latest state of a county, and its open gaps. */
export interface States {
  readonly channels: ChannelStateRow[]
  readonly nozzles: NozzleStateRow[]
  readonly tanks: TankStateRow[]
  readonly openGaps: GapRow[]
}

/** Reads what `put…` wrote; for a follower that starts. */
export async function loadStates(tx: Transaction, county: number): Promise<States> {
  const channels = await tx.query<ChannelStateRow>(
    `select device, channel, site, first_received_at as "firstReceivedAt", last_received_at as "lastReceivedAt",
       last_at as "lastAt", last_seq as "lastSeq", records, refused, faults, islands, revoked_at as "revokedAt"
     from channel_state where county = $1`,
    [county],
  )
  const nozzles = await tx.query<NozzleStateRow>(
    `select nozzle_id as "nozzleId", site_id as "siteId", flow_at as "flowAt", flow_seq as "flowSeq", flow,
       running_ml as "runningMillilitres", price_at as "priceAt", price_seq as "priceSeq", price_fen as "priceFenPerLitre",
       sale_at as "saleAt", sale_seq as "saleSeq", sale_ml as "saleMillilitres", total_at as "totalAt",
       total_seq as "totalSeq", total_ml as "totalMillilitres", line_at as "lineAt", line_seq as "lineSeq", line
     from nozzle_state where county = $1`,
    [county],
  )
  const tanks = await tx.query<TankStateRow>(
    `select tank_id as "tankId", site_id as "siteId", at, seq, height_um as "heightMicrometres", water_um as "waterMicrometres",
       temperature_cc as "temperatureCentiCelsius", volume_ml as "volumeMillilitres", corrected_ml as "correctedMillilitres",
       ullage_ml as "ullageMillilitres", status
     from tank_state where county = $1`,
    [county],
  )
  const gaps = await tx.query<GapRow>(
    `select device, channel, first_seq as "firstSeq", last_seq as "lastSeq", missing, opened_at as "openedAt", filled_at as "filledAt"
     from gap where county = $1 and missing > 0`,
    [county],
  )
  return { channels: channels.rows, nozzles: nozzles.rows, tanks: tanks.rows, openGaps: gaps.rows }
}
