import type { Fact } from '@oiltrail/domain'
import { CHANNELS, type Channel, DAY_MS, dayIndex, dayStart, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import { dayOfBoard, monthOfBoard } from '../physics/board.ts'
import type { Instruments } from '../physics/instruments.ts'
import type { NozzleBody } from '../physics/nozzle.ts'
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
import type { HistoryFiles } from './files.ts'

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
/** Daily records, after midnight. */
const BOARD_TOTALS_AFTER_MS = 2 * MINUTE_MS
const PRICE_AFTER_MS = 10 * MINUTE_MS
const BOARD_INFO_AFTER_MS = 15 * MINUTE_MS
const LINE_AFTER_MS = 3 * HOUR_MS
/** Nothing is recorded later than this after it happened (a delivery waits for its tank to calm). */
const LATEST_MS = 10 * MINUTE_MS

/** Writes what collectors would have recorded while the county lived its history. */
export class Recorder {
  private readonly world: World
  private readonly instruments: Instruments
  private readonly files: HistoryFiles
  private active = true

  constructor(world: World, instruments: Instruments, files: HistoryFiles) {
    this.world = world
    this.instruments = instruments
    this.files = files
    world.witnesses.push(this.witness())
    instruments.deliverySeen = (site, seen) => this.add(site, 'volume', seen.endedAt, deliveryOf(seen))
    for (const site of world.sites) this.begin(site, world.now)
    this.every(dayStart(dayIndex(world.now) + 1), DAY_MS, (at) => files.flush(at - LATEST_MS))
  }

  /** Stops recording; whatever is still planned for it does nothing. */
  stop(): void {
    this.active = false
    this.instruments.deliverySeen = undefined
  }

  private add(site: SiteBody, channel: Channel, at: EpochMs, fact: Fact): void {
    if (this.active) this.files.add(site.plan.device, channel, at, fact)
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
      saleEnded: (site, nozzle, fill) => {
        const identity = seedOf(this.world.plan.seed, `poll ${site.code} ${nozzle.plan.nozzle}`)
        const readAt = fill.endsAt + Math.floor(uniformAt(identity, nozzle.truth.sales) * BOARD_POLL_MS)
        // Where pulses are tapped the end is known; else it is the moment of the poll that saw the total grow.
        const endedAt = nozzle.plan.input === undefined ? readAt : fill.endsAt
        this.add(site, 'volume', endedAt, saleOf(nozzle, fill))
        this.add(site, 'price', readAt, receiptOf(nozzle, fill))
      },
      priceSet: (site, nozzle, at) => this.price(site, nozzle, at + PRICE_READS * BOARD_POLL_MS),
      loadEnded: (site, arm, load) =>
        this.add(site, 'volume', wholeSecond(load.endsAt), loadOf(arm.plan.arm, load, arm.totalMillilitres)),
      inflowStarting: (site, tank, inflow) => this.followDelivery(site, tank, inflow.startedAt),
    }
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
    this.every(first + 1_000, LEVEL_EVERY_MS, (at) => {
      for (const tank of site.tanks.keys()) this.level(site, tank, at)
    })
    for (const nozzle of site.nozzles) {
      this.price(site, nozzle, startsAt)
      this.beginNozzle(site, nozzle, startsAt, phase)
    }
  }

  private beginNozzle(site: SiteBody, nozzle: NozzleBody, startsAt: EpochMs, phase: number): void {
    const code = nozzle.plan.nozzle
    const first = startsAt + phase
    const firstMidnight = dayStart(dayIndex(startsAt) + 1) + phase
    this.every(first, TOTAL_EVERY_MS, (at) =>
      this.add(site, 'volume', at, {
        kind: 'total',
        nozzle: code,
        totalMillilitres: nozzle.totalMillilitres + this.flowed(nozzle, at),
        source: nozzle.plan.input === undefined ? 'board' : 'pulse',
      }),
    )
    this.every(firstMidnight + BOARD_TOTALS_AFTER_MS, DAY_MS, (at) => this.boardTotals(site, nozzle, at))
    this.every(firstMidnight + PRICE_AFTER_MS, DAY_MS, (at) => this.price(site, nozzle, at))
    this.every(first + BOARD_INFO_AFTER_MS, DAY_MS, (at) =>
      this.add(site, 'price', at, boardInfoOf(nozzle, at)),
    )
    if (nozzle.plan.input === undefined) return
    const loopOhms = nozzle.plan.loopOhms
    this.every(first + LINE_AFTER_MS, DAY_MS, (at) =>
      this.add(site, 'volume', at, {
        kind: 'line',
        nozzle: code,
        state: 'normal',
        loopOhms,
        phase: 'a-leads',
      }),
    )
  }

  /** Pulses run ahead of the board by the fill under way. */
  private flowed(nozzle: NozzleBody, at: EpochMs): number {
    return nozzle.plan.input === undefined ? 0 : (nozzle.running(at)?.meteredMillilitres ?? 0)
  }

  private boardTotals(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    const yesterday = at - DAY_MS
    this.add(site, 'price', at, boardTotalOf(nozzle, 'day', dayOfBoard(nozzle, yesterday)))
    this.add(site, 'price', at, boardTotalOf(nozzle, 'month', monthOfBoard(nozzle, yesterday)))
    const { totalMillilitres, totalFen } = nozzle
    this.add(
      site,
      'price',
      at,
      boardTotalOf(nozzle, 'grand', { label: '', volumeMillilitres: totalMillilitres, amountFen: totalFen }),
    )
  }

  private price(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void {
    this.add(site, 'price', at, {
      kind: 'price',
      nozzle: nozzle.plan.nozzle,
      priceFenPerLitre: nozzle.priceFenPerLitre,
    })
  }

  private level(site: SiteBody, tank: string, at: EpochMs): void {
    this.add(site, 'volume', at, levelOf(tank, this.instruments.gauge(site).read(tank, at)))
  }
}
