/** Thousandths of a litre. Every volume in the system. */
export type Millilitres = number
/** Hundredths of a yuan. Every amount of money; prices are fen per litre. */
export type Fen = number
/** Thousandths of a millimetre. Every height: gauges resolve 0.1 mm or finer. */
export type Micrometres = number
/** Hundredths of a degree Celsius. */
export type CentiCelsius = number
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number

/** Volume × price, rounded half up to the fen, exact for any volume a dispenser can show. */
export function amountFen(volumeMillilitres: Millilitres, priceFenPerLitre: Fen): Fen {
  return Math.round((volumeMillilitres * priceFenPerLitre) / 1000)
}

/** Whether a value is an integer that JavaScript represents exactly. */
export function isSafeCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
