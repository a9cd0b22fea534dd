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
  /** Newest moment at which a sale at a stated price was seen: no later price can hold before it. */
  readonly soldUntil: EpochMs
}

/** Decides when the price of a nozzle is stated: at the first look, when it changed, and once a day. */
export class PriceWatch {
  private stated: PriceState | undefined
  private before: PriceState | undefined
  private candidate: Fen | undefined
  private reads = 0
  private since: EpochMs = 0
  /** Newest moment at which something was sold at the price stated. */
  private otherUntil: EpochMs

  constructor(stored: PriceState | undefined) {
    this.stated = stored
    this.before = stored
    this.otherUntil = stored?.soldUntil ?? 0
  }

  get state(): PriceState | undefined {
    return this.stated
  }

  /**
   * Takes one read. Returns from when the price has to be stated to hold, when it has to be: since the first of the
   * equal reads; or, on a board that shows a new price only with a sale, since the beginning of that `sale`, which was
   * made at it. `sale` is the sale that this very poll saw for the first time.
   */
  read(fenPerLitre: Fen, now: EpochMs, sale: taxport.LastSale | undefined): { at: EpochMs } | undefined {
    if (fenPerLitre !== this.candidate) {
      this.candidate = fenPerLitre
      this.reads = 0
      const cameWithSale = sale?.priceFenPerLitre === fenPerLitre && fenPerLitre !== this.stated?.fenPerLitre
      const flowedMs = cameWithSale ? sale.volumeMillilitres / SLOW_MILLILITRES_PER_MS : 0
      this.since = Math.round(Math.max(now - flowedMs, Math.min(this.otherUntil + 1, now)))
    }
    this.reads++
    const known = this.stated
    const changed = known?.fenPerLitre !== fenPerLitre
    if (!changed && this.reads >= EQUAL_READS && sale) this.otherUntil = now
    if (this.reads < EQUAL_READS || (!changed && known?.saidDay === dayIndex(now))) return undefined
    this.before = known
    this.stated = { fenPerLitre, saidDay: dayIndex(now), soldUntil: this.otherUntil }
    return { at: changed ? this.since : now }
  }

  /** What was to be stated could not be recorded: it is still owed. */
  forget(): void {
    this.stated = this.before
  }
}
