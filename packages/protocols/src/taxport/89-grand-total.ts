import { singleFrameMessage, type TaxportMessage } from './message.ts'

/** Asks for the grand total of a gun. */
export interface GrandTotalRequest {
  readonly gun: number
  /** Query mode of the board; 0 in every collector known. */
  readonly queryMode: number
  /** Return mode of the board; 1 in every collector known. */
  readonly returnMode: number
}

/** The two counters of a gun that never go back, 12 digits each. */
export interface GrandTotal {
  readonly volumeMillilitres: number
  readonly amountFen: number
}

/** 0x89 grand total (总累计). The layout is the dialect's. */
export const grandTotal: TaxportMessage<GrandTotalRequest, GrandTotal> = singleFrameMessage(
  0x89,
  'grand total',
  [
    { name: 'gun', type: 'byte' },
    { name: 'queryMode', type: 'byte' },
    { name: 'returnMode', type: 'byte' },
  ],
  (dialect) => dialect.grandTotal,
)
