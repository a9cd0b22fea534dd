import type { Grade } from '@oiltrail/domain'
import { amountFen as amountOf, type EpochMs, type Fen, type Millilitres } from '@oiltrail/kernel'
import { nextAdjustment, PRICE_PERIOD_MS } from '../county/prices.ts'
import { type Stream, seedOf, stream } from '../random.ts'
import type { Agenda } from './agenda.ts'
import { arrivalsPerHour, type Business, GRADE_MIX, nextArrival, quantities, wish } from './customers.ts'
import type { Fill, NozzleBody } from './nozzle.ts'
import { disturbs, type SiteBody } from './site.ts'
import { UNUSABLE_MILLILITRES } from './tank.ts'
import type { Witness } from './witness.ts'

/** A customer drives on rather than wait longer than this. */
const PATIENCE_MS = 6 * 60_000
/** From the arrival, or from the customer before, to the first drop. */
const GETTING_READY_MS: readonly [number, number] = [20_000, 70_000]
/** After a price change nobody is served until every board has taken it. */
export const PRICE_CHANGE_PAUSE_MS = 90_000
/** The pump takes this long to come up to its flow and to stop. */
const RAMP_MS = 1_500
/** What a tank must hold besides what cannot be pumped before a customer is served from it. */
const RESERVE_MILLILITRES = 400_000

/** The customers of one station: arrivals, wishes, queues. */
export class StationTrade {
  private readonly site: SiteBody
  private readonly agenda: Agenda
  private readonly witness: Witness
  private readonly random: Stream
  private readonly business: Business
  private readonly mix: readonly (readonly [Grade, number])[]

  constructor(seed: number, site: SiteBody, agenda: Agenda, witness: Witness) {
    this.site = site
    this.agenda = agenda
    this.witness = witness
    this.random = stream(seed, `customers ${site.code}`)
    this.business = {
      salesPerDay: site.plan.salesPerDay,
      allNight: site.plan.allNight,
      luck: seedOf(seed, `luck ${site.code}`),
    }
    const sold = new Set(site.nozzles.map((nozzle) => nozzle.plan.grade))
    this.mix = GRADE_MIX.filter(([grade]) => sold.has(grade))
  }

  /** Opens the station: plans its first customer after a moment. */
  open(at: EpochMs): void {
    const next = nextArrival(
      this.random,
      at,
      (moment) => arrivalsPerHour(this.business, moment) * this.site.tampering.rush,
    )
    this.agenda.plan(next, (now) => {
      this.arrive(now)
      this.open(now)
    })
  }

  private arrive(at: EpochMs): void {
    const grade = this.random.pick(this.mix)
    const asked = wish(this.random, grade)
    const ready = Math.round(this.random.between(...GETTING_READY_MS))
    const flowShare = this.random.between(0.93, 1.04)
    const choice = this.random.next()
    const nozzle = this.site.powered ? this.choose(grade, at, choice) : undefined
    if (!nozzle) return
    const priceFenPerLitre = nozzle.priceFenPerLitre + nozzle.tampering.addedFen
    const { meteredMillilitres, amountFen } = quantities(asked, priceFenPerLitre)
    const flowPerMs = (nozzle.plan.flowMillilitresPerSecond * flowShare) / 1000
    const flowMs = Math.round(meteredMillilitres / flowPerMs) + RAMP_MS
    let startedAt = nozzle.freeAt(at) + ready
    if (disturbs(this.site.quiet, startedAt, startedAt + flowMs)) {
      // Those who come shortly before the quiet span ends wait for it, so that the county is alive at once.
      if (at < this.site.quiet.until - PATIENCE_MS) return
      startedAt = this.site.quiet.until + ready - GETTING_READY_MS[0]
    }
    const endsAt = startedAt + flowMs
    if (meetsPriceChange(at, endsAt)) return
    const fill: Fill = {
      startedAt,
      endsAt,
      meteredMillilitres,
      amountFen,
      priceFenPerLitre,
      ...meteredAs(nozzle, meteredMillilitres, amountFen, priceFenPerLitre),
    }
    nozzle.fills.push(fill)
    this.agenda.plan(endsAt, () => this.finish(nozzle, fill))
  }

  /** A free nozzle by chance, else the one that is free soonest; nobody waits beyond patience or for an empty tank. */
  private choose(grade: Grade, at: EpochMs, choice: number): NozzleBody | undefined {
    const usable = this.site.nozzles.filter(
      (nozzle) => nozzle.plan.grade === grade && this.hasOil(nozzle.plan.tank),
    )
    const free = usable.filter((nozzle) => nozzle.freeAt(at) === at)
    if (free.length > 0) return free[Math.floor(choice * free.length)]
    let best: NozzleBody | undefined
    for (const nozzle of usable) if (!best || nozzle.freeAt(at) < best.freeAt(at)) best = nozzle
    return best && best.freeAt(at) - at <= PATIENCE_MS ? best : undefined
  }

  private hasOil(tank: string): boolean {
    return this.site.tanks.get(tank)!.content20 > UNUSABLE_MILLILITRES + RESERVE_MILLILITRES
  }

  private finish(nozzle: NozzleBody, fill: Fill): void {
    // The mains may have gone before it began.
    const place = nozzle.fills.indexOf(fill)
    if (place < 0) return
    nozzle.fills.splice(place, 1)
    this.site.tanks.get(nozzle.plan.tank)!.draw(fill.endsAt, fill.trueMillilitres)
    nozzle.book(fill)
    this.witness.saleEnded?.(this.site, nozzle, fill)
  }
}

/** What tank, encoder and books know of what the display shows. */
function meteredAs(
  nozzle: NozzleBody,
  shown: Millilitres,
  shownFen: Fen,
  priceFenPerLitre: Fen,
): Pick<Fill, 'trueMillilitres' | 'pulsedMillilitres' | 'bookedMillilitres' | 'bookedFen' | 'hidden'> {
  const { meterGain, injectedGain, bookedShare } = nozzle.tampering
  const pulsed = injectedGain === 1 ? shown : Math.round(shown / injectedGain / 10) * 10
  const booked = bookedShare === 1 ? shown : Math.round((shown * bookedShare) / 10) * 10
  return {
    trueMillilitres: Math.round((pulsed / meterGain) * (1 + nozzle.plan.meterError)),
    pulsedMillilitres: pulsed,
    bookedMillilitres: booked,
    bookedFen: bookedShare === 1 ? shownFen : amountOf(booked, priceFenPerLitre),
    hidden: nozzle.hidesNext(),
  }
}

/** Whether a price change falls between a customer's arrival (with the pause after it) and the last drop. */
function meetsPriceChange(at: EpochMs, endsAt: EpochMs): boolean {
  const next = nextAdjustment(at)
  return endsAt >= next || at - (next - PRICE_PERIOD_MS) < PRICE_CHANGE_PAUSE_MS
}
