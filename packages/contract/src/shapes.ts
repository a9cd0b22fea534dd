import { GRADES, siteSchema } from '@oiltrail/domain'
import { CHANNELS } from '@oiltrail/kernel'
import { z } from 'zod'

/** Shapes that several endpoints share. Volumes in millilitres, money in fen, heights in micrometres, times in epoch ms. */
const int = z.int()
const at = z.int()
export const grade = z.enum(GRADES)
export const channel = z.enum(CHANNELS as readonly ['volume', 'price'])

/** `ok` all well; `attention` a device fault or gap; `offline` nothing heard; `unknown` never heard. Grey on screen: offline, unknown. */
export const siteState = z.enum(['ok', 'attention', 'offline', 'unknown'])

export const sums = z.strictObject({
  sales: int,
  volumeMillilitres: int,
  amountFen: int,
  /** Sales whose price the price channel has not told yet; their amount is not in amountFen. */
  unpricedSales: int,
  unpricedMillilitres: int,
  /** What the dispensers' own boards say of the same time and place. */
  boardSales: int,
  boardMillilitres: int,
  boardFen: int,
})
export type Sums = z.infer<typeof sums>

export const tankView = z.strictObject({
  tank: z.string(),
  grade,
  capacityMillilitres: int,
  safeFillMillilitres: int,
  diameterMillimetres: int,
  /** Absent until the gauge has spoken. */
  reading: z
    .strictObject({
      at,
      heightMicrometres: int,
      waterMicrometres: int,
      temperatureCentiCelsius: int,
      volumeMillilitres: int,
      correctedMillilitres: int,
      ullageMillilitres: int,
      delivering: z.boolean(),
    })
    .optional(),
})

export const nozzleView = z.strictObject({
  nozzle: z.string(),
  dispenser: z.string(),
  /** A depot's loading arm rather than a dispenser's nozzle. */
  arm: z.boolean(),
  tank: z.string(),
  grade,
  flow: z.enum(['idle', 'fuelling', 'unknown']),
  runningMillilitres: int,
  priceFenPerLitre: int.optional(),
  lastSaleAt: at.optional(),
  lastSaleMillilitres: int.optional(),
  totalMillilitres: int.optional(),
  line: z.enum(['normal', 'cut', 'shorted', 'rewired', 'unknown']),
  today: sums,
})

export const channelView = z.strictObject({
  device: z.string(),
  channel,
  site: z.string(),
  siteName: z.string(),
  online: z.boolean(),
  lastReceivedAt: at.optional(),
  lastSeq: int,
  records: int,
  refused: int,
  openGaps: int,
  missingRecords: int,
  /** Faults that have begun and not ended, oldest first, for example `mains-lost` or `driver-silent` with the port as subject. */
  faults: z.array(z.strictObject({ event: z.string(), subject: z.string(), since: at })),
})

export const siteSummary = z.strictObject({
  site: z.string(),
  name: z.string(),
  kind: z.enum(['station', 'depot']),
  town: z.string(),
  enterprise: z.string(),
  enterpriseName: z.string(),
  longitude: z.number(),
  latitude: z.number(),
  state: siteState,
  lastReceivedAt: at.optional(),
  today: sums,
  stockMillilitres: int,
  capacityMillilitres: int,
})

export const saleView = z.strictObject({
  position: int,
  seq: int,
  nozzle: z.string(),
  grade,
  startedAt: at,
  endedAt: at,
  volumeMillilitres: int,
  priceFenPerLitre: int.optional(),
  amountFen: int.optional(),
  totalMillilitres: int,
  source: z.enum(['pulse', 'board', 'arm']),
})

export const deliveryView = z.strictObject({
  position: int,
  seq: int,
  site: z.string(),
  siteName: z.string(),
  tank: z.string(),
  grade,
  startedAt: at,
  endedAt: at,
  startMillilitres: int,
  endMillilitres: int,
})

export const gapView = z.strictObject({
  device: z.string(),
  channel,
  site: z.string(),
  firstSeq: int,
  lastSeq: int,
  /** Records of the hole that have not come yet; 0 once it is filled. */
  missingRecords: int,
  openedAt: at,
  filledAt: at.optional(),
})

export const entryView = z.strictObject({
  position: int,
  type: z.enum(['batch', 'refusal', 'desk']),
  receivedAt: at,
  device: z.string().optional(),
  channel: channel.optional(),
  firstSeq: int.optional(),
  lastSeq: int.optional(),
  /** Refusal: catalogue code. Desk: action. */
  code: z.string().optional(),
  bytes: int,
  /** SHA-256 of the raw bytes, hex. */
  rawHash: z.string(),
})

export const refusedRecordView = z.strictObject({
  position: int,
  seq: int,
  device: z.string(),
  channel,
  at: at.optional(),
  code: z.string(),
  detail: z.string(),
})

export const checkpointView = z.strictObject({
  size: int,
  /** Hex. */
  root: z.string(),
  signedAt: at,
  note: z.string(),
})

/** Another platform that the log is handed on to (docs/formats/uplink.md §7). */
export const shareView = z.strictObject({
  /** Its base address. */
  target: z.string(),
  /** False: on record from before, not handed on to any more. */
  active: z.boolean(),
  /** Whether statements are handed on as well as batches. */
  statementsToo: z.boolean(),
  /** Everything before this position was offered. */
  nextPosition: int,
  /** Entries of the log not offered yet. */
  waiting: int,
  /** When the newest offered entry had come in, and the oldest that waits. */
  sharedUntil: at.optional(),
  waitingSince: at.optional(),
  batches: int,
  statements: int,
  bytes: int,
  /** First and latest handing over; absent while nothing was handed over. */
  firstAt: at.optional(),
  lastAt: at.optional(),
  /** Entries it would not take, and the newest of them. */
  refused: int,
  refusals: z.array(z.strictObject({ position: int, code: z.string(), detail: z.string(), at })),
  /** Why nothing gets through, and since when. */
  failing: z.strictObject({ reason: z.string(), since: at }).optional(),
})

/** `starting` → `importing` (a month of history on its way) → `live`. */
export const progress = z.strictObject({
  phase: z.enum(['starting', 'importing', 'live']),
  /** Records expected and received so far; absent when nobody announced a history. */
  expectedRecords: int.optional(),
  receivedRecords: int,
})

export const site = siteSchema
export { at as epochMs, int as integer }
