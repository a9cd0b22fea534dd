import { singleFrameMessage, type TaxportMessage } from './message.ts'

/** Asks for the total of a day. */
export interface DayTotalRequest {
  readonly gun: number
  /** `YYYYMMDD`. */
  readonly date: string
  /** Return mode of the board; 0 in every collector known. */
  readonly returnMode: number
}

/** What the tax memory holds for a gun and a day. A day without sales is answered with STATUS 0. */
export interface DayTotal {
  /** `YYYYMMDD`. */
  readonly date: string
  readonly volumeMillilitres: number
  readonly amountFen: number
  readonly priceFenPerLitre: number
}

/** 0x87 day total (日累计). The layout is the dialect's. */
export const dayTotal: TaxportMessage<DayTotalRequest, DayTotal> = singleFrameMessage(
  0x87,
  'day total',
  [
    { name: 'gun', type: 'byte' },
    { name: 'date', type: 'digits', width: 8 },
    { name: 'returnMode', type: 'byte' },
  ],
  (dialect) => dialect.dayTotal,
)
