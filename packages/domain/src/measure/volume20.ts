import type { CentiCelsius, Millilitres } from '@oiltrail/kernel'
import { GRADE_FACTS, type Grade } from '../registry/grades.ts'
import type { DeliveryNotice } from '../rules/event.ts'

/**
 * Volume at 20 °C of oil products from density and temperature, with the coefficients of domain.md "Volume at 20 °C"
 * (the form of GB/T 1885): α of the density at 15 °C, VCF15(t) = exp(−αΔ(1 + 0.8αΔ)), VCF20(t) = VCF15(t) / VCF15(20).
 */

/** Each band of density at 15 °C (kg/m³) below its bound has its own α (1/°C). */
function alphaAt15(density15: number): number {
  if (density15 < 770.5) return 346.4228 / density15 ** 2 + 0.4388 / density15
  if (density15 < 787.5) return -0.00336312 + 2680.3206 / density15 ** 2
  if (density15 < 838.5) return 594.5418 / density15 ** 2
  return 186.9696 / density15 ** 2 + 0.4862 / density15
}

function factorTo15(alpha: number, celsius: number): number {
  const grown = alpha * (celsius - 15)
  return Math.exp(-grown * (1 + 0.8 * grown))
}

/** Each round comes closer by a factor of a hundred; eight reach the limits of a double. */
const ROUNDS = 8

/** Density at 15 °C (kg/m³) of a product whose density at 20 °C is given. */
export function density15From20(density20: number): number {
  let density15 = density20
  for (let round = 0; round < ROUNDS; round++) density15 = density20 / factorTo15(alphaAt15(density15), 20)
  return density15
}

/** α at 15 °C and VCF15(20) by density at 20 °C: a county has a handful of products. */
const products = new Map<number, { readonly alpha: number; readonly at20: number }>()
/** Densities kept; beyond it nothing is kept, so that odd input cannot fill the memory. */
const MOST_PRODUCTS = 1_000

function productOf(density20: number): { readonly alpha: number; readonly at20: number } {
  const known = products.get(density20)
  if (known) return known
  const alpha = alphaAt15(density15From20(density20))
  const product = { alpha, at20: factorTo15(alpha, 20) }
  if (products.size < MOST_PRODUCTS) products.set(density20, product)
  return product
}

/** VCF20: litres at 20 °C of one litre at `celsius`, for a product of `density20` kg/m³ (600–1,000 is meant). */
export function volumeFactor20(density20: number, celsius: number): number {
  const { alpha, at20 } = productOf(density20)
  return factorTo15(alpha, celsius) / at20
}

/** Volume at 20 °C, real-valued millilitres, of a volume of a grade at a temperature; typical density of the grade. */
export function volume20Millilitres(
  volumeMillilitres: Millilitres,
  temperature: CentiCelsius,
  grade: Grade,
): number {
  return volumeMillilitres * volumeFactor20(GRADE_FACTS[grade].density20, temperature / 100)
}

/** What a notice announces, in whole millilitres at 20 °C: a volume measured at another temperature is converted. */
export function noticedMillilitres20(notice: DeliveryNotice): Millilitres {
  const { volumeMillilitres, temperatureCentiCelsius, grade } = notice
  if (temperatureCentiCelsius === undefined) return volumeMillilitres
  return Math.round(volume20Millilitres(volumeMillilitres, temperatureCentiCelsius, grade))
}
