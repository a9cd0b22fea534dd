import type { RecordedFact } from '@oiltrail/domain'
import { CHANNELS, ProblemError } from '@oiltrail/kernel'
import { type DeskEntry, decodeDesk } from '@oiltrail/protocols/uplink'
import {
  addChartDecisions,
  addSales,
  addTankHours,
  appendFacts,
  channelNumber,
  type GradeSpan,
  Pipeline,
  type PriceSpan,
  putChannelStates,
  putGaps,
  putNozzleStates,
  putTankStates,
  rebuildSales,
  regradeFacts,
  repriceSales,
  type SalesDelta,
  type Transaction,
} from '@oiltrail/store'
import type { Follower, Open } from '../follow/follower.ts'
import { readBatch } from '../log/batch.ts'
import type { LogEntry } from '../log/entry.ts'
import { PriceBook } from './prices.ts'
import { BatchTaker } from './records.ts'
import { RegistryView } from './registry.ts'
import { ARM_SOURCE, Round } from './round.ts'
import { LatestStates } from './states.ts'

/** What a committed round changed, for whoever shows it live. Memory of the follower may be read until the next round. */
export interface ViewsChange {
  readonly nextPosition: number
  readonly round: Round
  /** The differences added to `sales_day`. */
  readonly days: readonly SalesDelta[]
  readonly registry: RegistryView
  readonly states: LatestStates
}

/** How the follower is made. */
export interface ViewsOptions {
  /** The county's six digits as an integer. */
  readonly county: number
  /** Told after each commit. Must not throw. */
  readonly onChange?: (change: ViewsChange) => void
  /** Told when the follower has read its tables anew; whoever adds changes up must begin again too. */
  readonly onReload?: (tx: Transaction) => Promise<void>
}

/**
 * The views: facts, rollups and latest states of a county as a function of its log. One round is a few statements,
 * however many records it holds. The result does not depend on where rounds end, nor, but for the order itself (log
 * positions, times of receipt, gaps), on the order in which a channel's batches came.
 */
export class ViewsFollower implements Follower {
  readonly name = 'views'
  readonly registry = new RegistryView()
  readonly states = new LatestStates()
  readonly #prices = new PriceBook()
  readonly #options: ViewsOptions
  #pending: { round: Round; days: readonly SalesDelta[] } | undefined

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  /** Records counted so far, over all channels. */
  get records(): number {
    let sum = 0
    for (const channel of this.states.channels.values()) sum += channel.records
    return sum
  }

  async reload(tx: Transaction): Promise<void> {
    this.#pending = undefined
    this.#prices.clear()
    await this.registry.load(tx, this.#options.county)
    await this.states.load(tx, this.#options.county)
    await this.#options.onReload?.(tx)
  }

  async apply(tx: Transaction, entries: readonly LogEntry[]): Promise<void> {
    const writes = await this.compose(async () => tx, entries)
    await writes.run(tx)
  }

  async compose(open: Open, entries: readonly LogEntry[]): Promise<Pipeline> {
    const round = new Round(this.#options.county)
    for (const entry of entries) {
      if (this.registry.advance(entry.receivedAt)) round.registryChanged = true
      if (entry.type === 'batch') this.#takeBatch(round, entry)
      else if (entry.type === 'desk') this.#takeDesk(round, entry)
    }
    return this.#write(open, round)
  }

  committed(nextPosition: number): void {
    const pending = this.#pending
    if (!pending) return
    this.#pending = undefined
    this.#options.onChange?.({ nextPosition, ...pending, registry: this.registry, states: this.states })
  }

  #takeBatch(round: Round, entry: LogEntry): void {
    const first = entry.firstSeq!
    const channel = this.states.channel(entry.device!, entry.channel!)
    const fresh = this.states.receive(round, channel, {
      first,
      last: entry.lastSeq!,
      receivedAt: entry.receivedAt,
    })
    if (fresh.length === 0) return
    const records = this.#read(round, entry)
    if (!records) return
    const taker = new BatchTaker(round, this.states, channel, this.registry.sites.get(channel.site), entry)
    for (const [from, to] of fresh) for (let seq = from; seq <= to; seq++) taker.take(records[seq - first]!)
  }

  /** Undefined when the raw bytes are no longer the batch that was accepted: listed, so that one altered row stops nothing. */
  #read(round: Round, entry: LogEntry): readonly RecordedFact[] | undefined {
    try {
      return readBatch(entry).records
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      const { device, channel, position, firstSeq } = entry
      round.facts.refusedRecord.push([
        round.county,
        position,
        firstSeq!,
        device!,
        channelNumber(channel!),
        null,
        'EVIDENCE_INVALID',
        error.message.slice(0, 200),
      ])
      return undefined
    }
  }

  #takeDesk(round: Round, entry: LogEntry): void {
    const desk = decodeDesk(entry.raw)
    // What this version cannot read was written by a newer one; it stays in the log until the views are built anew.
    if (!desk.ok) return
    if (desk.value.action === 'site-registered') {
      this.registry.register(desk.value.site, entry.receivedAt)
      round.registryChanged = true
    } else if (desk.value.action === 'device-enrolled' || desk.value.action === 'device-revoked')
      this.#takeDevice(round, desk.value, entry.receivedAt)
    else if (desk.value.action === 'chart-decided') {
      const { decision, actor, reason } = desk.value
      const { position, receivedAt: statedAt } = entry
      round.chartDecisions.push({ position, decision, actor, reason, statedAt })
    }
  }

  #takeDevice(
    round: Round,
    desk: Extract<DeskEntry, { action: 'device-enrolled' | 'device-revoked' }>,
    receivedAt: number,
  ): void {
    for (const name of CHANNELS) {
      const channel = this.states.channel(desk.device, name)
      if (desk.action === 'device-enrolled') {
        channel.site = desk.site
        channel.revokedAt = null
      } else channel.revokedAt = receivedAt
      round.channels.add(channel)
    }
  }

  /** Stored rows are corrected first, then the new ones are added: whatever comes late ends in the same tables. */
  async #write(open: Open, round: Round): Promise<Pipeline> {
    const { county } = this.#options
    if (round.registryChanged) await this.#regrade(await open())
    await this.#price(open, round)
    for (const receipt of round.receipts) round.takeReceipt(receipt)
    const days = round.days()
    const writes = new Pipeline()
    appendFacts(writes, round.facts)
    addSales(writes, county, 'hour', round.hours())
    addSales(writes, county, 'day', days)
    addTankHours(writes, county, [...round.tankHours.values()])
    putChannelStates(writes, county, [...round.channels])
    putNozzleStates(writes, county, [...round.nozzles])
    putTankStates(writes, county, [...round.tanks])
    putGaps(writes, county, [...round.gaps])
    if (round.chartDecisions.length > 0) await addChartDecisions(await open(), county, round.chartDecisions)
    this.#pending = { round, days }
    return writes
  }

  async #price(open: Open, round: Round): Promise<void> {
    const needs = new Map<number, number>()
    const need = (nozzleId: number, at: number): void => {
      const known = needs.get(nozzleId)
      if (known === undefined || at < known) needs.set(nozzleId, at)
    }
    for (const price of round.prices) need(price.nozzleId, price.at)
    for (const sale of round.sales)
      if (sale.source !== ARM_SOURCE) need(sale.nozzle.row.nozzleId, sale.endedAt)
    await this.#prices.ensure(open, this.#options.county, needs)
    const spans = this.#prices
      .add(round.prices, (nozzleId) => this.registry.nozzles.get(nozzleId)!.row.siteId)
      .filter((span) => this.#reachesStoredSales(round, span))
    if (spans.length > 0)
      for (const difference of await repriceSales(await open(), this.#options.county, spans))
        round.takeDifference(this.registry.nozzles.get(difference.nozzleId)!, difference)
    for (const sale of round.sales)
      round.takeSale(
        sale,
        sale.source === ARM_SOURCE ? undefined : this.#prices.priceAt(sale.nozzle.row.nozzleId, sale.endedAt),
      )
    this.#prices.trim(needs.keys())
  }

  /** The usual price change lies after every stored sale and needs no look at the table. */
  #reachesStoredSales(round: Round, span: PriceSpan): boolean {
    const { nozzleId } = span
    const until = round.soldUntil.has(nozzleId)
      ? round.soldUntil.get(nozzleId)!
      : (this.states.nozzles.get(nozzleId)?.saleAt ?? null)
    return until !== null && until >= span.from
  }

  async #regrade(tx: Transaction): Promise<void> {
    const { county } = this.#options
    const spans: readonly GradeSpan[] = await this.registry.write(tx, county)
    await regradeFacts(tx, county, spans)
    for (const nozzleId of new Set(spans.map((span) => span.nozzleId))) {
      const { siteId } = this.registry.nozzles.get(nozzleId)!.row
      await rebuildSales(tx, county, { siteId, nozzleId })
    }
  }
}
