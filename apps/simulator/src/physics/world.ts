import { CHINA_OFFSET_MS, DAY_MS, dayIndex, dayStart, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import type { CountyPlan } from '../county/plan.ts'
import { guidePriceFen, nextAdjustment, pricePeriod } from '../county/prices.ts'
import { seedOf, uniformAt } from '../random.ts'
import { Agenda } from './agenda.ts'
import { type Climate, climate } from './climate.ts'
import { Logistics } from './logistics.ts'
import type { NozzleBody } from './nozzle.ts'
import { NEVER_QUIET, type Quiet, SiteBody } from './site.ts'
import { StationTrade } from './station.ts'
import type { Witness } from './witness.ts'

/** Every site is reviewed (breathing losses, stock) once an hour, each at its own minute. */
const REVIEW_EVERY_MS = HOUR_MS
/** All boards take a new price within this time after midnight. */
const PRICE_SPREAD_MS = 20_000

/**
 * The simulated county. Time moves only by `advanceTo`; between two things that happen every state is a function of
 * time, so that readings may be taken at any moment and as often as wanted without changing what comes.
 */
export class World {
  readonly plan: CountyPlan
  readonly sites: readonly SiteBody[]
  readonly agenda: Agenda = new Agenda()
  readonly climate: Climate
  /** Told what happens, in this order. */
  readonly witnesses: Witness[] = []
  readonly logistics: Logistics
  /** Tells all witnesses. */
  readonly told: Witness
  now: EpochMs

  /** @param startsAt midnight (China) at which everything begins. @param quiet span in which nothing is sold or loaded. */
  constructor(plan: CountyPlan, startsAt: EpochMs, quiet: Quiet = NEVER_QUIET) {
    this.plan = plan
    this.now = startsAt
    this.climate = climate(plan.seed)
    const period = pricePeriod(startsAt)
    this.sites = plan.sites.map(
      (site) =>
        new SiteBody(site, this.climate, startsAt, quiet, (grade) =>
          Math.max(1, guidePriceFen(plan.seed, grade, period) - site.discountFenPerLitre),
        ),
    )
    const told: Witness = {
      priceSet: (...all) => {
        for (const witness of this.witnesses) witness.priceSet?.(...all)
      },
      saleEnded: (...all) => {
        for (const witness of this.witnesses) witness.saleEnded?.(...all)
      },
      loadEnded: (...all) => {
        for (const witness of this.witnesses) witness.loadEnded?.(...all)
      },
      inflowStarting: (...all) => {
        for (const witness of this.witnesses) witness.inflowStarting?.(...all)
      },
      stated: (...all) => {
        for (const witness of this.witnesses) witness.stated?.(...all)
      },
      inflowEnded: (...all) => {
        for (const witness of this.witnesses) witness.inflowEnded?.(...all)
      },
    }
    const depot = this.sites.find((site) => site.plan.site.kind === 'depot')
    if (!depot) throw new Error('a county needs a depot')
    this.told = told
    this.logistics = new Logistics(plan.seed, depot, this.agenda, this.climate, told)
    for (const site of this.sites) {
      this.review(
        site,
        startsAt + Math.floor(uniformAt(seedOf(plan.seed, `review ${site.code}`), 0) * HOUR_MS),
      )
      if (site.nozzles.length > 0) new StationTrade(plan.seed, site, this.agenda, told).open(startsAt)
      for (const nozzle of site.nozzles) rememberMonth(plan.seed, site, nozzle, startsAt)
    }
    this.agenda.plan(nextAdjustment(startsAt), (at) => this.adjustPrices(at))
  }

  /** Lives until a moment; earlier moments are ignored. */
  advanceTo(at: EpochMs): void {
    if (at <= this.now) return
    this.agenda.runTo(at)
    this.now = at
  }

  /** The site of a code, or undefined. */
  site(code: string): SiteBody | undefined {
    return this.sites.find((site) => site.code === code)
  }

  private review(site: SiteBody, at: EpochMs): void {
    this.agenda.plan(at, (now) => {
      for (const tank of site.tanks.values()) tank.breathe(now, REVIEW_EVERY_MS)
      this.logistics.review(site, now)
      this.review(site, now + REVIEW_EVERY_MS)
    })
  }

  private adjustPrices(midnight: EpochMs): void {
    for (const site of this.sites)
      for (const dispenser of site.dispensers) {
        const identity = seedOf(this.plan.seed, `price ${site.code} ${dispenser.plan.dispenser}`)
        const at = midnight + Math.floor(uniformAt(identity, pricePeriod(midnight)) * PRICE_SPREAD_MS)
        this.agenda.plan(at, () => {
          for (const nozzle of dispenser.nozzles) this.setPrice(site, nozzle, at)
        })
      }
    this.agenda.plan(nextAdjustment(midnight), (at) => this.adjustPrices(at))
  }

  private setPrice(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    const guide = guidePriceFen(this.plan.seed, nozzle.plan.grade, pricePeriod(at))
    const price = Math.max(1, guide - site.plan.discountFenPerLitre)
    if (price === nozzle.priceFenPerLitre) return
    nozzle.priceFenPerLitre = price
    this.told.priceSet?.(site, nozzle, at)
  }
}

/** Long spans are lived in steps of this length, so that signals and sockets get their turn. */
const STEP_MS = 6 * HOUR_MS

/** Lives until a moment that may move on meanwhile. */
export async function liveUntil(world: World, until: () => EpochMs): Promise<void> {
  while (world.now < until()) {
    world.advanceTo(Math.min(world.now + STEP_MS, until()))
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** Gives a board's tax memory the days of the month before the history begins, so that its month is the sum of its days. */
function rememberMonth(seed: number, site: SiteBody, nozzle: NozzleBody, startsAt: EpochMs): void {
  const identity = seedOf(seed, `memory ${site.code} ${nozzle.plan.nozzle}`)
  const usual = (site.plan.salesPerDay * 32_000) / site.nozzles.length
  const firstOfMonth = new Date(startsAt + CHINA_OFFSET_MS)
  firstOfMonth.setUTCDate(1)
  const first = Math.floor(firstOfMonth.getTime() / DAY_MS)
  for (let day = first; day < dayIndex(startsAt); day++) {
    const volume = Math.round((usual * (0.7 + 0.6 * uniformAt(identity, day))) / 10) * 10
    nozzle.remember(dayStart(day) + 12 * HOUR_MS, {
      volumeMillilitres: volume,
      amountFen: Math.round((volume * nozzle.priceFenPerLitre) / 1000),
      priceFenPerLitre: nozzle.priceFenPerLitre,
    })
  }
}
