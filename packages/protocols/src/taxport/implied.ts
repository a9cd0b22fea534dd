import { ok, type Result, refuse } from '@oiltrail/kernel'
import type { GrandTotal } from './89-grand-total.ts'

/** Half of the port's smallest volume, 0.005 L: how far a shown volume may lie from the true one. */
const HALF_TICK_MILLILITRES = 5

/** Growth of a gun's totals between two readings; both 0 when nothing was sold. Refuses OUT_OF_RANGE when one fell. */
export function saleBetween(before: GrandTotal, after: GrandTotal): Result<GrandTotal> {
  const volumeMillilitres = after.volumeMillilitres - before.volumeMillilitres
  const amountFen = after.amountFen - before.amountFen
  if (volumeMillilitres < 0)
    return refuse('OUT_OF_RANGE', `the total fell by ${-volumeMillilitres} mL`, 'volumeMillilitres')
  if (amountFen < 0) return refuse('OUT_OF_RANGE', `the total fell by ${-amountFen} fen`, 'amountFen')
  return ok({ volumeMillilitres, amountFen })
}

/** Prices, in whole fen per litre, that volume and amount of a sale allow: both bounds included. */
export interface PriceRange {
  readonly lowestFenPerLitre: number
  readonly highestFenPerLitre: number
}

/**
 * Prices that a sale of this volume and amount allows: A/(V+0.005) … A/(V−0.005), for the port rounds V to 0.01 L.
 * Undefined when the volume is too small to tell anything, or when no whole price lies in between.
 */
export function impliedPrices(sale: GrandTotal): PriceRange | undefined {
  if (sale.volumeMillilitres <= HALF_TICK_MILLILITRES) return undefined
  const lowest = Math.ceil((sale.amountFen * 1000) / (sale.volumeMillilitres + HALF_TICK_MILLILITRES))
  const highest = Math.floor((sale.amountFen * 1000) / (sale.volumeMillilitres - HALF_TICK_MILLILITRES))
  return lowest <= highest ? { lowestFenPerLitre: lowest, highestFenPerLitre: highest } : undefined
}

/** The one price that a sale allows, or undefined when it is ambiguous (small sales are). */
export function impliedPrice(sale: GrandTotal): number | undefined {
  const range = impliedPrices(sale)
  return range && range.lowestFenPerLitre === range.highestFenPerLitre ? range.lowestFenPerLitre : undefined
}

/** Whether a sale could have been made at this price. A sale too small to tell allows any. */
export function priceFits(sale: GrandTotal, priceFenPerLitre: number): boolean {
  if (sale.volumeMillilitres <= HALF_TICK_MILLILITRES) return true
  const range = impliedPrices(sale)
  return (
    range !== undefined &&
    priceFenPerLitre >= range.lowestFenPerLitre &&
    priceFenPerLitre <= range.highestFenPerLitre
  )
}
