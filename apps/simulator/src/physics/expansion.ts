/** Thermal expansion of oil products: volume at 20 °C from density and temperature (coefficients of domain.md, GB/T 1885 form). */

function alphaAt15(density15: number): number {
  if (density15 < 770.5) return 346.4228 / density15 ** 2 + 0.4388 / density15
  if (density15 < 787.5) return -0.00336312 + 2680.3206 / density15 ** 2
  if (density15 < 838.5) return 594.5418 / density15 ** 2
  return 186.9696 / density15 ** 2 + 0.4862 / density15
}

function factorTo15(alpha: number, celsius: number): number {
  const rise = alpha * (celsius - 15)
  return Math.exp(-rise * (1 + 0.8 * rise))
}

/** Volume at 20 °C of one volume at `celsius`, for one product. */
export type VolumeCorrection = (celsius: number) => number

/** The correction factor of a product of this density at 20 °C in kg/m³; ρ15 is found by iteration. */
export function volumeCorrection(density20: number): VolumeCorrection {
  let density15 = density20 + 4
  // Converges by a factor of a hundred per round; eight rounds reach the limits of a double.
  for (let round = 0; round < 8; round++) density15 = density20 / factorTo15(alphaAt15(density15), 20)
  const alpha = alphaAt15(density15)
  const at20 = factorTo15(alpha, 20)
  return (celsius) => factorTo15(alpha, celsius) / at20
}
