import { singleFrameMessage, type TaxportMessage } from './message.ts'

/** Asks for the last sale of a gun. */
export interface LastSaleRequest {
  /** Gun number as the board counts them, from 1. */
  readonly gun: number
  /** Return mode of the board; 0 in every collector known. */
  readonly returnMode: number
}

/** The last sale as the board shows it. */
export interface LastSale {
  /** Day, hour, minute by the board's clock, `DDhhmm`: no month, no seconds. */
  readonly boardTime: string
  /** At most 9,999.99 L. */
  readonly volumeMillilitres: number
  readonly amountFen: number
  readonly priceFenPerLitre: number
}

/** 0x86 last sale (当次加油数据). The layout is the dialect's. */
export const lastSale: TaxportMessage<LastSaleRequest, LastSale> = singleFrameMessage(
  0x86,
  'last sale',
  [
    { name: 'gun', type: 'byte' },
    { name: 'returnMode', type: 'byte' },
  ],
  (dialect) => dialect.lastSale,
)
