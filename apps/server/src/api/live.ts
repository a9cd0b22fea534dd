import type { progress, StreamEvent, StreamEventName } from '@oiltrail/contract'
import { type Clock, dayIndex, HOUR_MS } from '@oiltrail/kernel'
import type { ChannelStateRow, CheckpointRow, NozzleStateRow, TankStateRow } from '@oiltrail/store'
import type { z } from 'zod'
import { type ViewsChange, ViewsFollower } from '../views/follower.ts'
import { linkAt } from '../views/registry.ts'
import type { CountedSale } from '../views/round.ts'
import { TodayBoard } from '../views/today.ts'
import { EventHub } from './hub.ts'
import { Pace } from './pace.ts'
import { channelShape, checkpointShape, nozzleStateShape, saleShape, tankShape } from './shape.ts'

type Progress = z.infer<typeof progress>
type Event = readonly [StreamEventName, StreamEvent]

/** Sales that ended longer ago than this are history, which the screens load, not news. */
const NEWS_MS = HOUR_MS
/** Sales of one round that are told one by one; the sums tell the rest. */
const SALES_TOLD = 200
/** Each tank, nozzle, channel and site is told at most this often. */
const STATE_MS = 1_000
const LOG_MS = 500

/** The live side of the views: their follower, the event stream they feed, and how far the start has come. */
export class Live {
  readonly follower: ViewsFollower
  readonly hub = new EventHub(0)
  readonly #clock: Clock
  readonly #today = new TodayBoard()
  readonly #states = new Pace<Event>(STATE_MS, (events) => this.hub.send(this.hub.position, events))
  readonly #log = new Pace<Event>(LOG_MS, (events) => this.hub.send(this.hub.position, events))
  #checkpoint: CheckpointRow | undefined
  #expected: number | undefined
  #started = false

  constructor(parts: { readonly county: number; readonly clock: Clock }) {
    this.#clock = parts.clock
    this.follower = new ViewsFollower({
      county: parts.county,
      onChange: (change) => this.#tell(change),
      onReload: (tx) => this.#today.load(tx, parts.county, dayIndex(parts.clock.now())),
    })
  }

  /** Everything is up, and the views stand at `position`: the start is over, unless a history was announced. */
  started(position: number): void {
    this.#started = true
    if (position > this.hub.position) this.hub.restart(position)
  }

  /** A history of so many records is on its way. */
  announce(expectedRecords: number): void {
    this.#expected = expectedRecords
    this.hub.send(this.hub.position, [['progress', this.progress()]])
  }

  progress(): Progress {
    const receivedRecords = this.follower.records
    if (this.#expected === undefined) return { phase: this.#started ? 'live' : 'starting', receivedRecords }
    return {
      phase: !this.#started ? 'starting' : receivedRecords < this.#expected ? 'importing' : 'live',
      expectedRecords: this.#expected,
      receivedRecords,
    }
  }

  /** The seal has signed a checkpoint. */
  sealed(checkpoint: CheckpointRow): void {
    this.#checkpoint = checkpoint
    const event = this.#log.offer('log', () => this.#logEvent())
    if (event) this.hub.send(this.hub.position, [event])
  }

  close(): void {
    this.#states.close()
    this.#log.close()
    this.hub.close()
  }

  #logEvent(): Event {
    const size = Math.max(this.hub.position, this.#checkpoint?.size ?? 0)
    return ['log', { size, ...(this.#checkpoint ? { checkpoint: checkpointShape(this.#checkpoint) } : {}) }]
  }

  #tell(change: ViewsChange): void {
    const now = this.#clock.now()
    const today = dayIndex(now)
    const changed = this.#today.add(change.days, change.registry, today)
    const events: Event[] = this.#news(change, now)
    const offer = (key: string, make: () => Event): void => {
      const event = this.#states.offer(key, make)
      if (event) events.push(event)
    }
    const siteOf = (siteId: number): string => change.registry.siteById(siteId)!.row.site
    for (const siteId of changed)
      offer(`today ${siteId}`, () => [
        'today',
        {
          site: siteOf(siteId),
          sums: this.#today.site(today, siteId),
          county: this.#today.county(dayIndex(this.#clock.now())),
        },
      ])
    for (const tank of change.round.tanks)
      if (now - tank.at < NEWS_MS) offer(`tank ${tank.tankId}`, () => this.#tankEvent(change, tank))
    for (const nozzle of change.round.nozzles)
      if (now - newestOf(nozzle) < NEWS_MS)
        offer(`nozzle ${nozzle.nozzleId}`, () => this.#nozzleEvent(change, nozzle))
    for (const channel of change.round.channels)
      if (channel.revokedAt === null)
        offer(`channel ${channel.device} ${channel.channel}`, () => this.#channelEvent(change, channel))
    if (this.#expected !== undefined) offer('progress', () => ['progress', this.progress()])
    this.hub.send(change.nextPosition, events)
    const log = this.#log.offer('log', () => this.#logEvent())
    if (log) this.hub.send(change.nextPosition, [log])
  }

  #news(change: ViewsChange, now: number): Event[] {
    return change.round.sales
      .filter((sale) => now - sale.endedAt < NEWS_MS)
      .slice(-SALES_TOLD)
      .map((sale) => this.#saleEvent(sale))
  }

  #saleEvent(sale: CountedSale): Event {
    const { row, site } = sale.nozzle
    const shape = saleShape({ ...sale, nozzle: row.nozzle })
    return ['sale', { ...shape, site: site.row.site, siteName: site.row.document.name }]
  }

  #tankEvent({ registry, states }: ViewsChange, { tankId }: TankStateRow): Event {
    const tank = registry.tanks.get(tankId)!
    const view = tankShape({ ...tank.row, ...states.tanks.get(tankId)! })
    return ['tank', { site: tank.site.row.site, tank: view }]
  }

  #nozzleEvent({ registry }: ViewsChange, state: NozzleStateRow): Event {
    const now = this.#clock.now()
    const nozzle = registry.nozzles.get(state.nozzleId)!
    const link = linkAt(nozzle, now)
    const tank = registry.tanks.get(link.tankId)!.row.tank
    const view = nozzleStateShape({ ...nozzle.row, ...state, tank, grade: link.grade }, now)
    return ['nozzle', { site: nozzle.site.row.site, nozzle: view }]
  }

  #channelEvent({ registry, states }: ViewsChange, channel: ChannelStateRow): Event {
    const gaps = states.gapsOf(channel)
    const view = channelShape(
      {
        ...channel,
        siteName: registry.sites.get(channel.site)?.row.document.name ?? '',
        openGaps: gaps.length,
        missingRecords: gaps.reduce((sum, gap) => sum + gap.missing, 0),
      },
      this.#clock.now(),
    )
    return ['channel', view]
  }
}

/** When a nozzle's newest record of any kind was made. */
function newestOf(state: NozzleStateRow): number {
  return Math.max(
    state.flowAt ?? 0,
    state.priceAt ?? 0,
    state.saleAt ?? 0,
    state.totalAt ?? 0,
    state.lineAt ?? 0,
  )
}
