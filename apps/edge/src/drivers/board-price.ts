import type { Fact } from '@oiltrail/domain'
import { chinaParts, DAY_MS, dayIndex, type EpochMs, hourIndex } from '@oiltrail/kernel'
import { taxport } from '@oiltrail/protocols'
import type { TaxportConfig } from '../config/schema.ts'
import type { StateValue } from '../spool/frame.ts'
import type { Observation } from '../station/recorder.ts'
import type { Station } from '../station/station.ts'
import { answered, type Exchange } from './exchange.ts'
import type { Driver } from './loop.ts'
import type { PortPool } from './ports.ts'
import { type PriceState, PriceWatch } from './price-watch.ts'
import { dialectOf, TaxClient } from './taxclient.ts'

const POLL_MS = 4_000
/** Polls for which a board may show a grown total beside the last sale of before. */
const LAGGING_POLLS = 2

/** What of one gun survives a restart. */
interface GunState {
  readonly totals?: taxport.GrandTotal
  /** The last sale stated, as one text. */
  readonly sale: string
  readonly price: PriceState | null
  readonly hour: number
  readonly day: number
}

interface Gun {
  readonly nozzle: string
  readonly number: number
  readonly key: string
  readonly price: PriceWatch
  state: GunState
  lagging: number
}

/**
 * The price channel: what a dispenser's board charges and what its tax memory holds, read from its tax-control port.
 * Each sale as the board shows it is a receipt, checked against the growth of the grand totals.
 */
export class BoardPriceDriver implements Driver {
  readonly subject: string
  readonly intervalMs = POLL_MS
  private readonly station: Station
  private readonly client: TaxClient
  private readonly guns: Gun[]

  constructor(config: TaxportConfig, station: Station, ports: PortPool) {
    this.subject = `taxport ${config.port}`
    this.station = station
    this.client = new TaxClient(ports.bytePort(config.port), dialectOf(config.dialect))
    this.guns = config.nozzles.map(({ nozzle, gun }) => {
      const key = `price:${nozzle}`
      const stored = station.recorder.state(key) as unknown as GunState | undefined
      const state = stored ?? { sale: '', price: null, hour: -1, day: -1 }
      return { nozzle, number: gun, key, price: new PriceWatch(state.price ?? undefined), state, lagging: 0 }
    })
  }

  async poll(now: EpochMs): Promise<Exchange<unknown>> {
    let outcome: Exchange<unknown> = answered(undefined)
    for (const gun of this.guns) {
      const read = await this.pollGun(gun, now)
      if (!read.ok) outcome = read
      if (!read.ok && read.loss === 'port') break
    }
    return outcome
  }

  private async pollGun(gun: Gun, now: EpochMs): Promise<Exchange<unknown>> {
    const totals = await this.client.provenTotals(gun.number, gun.state.totals)
    if (!totals.ok) return totals
    const sale = await this.client.lastSale(gun.number)
    if (!sale.ok) return sale
    const today = await this.client.dayTotal(gun.number, dateOf(now))
    if (!today.ok) return today
    const round = new Round(gun, now)
    this.sale(round, totals.value, sale.value)
    // The day total carries the price of the base setting. A board that answers nothing before the first sale of the
    // day says nothing new then; only a price never read is taken from its last sale.
    const shown = today.value ?? (gun.price.state ? undefined : sale.value)
    if (shown) round.price(shown.priceFenPerLitre, round.sawSale ? sale.value : undefined)
    this.totals(round, totals.value, today.value)
    const asked = await this.daily(round)
    if (!asked.ok) {
      gun.price.forget()
      return asked
    }
    if (round.observations.length === 0) return answered(undefined)
    const done = await this.station.recorder.record(round.observations, { [gun.key]: round.stored() })
    // Not kept: the same is found again at the next poll, as long as the board shows it.
    if (done.ok) round.accept()
    else gun.price.forget()
    return answered(undefined)
  }

  /** Growth of the totals against the last sale that the board shows. */
  private sale(round: Round, totals: taxport.GrandTotal, sale: taxport.LastSale | undefined): void {
    const { gun } = round
    const before = gun.state.totals
    const shown = sale
      ? JSON.stringify([sale.boardTime, sale.volumeMillilitres, sale.amountFen, sale.priceFenPerLitre])
      : ''
    if (!before) {
      round.next = { ...round.next, totals, sale: shown }
      round.add(grandOf(gun.nozzle, totals))
      return
    }
    const growth = taxport.saleBetween(before, totals)
    if (!growth.ok) {
      // The board's totals fell: stated as they are, for that must never happen.
      round.next = { ...round.next, totals, sale: shown }
      round.add(grandOf(gun.nozzle, totals))
      return
    }
    const { volumeMillilitres, amountFen } = growth.value
    if (volumeMillilitres === 0 && amountFen === 0) return
    const agrees = sale && sale.volumeMillilitres === volumeMillilitres && sale.amountFen === amountFen
    if (!agrees && shown === gun.state.sale && gun.lagging < LAGGING_POLLS) {
      gun.lagging++
      return
    }
    gun.lagging = 0
    if (sale && (agrees || shown !== gun.state.sale)) round.add(receiptOf(gun.nozzle, sale, totals))
    // More was sold than one sale: the totals say how much, nobody knows in how many.
    if (!agrees) round.add(grandOf(gun.nozzle, totals))
    round.next = { ...round.next, totals, sale: shown }
  }

  /** The sums of the tax memory, once an hour. */
  private totals(round: Round, totals: taxport.GrandTotal, today: taxport.DayTotal | undefined): void {
    const { gun, now } = round
    const hour = hourIndex(now)
    if (gun.state.hour === hour) return
    round.next = { ...round.next, hour }
    round.add(grandOf(gun.nozzle, totals))
    if (today) round.add(sumOf(gun.nozzle, 'day', today.date, today))
  }

  /** Once a day, and at the first look: who the board is, the day that has passed and its month. */
  private async daily(round: Round): Promise<Exchange<unknown>> {
    const { gun, now } = round
    const day = dayIndex(now)
    if (gun.state.day === day) return answered(undefined)
    const info = await this.client.ask(taxport.boardInfo, { gun: gun.number })
    if (!info.ok) return info
    const date = dateOf(now - DAY_MS)
    const passed = await this.client.dayTotal(gun.number, date)
    if (!passed.ok) return passed
    const month = await this.client.ask(taxport.monthTotal, {
      gun: gun.number,
      month: date.slice(0, 6),
      returnMode: 0,
    })
    if (!month.ok) return month
    const board = info.value.value
    if (board?.tax) {
      const { taxpayerNumber, oilCode, boardClock } = board.tax
      round.add({
        kind: 'board-info',
        nozzle: gun.nozzle,
        factoryNumber: board.factoryNumber,
        taxpayerNumber,
        oilCode,
        boardClock,
      })
    } else
      this.station.log.warn({ nozzle: gun.nozzle }, '税控主板未初始化 / the tax board was never initialised')
    if (passed.value) round.add(sumOf(gun.nozzle, 'day', passed.value.date, passed.value))
    if (month.value.value) round.add(sumOf(gun.nozzle, 'month', month.value.value.month, month.value.value))
    round.next = { ...round.next, day }
    return answered(undefined)
  }
}

/** What one poll of one gun found, and the state that will be true once it is recorded. */
class Round {
  readonly gun: Gun
  readonly now: EpochMs
  readonly observations: Observation[] = []
  next: GunState

  constructor(gun: Gun, now: EpochMs) {
    this.gun = gun
    this.now = now
    this.next = gun.state
  }

  add(fact: Fact, at: EpochMs = this.now): void {
    this.observations.push({ at, fact })
  }

  /** Whether this poll saw a sale for the first time. */
  get sawSale(): boolean {
    return this.observations.some(({ fact }) => fact.kind === 'receipt')
  }

  /** Takes a price as read; `sale` is the one that this poll saw for the first time. */
  price(shown: number, sale: taxport.LastSale | undefined): void {
    const stated = this.gun.price.read(shown, this.now, sale)
    if (!stated) return
    // Before everything else of this poll: the receipt that came with it is at this price.
    this.observations.unshift({
      at: stated.at,
      fact: { kind: 'price', nozzle: this.gun.nozzle, priceFenPerLitre: shown },
    })
  }

  stored(): StateValue {
    return { ...this.next, price: this.gun.price.state ?? null } as unknown as StateValue
  }

  accept(): void {
    this.gun.state = this.next
  }
}

function dateOf(at: EpochMs): string {
  const { year, month, day } = chinaParts(at)
  return `${year}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`
}

function sumOf(nozzle: string, period: 'day' | 'month', label: string, sum: taxport.GrandTotal): Fact {
  const { volumeMillilitres, amountFen } = sum
  return { kind: 'board-total', nozzle, period, label, volumeMillilitres, amountFen }
}

function grandOf(nozzle: string, { volumeMillilitres, amountFen }: taxport.GrandTotal): Fact {
  return { kind: 'board-total', nozzle, period: 'grand', label: '', volumeMillilitres, amountFen }
}

function receiptOf(nozzle: string, sale: taxport.LastSale, totals: taxport.GrandTotal): Fact {
  return {
    kind: 'receipt',
    nozzle,
    volumeMillilitres: sale.volumeMillilitres,
    amountFen: sale.amountFen,
    priceFenPerLitre: sale.priceFenPerLitre,
    boardTime: sale.boardTime,
    totalMillilitres: totals.volumeMillilitres,
    totalFen: totals.amountFen,
  }
}
