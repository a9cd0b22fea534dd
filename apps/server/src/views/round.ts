import { amountFen, hourIndex } from '@oiltrail/kernel'
import type {
  ChannelStateRow,
  ChartDecisionRow,
  FactRows,
  GapRow,
  NozzleStateRow,
  PriceDifference,
  PriceFact,
  SalesDelta,
  TankHourDelta,
  TankStateRow,
} from '@oiltrail/store'
import { linkAt, type NozzleEntry } from './registry.ts'

/** A sale or load as its record states it, and, once the round is priced, as it stands in the table. */
export interface CountedSale {
  readonly position: number
  readonly seq: number
  readonly nozzle: NozzleEntry
  readonly endedAt: number
  readonly startedAt: number
  readonly volumeMillilitres: number
  readonly totalMillilitres: number
  /** Place in `SALE_SOURCES`. */
  readonly source: number
  grade: number
  /** Null while the price channel has not told the price that was in force when it ended. */
  priceFenPerLitre: number | null
  amountFen: number | null
}

/** A receipt before its grade is known. */
export interface CountedReceipt {
  readonly position: number
  readonly seq: number
  readonly nozzle: NozzleEntry
  readonly at: number
  readonly volumeMillilitres: number
  readonly amountFen: number
  readonly priceFenPerLitre: number
  readonly totalMillilitres: number
  readonly totalFen: number
  readonly boardTime: string
}

/** Number of the arm source in `SALE_SOURCES`: loads have no price. */
export const ARM_SOURCE = 2
/** Hours since 1970 stay below this until 2209, so that a tank and an hour make one exact number. */
const HOURS = 2 ** 21
/** More than there are grades, so that a nozzle and a grade make one number. */
const GRADES = 8

/** Everything that one round of entries adds, until it is written in a few statements. */
export class Round {
  readonly county: number
  readonly facts: FactRows = {
    sale: [],
    receipt: [],
    level: [],
    delivery: [],
    price: [],
    otherFact: [],
    refusedRecord: [],
  }
  readonly sales: CountedSale[] = []
  readonly receipts: CountedReceipt[] = []
  readonly prices: PriceFact[] = []
  /** Nozzle and grade → hour → sums. */
  readonly #hours = new Map<number, Map<number, SalesDelta>>()
  readonly tankHours = new Map<number, TankHourDelta>()
  readonly channels = new Set<ChannelStateRow>()
  readonly nozzles = new Set<NozzleStateRow>()
  readonly tanks = new Set<TankStateRow>()
  readonly gaps = new Set<GapRow>()
  /** When the newest stored sale of a nozzle ended, before this round. */
  readonly soldUntil = new Map<number, number | null>()
  readonly chartDecisions: ChartDecisionRow[] = []
  registryChanged = false

  constructor(county: number) {
    this.county = county
  }

  /** All sums of hours to which this round adds. */
  hours(): SalesDelta[] {
    return [...this.#hours.values()].flatMap((hours) => [...hours.values()])
  }

  /** The sums of an hour to which this round adds. */
  hour(nozzle: NozzleEntry, grade: number, hour: number): SalesDelta {
    const key = nozzle.row.nozzleId * GRADES + grade
    let hours = this.#hours.get(key)
    if (!hours) {
      hours = new Map()
      this.#hours.set(key, hours)
    }
    let sums = hours.get(hour)
    if (!sums) {
      sums = emptySums(hour, nozzle.row.nozzleId, nozzle.row.siteId, grade)
      hours.set(hour, sums)
    }
    return sums
  }

  /** Prices and places a sale, and adds it to its hour. `price` is undefined while none was told. */
  takeSale(sale: CountedSale, price: number | undefined): void {
    const grade = linkAt(sale.nozzle, sale.endedAt).grade
    const amount = price === undefined ? null : amountFen(sale.volumeMillilitres, price)
    const { row } = sale.nozzle
    sale.grade = grade
    sale.priceFenPerLitre = price ?? null
    sale.amountFen = amount
    this.facts.sale.push([
      this.county,
      sale.position,
      sale.seq,
      row.siteId,
      row.nozzleId,
      grade,
      sale.endedAt,
      sale.startedAt,
      sale.volumeMillilitres,
      sale.totalMillilitres,
      sale.priceFenPerLitre,
      amount,
      sale.source,
    ])
    const sums = this.hour(sale.nozzle, grade, hourIndex(sale.endedAt))
    sums.sales++
    sums.volumeMillilitres += sale.volumeMillilitres
    if (amount === null) {
      sums.unpricedSales++
      sums.unpricedMillilitres += sale.volumeMillilitres
    } else sums.amountFen += amount
  }

  /** Places a receipt, and adds it to its hour. */
  takeReceipt(receipt: CountedReceipt): void {
    const grade = linkAt(receipt.nozzle, receipt.at).grade
    const { row } = receipt.nozzle
    this.facts.receipt.push([
      this.county,
      receipt.position,
      receipt.seq,
      row.siteId,
      row.nozzleId,
      grade,
      receipt.at,
      receipt.volumeMillilitres,
      receipt.amountFen,
      receipt.priceFenPerLitre,
      receipt.totalMillilitres,
      receipt.totalFen,
      receipt.boardTime,
    ])
    const sums = this.hour(receipt.nozzle, grade, hourIndex(receipt.at))
    sums.boardSales++
    sums.boardMillilitres += receipt.volumeMillilitres
    sums.boardFen += receipt.amountFen
  }

  /** Adds what a late price changed in sums that are stored already. */
  takeDifference(nozzle: NozzleEntry, difference: PriceDifference): void {
    const sums = this.hour(nozzle, difference.grade, difference.hour)
    sums.amountFen += difference.amountFen
    sums.unpricedSales += difference.unpricedSales
    sums.unpricedMillilitres += difference.unpricedMillilitres
  }

  /** Merges a gauge reading into its hour. */
  takeReading(reading: TankStateRow, at: number, seq: number): void {
    const hour = hourIndex(at)
    const key = reading.tankId * HOURS + hour
    const known = this.tankHours.get(key)
    if (!known) {
      this.tankHours.set(key, {
        hour,
        tankId: reading.tankId,
        siteId: reading.siteId,
        lastAt: at,
        lastSeq: seq,
        lastMillilitres: reading.volumeMillilitres,
        lastMicrometres: reading.heightMicrometres,
        lastWaterMicrometres: reading.waterMicrometres,
        lastCentiCelsius: reading.temperatureCentiCelsius,
        lowMillilitres: reading.volumeMillilitres,
        highMillilitres: reading.volumeMillilitres,
        readings: 1,
      })
      return
    }
    known.readings++
    known.lowMillilitres = Math.min(known.lowMillilitres, reading.volumeMillilitres)
    known.highMillilitres = Math.max(known.highMillilitres, reading.volumeMillilitres)
    if (at < known.lastAt || (at === known.lastAt && seq < known.lastSeq)) return
    known.lastAt = at
    known.lastSeq = seq
    known.lastMillilitres = reading.volumeMillilitres
    known.lastMicrometres = reading.heightMicrometres
    known.lastWaterMicrometres = reading.waterMicrometres
    known.lastCentiCelsius = reading.temperatureCentiCelsius
  }

  /** The round's hours folded into days. */
  days(): SalesDelta[] {
    const all: SalesDelta[] = []
    for (const hours of this.#hours.values()) {
      const days = new Map<number, SalesDelta>()
      for (const hour of hours.values()) {
        const day = Math.floor(hour.bucket / 24)
        let sums = days.get(day)
        if (!sums) {
          sums = emptySums(day, hour.nozzleId, hour.siteId, hour.grade)
          days.set(day, sums)
          all.push(sums)
        }
        addSums(sums, hour)
      }
    }
    return all
  }
}

/** Sums of which every figure is zero. */
export function emptySums(bucket: number, nozzleId: number, siteId: number, grade: number): SalesDelta {
  return {
    bucket,
    nozzleId,
    siteId,
    grade,
    sales: 0,
    volumeMillilitres: 0,
    amountFen: 0,
    unpricedSales: 0,
    unpricedMillilitres: 0,
    boardSales: 0,
    boardMillilitres: 0,
    boardFen: 0,
  }
}

/** Adds one set of sums to another. */
export function addSums(
  to: Omit<SalesDelta, 'bucket' | 'nozzleId' | 'siteId' | 'grade'>,
  from: Omit<SalesDelta, 'bucket' | 'nozzleId' | 'siteId' | 'grade'>,
): void {
  to.sales += from.sales
  to.volumeMillilitres += from.volumeMillilitres
  to.amountFen += from.amountFen
  to.unpricedSales += from.unpricedSales
  to.unpricedMillilitres += from.unpricedMillilitres
  to.boardSales += from.boardSales
  to.boardMillilitres += from.boardMillilitres
  to.boardFen += from.boardFen
}
