import type { FactOf } from '@oiltrail/domain'
import { boardIdentity, boardTime, type LabelledSum } from '../physics/board.ts'
import type { GaugeReading, SeenDelivery } from '../physics/gauge.ts'
import type { Fill, NozzleBody } from '../physics/nozzle.ts'
import type { Load } from '../physics/site.ts'

/** Facts as a collector states them, from what its devices would have told it. */

/** A gauge sends 32-bit floats: what arrives is the nearest of them, rounded to the integer unit. */
function heard(value: number, factor: number): number {
  return Math.round(Math.fround(value) * factor) + 0
}

/** A reading of a tank (function 201). */
export function levelOf(tank: string, reading: GaugeReading): FactOf<'level'> {
  return {
    kind: 'level',
    tank,
    heightMicrometres: heard(reading.heightMillimetres, 1000),
    waterMicrometres: heard(reading.waterMillimetres, 1000),
    temperatureCentiCelsius: heard(reading.celsius, 100),
    volumeMillilitres: heard(reading.volumeLitres, 1000),
    correctedMillilitres: heard(reading.correctedLitres, 1000),
    ullageMillilitres: Math.max(0, heard(reading.ullageLitres, 1000)),
    statusBits: reading.delivering ? 1 : 0,
  }
}

/** A delivery (function 202); its record is stamped with its end. */
export function deliveryOf(seen: SeenDelivery): FactOf<'delivery'> {
  return {
    kind: 'delivery',
    tank: seen.tank,
    startedAt: seen.startedAt,
    startMillilitres: heard(seen.start.volumeLitres, 1000),
    endMillilitres: heard(seen.end.volumeLitres, 1000),
    startMicrometres: heard(seen.start.heightMillimetres, 1000),
    endMicrometres: heard(seen.end.heightMillimetres, 1000),
    startCentiCelsius: heard(seen.start.celsius, 100),
    endCentiCelsius: heard(seen.end.celsius, 100),
  }
}

/** A sale on the volume channel, from pulses or from the board's grand total. Called right after it was booked. */
export function saleOf(nozzle: NozzleBody, fill: Fill): FactOf<'sale'> {
  const sale = { kind: 'sale' as const, nozzle: nozzle.plan.nozzle, startedAt: fill.startedAt }
  return nozzle.plan.input === undefined
    ? {
        ...sale,
        volumeMillilitres: fill.bookedMillilitres,
        totalMillilitres: nozzle.boardMillilitres,
        source: 'board',
      }
    : {
        ...sale,
        volumeMillilitres: fill.pulsedMillilitres,
        totalMillilitres: nozzle.totalMillilitres,
        source: 'pulse',
        pulses: fill.pulsedMillilitres / 10,
      }
}

/** A sale as the board shows it (commands 0x86 and 0x89). Called right after it was booked. */
export function receiptOf(nozzle: NozzleBody, fill: Fill): FactOf<'receipt'> {
  return {
    kind: 'receipt',
    nozzle: nozzle.plan.nozzle,
    volumeMillilitres: fill.bookedMillilitres,
    amountFen: fill.bookedFen,
    priceFenPerLitre: fill.priceFenPerLitre,
    boardTime: boardTime(nozzle, fill.endsAt),
    totalMillilitres: nozzle.boardMillilitres,
    totalFen: nozzle.totalFen,
  }
}

/** A batch through an arm. Called right after it was booked. */
export function loadOf(arm: string, load: Load, totalMillilitres: number): FactOf<'load'> {
  return {
    kind: 'load',
    arm,
    batch: load.batch,
    volumeMillilitres: load.grossMillilitres,
    volume20Millilitres: load.volume20Millilitres,
    temperatureCentiCelsius: Math.round(load.celsius * 100),
    totalMillilitres,
    startedAt: wholeSecond(load.startedAt),
  }
}

/** The meter's clock has seconds only. */
export function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000
}

/** A sum of the tax memory. */
export function boardTotalOf(
  nozzle: NozzleBody,
  period: 'day' | 'month' | 'grand',
  sum: LabelledSum,
): FactOf<'board-total'> {
  return {
    kind: 'board-total',
    nozzle: nozzle.plan.nozzle,
    period,
    label: sum.label,
    volumeMillilitres: sum.volumeMillilitres,
    amountFen: sum.amountFen,
  }
}

/** Who the board is (command 0x83). */
export function boardInfoOf(nozzle: NozzleBody, at: number): FactOf<'board-info'> {
  const { gunCodes: _gunCodes, ...identity } = boardIdentity(nozzle, at)
  return { kind: 'board-info', nozzle: nozzle.plan.nozzle, ...identity }
}
