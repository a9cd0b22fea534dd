import type { EpochMs } from '@oiltrail/kernel'
import { type Floats, type FloatTable, readFloats, writeFloats } from './floats.ts'
import { reportOf, type TlsReport } from './report.ts'
import { twoDigits, writeConsoleTime } from './text.ts'

/**
 * Floats of one adjusted delivery in the order sent; units are the console's. `dispensedVolume` is what was sold while
 * the tanker unloaded; older consoles stop before it.
 */
export const ADJUSTED_DELIVERY_FLOATS = [
  'startVolume',
  'endVolume',
  'adjustedDelivery',
  'adjustedCorrectedDelivery',
  'startHeight',
  'startTemperature1',
  'startTemperature2',
  'startTemperature3',
  'startTemperature4',
  'startTemperature5',
  'startTemperature6',
  'endHeight',
  'endTemperature1',
  'endTemperature2',
  'endTemperature3',
  'endTemperature4',
  'endTemperature5',
  'endTemperature6',
  'dispensedVolume',
  'startAverageTemperature',
  'endAverageTemperature',
] as const satisfies FloatTable<string>

export type AdjustedDeliveryFloat = (typeof ADJUSTED_DELIVERY_FLOATS)[number]

/** One delivery corrected for what was sold meanwhile. */
export interface AdjustedDelivery {
  readonly startedAt: EpochMs
  readonly endedAt: EpochMs
  readonly floats: Floats<AdjustedDeliveryFloat>
}

/** Adjusted deliveries of one tank: `TT dd`, then each; no product; dd is decimal. */
export interface TankAdjustedDeliveries {
  readonly tank: number
  readonly deliveries: readonly AdjustedDelivery[]
}

/** 21B adjusted deliveries. */
export const adjustedDeliveries: TlsReport<TankAdjustedDeliveries> = reportOf('i21B', 'adjusted deliveries', {
  read(reader) {
    const tank = reader.decimal('TT', 2)
    const count = reader.decimal('dd', 2)
    const deliveries: AdjustedDelivery[] = []
    for (let i = 0; i < count && reader.more; i++)
      deliveries.push({
        startedAt: reader.time('start'),
        endedAt: reader.time('end'),
        floats: readFloats(reader, ADJUSTED_DELIVERY_FLOATS),
      })
    if (deliveries.length < count) reader.take('dd', 1, /^$/)
    return { tank, deliveries }
  },
  write: ({ tank, deliveries }) =>
    twoDigits(tank) +
    twoDigits(deliveries.length) +
    deliveries
      .map(
        (d) =>
          writeConsoleTime(d.startedAt) +
          writeConsoleTime(d.endedAt) +
          writeFloats(d.floats, ADJUSTED_DELIVERY_FLOATS),
      )
      .join(''),
})
