/** The next round number (1, 2, 2.5, 5 × a power of ten) at or above a value, for the top of an axis. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 2, 2.5, 4, 5, 8, 10]) if (step * power >= value * (1 - 1e-12)) return step * power
  return 10 * power
}
