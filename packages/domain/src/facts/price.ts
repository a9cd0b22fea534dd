import { z } from 'zod'
import * as f from './fields.ts'

/** The unit price set in the dispenser's base setting: when it changes, at start, and once a day. */
export const price = z.strictObject({
  kind: z.literal('price'),
  nozzle: f.subjectCode,
  priceFenPerLitre: f.priceFenPerLitre,
})

/** A sale as the dispenser's board shows it (tax port, command 0x86). `at` is when the collector read it. */
export const receipt = z.strictObject({
  kind: z.literal('receipt'),
  nozzle: f.subjectCode,
  volumeMillilitres: f.volumeMillilitres,
  amountFen: f.amountFen,
  priceFenPerLitre: f.priceFenPerLitre,
  /** Day, hour, minute by the board's own clock, `DDhhmm`; the board gives no month and no seconds. */
  boardTime: z.string().regex(/^[0-9]{6}$/),
  /** The board's grand totals after this sale (command 0x89). */
  totalMillilitres: f.totalMillilitres,
  totalFen: f.totalFen,
})

/** A sum from the tax memory of the board (commands 0x87 day, 0x88 month, 0x89 grand). */
export const boardTotal = z.strictObject({
  kind: z.literal('board-total'),
  nozzle: f.subjectCode,
  period: z.enum(['day', 'month', 'grand']),
  /** `YYYYMMDD`, `YYYYMM`, or empty for the grand total. */
  label: z.string().regex(/^([0-9]{8}|[0-9]{6}|)$/),
  volumeMillilitres: f.totalMillilitres,
  amountFen: f.totalFen,
})

/** Who the board says it is (command 0x83). Reported at start, when it changes, and once a day. */
export const boardInfo = z.strictObject({
  kind: z.literal('board-info'),
  nozzle: f.subjectCode,
  factoryNumber: f.deviceText,
  taxpayerNumber: f.deviceText,
  oilCode: z.string().regex(/^[0-9]{4}$/),
  /** The board's clock, `YYYYMMDDhhmm`. */
  boardClock: z.string().regex(/^[0-9]{12}$/),
})
