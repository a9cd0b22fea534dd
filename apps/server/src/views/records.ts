import { believe, type FactOf, type RecordedFact, type Surroundings } from '@oiltrail/domain'
import type { Problem } from '@oiltrail/kernel'
import type { ChannelStateRow, NozzleStateRow, TankStateRow } from '@oiltrail/store'
import type { LogEntry } from '../log/entry.ts'
import { isNotable, markFault } from './faults.ts'
import type { NozzleEntry, SiteEntry } from './registry.ts'
import { ARM_SOURCE, type Round } from './round.ts'
import { isNewer, type LatestStates } from './states.ts'

/** Longest explanation kept of a refused record. */
const DETAIL_CHARACTERS = 200
/** Characters that PostgreSQL cannot keep in text: NUL, and half of a surrogate pair. */
const UNSTORABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
  /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** The batch that is being taken: who sent it, and where its records go. */
export class BatchTaker {
  readonly #round: Round
  readonly #states: LatestStates
  readonly #channel: ChannelStateRow
  readonly #site: SiteEntry | undefined
  readonly #around: Surroundings
  readonly #entry: LogEntry

  constructor(
    round: Round,
    states: LatestStates,
    channel: ChannelStateRow,
    site: SiteEntry | undefined,
    entry: LogEntry,
  ) {
    this.#round = round
    this.#states = states
    this.#channel = channel
    this.#site = site
    this.#entry = entry
    this.#around = {
      channel: entry.channel!,
      receivedAt: entry.receivedAt,
      hasNozzle: (code) => site?.nozzles.has(code) ?? false,
      hasTank: (code) => site?.tanks.has(code) ?? false,
      hasArm: (code) => site?.arms.has(code) ?? false,
    }
  }

  /** Takes one fresh record: counts it, or lists it as refused. */
  take(record: RecordedFact): void {
    this.#channel.records++
    const problem = believe(record, this.#around) ?? storable(record)
    if (problem) {
      this.#refuse(record, problem)
      return
    }
    if (this.#channel.lastAt === null || record.at > this.#channel.lastAt) this.#channel.lastAt = record.at
    this.#count(record)
  }

  #refuse(record: RecordedFact, problem: Problem): void {
    this.#channel.refused++
    this.#round.facts.refusedRecord.push([
      this.#round.county,
      this.#entry.position,
      record.seq,
      this.#channel.device,
      this.#channel.channel,
      record.at,
      problem.code,
      problem.detail.slice(0, DETAIL_CHARACTERS),
    ])
  }

  /** One case a kind; the compiler notices a kind that is missing. */
  #count(record: RecordedFact): void {
    switch (record.kind) {
      case 'sale':
        this.#sale(this.#nozzle(record.nozzle), record, record.source === 'pulse' ? 0 : 1)
        return
      case 'load':
        this.#sale(this.#site!.arms.get(record.arm)!, record, ARM_SOURCE)
        this.#keep(record, record.arm, false)
        return
      case 'flow':
        this.#flow(record)
        return
      case 'level':
        this.#level(record)
        return
      case 'delivery':
        this.#delivery(record)
        return
      case 'total':
        this.#total(this.#state(this.#nozzle(record.nozzle)), record)
        this.#keep(record, record.nozzle, false)
        return
      case 'line':
        this.#line(record)
        return
      case 'price':
        this.#price(record)
        return
      case 'receipt':
        this.#receipt(record)
        return
      case 'board-total':
      case 'board-info':
        this.#keep(record, record.nozzle, false)
        return
      case 'health':
        this.#health(record)
        return
      case 'key':
        this.#keep(record, '', false)
        return
      default:
        record satisfies never
    }
  }

  #nozzle(code: string): NozzleEntry {
    return this.#site!.nozzles.get(code)!
  }

  #state(nozzle: NozzleEntry): NozzleStateRow {
    const state = this.#states.nozzle(nozzle.row.nozzleId, nozzle.row.siteId)
    this.#round.nozzles.add(state)
    return state
  }

  #sale(nozzle: NozzleEntry, record: Taken<'sale'> | Taken<'load'>, source: number): void {
    const state = this.#state(nozzle)
    const { nozzleId } = nozzle.row
    if (!this.#round.soldUntil.has(nozzleId)) this.#round.soldUntil.set(nozzleId, state.saleAt)
    this.#round.sales.push({
      position: this.#entry.position,
      seq: record.seq,
      nozzle,
      endedAt: record.at,
      startedAt: record.startedAt,
      volumeMillilitres: record.volumeMillilitres,
      totalMillilitres: record.totalMillilitres,
      source,
      grade: 0,
      priceFenPerLitre: null,
      amountFen: null,
    })
    if (isNewer(record.at, record.seq, state.saleAt, state.saleSeq)) {
      state.saleAt = record.at
      state.saleSeq = record.seq
      state.saleMillilitres = record.volumeMillilitres
    }
    this.#total(state, record)
  }

  #total(state: NozzleStateRow, record: { at: number; seq: number; totalMillilitres: number }): void {
    if (!isNewer(record.at, record.seq, state.totalAt, state.totalSeq)) return
    state.totalAt = record.at
    state.totalSeq = record.seq
    state.totalMillilitres = record.totalMillilitres
  }

  /** Live view only: it stays in the log, no table of facts has it. */
  #flow(record: Taken<'flow'>): void {
    const state = this.#state(this.#nozzle(record.nozzle))
    if (!isNewer(record.at, record.seq, state.flowAt, state.flowSeq)) return
    state.flowAt = record.at
    state.flowSeq = record.seq
    state.flow = record.state
    state.runningMillilitres = record.volumeMillilitres
  }

  #line(record: Taken<'line'>): void {
    const state = this.#state(this.#nozzle(record.nozzle))
    this.#keep(record, record.nozzle, record.state !== 'normal')
    if (!isNewer(record.at, record.seq, state.lineAt, state.lineSeq)) return
    state.lineAt = record.at
    state.lineSeq = record.seq
    state.line = record.state
  }

  #level(record: Taken<'level'>): void {
    const { tankId, siteId } = this.#site!.tanks.get(record.tank)!.row
    const reading: TankStateRow = {
      tankId,
      siteId,
      at: record.at,
      seq: record.seq,
      heightMicrometres: record.heightMicrometres,
      waterMicrometres: record.waterMicrometres,
      temperatureCentiCelsius: record.temperatureCentiCelsius,
      volumeMillilitres: record.volumeMillilitres,
      correctedMillilitres: record.correctedMillilitres,
      ullageMillilitres: record.ullageMillilitres,
      status: record.statusBits,
    }
    this.#round.facts.level.push([
      this.#round.county,
      this.#entry.position,
      record.seq,
      siteId,
      tankId,
      record.at,
      record.heightMicrometres,
      record.waterMicrometres,
      record.temperatureCentiCelsius,
      record.volumeMillilitres,
      record.correctedMillilitres,
      record.ullageMillilitres,
      record.statusBits,
    ])
    this.#round.takeReading(reading, record.at, record.seq)
    const kept = this.#states.tanks.get(tankId)
    if (kept && !isNewer(record.at, record.seq, kept.at, kept.seq)) return
    if (kept) this.#round.tanks.delete(kept)
    this.#states.tanks.set(tankId, reading)
    this.#round.tanks.add(reading)
  }

  #delivery(record: Taken<'delivery'>): void {
    const { tankId, siteId } = this.#site!.tanks.get(record.tank)!.row
    this.#round.facts.delivery.push([
      this.#round.county,
      this.#entry.position,
      record.seq,
      siteId,
      tankId,
      record.startedAt,
      record.at,
      record.startMillilitres,
      record.endMillilitres,
      record.startMicrometres,
      record.endMicrometres,
      record.startCentiCelsius,
      record.endCentiCelsius,
    ])
  }

  #price(record: Taken<'price'>): void {
    const nozzle = this.#nozzle(record.nozzle)
    const { nozzleId } = nozzle.row
    const { at, seq, priceFenPerLitre } = record
    this.#round.facts.price.push([
      this.#round.county,
      nozzleId,
      at,
      this.#entry.position,
      seq,
      priceFenPerLitre,
    ])
    this.#round.prices.push({ nozzleId, at, seq, priceFenPerLitre })
    const state = this.#state(nozzle)
    if (!isNewer(at, seq, state.priceAt, state.priceSeq)) return
    state.priceAt = at
    state.priceSeq = seq
    state.priceFenPerLitre = priceFenPerLitre
  }

  #receipt(record: Taken<'receipt'>): void {
    const { position } = this.#entry
    this.#round.receipts.push({ ...record, position, nozzle: this.#nozzle(record.nozzle) })
  }

  #health(record: Taken<'health'>): void {
    markFault(this.#channel.faults, record.event, record.subject, record.at, record.seq)
    if (record.event !== 'heartbeat') this.#keep(record, record.subject, isNotable(record.event))
  }

  #keep(record: RecordedFact, subject: string, notable: boolean): void {
    const { seq, at, kind, ...body } = record
    this.#round.facts.otherFact.push([
      this.#round.county,
      this.#entry.position,
      seq,
      this.#site?.row.siteId ?? 0,
      this.#channel.device,
      this.#channel.channel,
      kind,
      subject,
      at,
      notable,
      body,
    ])
  }
}

type Taken<K extends RecordedFact['kind']> = FactOf<K> & { seq: number; at: number }

/** The schemas let any text through; the database does not. */
export function storable(record: RecordedFact): Problem | undefined {
  const texts =
    record.kind === 'health'
      ? record.subject
      : record.kind === 'board-info'
        ? record.factoryNumber + record.taxpayerNumber
        : record.kind === 'key'
          ? record.publicKey
          : ''
  if (texts === '' || !UNSTORABLE.test(texts)) return undefined
  return { code: 'MALFORMED', detail: 'a text holds NUL or half of a surrogate pair', where: record.kind }
}
