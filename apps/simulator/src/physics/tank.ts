import { GRADE_FACTS } from '@oiltrail/domain'
import { DAY_MS, type EpochMs, HOUR_MS, type Millilitres } from '@oiltrail/kernel'
import { densityOf } from '../county/county.ts'
import type { TankPlan } from '../county/plan.ts'
import { type Chart, lyingCylinder, standingCylinder } from './chart.ts'
import type { Climate } from './climate.ts'
import { type VolumeCorrection, volumeCorrection } from './expansion.ts'

/** How fast product takes the temperature around its tank. */
const BURIED_TIME_MS = 60 * HOUR_MS
const ABOVE_GROUND_TIME_MS = 96 * HOUR_MS
/** Petrol breathes out about this share of what the tank holds per day at 15 °C; twice that for every 15 °C more. */
const BREATHING_PER_DAY = 0.00008
const DIESEL_SHARE_OF_BREATHING = 0.02
/** Below this the pump draws air. */
export const UNUSABLE_MILLILITRES: Millilitres = 600_000

/** Everything that ever entered or left a tank, integer millilitres at 20 °C: opening + delivered − sold − evaporated − lost = content. */
export interface TankLedger {
  readonly opening20: Millilitres
  delivered20: Millilitres
  sold20: Millilitres
  evaporated20: Millilitres
  /** Leaked or stolen. */
  lost20: Millilitres
}

/** A delivery that is running into a tank. */
export interface Inflow {
  readonly startedAt: EpochMs
  readonly endsAt: EpochMs
  readonly volume20: Millilitres
  readonly celsius: number
}

/** What a tank holds at a moment, real-valued. */
export interface TankMoment {
  readonly content20: number
  readonly celsius: number
  /** Volume at its own temperature. */
  readonly millilitres: number
}

/** One tank: its ledger, its temperature, and what runs in at the moment. What runs out is known by its nozzles. */
export class TankBody {
  readonly plan: TankPlan
  readonly chart: Chart
  readonly correction: VolumeCorrection
  readonly ledger: TankLedger
  inflow: Inflow | undefined
  private readonly surroundings: (at: EpochMs) => number
  private readonly timeMs: number
  private celsiusThen: number
  private celsiusSince: EpochMs
  private breathingCarry = 0

  constructor(plan: TankPlan, climate: Climate, at: EpochMs) {
    this.plan = plan
    const lying = plan.shape === 'horizontal'
    this.chart = (lying ? lyingCylinder : standingCylinder)(
      plan.diameterMillimetres,
      plan.capacityMillilitres,
    )
    this.correction = volumeCorrection(densityOf(plan.grade))
    this.surroundings = lying ? climate.groundCelsius : climate.dayMeanCelsius
    this.timeMs = lying ? BURIED_TIME_MS : ABOVE_GROUND_TIME_MS
    this.celsiusThen = climate.groundCelsius(at)
    this.celsiusSince = at
    const opening = plan.capacityMillilitres * plan.openingShare
    this.ledger = {
      opening20: Math.round(opening * this.correction(this.celsiusThen)),
      delivered20: 0,
      sold20: 0,
      evaporated20: 0,
      lost20: 0,
    }
  }

  /** Settled content at 20 °C: without what is running in or out at the moment. */
  get content20(): Millilitres {
    const { opening20, delivered20, sold20, evaporated20, lost20 } = this.ledger
    return opening20 + delivered20 - sold20 - evaporated20 - lost20
  }

  /** Temperature of what was there before the running delivery. */
  private settledCelsius(at: EpochMs): number {
    const around = this.surroundings(at)
    return around + (this.celsiusThen - around) * Math.exp(-(at - this.celsiusSince) / this.timeMs)
  }

  /** State at a moment; `drawnMillilitres` is what running sales have drawn so far, at the tank's temperature. */
  moment(at: EpochMs, drawnMillilitres: number): TankMoment {
    let celsius = this.settledCelsius(at)
    let content20 = this.content20 - drawnMillilitres * this.correction(celsius)
    const inflow = this.inflow
    if (inflow && at > inflow.startedAt) {
      const share = Math.min((at - inflow.startedAt) / (inflow.endsAt - inflow.startedAt), 1)
      const entered = inflow.volume20 * share
      celsius = (celsius * content20 + inflow.celsius * entered) / Math.max(content20 + entered, 1)
      content20 += entered
    }
    content20 = Math.max(content20, 0)
    return { content20, celsius, millilitres: content20 / this.correction(celsius) }
  }

  /** Ends the running delivery: its volume becomes content, its warmth is mixed in. */
  settleInflow(at: EpochMs, drawnMillilitres: number): void {
    if (!this.inflow) return
    const { celsius } = this.moment(at, drawnMillilitres)
    this.ledger.delivered20 += this.inflow.volume20
    this.inflow = undefined
    this.celsiusThen = celsius
    this.celsiusSince = at
  }

  /** Takes a finished draw of `millilitres` at the tank's temperature; returns it at 20 °C, as the ledger counts it. */
  draw(at: EpochMs, millilitres: Millilitres): Millilitres {
    const volume20 = Math.round(millilitres * this.correction(this.settledCelsius(at)))
    this.ledger.sold20 += volume20
    return volume20
  }

  /** Loses millilitres at the tank's temperature that no meter sees; nothing when the tank is empty. */
  lose(at: EpochMs, millilitres: Millilitres): void {
    const volume20 = Math.round(millilitres * this.correction(this.settledCelsius(at)))
    this.ledger.lost20 += Math.min(volume20, Math.max(this.content20 - UNUSABLE_MILLILITRES, 0))
  }

  /** Takes back millilitres of its own oil, as test cans are poured back. */
  pour(at: EpochMs, millilitres: Millilitres): void {
    this.ledger.delivered20 += Math.round(millilitres * this.correction(this.settledCelsius(at)))
  }

  /** Lets `elapsedMs` of breathing loss escape; fractions of a millilitre are carried. */
  breathe(at: EpochMs, elapsedMs: number): void {
    const kind = GRADE_FACTS[this.plan.grade].family === 'petrol' ? 1 : DIESEL_SHARE_OF_BREATHING
    const warmth = 2 ** ((this.settledCelsius(at) - 15) / 15)
    this.breathingCarry += (this.content20 * BREATHING_PER_DAY * kind * warmth * elapsedMs) / DAY_MS
    const whole = Math.floor(this.breathingCarry)
    this.breathingCarry -= whole
    this.ledger.evaporated20 += whole
  }
}
