import { boardInfo } from './83-board-info.ts'
import { lastSale } from './86-last-sale.ts'
import { dayTotal } from './87-day-total.ts'
import { monthTotal } from './88-month-total.ts'
import { grandTotal } from './89-grand-total.ts'

export * from './83-board-info.ts'
export * from './86-last-sale.ts'
export * from './87-day-total.ts'
export * from './88-month-total.ts'
export * from './89-grand-total.ts'
export * from './dialects.ts'
export * from './fields.ts'
export * from './frame.ts'
export * from './implied.ts'
export * from './message.ts'
export * from './reply.ts'

/** Every command of the port. The registry: a new one is one file and one line here. */
export const TAXPORT_MESSAGES = [boardInfo, lastSale, dayTotal, monthTotal, grandTotal] as const
