import { z } from 'zod'
import * as f from './fields.ts'

/** A finished refuelling as the volume channel counted it. `at` is the moment it ended. */
export const sale = z.strictObject({
  kind: z.literal('sale'),
  nozzle: f.subjectCode,
  volumeMillilitres: f.volumeMillilitres,
  /** The nozzle's volume totalizer after this sale. */
  totalMillilitres: f.totalMillilitres,
  startedAt: f.epochMs,
  /** `pulse`: counted from the encoder's pulses; `board`: growth of the board's grand total. */
  source: z.enum(['pulse', 'board']),
  /** Pulses counted, present when source is `pulse`. */
  pulses: z.int().min(0).max(1_000_000_000).optional(),
})

/** A nozzle's hydraulic state: when it changes, and every few seconds while oil flows. Live view only; never summed. */
export const flow = z.strictObject({
  kind: z.literal('flow'),
  nozzle: f.subjectCode,
  state: z.enum(['idle', 'fuelling']),
  /** Volume of the running refuelling so far. */
  volumeMillilitres: f.volumeMillilitres,
})

/** One batch through a depot loading arm (鹤管). `at` is the moment it ended. */
export const load = z.strictObject({
  kind: z.literal('load'),
  arm: f.subjectCode,
  batch: z.int().min(0).max(4_294_967_295),
  volumeMillilitres: f.volumeMillilitres,
  /** The same batch at 20 °C, as the meter corrected it. */
  volume20Millilitres: f.volumeMillilitres,
  temperatureCentiCelsius: f.temperatureCentiCelsius,
  totalMillilitres: f.totalMillilitres,
  startedAt: f.epochMs,
})

/** One reading of a tank by its gauge (液位仪), Veeder-Root function 201. */
export const level = z.strictObject({
  kind: z.literal('level'),
  tank: f.subjectCode,
  heightMicrometres: f.heightMicrometres,
  waterMicrometres: f.heightMicrometres,
  temperatureCentiCelsius: f.temperatureCentiCelsius,
  volumeMillilitres: f.volumeMillilitres,
  /** Temperature-corrected volume as the gauge gives it. */
  correctedMillilitres: f.volumeMillilitres,
  ullageMillilitres: f.volumeMillilitres,
  /** Bit 0 delivery in progress, bit 1 leak test, bit 2 invalid height. */
  statusBits: z.int().min(0).max(65_535),
})

/** A delivery as the gauge saw it, Veeder-Root function 202. `at` is its end. */
export const delivery = z.strictObject({
  kind: z.literal('delivery'),
  tank: f.subjectCode,
  startedAt: f.epochMs,
  startMillilitres: f.volumeMillilitres,
  endMillilitres: f.volumeMillilitres,
  startMicrometres: f.heightMicrometres,
  endMicrometres: f.heightMicrometres,
  startCentiCelsius: f.temperatureCentiCelsius,
  endCentiCelsius: f.temperatureCentiCelsius,
})

/** The volume totalizer of a nozzle at a moment, hourly and after every outage: what proves that no sale is missing. */
export const total = z.strictObject({
  kind: z.literal('total'),
  nozzle: f.subjectCode,
  totalMillilitres: f.totalMillilitres,
  source: z.enum(['pulse', 'board']),
})

/** Supervision of the pulse line of a nozzle (防拆、防改接). Reported when it changes and once a day. */
export const line = z.strictObject({
  kind: z.literal('line'),
  nozzle: f.subjectCode,
  state: z.enum(['normal', 'cut', 'shorted', 'rewired']),
  loopOhms: z.int().min(0).max(10_000_000),
  /** Which of the two encoder phases leads. */
  phase: z.enum(['a-leads', 'b-leads', 'unknown']),
})
