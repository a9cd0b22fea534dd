import type { EpochMs } from '@oiltrail/kernel'
import { type Floats, type FloatTable, readFloats, writeFloats } from './floats.ts'
import { type ItemCodec, reportOf, type TlsReport } from './report.ts'
import { twoDigits, writeConsoleTime } from './text.ts'

/** Floats of one delivery in the order sent; units are the console's. */
export const DELIVERY_FLOATS = [
  'startVolume',
  'startCorrectedVolume',
  'startWater',
  'startTemperature',
  'endVolume',
  'endCorrectedVolume',
  'endWater',
  'endTemperature',
  'startHeight',
  'endHeight',
] as const satisfies FloatTable<string>

export type DeliveryFloat = (typeof DELIVERY_FLOATS)[number]

/** One delivery as the gauge saw it: start, end, NN floats. */
export interface GaugeDelivery {
  readonly startedAt: EpochMs
  readonly endedAt: EpochMs
  readonly floats: Floats<DeliveryFloat>
}

/** Deliveries of one tank: `TT p dd`, then each; dd is decimal and 00 when there are none. */
export interface TankDeliveries {
  readonly tank: number
  /** One printable character that the installer chose. */
  readonly product: string
  readonly deliveries: readonly GaugeDelivery[]
}

const item: ItemCodec<TankDeliveries> = {
  read(reader) {
    const tank = reader.decimal('TT', 2)
    const product = reader.take('p', 1, /^[ -~]$/)
    const count = reader.decimal('dd', 2)
    const deliveries: GaugeDelivery[] = []
    for (let i = 0; i < count && reader.more; i++)
      deliveries.push({
        startedAt: reader.time('start'),
        endedAt: reader.time('end'),
        floats: readFloats(reader, DELIVERY_FLOATS),
      })
    if (deliveries.length < count) reader.take('dd', 1, /^$/)
    return { tank, product, deliveries }
  },
  write: ({ tank, product, deliveries }) =>
    twoDigits(tank) +
    product +
    twoDigits(deliveries.length) +
    deliveries
      .map(
        (d) =>
          writeConsoleTime(d.startedAt) +
          writeConsoleTime(d.endedAt) +
          writeFloats(d.floats, DELIVERY_FLOATS),
      )
      .join(''),
}

/** 202 deliveries kept by the console. */
export const deliveries: TlsReport<TankDeliveries> = reportOf('i202', 'deliveries', item)

/** 20C most recent delivery, in the form of 202. */
export const lastDelivery: TlsReport<TankDeliveries> = reportOf('i20C', 'last delivery', item)
