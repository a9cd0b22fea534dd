import { type Floats, type FloatTable, readFloats, writeFloats } from './floats.ts'
import { reportOf, type TlsReport } from './report.ts'
import { hexDigits, twoDigits } from './text.ts'

/** Floats of one tank in the order sent; units are the console's (litres, millimetres, °C when set up metric). */
export const INVENTORY_FLOATS = [
  'volume',
  'correctedVolume',
  'ullage',
  'height',
  'water',
  'temperature',
  'waterVolume',
] as const satisfies FloatTable<string>

export type InventoryFloat = (typeof INVENTORY_FLOATS)[number]

/** Bits of `statusBits`. */
export const TANK_STATUS = { deliveryInProgress: 1, leakTest: 2, invalidHeight: 4 } as const

/** One tank: `TT p ssss NN floats`. */
export interface Inventory {
  readonly tank: number
  /** One printable character that the installer chose. */
  readonly product: string
  /** 16 bits, see {@link TANK_STATUS}; unknown bits are kept. */
  readonly statusBits: number
  readonly floats: Floats<InventoryFloat>
}

/** 201 in-tank inventory. */
export const inventory: TlsReport<Inventory> = reportOf('i201', 'inventory', {
  read: (reader) => ({
    tank: reader.decimal('TT', 2),
    product: reader.take('p', 1, /^[ -~]$/),
    statusBits: reader.hexadecimal('ssss', 4),
    floats: readFloats(reader, INVENTORY_FLOATS),
  }),
  write: (item) =>
    twoDigits(item.tank) +
    item.product +
    hexDigits(item.statusBits, 4) +
    writeFloats(item.floats, INVENTORY_FLOATS),
})
