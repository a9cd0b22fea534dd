import { adjustedDeliveries } from './i21b-adjusted-deliveries.ts'
import { systemAlarms } from './i101-alarms.ts'
import { inventory } from './i201-inventory.ts'
import { deliveries, lastDelivery } from './i202-deliveries.ts'
import { tankAlarms } from './i205-tank-alarms.ts'

export * from './command.ts'
export * from './facts.ts'
export * from './floats.ts'
export * from './frame.ts'
export * from './i21b-adjusted-deliveries.ts'
export * from './i101-alarms.ts'
export * from './i201-inventory.ts'
export * from './i202-deliveries.ts'
export * from './i205-tank-alarms.ts'
export * from './report.ts'
export { hexDigits, parseConsoleTime, parseFloatHex, writeConsoleTime, writeFloatHex } from './text.ts'

/** Every function of the console that is read. The registry: a new one is one file and one line here. */
export const TLS_REPORTS = [
  systemAlarms,
  inventory,
  deliveries,
  lastDelivery,
  tankAlarms,
  adjustedDeliveries,
] as const
