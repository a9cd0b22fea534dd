import type { EpochMs, Fen, Millilitres } from '@oiltrail/kernel'
import type { ArmPlan, DispenserPlan, SitePlan } from '../county/plan.ts'
import type { Climate } from './climate.ts'
import { NozzleBody } from './nozzle.ts'
import { type SiteTampering, soundSite } from './tampering.ts'
import { TankBody, type TankMoment } from './tank.ts'

/**
 * A span in which no fill and no load is under way: where the history ends and the live devices begin, so that no record
 * is lost between the two. Fixed in advance, so that the same seed lives the same life again after a restart.
 */
export interface Quiet {
  readonly from: EpochMs
  readonly until: EpochMs
}

export const NEVER_QUIET: Quiet = { from: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY }

/** Whether something that lasts from `startedAt` to `endsAt` would disturb a quiet span. */
export function disturbs(quiet: Quiet, startedAt: EpochMs, endsAt: EpochMs): boolean {
  return endsAt >= quiet.from && startedAt < quiet.until
}

/** One batch through a loading arm. Volumes are multiples of 100 mL: the meter's resolution. */
export interface Load {
  readonly batch: number
  readonly startedAt: EpochMs
  readonly endsAt: EpochMs
  readonly grossMillilitres: Millilitres
  readonly volume20Millilitres: Millilitres
  readonly celsius: number
}

/** A depot's loading arm (鹤管) and its batch meter. */
export class ArmBody {
  readonly plan: ArmPlan
  totalMillilitres: Millilitres
  /** Number of the last batch before the history, and of the last one planned. */
  readonly openingBatch: number
  batch: number
  readonly loads: Load[] = []
  lastLoad: Load | undefined

  constructor(plan: ArmPlan) {
    this.plan = plan
    this.totalMillilitres = plan.openingMillilitres
    this.openingBatch = Math.floor(plan.openingMillilitres / 11_000_000)
    this.batch = this.openingBatch
  }

  /** The batch that flows at a moment, and how much of it has, in the meter's ticks. */
  running(at: EpochMs): { load: Load; grossMillilitres: Millilitres } | undefined {
    const load = this.loads[0]
    if (!load || at < load.startedAt) return undefined
    const share = Math.min((at - load.startedAt) / (load.endsAt - load.startedAt), 1)
    return { load, grossMillilitres: Math.floor((load.grossMillilitres * share) / 100) * 100 }
  }
}

/** One dispenser: a board and its nozzles. */
export interface DispenserBody {
  readonly plan: DispenserPlan
  readonly nozzles: readonly NozzleBody[]
}

/** One site with everything physical in it. */
export class SiteBody {
  readonly plan: SitePlan
  readonly code: string
  readonly tanks: ReadonlyMap<string, TankBody>
  readonly dispensers: readonly DispenserBody[]
  readonly nozzles: readonly NozzleBody[]
  readonly arms: readonly ArmBody[]
  /** Whether the mains are on: without them nothing is sold or pumped. */
  powered = true
  readonly quiet: Quiet
  readonly tampering: SiteTampering = soundSite()
  /** Tanks for which oil is on its way. */
  readonly ordered: Set<string> = new Set()
  private readonly nozzlesOfTank: ReadonlyMap<string, readonly NozzleBody[]>
  private readonly armsOfTank: ReadonlyMap<string, readonly ArmBody[]>

  constructor(
    plan: SitePlan,
    climate: Climate,
    at: EpochMs,
    quiet: Quiet,
    priceFen: (grade: NozzleBody['plan']['grade']) => Fen,
  ) {
    this.plan = plan
    this.code = plan.site.site
    this.quiet = quiet
    this.tanks = new Map(plan.tanks.map((tank) => [tank.tank, new TankBody(tank, climate, at)]))
    this.dispensers = plan.dispensers.map((dispenser) => ({
      plan: dispenser,
      nozzles: dispenser.nozzles.map((nozzle) => new NozzleBody(nozzle, dispenser, priceFen(nozzle.grade))),
    }))
    this.nozzles = this.dispensers.flatMap((dispenser) => dispenser.nozzles)
    this.arms = plan.arms.map((arm) => new ArmBody(arm))
    this.nozzlesOfTank = groupBy(this.nozzles, (nozzle) => nozzle.plan.tank)
    this.armsOfTank = groupBy(this.arms, (arm) => arm.plan.tank)
  }

  /** The mains go: who has not begun to fill by now will not. */
  cutPower(at: EpochMs): void {
    this.powered = false
    for (const { fills } of this.nozzles) {
      const never = fills.findIndex((fill) => fill.startedAt > at)
      if (never >= 0) fills.splice(never)
    }
  }

  /** What running fills and loads have drawn from a tank so far, at its temperature. */
  drawnMillilitres(tank: string, at: EpochMs): number {
    let drawn = 0
    for (const nozzle of this.nozzlesOfTank.get(tank) ?? []) {
      const running = nozzle.running(at)
      if (running) drawn += running.fill.trueMillilitres * running.share
    }
    for (const arm of this.armsOfTank.get(tank) ?? []) {
      const running = arm.running(at)
      if (running) drawn += running.grossMillilitres
    }
    return drawn
  }

  /** True state of a tank at a moment. */
  tankMoment(tank: string, at: EpochMs): TankMoment {
    const body = this.tanks.get(tank)
    if (!body) throw new Error(`site ${this.code} has no tank ${tank}`)
    return body.moment(at, this.drawnMillilitres(tank, at))
  }

  nozzleNamed(code: string): NozzleBody | undefined {
    return this.nozzles.find((nozzle) => nozzle.plan.nozzle === code)
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
