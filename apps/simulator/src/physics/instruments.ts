import type { EpochMs } from '@oiltrail/kernel'
import { Gauge, type SeenDelivery } from './gauge.ts'
import type { SiteBody } from './site.ts'
import type { World } from './world.ts'

/** After the last drop the surface needs this long before a gauge closes a delivery. */
const SETTLE_MS = 3 * 60_000

/** The tank gauges of a county, following its deliveries in history and live alike. */
export class Instruments {
  readonly gauges: ReadonlyMap<SiteBody, Gauge>
  /** Told of each delivery that a gauge has closed. */
  deliverySeen: ((site: SiteBody, seen: SeenDelivery) => void) | undefined

  constructor(world: World) {
    this.gauges = new Map(world.sites.map((site) => [site, new Gauge(world.plan.seed, site)]))
    world.witnesses.push({
      inflowStarting: (site, tank, inflow) =>
        this.gauge(site).deliveryStarts(tank.plan.tank, inflow.startedAt),
      inflowEnded: (site, tank, inflow) =>
        world.agenda.plan(inflow.endsAt + SETTLE_MS, (at: EpochMs) => {
          const seen = this.gauge(site).deliveryEnds(tank.plan.tank, inflow, at)
          if (seen) this.deliverySeen?.(site, seen)
        }),
    })
  }

  gauge(site: SiteBody): Gauge {
    const gauge = this.gauges.get(site)
    if (!gauge) throw new Error(`site ${site.code} has no gauge`)
    return gauge
  }
}
