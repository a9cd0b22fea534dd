import type { Clock } from '@oiltrail/kernel'
import {
  clearShareRefusal,
  countShareRefusals,
  type LogRow,
  listShareRefusals,
  listShares,
  readEntries,
  recordShare,
  type ShareStep,
  type Store,
} from '@oiltrail/store'
import type { Logger } from 'pino'
import type { LogFeed } from '../log/feed.ts'
import type { ShareTarget } from './address.ts'
import { type Delivery, ShareCarrier } from './carrier.ts'

/** Entries read at once for one target: bounds its memory, and what is offered again after a crash. */
const ROUND = { entries: 256, bytes: 2 * 1024 * 1024 }
/** Channels whose batches travel side by side. Within a channel one batch waits for the receipt of the one before. */
const LANES = 8
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 60_000
/** What another platform takes over of the desk: who may speak. Alarms, settings, notices and windows are the house's own. */
const HANDED_ON: ReadonlySet<string | undefined> = new Set([
  'site-registered',
  'device-enrolled',
  'device-revoked',
])
/** Refused entries read at once when they are offered again. */
const REOFFER_ENTRIES = 100

/** Figures of a target for `/metrics` and `/readyz`. */
export interface ShareFigures {
  batches: number
  statements: number
  /** Entries that the target would not take, as they stand on record. */
  refused: number
  failures: number
  /** Why nothing gets through at the moment; undefined when it does. */
  failing: string | undefined
  /** Since when, epoch milliseconds. */
  failingSince: number | undefined
}

type Sums = Omit<ShareStep, 'target' | 'nextPosition' | 'at'>

/**
 * Hands the log on to one other platform (C5): statements and accepted batches, as they came, in order, each until the
 * target stored or refused it. A refusal is put on record and offered again at the next start; a target that cannot be
 * reached is waited for. It only reads what is committed, so a slow target never holds the house up.
 */
export class ShareCourier {
  readonly figures: ShareFigures = {
    batches: 0,
    statements: 0,
    refused: 0,
    failures: 0,
    failing: undefined,
    failingSince: undefined,
  }
  readonly target: string
  private readonly carrier: ShareCarrier
  private readonly store: Store
  private readonly county: number
  private readonly feed: LogFeed
  private readonly clock: Clock
  private readonly log: Logger
  private next = 0
  private stopping = false
  private wake: (() => void) | undefined
  private readonly unsubscribe: () => void
  private finished: Promise<void> | undefined

  constructor(parts: {
    target: ShareTarget
    store: Store
    county: number
    feed: LogFeed
    clock: Clock
    log: Logger
  }) {
    this.target = parts.target.url
    this.carrier = new ShareCarrier(parts.target, LANES)
    this.store = parts.store
    this.county = parts.county
    this.feed = parts.feed
    this.clock = parts.clock
    this.log = parts.log.child({ share: this.target })
    this.unsubscribe = this.feed.onGrowth(() => {
      // A growing log must not hurry a target that is failing.
      if (this.figures.failing === undefined) this.wake?.()
    })
  }

  /** Position of the next entry to be offered. */
  get position(): number {
    return this.next
  }

  /** Whether people's statements are handed on as well as batches. */
  get mayState(): boolean {
    return this.carrier.mayState
  }

  /** What a person should look at: a target that cannot be reached, or that refused something. */
  notices(): string[] {
    const { failing, refused } = this.figures
    const notices = failing === undefined ? [] : [`sharing with ${this.target} waits: ${failing}`]
    if (refused > 0) notices.push(`${this.target} refused ${refused} entries`)
    return notices
  }

  start(): void {
    this.finished = this.run()
  }

  /** Ends at once: what is under way is offered again, and the target answers that it has it. */
  async stop(): Promise<void> {
    this.stopping = true
    this.unsubscribe()
    this.wake?.()
    this.carrier.close()
    await this.finished
  }

  private async run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    let known = false
    while (!this.stopping) {
      try {
        if (!known) await this.resume()
        known = true
        const worked = await this.round()
        this.figures.failing = undefined
        this.figures.failingSince = undefined
        retryMs = FIRST_RETRY_MS
        if (!worked) await this.pause(undefined)
      } catch (error) {
        if (this.stopping) return
        this.figures.failures++
        this.figures.failing = error instanceof Error ? error.message : String(error)
        this.figures.failingSince ??= this.clock.now()
        this.log.warn(
          { reason: this.figures.failing, position: this.next, retryMs },
          'sharing failed; it goes on',
        )
        await this.pause(retryMs)
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      }
    }
  }

  /** At start: where we were, and once more what was refused, since a person may have put it right over there. */
  private async resume(): Promise<void> {
    const { pool } = this.store
    const state = (await listShares(pool, this.county)).find(({ target }) => target === this.target)
    this.next = state?.nextPosition ?? 0
    for (let from = 0; !this.stopping; ) {
      const refused = await listShareRefusals(pool, this.county, this.target, from, REOFFER_ENTRIES)
      if (refused.length === 0) break
      for (const { position } of refused) await this.reoffer(position)
      from = refused.at(-1)!.position + 1
    }
    this.figures.refused = await countShareRefusals(pool, this.county, this.target)
  }

  private async reoffer(position: number): Promise<void> {
    const [entry] = await readEntries(this.store.pool, this.county, position, { entries: 1, bytes: 1 })
    // On record from before only those were offered: nobody refused what concerns nobody else.
    if (entry?.type === 'desk' && !HANDED_ON.has(entry.code))
      return clearShareRefusal(this.store.pool, this.county, this.target, position)
    // What was stated about a collector may have been overtaken since: offered late it could let a revoked one speak.
    if (!entry || (entry.type === 'desk' && entry.code !== 'site-registered')) return
    const sums = await this.offer([entry])
    await this.record(sums, this.next)
    if (sums.refusals.length === 0)
      await clearShareRefusal(this.store.pool, this.county, this.target, position)
  }

  /** Offers what comes next, up to the next statement: a statement changes what the target believes, so it goes alone. */
  private async round(): Promise<boolean> {
    if (this.next >= this.feed.nextPosition) return false
    const entries = await readEntries(this.store.pool, this.county, this.next, ROUND)
    if (entries.length === 0) return false
    const desk = entries.findIndex((entry) => entry.type === 'desk')
    const group = desk < 0 ? entries : entries.slice(0, desk === 0 ? 1 : desk)
    const sums = await this.offer(group)
    const next = group.at(-1)!.position + 1
    await this.record(sums, next)
    this.next = next
    return true
  }

  private async offer(group: readonly LogRow[]): Promise<Sums> {
    const sums = { batches: 0, statements: 0, bytes: 0, refusals: [] as Sums['refusals'][number][] }
    const take = (entry: LogRow, delivery: Delivery): void => {
      if (delivery.outcome === 'refused') {
        const { code, detail } = delivery
        sums.refusals.push({ position: entry.position, code, detail })
        this.log.warn({ position: entry.position, code, detail }, 'the other platform refused an entry')
        return
      }
      sums[entry.type === 'desk' ? 'statements' : 'batches']++
      sums.bytes += entry.raw.length
    }
    const [first] = group
    if (first?.type === 'desk') {
      if (this.carrier.mayState && HANDED_ON.has(first.code)) take(first, await this.carrier.statement(first))
      return sums
    }
    const lanes = [...byChannel(group)]
    const worker = async (): Promise<void> => {
      for (let lane = lanes.pop(); lane !== undefined; lane = lanes.pop())
        for (const entry of lane) {
          if (this.stopping) throw new Error('stopped')
          take(entry, await this.carrier.batch(entry))
        }
    }
    const ends = await Promise.allSettled(Array.from({ length: Math.min(LANES, lanes.length) }, worker))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
    return sums
  }

  private async record(sums: Sums, nextPosition: number): Promise<void> {
    if (sums.batches + sums.statements + sums.refusals.length === 0 && nextPosition === this.next) return
    const step = { ...sums, target: this.target, nextPosition, at: this.clock.now() }
    await this.store.transaction((tx) => recordShare(tx, this.county, step))
    this.figures.batches += sums.batches
    this.figures.statements += sums.statements
    this.figures.refused += sums.refusals.length
  }

  /** Until the log grows, or for a while after a failure, or until the stop. */
  private pause(milliseconds: number | undefined): Promise<void> {
    return new Promise((done) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(() => this.wake?.(), milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        this.wake = undefined
        done()
      }
      const grown = milliseconds === undefined && this.feed.nextPosition > this.next
      if (this.stopping || grown) this.wake()
    })
  }
}

/** Batches of each channel, in the order of the log. Refusals are the house's own business. */
function byChannel(group: readonly LogRow[]): Iterable<LogRow[]> {
  const lanes = new Map<string, LogRow[]>()
  for (const entry of group) {
    if (entry.type !== 'batch') continue
    const name = `${entry.device} ${entry.channel}`
    const lane = lanes.get(name)
    if (lane) lane.push(entry)
    else lanes.set(name, [entry])
  }
  return lanes.values()
}
