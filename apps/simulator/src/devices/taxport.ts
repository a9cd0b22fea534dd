import { CHINA_OFFSET_MS, DAY_MS, dayIndex, type EpochMs } from '@oiltrail/kernel'
import {
  type Answer,
  boardInfo,
  type DayTotal,
  type Dialect,
  dayTotal,
  dialectNamed,
  type Frame,
  FrameDecoder,
  grandTotal,
  type LastSale,
  lastSale,
  type MonthTotal,
  monthTotal,
  STATUS_DATA,
  STATUS_NOTHING,
} from '@oiltrail/protocols/taxport'
import { boardIdentity, boardTime, dayOfBoard } from '../physics/board.ts'
import type { NozzleBody } from '../physics/nozzle.ts'
import type { DispenserBody } from '../physics/site.ts'
import type { SiteConditions } from './conditions.ts'
import type { Listener } from './port.ts'

/** With the quirk, a board closes its day this long after midnight. */
const LATE_MIDNIGHT_MS = 60_000

/** What a dispenser's board says on its tax-control or communication port. `present` lives the world to now first. */
export function boardListener(
  dispenser: DispenserBody,
  conditions: SiteConditions,
  present: () => EpochMs,
): Listener {
  const dialect = dialectNamed(dispenser.plan.dialect)
  if (!dialect) throw new Error(`no dialect ${dispenser.plan.dialect}`)
  const board = new Board(dispenser, conditions, dialect)
  return (send) => {
    const decoder = new FrameDecoder()
    return {
      receive(bytes) {
        for (const event of decoder.feed(bytes)) {
          if (!event.ok) continue
          const answer = board.answer(event.value, present())
          if (answer) send(answer)
        }
      },
    }
  }
}

class Board {
  private readonly dispenser: DispenserBody
  private readonly conditions: SiteConditions
  private readonly dialect: Dialect

  constructor(dispenser: DispenserBody, conditions: SiteConditions, dialect: Dialect) {
    this.dispenser = dispenser
    this.conditions = conditions
    this.dialect = dialect
  }

  /** The bytes of the answer, or undefined: a board is silent to what it does not understand, and without power. */
  answer(frame: Frame, at: EpochMs): Uint8Array | undefined {
    if (!this.conditions.mains || this.condition.silent) return undefined
    switch (frame.command) {
      case boardInfo.command: {
        const request = boardInfo.readRequest(frame)
        const nozzle = request.ok ? this.nozzle(request.value.gun) : undefined
        if (!nozzle) return undefined
        const { factoryNumber, ...tax } = boardIdentity(nozzle, at)
        return boardInfo.writeAnswer({ status: STATUS_DATA, value: { factoryNumber, tax } }, this.dialect)
      }
      case lastSale.command: {
        const request = lastSale.readRequest(frame)
        const nozzle = request.ok ? this.nozzle(request.value.gun) : undefined
        return nozzle && lastSale.writeAnswer(lastSaleOf(nozzle), this.dialect)
      }
      case dayTotal.command: {
        const request = dayTotal.readRequest(frame)
        const nozzle = request.ok ? this.nozzle(request.value.gun) : undefined
        if (!request.ok || !nozzle) return undefined
        return dayTotal.writeAnswer(this.dayTotalOf(nozzle, request.value.date, at), this.dialect)
      }
      case monthTotal.command: {
        const request = monthTotal.readRequest(frame)
        const nozzle = request.ok ? this.nozzle(request.value.gun) : undefined
        if (!request.ok || !nozzle) return undefined
        return monthTotal.writeAnswer(monthTotalOf(nozzle, request.value.month), this.dialect)
      }
      case grandTotal.command: {
        const request = grandTotal.readRequest(frame)
        const nozzle = request.ok ? this.nozzle(request.value.gun) : undefined
        if (!nozzle) return undefined
        const value = { volumeMillilitres: nozzle.boardMillilitres, amountFen: nozzle.totalFen }
        return grandTotal.writeAnswer({ status: STATUS_DATA, value }, this.dialect)
      }
      default:
        return undefined
    }
  }

  private get condition(): { silent: boolean; quirks: ReadonlySet<string> } {
    const condition = this.conditions.boards.get(this.dispenser.plan.dispenser)
    if (!condition) throw new Error(`no conditions for dispenser ${this.dispenser.plan.dispenser}`)
    return condition
  }

  private nozzle(gun: number): NozzleBody | undefined {
    return this.dispenser.nozzles.find((nozzle) => nozzle.plan.gun === gun)
  }

  /** Today is answered with the price in force, also before the first sale; a past day without sales with STATUS 0. */
  private dayTotalOf(nozzle: NozzleBody, date: string, at: EpochMs): Answer<DayTotal> {
    const today = dayOfBoard(nozzle, at)
    if (date === today.label) {
      const sinceMidnight = (nozzle.boardClock(at) + CHINA_OFFSET_MS) % DAY_MS
      if (this.condition.quirks.has('midnight') && sinceMidnight < LATE_MIDNIGHT_MS) {
        const { label, ...sums } = dayOfBoard(nozzle, at - DAY_MS)
        return data({ date: label, ...sums, priceFenPerLitre: nozzle.priceFenPerLitre })
      }
      if (today.volumeMillilitres === 0 && this.condition.quirks.has('no-sale-today'))
        return { status: STATUS_NOTHING }
      const { label, ...sums } = today
      return data({ date: label, ...sums, priceFenPerLitre: nozzle.priceFenPerLitre })
    }
    const sum = nozzle.days.get(dayIndexOf(date))
    return sum ? data({ date, ...sum }) : { status: STATUS_NOTHING }
  }
}

function data<T>(value: T): Answer<T> {
  return { status: STATUS_DATA, value }
}

function lastSaleOf(nozzle: NozzleBody): Answer<LastSale> {
  const fill = nozzle.lastFill
  if (!fill) return { status: STATUS_NOTHING }
  return data({
    boardTime: boardTime(nozzle, fill.endsAt),
    volumeMillilitres: fill.bookedMillilitres,
    amountFen: fill.bookedFen,
    priceFenPerLitre: fill.priceFenPerLitre,
  })
}

function monthTotalOf(nozzle: NozzleBody, month: string): Answer<MonthTotal> {
  const sum = nozzle.months.get(Number(month))
  if (!sum) return { status: STATUS_NOTHING }
  return data({ month, volumeMillilitres: sum.volumeMillilitres, amountFen: sum.amountFen })
}

/** Day index of `YYYYMMDD`; a date that does not exist has no sums under any index. */
function dayIndexOf(date: string): number {
  const at = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)))
  return dayIndex(at - CHINA_OFFSET_MS)
}
