import type { DeliveryNotice, QuietWindow, Site } from '@oiltrail/domain'
import type { EpochMs, Fen } from '@oiltrail/kernel'

/** What somebody has done to a nozzle, its meter and its board. An honest nozzle has {@link soundNozzle}. */
export interface NozzleTampering {
  /** The meter counts this many times what the wheel delivers: encoder, display and books alike. */
  meterGain: number
  /** Pulses added between encoder and board: the board counts this many times what the encoder gives. */
  injectedGain: number
  /** Share of each sale that back-office software leaves in the board's books (totals, tax memory, last sale). */
  bookedShare: number
  /** Each n-th sale runs through the totalizer but enters neither tax memory nor last sale; 0 for none. */
  hiddenEvery: number
  /** What the board charges above the price in its base setting. */
  addedFen: Fen
  /** Factory number that the board gives instead of its plate's. */
  factoryNumber: string | undefined
}

/** What holds at a site beyond its plan: misdeeds, and honest particulars. */
export interface SiteTampering {
  /** Names of what is in force, for whoever looks. */
  readonly active: Set<string>
  /** How many times the usual number of customers come. */
  rush: number
  /** Share of an announced delivery that really runs in. */
  deliveredShare: number
  /** Temperature of deliveries, when it is not the usual one. */
  deliveryCelsius: number | undefined
}

/** Something stated to the authority, which a desk would log. */
export type Statement =
  | { readonly type: 'notice'; readonly at: EpochMs; readonly notice: DeliveryNotice }
  | { readonly type: 'window'; readonly at: EpochMs; readonly window: QuietWindow }
  | { readonly type: 'registration'; readonly at: EpochMs; readonly document: Site }

export function soundNozzle(): NozzleTampering {
  return {
    meterGain: 1,
    injectedGain: 1,
    bookedShare: 1,
    hiddenEvery: 0,
    addedFen: 0,
    factoryNumber: undefined,
  }
}

export function soundSite(): SiteTampering {
  return { active: new Set(), rush: 1, deliveredShare: 1, deliveryCelsius: undefined }
}
