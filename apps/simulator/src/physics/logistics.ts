import { type DeliveryNotice, GRADE_FACTS } from '@oiltrail/domain'
import {
  CHINA_OFFSET_MS,
  chinaParts,
  DAY_MS,
  type EpochMs,
  HOUR_MS,
  type Millilitres,
} from '@oiltrail/kernel'
import { type Stream, stream } from '../random.ts'
import type { Agenda } from './agenda.ts'
import type { Climate } from './climate.ts'
import { type ArmBody, disturbs, type Load, type SiteBody } from './site.ts'
import type { Inflow, TankBody } from './tank.ts'
import type { Witness } from './witness.ts'

const MINUTE_MS = 60_000
/** A station orders when a tank is below this share; the depot a little earlier, for its oil comes from afar. */
const STATION_REORDER_SHARE = 0.36
const DEPOT_REORDER_SHARE = 0.45
/** Compartments of the county's tankers. */
const COMPARTMENTS: readonly Millilitres[] = [
  15_000_000, 12_000_000, 10_000_000, 8_000_000, 6_000_000, 5_000_000,
]
/** Room left below safe fill when an order is cut. */
const FILL_MARGIN: Millilitres = 400_000
/** The depot loads, and stations unload, by daylight. */
const LOADING_FROM_HOUR = 6.5
const UNLOADED_BY_HOUR = 20.5

/** How oil comes into the county's depot and from there to the stations. */
export class Logistics {
  private readonly depot: SiteBody
  private readonly agenda: Agenda
  private readonly climate: Climate
  private readonly witness: Witness
  private readonly seed: number
  private readonly streams = new Map<TankBody, Stream>()
  private announced = 0

  constructor(seed: number, depot: SiteBody, agenda: Agenda, climate: Climate, witness: Witness) {
    this.seed = seed
    this.depot = depot
    this.agenda = agenda
    this.climate = climate
    this.witness = witness
  }

  /** Looks at every tank of a site and orders where stock is low. Called every hour. */
  review(site: SiteBody, at: EpochMs): void {
    for (const tank of site.tanks.values()) {
      const { tank: code, capacityMillilitres } = tank.plan
      if (site.ordered.has(code)) continue
      const { millilitres } = site.tankMoment(code, at)
      const reorder = site === this.depot ? DEPOT_REORDER_SHARE : STATION_REORDER_SHARE
      if (millilitres > capacityMillilitres * reorder) continue
      if (site === this.depot) this.replenish(tank, at, millilitres)
      else this.order(site, tank, at, millilitres)
    }
  }

  private randomOf(site: SiteBody, tank: TankBody): Stream {
    let found = this.streams.get(tank)
    if (!found) {
      found = stream(this.seed, `orders ${site.code} ${tank.plan.tank}`)
      this.streams.set(tank, found)
    }
    return found
  }

  private order(site: SiteBody, tank: TankBody, at: EpochMs, millilitres: number): void {
    const room = tank.plan.safeFillMillilitres - millilitres - FILL_MARGIN
    const compartment = COMPARTMENTS.find((size) => size <= room)
    if (compartment === undefined) return
    const random = this.randomOf(site, tank)
    const asked = at + Math.round(random.between(30, 90)) * MINUTE_MS
    const arm = this.armFor(tank, compartment)
    if (!arm) return
    const gross = Math.round((compartment * random.between(0.996, 1.001)) / 100) * 100
    const lastEnd = arm.loads.at(-1)?.endsAt ?? 0
    const startedAt = this.loadingTime(
      Math.max(asked, lastEnd + 6 * MINUTE_MS),
      site.plan.driveMs,
      gross,
      arm,
    )
    const load = this.planLoad(arm, startedAt, gross)
    site.ordered.add(tank.plan.tank)
    const arrives = load.endsAt + site.plan.driveMs + Math.round(random.between(15, 40)) * MINUTE_MS
    const unloadMs = Math.round(random.between(15, 30) * MINUTE_MS)
    const transitLoss = GRADE_FACTS[tank.plan.grade].family === 'petrol' ? random.between(0, 0.0008) : 0
    this.announce(site, tank, at, {
      expectedAt: arrives,
      volumeMillilitres: load.volume20Millilitres,
    })
    this.agenda.plan(arrives, (now) => {
      const air = this.climate.airCelsius(now)
      const { deliveredShare, deliveryCelsius } = site.tampering
      this.receive(site, tank, {
        startedAt: now,
        endsAt: now + unloadMs,
        volume20: Math.round(load.volume20Millilitres * (1 - transitLoss) * deliveredShare),
        celsius: deliveryCelsius ?? load.celsius + (air - load.celsius) * 0.4,
      })
    })
  }

  /** The arm of the grade that is free soonest and whose tank can give what is asked. */
  private armFor(tank: TankBody, wanted: Millilitres): ArmBody | undefined {
    let best: ArmBody | undefined
    for (const arm of this.depot.arms) {
      if (arm.plan.grade !== tank.plan.grade) continue
      const promised = arm.loads.reduce((sum, load) => sum + load.grossMillilitres, 0)
      if (this.depot.tanks.get(arm.plan.tank)!.content20 < promised + 3 * wanted) continue
      if (!best || (arm.loads.at(-1)?.endsAt ?? 0) < (best.loads.at(-1)?.endsAt ?? 0)) best = arm
    }
    return best
  }

  /** The first moment from `wish` on at which a load can begin so that the tanker has unloaded by evening. */
  private loadingTime(wish: EpochMs, driveMs: number, gross: Millilitres, arm: ArmBody): EpochMs {
    const loadMs = loadingMs(gross, arm)
    let at = wish
    const quiet = this.depot.quiet
    if (disturbs(quiet, at, at + loadMs)) at = quiet.until
    const { hour, minute } = chinaParts(at)
    const hourOfDay = hour + minute / 60
    const doneHour = hourOfDay + (loadMs + driveMs) / HOUR_MS + 1.2
    if (hourOfDay < LOADING_FROM_HOUR) return at + Math.ceil((LOADING_FROM_HOUR - hourOfDay) * 60) * MINUTE_MS
    if (doneHour <= UNLOADED_BY_HOUR) return at
    const midnight = Math.floor((at + CHINA_OFFSET_MS) / DAY_MS + 1) * DAY_MS - CHINA_OFFSET_MS
    const morning = midnight + LOADING_FROM_HOUR * HOUR_MS + (at % (40 * MINUTE_MS))
    return Math.max(morning, (arm.loads.at(-1)?.endsAt ?? 0) + 6 * MINUTE_MS)
  }

  private planLoad(arm: ArmBody, startedAt: EpochMs, grossMillilitres: Millilitres): Load {
    const tank = this.depot.tanks.get(arm.plan.tank)!
    const celsius = Math.round(this.depot.tankMoment(arm.plan.tank, startedAt).celsius * 10) / 10
    arm.batch += 1
    const load: Load = {
      batch: arm.batch,
      startedAt,
      endsAt: startedAt + loadingMs(grossMillilitres, arm),
      grossMillilitres,
      volume20Millilitres: Math.round((grossMillilitres * tank.correction(celsius)) / 100) * 100,
      celsius,
    }
    arm.loads.push(load)
    this.agenda.plan(load.endsAt, () => {
      arm.loads.shift()
      arm.lastLoad = load
      arm.totalMillilitres += load.grossMillilitres
      tank.draw(load.endsAt, load.grossMillilitres)
      this.witness.loadEnded?.(this.depot, arm, load)
    })
    return load
  }

  /** Orders a large delivery for the depot: it comes the next morning by pipeline or rail and takes hours. */
  private replenish(tank: TankBody, at: EpochMs, millilitres: number): void {
    const random = this.randomOf(this.depot, tank)
    const { capacityMillilitres, safeFillMillilitres } = tank.plan
    const room = safeFillMillilitres - millilitres
    const volume20 = Math.round(Math.min(capacityMillilitres * random.between(0.3, 0.42), room * 0.9))
    const ratePerHour = random.between(55_000_000, 80_000_000)
    const midnight = Math.floor((at + CHINA_OFFSET_MS) / DAY_MS + 1) * DAY_MS - CHINA_OFFSET_MS
    const arrives = midnight + Math.round(random.between(7, 10) * 60) * MINUTE_MS
    this.depot.ordered.add(tank.plan.tank)
    const celsius = this.climate.dayMeanCelsius(arrives) + 2
    this.announce(this.depot, tank, at, { expectedAt: arrives, volumeMillilitres: volume20 })
    this.agenda.plan(arrives, (now) => {
      this.receive(this.depot, tank, {
        startedAt: now,
        endsAt: now + Math.round((volume20 / ratePerHour) * HOUR_MS),
        volume20,
        celsius,
      })
    })
  }

  /** The notice of a delivery (到货预报), as the enterprise gives it when it orders: litres at 20 °C, as the arms' slips say. */
  private announce(
    site: SiteBody,
    tank: TankBody,
    at: EpochMs,
    what: Pick<DeliveryNotice, 'expectedAt' | 'volumeMillilitres'>,
  ): void {
    this.announced += 1
    const { tank: code, grade } = tank.plan
    const notice: DeliveryNotice = {
      notice: `N-${site.code}-${code}-${this.announced}`,
      site: site.code,
      grade,
      tank: code,
      supplier: site === this.depot ? '模拟炼厂' : this.depot.plan.site.name,
      ...what,
    }
    this.witness.stated?.(site, { type: 'notice', at, notice })
  }

  /** Lets oil run into a tank that has none running in; nobody announces it. */
  receiveUnannounced(site: SiteBody, tank: TankBody, inflow: Inflow): void {
    if (!tank.inflow) this.receive(site, tank, inflow)
  }

  private receive(site: SiteBody, tank: TankBody, inflow: Inflow): void {
    this.witness.inflowStarting?.(site, tank, inflow)
    tank.inflow = inflow
    this.agenda.plan(inflow.endsAt, (at) => {
      tank.settleInflow(at, site.drawnMillilitres(tank.plan.tank, at))
      site.ordered.delete(tank.plan.tank)
      this.witness.inflowEnded?.(site, tank, inflow)
    })
  }
}

function loadingMs(gross: Millilitres, arm: ArmBody): number {
  return Math.round((gross / arm.plan.flowMillilitresPerSecond) * 1000)
}
