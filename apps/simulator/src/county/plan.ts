import type { Grade, Site } from '@oiltrail/domain'

/** A tank as it really is, beyond what its registration says. */
export interface TankPlan {
  readonly tank: string
  readonly grade: Grade
  readonly shape: 'horizontal' | 'vertical'
  readonly capacityMillilitres: number
  readonly safeFillMillilitres: number
  readonly diameterMillimetres: number
  /** Share of the capacity that it holds when the history begins. */
  readonly openingShare: number
  /** How wrong the gauge's chart is, parts of one, at its worst height. */
  readonly chartError: number
  readonly waterMicrometres: number
}

/** A nozzle as it really is. */
export interface NozzlePlan {
  readonly nozzle: string
  readonly grade: Grade
  /** Number on its board (taxport) and input on the site's pulse module, when tapped. */
  readonly gun: number
  readonly input: number | undefined
  /** Resistance of the supervised pulse line with its end resistor, when intact. */
  readonly loopOhms: number
  readonly tank: string
  /** True volume = metered volume × (1 + meterError). */
  readonly meterError: number
  readonly flowMillilitresPerSecond: number
  readonly openingMillilitres: number
  readonly openingFen: number
}

/** A dispenser, its main board and its nozzles. */
export interface DispenserPlan {
  readonly dispenser: string
  readonly dialect: string
  readonly maker: string
  readonly model: string
  readonly factoryNumber: string
  readonly taxpayerNumber: string
  /** Whether the encoder's pulses may be tapped; otherwise the volume channel reads the board's communication port. */
  readonly tapped: boolean
  /** Board clock minus true time. */
  readonly clockOffsetMs: number
  readonly nozzles: readonly NozzlePlan[]
}

export interface ArmPlan {
  readonly arm: string
  readonly input: number
  readonly tank: string
  readonly grade: Grade
  readonly flowMillilitresPerSecond: number
  readonly openingMillilitres: number
}

/** One site: its registration and everything the registration does not know. */
export interface SitePlan {
  readonly site: Site
  /** Device id of its collector box. */
  readonly device: string
  readonly salesPerDay: number
  readonly allNight: boolean
  /** What it sells below the county's guide price. */
  readonly discountFenPerLitre: number
  /** How long a tanker drives here from the depot. */
  readonly driveMs: number
  readonly tanks: readonly TankPlan[]
  readonly dispensers: readonly DispenserPlan[]
  readonly arms: readonly ArmPlan[]
}

export interface CountyPlan {
  readonly seed: number
  readonly county: string
  readonly sites: readonly SitePlan[]
}

/** Pulses a litre of every encoder in the county: one pulse is one tick of the display, 0.01 L. */
export const PULSES_PER_LITRE = 100
export const MILLILITRES_PER_PULSE = 10
