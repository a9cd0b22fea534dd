import { dayIndex, type EpochMs, type Fen } from '@oiltrail/kernel'
import type { taxport } from '@oiltrail/protocols'

/** A price is believed after this many equal reads: single digits get lost on a serial line. */
const EQUAL_READS = 3
/** 12 L/min: the slowest that a sale flows; how far back its beginning is put. */
const SLOW_MILLILITRES_PER_MS = 0.2

/** The price as last stated. */
export interface PriceState {
  readonly fenPerLitre: Fen
  readonly saidDay: number
  /** Last moment at which this price was read. */
  readonly at: EpochMs
}

/** Decides when the price of a nozzle is stated: at the first look, when it changed, and once a day. */
export class PriceWatch {
  private stated: PriceState | undefined
  private before: PriceState | undefined
  private candidate: Fen | undefined
  private reads = 0
  private firstSeen: EpochMs = 0
  private lastOther: EpochMs = 0

  constructor(stored: PriceState | undefined) {
    this.stated = stored
    this.before = stored
    this.lastOther = stored?.at ?? 0
  }

  get state(): PriceState | undefined {
    return this.stated
  }

  /**
   * Takes one read. Returns from when the price has to be stated to hold: the first of the equal reads; or, when the
   * board shows it only with its last `sale`, the beginning of that sale, which was made at it.
   */
  read(fenPerLitre: Fen, now: EpochMs, sale: taxport.LastSale | undefined): { at: EpochMs } | undefined {
    if (fenPerLitre !== this.candidate) {
      this.candidate = fenPerLitre
      this.reads = 0
      this.firstSeen = now
    }
    this.reads++
    const known = this.stated
    const changed = known?.fenPerLitre !== fenPerLitre
    if (!changed) this.lastOther = now
    if (this.reads < EQUAL_READS || (!changed && known?.saidDay === dayIndex(now))) return undefined
    this.before = known
    this.stated = { fenPerLitre, saidDay: dayIndex(now), at: now }
    if (!changed) return { at: now }
    const began = sale ? this.firstSeen - sale.volumeMillilitres / SLOW_MILLILITRES_PER_MS : this.firstSeen
    const at = Math.round(Math.max(began, Math.min(this.lastOther + 1, this.firstSeen)))
    this.lastOther = now
    return { at: known ? at : this.firstSeen }
  }

  /** What was to be stated could not be recorded: it is still owed. */
  forget(): void {
    this.stated = this.before
  }
}
