import type { EpochMs, Fen, Millilitres } from '@oiltrail/kernel'
import type { World } from '../physics/world.ts'

/** What really happened to a tank, millilitres at 20 °C: opening + delivered − sold − evaporated − lost = closing. */
export interface TankTruth {
  readonly tank: string
  readonly opening20: Millilitres
  readonly delivered20: Millilitres
  readonly sold20: Millilitres
  readonly evaporated20: Millilitres
  readonly lost20: Millilitres
  readonly closing20: Millilitres
}

/** What really happened at a nozzle. Hours are kernel hour indices with true millilitres. */
export interface NozzleTruthLine {
  readonly nozzle: string
  readonly tank: string
  readonly sales: number
  readonly openingMillilitres: Millilitres
  readonly closingMillilitres: Millilitres
  readonly meteredMillilitres: Millilitres
  readonly trueMillilitres: Millilitres
  readonly openingFen: Fen
  readonly closingFen: Fen
  readonly hours: Readonly<Record<string, Millilitres>>
}

export interface Truth {
  readonly at: EpochMs
  readonly sites: readonly {
    readonly site: string
    readonly device: string
    readonly tanks: readonly TankTruth[]
    readonly nozzles: readonly NozzleTruthLine[]
  }[]
}

/** The ledgers of truth at the world's present moment. Fills under way are not in them yet. */
export function truthOf(world: World): Truth {
  return {
    at: world.now,
    sites: world.sites.map((site) => ({
      site: site.code,
      device: site.plan.device,
      tanks: [...site.tanks].map(([tank, body]) => ({ tank, ...body.ledger, closing20: body.content20 })),
      nozzles: site.nozzles.map((nozzle) => ({
        nozzle: nozzle.plan.nozzle,
        tank: nozzle.plan.tank,
        sales: nozzle.truth.sales,
        openingMillilitres: nozzle.plan.openingMillilitres,
        closingMillilitres: nozzle.totalMillilitres,
        meteredMillilitres: nozzle.truth.meteredMillilitres,
        trueMillilitres: nozzle.truth.trueMillilitres,
        openingFen: nozzle.plan.openingFen,
        closingFen: nozzle.totalFen,
        hours: Object.fromEntries(nozzle.truth.hours),
      })),
    })),
  }
}
