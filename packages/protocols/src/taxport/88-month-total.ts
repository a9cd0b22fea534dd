import { singleFrameMessage, type TaxportMessage } from './message.ts'

/** Asks for the total of a month. */
export interface MonthTotalRequest {
  readonly gun: number
  /** `YYYYMM`. */
  readonly month: string
  /** Return mode of the board; 0 in every collector known. */
  readonly returnMode: number
}

/** What the tax memory holds for a gun and a month. */
export interface MonthTotal {
  /** `YYYYMM`. */
  readonly month: string
  readonly volumeMillilitres: number
  readonly amountFen: number
}

/** 0x88 month total (月累计). The layout is the dialect's. */
export const monthTotal: TaxportMessage<MonthTotalRequest, MonthTotal> = singleFrameMessage(
  0x88,
  'month total',
  [
    { name: 'gun', type: 'byte' },
    { name: 'month', type: 'digits', width: 6 },
    { name: 'returnMode', type: 'byte' },
  ],
  (dialect) => dialect.monthTotal,
)
