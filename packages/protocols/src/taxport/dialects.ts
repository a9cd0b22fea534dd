import type { LastSale } from './86-last-sale.ts'
import type { DayTotal } from './87-day-total.ts'
import type { MonthTotal } from './88-month-total.ts'
import type { GrandTotal } from './89-grand-total.ts'
import { type Layout, type Padding, VOLUME_SCALE } from './fields.ts'

/** How the second frame of a 0x83 answer is built; the widths of 1 + 4 + 12 characters are the same in all. */
export interface Continuation {
  /** Whether the second frame repeats the STATUS byte. */
  readonly status: boolean
  /** Bytes of unknown meaning before the check byte. */
  readonly reservedBytes: number
}

/** How one maker's board lays out its answers. All of a maker's peculiarity is in this table, none in code. */
export interface Dialect {
  /** The name a configuration uses. */
  readonly name: string
  readonly zh: string
  readonly en: string
  /** True when no board is known to do so: it exists to prove that the collector copes. */
  readonly synthetic: boolean
  readonly padding: Padding
  /** First characters of factory numbers by which the maker is known; undefined when they say nothing. */
  readonly factoryNumber?: RegExp
  readonly lastSale: Layout<LastSale>
  readonly dayTotal: Layout<DayTotal>
  readonly monthTotal: Layout<MonthTotal>
  readonly grandTotal: Layout<GrandTotal>
  /** Forms of the second 0x83 frame: all are read, the first is written. No two have the same length. */
  readonly infoContinuations: readonly [Continuation, ...Continuation[]]
}

const LAST_SALE: Layout<LastSale> = [
  { name: 'boardTime', type: 'digits', width: 6 },
  { name: 'volumeMillilitres', type: 'count', width: 6, scale: VOLUME_SCALE },
  { name: 'amountFen', type: 'count', width: 6, scale: 1 },
  { name: 'priceFenPerLitre', type: 'count', width: 4, scale: 1 },
]

const LAST_SALE_PRICE_FIRST: Layout<LastSale> = [LAST_SALE[0]!, LAST_SALE[3]!, LAST_SALE[1]!, LAST_SALE[2]!]

const DAY_TOTAL: Layout<DayTotal> = [
  { name: 'date', type: 'digits', width: 8 },
  { name: 'volumeMillilitres', type: 'count', width: 8, scale: VOLUME_SCALE },
  { name: 'amountFen', type: 'count', width: 8, scale: 1 },
  { name: 'priceFenPerLitre', type: 'count', width: 4, scale: 1 },
]

const DAY_TOTAL_PRICE_FIRST: Layout<DayTotal> = [DAY_TOTAL[0]!, DAY_TOTAL[3]!, DAY_TOTAL[1]!, DAY_TOTAL[2]!]

const MONTH_TOTAL: Layout<MonthTotal> = [
  { name: 'month', type: 'digits', width: 6 },
  { name: 'volumeMillilitres', type: 'count', width: 10, scale: VOLUME_SCALE },
  { name: 'amountFen', type: 'count', width: 10, scale: 1 },
]

const GRAND_TOTAL: Layout<GrandTotal> = [
  { name: 'volumeMillilitres', type: 'count', width: 12, scale: VOLUME_SCALE },
  { name: 'amountFen', type: 'count', width: 12, scale: 1 },
]

// Field collectors have met all three forms; 60 bytes in all (with STATUS twice) is the documented one.
const WITH_STATUS: Continuation = { status: true, reservedBytes: 0 }
const BARE: Continuation = { status: false, reservedBytes: 0 }
const BARE_WITH_RESERVED: Continuation = { status: false, reservedBytes: 2 }

const YTSF: Dialect = {
  name: 'ytsf',
  zh: 'YTSF 主板',
  en: 'YTSF board',
  synthetic: false,
  padding: '0',
  factoryNumber: /^[0-9]/,
  lastSale: LAST_SALE,
  dayTotal: DAY_TOTAL,
  monthTotal: MONTH_TOTAL,
  grandTotal: GRAND_TOTAL,
  infoContinuations: [WITH_STATUS, BARE, BARE_WITH_RESERVED],
}

/** Every dialect a collector can be configured for. A new maker is one entry here. */
export const DIALECTS: readonly Dialect[] = [
  YTSF,
  {
    ...YTSF,
    name: 'ktk',
    zh: 'KTK 主板',
    en: 'KTK board',
    factoryNumber: /^[A-Za-z]/,
    lastSale: [...LAST_SALE, { type: 'reserved', width: 2 }],
  },
  {
    name: 'synthetic-spaces',
    zh: '合成:以空格补位',
    en: 'Synthetic: numbers padded with spaces',
    synthetic: true,
    padding: ' ',
    lastSale: LAST_SALE,
    dayTotal: DAY_TOTAL,
    monthTotal: MONTH_TOTAL,
    grandTotal: GRAND_TOTAL,
    infoContinuations: [BARE, WITH_STATUS, BARE_WITH_RESERVED],
  },
  {
    name: 'synthetic-price-first',
    zh: '合成:单价在前',
    en: 'Synthetic: price before volume and amount',
    synthetic: true,
    padding: '0',
    lastSale: LAST_SALE_PRICE_FIRST,
    dayTotal: DAY_TOTAL_PRICE_FIRST,
    monthTotal: MONTH_TOTAL,
    grandTotal: GRAND_TOTAL,
    infoContinuations: [BARE_WITH_RESERVED, WITH_STATUS, BARE],
  },
]

/** The dialect of this name, or undefined. */
export function dialectNamed(name: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.name === name)
}

/** The dialect that a board's factory number (0x83) tells of, or undefined. */
export function dialectOfFactoryNumber(factoryNumber: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.factoryNumber?.test(factoryNumber))
}
