import type { Fact, FactOf } from '@oiltrail/domain'
import { CHANNELS, type Channel, DAY_MS, dayIndex, dayStart, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import { MILLILITRES_PER_PULSE } from '../county/plan.ts'
import type { SiteConditions } from '../devices/conditions.ts'
import { shownPulses } from '../devices/modules.ts'
import { dayOfBoard, monthOfBoard } from '../physics/board.ts'
import type { Instruments } from '../physics/instruments.ts'
import type { Fill, NozzleBody } from '../physics/nozzle.ts'
import type { SiteBody } from '../physics/site.ts'
import type { TankBody } from '../physics/tank.ts'
import type { Witness } from '../physics/witness.ts'
import type { World } from '../physics/world.ts'
import { seedOf, uniformAt } from '../random.ts'
import {
  boardInfoOf,
  boardTotalOf,
  deliveryOf,
  levelOf,
  loadOf,
  receiptOf,
  saleOf,
  wholeSecond,
} from './facts.ts'
import type { RecordSink } from './files.ts'
import { type Seen, seenOf, selfChecks } from './selfcheck.ts'

const MINUTE_MS = 60_000
/** How often a quiet tank is recorded. */
const LEVEL_EVERY_MS = 15 * MINUTE_MS
/** How often while oil runs in. */
const DELIVERY_LEVEL_EVERY_MS = MINUTE_MS
const TOTAL_EVERY_MS = 6 * HOUR_MS
/** A live collector beats every minute; a month of that would say nothing more. */
const HEARTBEAT_EVERY_MS = HOUR_MS
/** A board is read about every four seconds, a price believed after three equal reads. */
const BOARD_POLL_MS = 4_000
const PRICE_READS = 3
/** A grown total beside the last sale of before is told at this poll: by then the board is not still booking. */
const LAGGING_POLLS = 3
/** Daily records, after midnight. */
const BOARD_TOTALS_AFTER_MS = 2 * MINUTE_MS
const PRICE_AFTER_MS = 10 * MINUTE_MS
const BOARD_INFO_AFTER_MS = 15 * MINUTE_MS
const LINE_AFTER_MS = 3 * HOUR_MS
/** Nothing is recorded later than this after it happened (a delivery waits for its tank to calm). */
const LATEST_MS = 10 * MINUTE_MS
/** A console closes a delivery, and the collector fetches it, this long after its end. */
const DELIVERY_READ_AFTER_MS = 4 * MINUTE_MS
/** A sale is over when the counter has stood still this long. */
const SETTLED_MS = 5_000
/** Of a slow console every third answer comes in time. */
const SLOW_READS = 3

/** What a recorder may be told besides the physics. */
export interface RecorderOptions {
  /** What is wrong at a site; sites without conditions are sound. */
  readonly conditionsOf?: (site: SiteBody) => SiteConditions | undefined
  /** How often a quiet tank is recorded; a live collector does so every five minutes. */
  readonly levelEveryMs?: number
  readonly totalEveryMs?: number
  /** Only these sites are recorded. */
  readonly sites?: readonly SiteBody[]
}

/** Writes what collectors would have recorded while the county lived its history. */
export class Recorder {
  private readonly world: World
  private readonly instruments: Instruments
  private readonly sink: RecordSink
  private readonly options: RecorderOptions
  private readonly sites: ReadonlySet<SiteBody>
  private readonly seen = new Map<SiteBody, Seen>()
  /** When the mains of a site went. */
  private readonly lostAt = new Map<SiteBody, EpochMs>()
  private active = true

  constructor(world: World, instruments: Instruments, sink: RecordSink, options: RecorderOptions = {}) {
    this.world = world
    this.instruments = instruments
    this.sink = sink
    this.options = options
    this.sites = new Set(options.sites ?? world.sites)
    world.witnesses.push(this.witness())
    instruments.deliverySeen = (site, seen) => {
      const readAt = seen.endedAt + DELIVERY_READ_AFTER_MS
      if (!this.conditions(site)?.gauge.silent)
        this.add(site, 'volume', seen.endedAt, deliveryOf(seen), readAt)
    }
    for (const site of this.sites) this.begin(site, world.now)
    this.every(dayStart(dayIndex(world.now) + 1), DAY_MS, (at) => sink.flush(at - LATEST_MS))
  }

  /** Stops recording; whatever is still planned for it does nothing. */
  stop(): void {
    this.active = false
    this.instruments.deliverySeen = undefined
  }

  /** Something was done to a site: what its collector notices of it is recorded. */
  changed(site: SiteBody, at: EpochMs): void {
    const conditions = this.conditions(site)
    if (!conditions || !this.sites.has(site)) return
    const before = this.seen.get(site) ?? seenOf(undefined)
    const after = seenOf(conditions)
    this.seen.set(site, after)
    if (before.mains && !after.mains) this.lostAt.set(site, at)
    const { records, restarts } = selfChecks(site, before, after)
    for (const { channel, fact } of records) this.put(site, channel, at, fact)
    if (!restarts) return
    for (const nozzle of site.nozzles) {
      this.total(site, nozzle, at + 1_000)
      this.price(site, nozzle, at + PRICE_READS * BOARD_POLL_MS)
    }
  }

  private conditions(site: SiteBody): SiteConditions | undefined {
    return this.options.conditionsOf?.(site)
  }

  private add(site: SiteBody, channel: Channel, at: EpochMs, fact: Fact, recordedAt: EpochMs = at): void {
    const conditions = this.conditions(site)
    if (conditions && (conditions.collector.unplugged || !conditions.mains)) return
    this.put(site, channel, at, fact, recordedAt)
  }

  private put(site: SiteBody, channel: Channel, at: EpochMs, fact: Fact, recordedAt: EpochMs = at): void {
    if (!this.active || !this.sites.has(site)) return
    const backMs = this.conditions(site)?.collector.clockBackMs ?? 0
    const stamped =
      backMs === 0 || !('startedAt' in fact) ? fact : { ...fact, startedAt: fact.startedAt - backMs }
    this.sink.add(site.plan.device, channel, at - backMs, stamped, recordedAt)
  }

  private every(first: EpochMs, periodMs: number, act: (at: EpochMs) => void): void {
    this.world.agenda.plan(first, (at) => {
      if (!this.active) return
      act(at)
      this.every(at + periodMs, periodMs, act)
    })
  }

  private witness(): Witness {
    return {
      saleEnded: (site, nozzle, fill) => this.sale(site, nozzle, fill),
      priceSet: (site, nozzle, at) => this.price(site, nozzle, at + PRICE_READS * BOARD_POLL_MS),
      loadEnded: (site, arm, load) =>
        this.add(site, 'volume', wholeSecond(load.endsAt), loadOf(arm.plan.arm, load, arm.totalMillilitres)),
      inflowStarting: (site, tank, inflow) => this.followDelivery(site, tank, inflow.startedAt),
    }
  }

  private sale(site: SiteBody, nozzle: NozzleBody, fill: Fill): void {
    const identity = seedOf(this.world.plan.seed, `poll ${site.code} ${nozzle.plan.nozzle}`)
    const readAt = fill.endsAt + Math.floor(uniformAt(identity, nozzle.truth.sales) * BOARD_POLL_MS)
    // Where pulses are tapped the end is known; else it is the moment of the poll that saw the total grow.
    const tapped = nozzle.plan.input !== undefined
    // A box lives on its capacitor until the fills that were under way when the mains went have ended.
    const conditions = this.conditions(site)
    const dying = conditions?.mains === false && fill.startedAt < (this.lostAt.get(site) ?? 0)
    const add = dying && !conditions.collector.unplugged ? this.put.bind(this) : this.add.bind(this)
    const line = conditions?.lines.get(nozzle.plan.nozzle)
    const uncounted = tapped ? line?.frozenAt !== undefined : this.boardSilent(site, nozzle)
    if (!uncounted) {
      const sale = saleOf(nozzle, fill)
      const lost = tapped ? (line?.lostPulses ?? 0) * MILLILITRES_PER_PULSE : 0
      add(site, 'volume', tapped ? fill.endsAt : readAt, {
        ...sale,
        totalMillilitres: sale.totalMillilitres - lost,
      })
    }
    if (!this.pricesSeen(site, nozzle)) return
    if (!fill.hidden) add(site, 'price', readAt, receiptOf(nozzle, fill))
    else this.world.agenda.plan(readAt + LAGGING_POLLS * BOARD_POLL_MS, (at) => this.grand(site, nozzle, at))
  }

  /** The board's grand total: daily, and whenever it has grown by more than the last sale. */
  private grand(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    if (!this.active || !this.pricesSeen(site, nozzle)) return
    const { boardMillilitres, totalFen } = nozzle
    const sum = { label: '', volumeMillilitres: boardMillilitres, amountFen: totalFen }
    this.add(site, 'price', at, boardTotalOf(nozzle, 'grand', sum))
  }

  private boardSilent(site: SiteBody, nozzle: NozzleBody): boolean {
    return this.conditions(site)?.boards.get(nozzle.dispenser.dispenser)?.silent ?? false
  }

  private pricesSeen(site: SiteBody, nozzle: NozzleBody): boolean {
    return !this.boardSilent(site, nozzle) && !this.conditions(site)?.collector.priceBlind
  }

  /** Records a tank every minute while oil runs in. */
  private followDelivery(site: SiteBody, tank: TankBody, at: EpochMs): void {
    this.world.agenda.plan(at + DELIVERY_LEVEL_EVERY_MS, (now) => {
      if (!this.active || !tank.inflow) return
      this.level(site, tank.plan.tank, now)
      this.followDelivery(site, tank, now)
    })
  }

  private begin(site: SiteBody, startsAt: EpochMs): void {
    const phase = Math.floor(uniformAt(seedOf(this.world.plan.seed, `phase ${site.code}`), 0) * MINUTE_MS)
    const first = startsAt + phase
    for (const channel of CHANNELS) {
      this.add(site, channel, startsAt, { kind: 'health', event: 'started', subject: '' })
      this.every(first + 5_000, HEARTBEAT_EVERY_MS, (at) =>
        this.add(site, channel, at, { kind: 'health', event: 'heartbeat', subject: '' }),
      )
    }
    this.every(first + 1_000, this.options.levelEveryMs ?? LEVEL_EVERY_MS, (at) => {
      for (const tank of site.tanks.keys()) this.level(site, tank, at)
    })
    for (const nozzle of site.nozzles) {
      this.price(site, nozzle, startsAt)
      this.beginNozzle(site, nozzle, startsAt, phase)
    }
  }

  private beginNozzle(site: SiteBody, nozzle: NozzleBody, startsAt: EpochMs, phase: number): void {
    const first = startsAt + phase
    const firstMidnight = dayStart(dayIndex(startsAt) + 1) + phase
    this.every(first, this.options.totalEveryMs ?? TOTAL_EVERY_MS, (at) => this.total(site, nozzle, at))
    this.every(firstMidnight + BOARD_TOTALS_AFTER_MS, DAY_MS, (at) => this.boardTotals(site, nozzle, at))
    this.every(firstMidnight + PRICE_AFTER_MS, DAY_MS, (at) => this.price(site, nozzle, at))
    this.every(first + BOARD_INFO_AFTER_MS, DAY_MS, (at) => {
      if (this.pricesSeen(site, nozzle)) this.add(site, 'price', at, boardInfoOf(nozzle, at))
    })
    if (nozzle.plan.input === undefined) return
    this.every(first + LINE_AFTER_MS, DAY_MS, (at) => this.line(site, nozzle, at))
  }

  private line(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    const state = this.conditions(site)?.lines.get(nozzle.plan.nozzle)?.state ?? 'normal'
    if (state !== 'normal') return
    const fact: FactOf<'line'> = {
      kind: 'line',
      nozzle: nozzle.plan.nozzle,
      state,
      loopOhms: nozzle.plan.loopOhms,
      phase: 'a-leads',
    }
    this.add(site, 'volume', at, fact)
  }

  /** The totalizer as the volume channel sees it. */
  private total(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    const tapped = nozzle.plan.input !== undefined
    // A collector states the totalizer of a nozzle at rest; that of a running one after its sale.
    const running = nozzle.running(at)
    if (running) {
      this.world.agenda.plan(running.fill.endsAt + SETTLED_MS, (now) => this.total(site, nozzle, now))
      return
    }
    if (!tapped && this.boardSilent(site, nozzle)) return
    const line = this.conditions(site)?.lines.get(nozzle.plan.nozzle)
    this.add(site, 'volume', at, {
      kind: 'total',
      nozzle: nozzle.plan.nozzle,
      totalMillilitres: tapped
        ? shownPulses(nozzle, line, at) * MILLILITRES_PER_PULSE
        : nozzle.boardMillilitres,
      source: tapped ? 'pulse' : 'board',
    })
  }

  private boardTotals(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    if (!this.pricesSeen(site, nozzle)) return
    const yesterday = at - DAY_MS
    this.add(site, 'price', at, boardTotalOf(nozzle, 'day', dayOfBoard(nozzle, yesterday)))
    this.add(site, 'price', at, boardTotalOf(nozzle, 'month', monthOfBoard(nozzle, yesterday)))
    this.grand(site, nozzle, at)
  }

  private price(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    if (!this.pricesSeen(site, nozzle)) return
    this.add(site, 'price', at, {
      kind: 'price',
      nozzle: nozzle.plan.nozzle,
      priceFenPerLitre: nozzle.priceFenPerLitre,
    })
  }

  private level(site: SiteBody, tank: string, at: EpochMs): void {
    const gauge = this.conditions(site)?.gauge
    if (gauge?.silent) return
    const lateMs = gauge?.delayMs ?? 0
    if (lateMs > 0 && Math.floor(at / MINUTE_MS) % SLOW_READS !== 0) return
    this.add(site, 'volume', at + lateMs, levelOf(tank, this.instruments.gauge(site).read(tank, at)))
  }
}
