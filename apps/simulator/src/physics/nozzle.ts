import { chinaParts, dayIndex, type EpochMs, type Fen, hourIndex, type Millilitres } from '@oiltrail/kernel'
import type { DispenserPlan, NozzlePlan } from '../county/plan.ts'
import { type NozzleTampering, soundNozzle } from './tampering.ts'

/** One refuelling, decided when the customer lifts the nozzle. */
export interface Fill {
  readonly startedAt: EpochMs
  /** The moment of the last drop; the board books the sale then. */
  readonly endsAt: EpochMs
  /** As the display shows it: a multiple of 10 mL. */
  readonly meteredMillilitres: Millilitres
  /** As the tank lost it. */
  readonly trueMillilitres: Millilitres
  /** As the encoder gave it; differs from the display when pulses are injected behind the tap. */
  readonly pulsedMillilitres: Millilitres
  /** As it enters the books of the board; differs from the display when software rewrites them. */
  readonly bookedMillilitres: Millilitres
  readonly bookedFen: Fen
  /** It runs through the totalizer, but neither tax memory nor last sale know of it. */
  readonly hidden: boolean
  readonly amountFen: Fen
  readonly priceFenPerLitre: Fen
}

/** A sum in the tax memory of a board. */
export interface MemorySum {
  volumeMillilitres: Millilitres
  amountFen: Fen
  /** Price of the last sale in it. */
  priceFenPerLitre: Fen
}

/** Truth about a nozzle since the history began: what a test compares everything else with. */
export interface NozzleTruth {
  sales: number
  meteredMillilitres: Millilitres
  trueMillilitres: Millilitres
  amountFen: Fen
  /** True millilitres by hour index (kernel `hourIndex`). */
  readonly hours: Map<number, Millilitres>
}

/** `YYYYMM` as a number, by the board's clock. */
export function monthKey(boardAt: EpochMs): number {
  const { year, month } = chinaParts(boardAt)
  return year * 100 + month
}

/** One nozzle with its totalizers and its place in the board's tax memory. */
export class NozzleBody {
  readonly plan: NozzlePlan
  readonly dispenser: DispenserPlan
  /** What the encoder has counted. */
  totalMillilitres: Millilitres
  /** The board's own grand total, the same unless somebody tampers. */
  boardMillilitres: Millilitres
  totalFen: Fen
  priceFenPerLitre: Fen
  lastFill: Fill | undefined
  readonly truth: NozzleTruth = {
    sales: 0,
    meteredMillilitres: 0,
    trueMillilitres: 0,
    amountFen: 0,
    hours: new Map(),
  }
  /** Sums by day index and by month key of the board's clock. */
  readonly days: Map<number, MemorySum> = new Map()
  readonly months: Map<number, MemorySum> = new Map()
  /** Fills that are under way or wait their turn, in order. */
  readonly fills: Fill[] = []
  readonly tampering: NozzleTampering = soundNozzle()
  private reported = 0

  constructor(plan: NozzlePlan, dispenser: DispenserPlan, priceFenPerLitre: Fen) {
    this.plan = plan
    this.dispenser = dispenser
    this.totalMillilitres = plan.openingMillilitres
    this.boardMillilitres = plan.openingMillilitres
    this.totalFen = plan.openingFen
    this.priceFenPerLitre = priceFenPerLitre
  }

  /** Whether the sale that begins now is one that will be kept from the tax memory. */
  hidesNext(): boolean {
    const { hiddenEvery } = this.tampering
    if (hiddenEvery === 0) return false
    this.reported = (this.reported + 1) % hiddenEvery
    return this.reported === 0
  }

  /** The fill under way at a moment, and how much of it has flowed by the encoder, in whole pulses. */
  running(at: EpochMs): { fill: Fill; meteredMillilitres: Millilitres; share: number } | undefined {
    const fill = this.fills[0]
    if (!fill || at < fill.startedAt) return undefined
    const share = Math.min((at - fill.startedAt) / (fill.endsAt - fill.startedAt), 1)
    return { fill, share, meteredMillilitres: Math.floor((fill.pulsedMillilitres * share) / 10) * 10 }
  }

  /** When the last customer in line will have finished; `at` when nobody is here. */
  freeAt(at: EpochMs): EpochMs {
    const last = this.fills.at(-1)
    return last && last.endsAt > at ? last.endsAt : at
  }

  /** What the board's clock says at a moment. */
  boardClock(at: EpochMs): EpochMs {
    return at + this.dispenser.clockOffsetMs
  }

  /** Books a finished fill into totalizers, tax memory and truth. */
  book(fill: Fill): void {
    this.totalMillilitres += fill.pulsedMillilitres
    this.boardMillilitres += fill.bookedMillilitres
    this.totalFen += fill.bookedFen
    if (!fill.hidden) {
      this.lastFill = fill
      this.remember(this.boardClock(fill.endsAt), {
        volumeMillilitres: fill.bookedMillilitres,
        amountFen: fill.bookedFen,
        priceFenPerLitre: fill.priceFenPerLitre,
      })
    }
    const truth = this.truth
    truth.sales += 1
    truth.meteredMillilitres += fill.meteredMillilitres
    truth.trueMillilitres += fill.trueMillilitres
    truth.amountFen += fill.amountFen
    const hour = hourIndex(fill.endsAt)
    truth.hours.set(hour, (truth.hours.get(hour) ?? 0) + fill.trueMillilitres)
  }

  /** Adds to the day and month sums of the board. */
  remember(boardAt: EpochMs, added: MemorySum): void {
    addTo(this.days, dayIndex(boardAt), added)
    addTo(this.months, monthKey(boardAt), added)
  }
}

function addTo(sums: Map<number, MemorySum>, key: number, added: MemorySum): void {
  const sum = sums.get(key)
  if (!sum) sums.set(key, { ...added })
  else {
    sum.volumeMillilitres += added.volumeMillilitres
    sum.amountFen += added.amountFen
    sum.priceFenPerLitre = added.priceFenPerLitre
  }
}
