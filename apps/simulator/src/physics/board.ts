import { GRADE_FACTS } from '@oiltrail/domain'
import { CHINA_OFFSET_MS, dayIndex, type EpochMs, type Fen, type Millilitres } from '@oiltrail/kernel'
import { type MemorySum, monthKey, type NozzleBody } from './nozzle.ts'

/** Board clock as digits `YYYYMMDDhhmmss`. */
function digitsOf(boardAt: EpochMs): string {
  return new Date(boardAt + CHINA_OFFSET_MS).toISOString().replace(/[-T:]/g, '').slice(0, 14)
}

/** Who a board says it is, for one of its guns (command 0x83). */
export function boardIdentity(
  nozzle: NozzleBody,
  at: EpochMs,
): { factoryNumber: string; gunCodes: string; taxpayerNumber: string; oilCode: string; boardClock: string } {
  return {
    factoryNumber: nozzle.tampering.factoryNumber ?? nozzle.dispenser.factoryNumber,
    gunCodes: String(nozzle.plan.gun).padStart(2, '0'),
    taxpayerNumber: nozzle.dispenser.taxpayerNumber,
    oilCode: GRADE_FACTS[nozzle.plan.grade].oilCode,
    boardClock: digitsOf(nozzle.boardClock(at)).slice(0, 12),
  }
}

/** Time of a sale as the board prints it, `DDhhmm` (command 0x86). */
export function boardTime(nozzle: NozzleBody, at: EpochMs): string {
  return digitsOf(nozzle.boardClock(at)).slice(6, 12)
}

/** A sum of the tax memory with its label. */
export interface LabelledSum {
  readonly label: string
  readonly volumeMillilitres: Millilitres
  readonly amountFen: Fen
}

/** The day on which a moment lies by the board's clock, with its sum so far (command 0x87). */
export function dayOfBoard(nozzle: NozzleBody, at: EpochMs): LabelledSum {
  const boardAt = nozzle.boardClock(at)
  return labelled(digitsOf(boardAt).slice(0, 8), nozzle.days.get(dayIndex(boardAt)))
}

/** The month in which a moment lies by the board's clock, with its sum so far (command 0x88). */
export function monthOfBoard(nozzle: NozzleBody, at: EpochMs): LabelledSum {
  const boardAt = nozzle.boardClock(at)
  return labelled(digitsOf(boardAt).slice(0, 6), nozzle.months.get(monthKey(boardAt)))
}

function labelled(label: string, sum: MemorySum | undefined): LabelledSum {
  return { label, volumeMillilitres: sum?.volumeMillilitres ?? 0, amountFen: sum?.amountFen ?? 0 }
}
