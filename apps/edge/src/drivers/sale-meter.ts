import type { Fact } from '@oiltrail/domain'
import type { EpochMs, Millilitres } from '@oiltrail/kernel'
import type { Observation } from '../station/recorder.ts'

/** How the counter of one nozzle becomes sales. Times are clock milliseconds. */
export interface MeterRules {
  readonly nozzle: string
  readonly source: 'pulse' | 'board'
  /** Totalizer that a count means. Never falls while the count rises. */
  readonly millilitres: (count: number) => Millilitres
  /** A sale has ended when the count has stood still this long. */
  readonly quietMs: number
  /** `flow` records while fuelling come this far apart; 0 for none (a board's totals grow only at the end). */
  readonly flowEveryMs: number
}

/** What of a meter survives a restart. */
export interface MeterState {
  readonly count: number
  readonly at: EpochMs
  /** When the totalizer was last stated by itself. */
  readonly statedAt: EpochMs
  /** The running sale: its beginning and the count there. */
  readonly sale?: { readonly startedAt: EpochMs; readonly from: number }
}

/** One reading of a counter that never wraps. */
export interface MeterReading {
  readonly at: EpochMs
  readonly count: number
  /** Clock milliseconds since the reading before, by a clock that nobody sets; undefined when nobody knows. */
  readonly sinceMs: number | undefined
  /** The reading before is from before an interruption: a start of this process, or a loss of the device. */
  readonly interrupted: boolean
  /** The device itself says that all growth is one sale. */
  readonly confirmed?: boolean
}

/** What a reading led to. `keep` says whether it is worth writing down even without a fact. */
export interface MeterStep {
  readonly observations: readonly Observation[]
  readonly keep: boolean
}

/** A totalizer is stated by itself this often, so that no sale can be missing unnoticed. */
export const TOTAL_EVERY_MS = 3_600_000
/**
 * After an interruption no longer than this, growth that one fuelling can have made counts as part of a sale: the
 * counter went on counting. After a longer one nobody can say how many sales it was, and only the totalizer is stated.
 */
export const BRIDGE_MS = 90_000
/** 1.5 L/s: more than any nozzle delivers (rule R9). */
export const MOST_MILLILITRES_PER_MS = 1.5
/** Shortest time that growth is measured against: counters and clocks tick apart. */
export const SHORTEST_GAP_MS = 2_000

const NOTHING: MeterStep = { observations: [], keep: false }

/**
 * Turns readings of one nozzle's counter into sales. Pure: no clock, no disk. Growth opens a sale, quiet closes it;
 * growth while nobody looked is never invented as a sale but shown by the totalizer alone.
 */
export class SaleMeter {
  private readonly rules: MeterRules
  private state_: MeterState | undefined
  private quietForMs = 0
  private sinceFlowMs = 0

  constructor(rules: MeterRules, stored: MeterState | undefined) {
    this.rules = rules
    this.state_ = stored
  }

  /** What to keep; undefined before the first reading. */
  get state(): MeterState | undefined {
    return this.state_
  }

  get fuelling(): boolean {
    return this.state_?.sale !== undefined
  }

  /** Takes a reading. */
  read(reading: MeterReading): MeterStep {
    const before = this.state_
    if (!before) return this.restate(reading)
    const growth = reading.count - before.count
    const { sinceMs } = reading
    const believable =
      growth >= 0 &&
      sinceMs !== undefined &&
      sinceMs >= 0 &&
      sinceMs <= BRIDGE_MS &&
      this.fits(before, reading, sinceMs)
    if (growth < 0 || ((reading.interrupted || (sinceMs ?? 0) > BRIDGE_MS) && !believable))
      return this.restate(reading)
    const step = growth > 0 ? this.grow(before, reading) : this.rest(before, reading)
    // After an interruption the totalizer is always stated: it proves that nothing is missing, or what is.
    if (!reading.interrupted || step.observations.some(({ fact }) => fact.kind === 'total')) return step
    return { observations: [...step.observations, this.total(reading)], keep: true }
  }

  private fits(before: MeterState, reading: MeterReading, sinceMs: number): boolean {
    if (reading.confirmed) return true
    const grown = this.rules.millilitres(reading.count) - this.rules.millilitres(before.count)
    return grown <= Math.max(sinceMs, SHORTEST_GAP_MS) * MOST_MILLILITRES_PER_MS
  }

  private grow(before: MeterState, reading: MeterReading): MeterStep {
    const sale = before.sale ?? { startedAt: Math.min(before.at, reading.at), from: before.count }
    this.state_ = { count: reading.count, at: reading.at, statedAt: before.statedAt, sale }
    this.quietForMs = 0
    this.sinceFlowMs += reading.sinceMs ?? 0
    const { flowEveryMs } = this.rules
    if (before.sale && (flowEveryMs === 0 || this.sinceFlowMs < flowEveryMs)) return NOTHING
    this.sinceFlowMs = 0
    return { observations: flowEveryMs > 0 ? [this.flow(reading.at)] : [], keep: true }
  }

  private rest(before: MeterState, reading: MeterReading): MeterStep {
    if (before.sale) {
      this.quietForMs += reading.sinceMs ?? 0
      if (this.quietForMs < this.rules.quietMs) return NOTHING
      const sale = this.saleOf(before)
      this.state_ = { count: before.count, at: reading.at, statedAt: before.statedAt }
      this.quietForMs = 0
      const observations = this.rules.flowEveryMs > 0 ? [...sale, this.flow(reading.at)] : sale
      return { observations, keep: true }
    }
    const elapsedMs = reading.at - before.statedAt
    if (elapsedMs >= TOTAL_EVERY_MS || elapsedMs < 0) return this.restate(reading)
    // In memory only: that nothing happened is not worth a write.
    this.state_ = { ...before, at: reading.at }
    return NOTHING
  }

  /**
   * States the totalizer as it is and starts afresh from there. A running sale is closed with what was seen of it; so
   * it is also after records were refused for lack of room.
   */
  restate(reading: MeterReading): MeterStep {
    const sale = this.state_ ? this.saleOf(this.state_) : []
    const wasFuelling = this.fuelling
    this.state_ = { count: reading.count, at: reading.at, statedAt: reading.at }
    this.quietForMs = 0
    const idle = wasFuelling && this.rules.flowEveryMs > 0 ? [this.flow(reading.at)] : []
    return { observations: [...sale, ...idle, this.total(reading)], keep: true }
  }

  /** The running sale as far as it was seen. */
  private saleOf({ sale, count, at }: MeterState): Observation[] {
    if (!sale || count <= sale.from) return []
    const { nozzle, source, millilitres } = this.rules
    const totalMillilitres = millilitres(count)
    const fact: Fact = {
      kind: 'sale',
      nozzle,
      volumeMillilitres: totalMillilitres - millilitres(sale.from),
      totalMillilitres,
      startedAt: Math.min(sale.startedAt, at),
      source,
      ...(source === 'pulse' ? { pulses: count - sale.from } : {}),
    }
    return [{ at, fact }]
  }

  private flow(at: EpochMs): Observation {
    const { sale, count } = this.state_!
    const { nozzle, millilitres } = this.rules
    const volumeMillilitres = sale ? millilitres(count) - millilitres(sale.from) : 0
    return { at, fact: { kind: 'flow', nozzle, state: sale ? 'fuelling' : 'idle', volumeMillilitres } }
  }

  private total({ at, count }: MeterReading): Observation {
    const { nozzle, source, millilitres } = this.rules
    return { at, fact: { kind: 'total', nozzle, totalMillilitres: millilitres(count), source } }
  }
}
