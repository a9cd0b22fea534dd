import type {
  channelView,
  checkpointView,
  deliveryView,
  entryView,
  gapView,
  nozzleView,
  refusedRecordView,
  saleView,
  siteState,
  siteSummary,
  tankView,
} from '@oiltrail/contract'
import { GRADES, type Grade } from '@oiltrail/domain'
import { toHex } from '@oiltrail/kernel'
import {
  type ChannelListRow,
  type CheckpointRow,
  channelOf,
  type DeliveryListRow,
  ENTRY_TYPES,
  type EntryListRow,
  type GapListRow,
  type LevelPointRow,
  type NozzleListRow,
  pickSums,
  type RefusedRecordListRow,
  SALE_SOURCES,
  type SaleListRow,
  type SiteListRow,
  type TankListRow,
} from '@oiltrail/store'
import type { z } from 'zod'
import { openFaults } from '../views/faults.ts'

/** Rows of the store as the contract shows them. */

/** A channel is online when something was received from it this recently, by the server's clock: three heartbeats. */
export const ONLINE_MS = 3 * 60_000
/** A nozzle repeats its flow every few seconds while oil flows; older than this nobody knows. */
export const FLOW_FRESH_MS = 60_000
const DELIVERING_BIT = 1

type View<T extends z.ZodType> = z.infer<T>

/** Grade of its number in the tables. */
export function gradeOf(number: number): Grade {
  return GRADES[number]!
}

export function isOnline(lastReceivedAt: number | null, now: number): boolean {
  return lastReceivedAt !== null && now - lastReceivedAt <= ONLINE_MS
}

export function tankShape(row: TankListRow): View<typeof tankView> {
  return {
    tank: row.tank,
    grade: gradeOf(row.grade),
    capacityMillilitres: row.capacityMillilitres,
    safeFillMillilitres: row.safeFillMillilitres,
    diameterMillimetres: row.diameterMillimetres,
    ...(row.at === null
      ? {}
      : {
          reading: {
            at: row.at,
            heightMicrometres: row.heightMicrometres!,
            waterMicrometres: row.waterMicrometres!,
            temperatureCentiCelsius: row.temperatureCentiCelsius!,
            volumeMillilitres: row.volumeMillilitres!,
            correctedMillilitres: row.correctedMillilitres!,
            ullageMillilitres: row.ullageMillilitres!,
            delivering: (row.status! & DELIVERING_BIT) !== 0,
          },
        }),
  }
}

type NozzleRowWithoutSums = Omit<NozzleListRow, keyof ReturnType<typeof pickSums>>

/** A nozzle without its sums: what the stream sends. */
export function nozzleStateShape(
  row: NozzleRowWithoutSums,
  now: number,
): Omit<View<typeof nozzleView>, 'today'> {
  const flow = flowOf(row, now)
  return {
    nozzle: row.nozzle,
    dispenser: row.dispenser,
    arm: row.arm,
    tank: row.tank,
    grade: gradeOf(row.grade),
    flow,
    runningMillilitres: flow === 'fuelling' ? row.runningMillilitres! : 0,
    ...(row.priceFenPerLitre === null ? {} : { priceFenPerLitre: row.priceFenPerLitre }),
    ...(row.saleAt === null ? {} : { lastSaleAt: row.saleAt, lastSaleMillilitres: row.saleMillilitres! }),
    ...(row.totalMillilitres === null ? {} : { totalMillilitres: row.totalMillilitres }),
    line: (row.line ?? 'unknown') as View<typeof nozzleView>['line'],
  }
}

/** A finished sale ends the flow before it; a flow that nobody repeated is unknown. */
function flowOf(row: NozzleRowWithoutSums, now: number): 'idle' | 'fuelling' | 'unknown' {
  if (row.flowAt === null) return row.saleAt === null ? 'unknown' : 'idle'
  if (row.flow !== 'fuelling' || (row.saleAt !== null && row.saleAt >= row.flowAt)) return 'idle'
  return now - row.flowAt <= FLOW_FRESH_MS ? 'fuelling' : 'unknown'
}

export function nozzleShape(row: NozzleListRow, now: number): View<typeof nozzleView> {
  return { ...nozzleStateShape(row, now), today: pickSums(row) }
}

export function channelShape(row: ChannelListRow, now: number): View<typeof channelView> {
  return {
    device: row.device,
    channel: channelOf(row.channel),
    site: row.site,
    siteName: row.siteName,
    online: isOnline(row.lastReceivedAt, now),
    ...(row.lastReceivedAt === null ? {} : { lastReceivedAt: row.lastReceivedAt }),
    lastSeq: row.lastSeq,
    records: row.records,
    refused: row.refused,
    openGaps: row.openGaps,
    missingRecords: row.missingRecords,
    faults: openFaults(row.faults),
  }
}

/** What a site's channels and lines say of it together. One silent channel of several is a fault, not silence. */
export function stateOf(
  channels: readonly View<typeof channelView>[],
  brokenLines: number,
): View<typeof siteState> {
  if (channels.every((channel) => channel.lastReceivedAt === undefined)) return 'unknown'
  if (channels.every((channel) => !channel.online)) return 'offline'
  const troubled = channels.some(
    (channel) => !channel.online || channel.faults.length > 0 || channel.openGaps > 0,
  )
  return troubled || brokenLines > 0 ? 'attention' : 'ok'
}

export function siteShape(
  row: SiteListRow,
  channels: readonly View<typeof channelView>[],
): View<typeof siteSummary> {
  const heard = channels.flatMap((channel) => channel.lastReceivedAt ?? [])
  return {
    site: row.site,
    name: row.name,
    kind: row.kind,
    town: row.town,
    enterprise: row.enterprise,
    enterpriseName: row.enterpriseName,
    longitude: row.longitude,
    latitude: row.latitude,
    state: stateOf(channels, row.brokenLines),
    ...(heard.length === 0 ? {} : { lastReceivedAt: Math.max(...heard) }),
    today: pickSums(row),
    stockMillilitres: row.stockMillilitres,
    capacityMillilitres: row.capacityMillilitres,
  }
}

export function saleShape(row: SaleListRow): View<typeof saleView> {
  return {
    position: row.position,
    seq: row.seq,
    nozzle: row.nozzle,
    grade: gradeOf(row.grade),
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    volumeMillilitres: row.volumeMillilitres,
    ...(row.priceFenPerLitre === null ? {} : { priceFenPerLitre: row.priceFenPerLitre }),
    ...(row.amountFen === null ? {} : { amountFen: row.amountFen }),
    totalMillilitres: row.totalMillilitres,
    source: SALE_SOURCES[row.source]!,
  }
}

/** A point of a tank's curve. Field by field: a year of a site has 26,000 of them. */
export function levelShape(row: LevelPointRow): Omit<LevelPointRow, 'tank'> {
  return {
    at: row.at,
    volumeMillilitres: row.volumeMillilitres,
    lowMillilitres: row.lowMillilitres,
    highMillilitres: row.highMillilitres,
    heightMicrometres: row.heightMicrometres,
    temperatureCentiCelsius: row.temperatureCentiCelsius,
  }
}

export function deliveryShape(row: DeliveryListRow): View<typeof deliveryView> {
  return { ...row, grade: gradeOf(row.grade) }
}

export function gapShape(row: GapListRow): View<typeof gapView> {
  return {
    device: row.device,
    channel: channelOf(row.channel),
    site: row.site,
    firstSeq: row.firstSeq,
    lastSeq: row.lastSeq,
    missingRecords: row.missing,
    openedAt: row.openedAt,
    ...(row.filledAt === null ? {} : { filledAt: row.filledAt }),
  }
}

export function entryShape(row: EntryListRow): View<typeof entryView> {
  return {
    position: row.position,
    type: ENTRY_TYPES[row.type]!,
    receivedAt: row.receivedAt,
    ...(row.device === null ? {} : { device: row.device }),
    ...(row.channel === null ? {} : { channel: channelOf(row.channel) }),
    ...(row.firstSeq === null ? {} : { firstSeq: row.firstSeq }),
    ...(row.lastSeq === null ? {} : { lastSeq: row.lastSeq }),
    ...(row.code === null ? {} : { code: row.code }),
    bytes: row.bytes,
    rawHash: row.rawHash,
  }
}

export function refusedRecordShape(row: RefusedRecordListRow): View<typeof refusedRecordView> {
  const { at, channel, ...rest } = row
  return { ...rest, channel: channelOf(channel), ...(at === null ? {} : { at }) }
}

export function checkpointShape(row: CheckpointRow): View<typeof checkpointView> {
  return { size: row.size, root: toHex(row.root), signedAt: row.signedAt, note: row.note }
}
