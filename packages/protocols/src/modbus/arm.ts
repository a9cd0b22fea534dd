import type { RegisterBlock } from './block.ts'

/** One batch meter of a depot's loading arm (鹤管). */
export interface ArmMeter {
  /** Version of this map; 1. */
  readonly mapVersion: number
  readonly state: 'idle' | 'loading'
  /** Oil code of what the arm loads, for example 1020 for 92. */
  readonly product: number
  /** Volume of the running batch so far; 0 when idle. */
  readonly runningMillilitres: number
  /** Number of the last **finished** batch; all fields below belong to it and stay until the next one is finished. */
  readonly batch: number
  readonly volumeMillilitres: number
  /** The same batch at 20 °C, as the meter corrected it. */
  readonly volume20Millilitres: number
  /** Mean temperature of the batch. */
  readonly temperatureCentiCelsius: number
  /** Gross totalizer after the batch. */
  readonly totalMillilitres: number
  /** Start and end by the meter's clock, seconds since 1970-01-01T00:00Z. */
  readonly startedAtSeconds: number
  readonly endedAtSeconds: number
}

/** 0.1 L, the meter's tick. */
const TICK_MILLILITRES = 100
/** 0.1 °C. */
const TICK_CENTI_CELSIUS = 10

/** Arm blocks, registers 0 to 19, 32 to 51 …, four of them. */
export const ARM_METER: RegisterBlock<ArmMeter> = {
  name: 'arm meter',
  start: 0,
  length: 20,
  stride: 32,
  count: 4,
  wordOrder: 'high-first',
  fields: [
    { name: 'mapVersion', at: 0, type: 'u16' },
    { name: 'state', at: 1, type: 'choice', choices: ['idle', 'loading'] },
    { name: 'product', at: 2, type: 'u16' },
    { name: 'runningMillilitres', at: 3, type: 'u32', scale: TICK_MILLILITRES },
    { name: 'batch', at: 5, type: 'u32' },
    { name: 'volumeMillilitres', at: 7, type: 'u32', scale: TICK_MILLILITRES },
    { name: 'volume20Millilitres', at: 9, type: 'u32', scale: TICK_MILLILITRES },
    { name: 'temperatureCentiCelsius', at: 11, type: 'i16', scale: TICK_CENTI_CELSIUS },
    { name: 'totalMillilitres', at: 12, type: 'u64', scale: TICK_MILLILITRES },
    { name: 'startedAtSeconds', at: 16, type: 'u32' },
    { name: 'endedAtSeconds', at: 18, type: 'u32' },
  ],
}
