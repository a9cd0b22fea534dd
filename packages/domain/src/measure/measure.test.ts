import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addEstimate,
  addRow,
  addValue,
  deviation,
  emptyFit,
  NO_MOMENTS,
  NO_POOL,
  pooled,
  solveFit,
} from './statistics.ts'
import { density15From20, volume20Millilitres, volumeFactor20 } from './volume20.ts'

describe('volume at 20 °C', () => {
  it.each([
    [740, 0, 1.02434],
    [740, 10, 1.01222],
    [740, 30, 0.9877],
    [835, 0, 1.01694],
    [835, 30, 0.99147],
    [845, 10, 1.00836],
    [845, 30, 0.9916],
  ])('agrees with the check value for ρ20 %d at %d °C', (density, celsius, factor) => {
    expect(volumeFactor20(density, celsius)).toBeCloseTo(factor, 5)
  })

  it('is 1 at 20 °C and falls with temperature, for every density in use', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 700, max: 900 }),
        fc.double({ min: -30, max: 49, noNaN: true }),
        (density, celsius) => {
          expect(volumeFactor20(density, 20)).toBeCloseTo(1, 12)
          expect(volumeFactor20(density, celsius)).toBeGreaterThan(volumeFactor20(density, celsius + 1))
          expect(density15From20(density)).toBeGreaterThan(density)
        },
      ),
    )
  })

  it('takes the density of the grade', () => {
    expect(volume20Millilitres(10_000_000, 3_000, '92')).toBeCloseTo(9_877_000, -3)
    expect(volume20Millilitres(10_000_000, 3_000, '0')).toBeCloseTo(9_914_700, -3)
  })
})

describe('running statistics', () => {
  it('moments equal the textbook formulas', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 2, maxLength: 50 }),
        (values) => {
          const moments = values.reduce(addValue, NO_MOMENTS)
          const mean = values.reduce((a, b) => a + b) / values.length
          const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1)
          expect(moments.mean).toBeCloseTo(mean, 6)
          expect(deviation(moments)).toBeCloseTo(Math.sqrt(variance), 5)
        },
      ),
    )
  })

  it('a fit finds the coefficients that made its data, and how sure it is', () => {
    let fit = emptyFit(3)
    let seed = 1
    const noise = (): number => {
      seed = (seed * 16_807) % 2_147_483_647
      return (seed / 2_147_483_647 - 0.5) * 2
    }
    for (let t = 0; t < 2_000; t++) {
      const x = [1, t / 100, Math.sin(t)]
      fit = addRow(fit, x, 5 - 0.75 * x[1]! + 2 * x[2]! + noise())
    }
    const solved = solveFit(fit)!
    expect(solved.beta[1]).toBeCloseTo(-0.75, 1)
    expect(solved.residualVariance).toBeCloseTo(1 / 3, 1)
    for (const [i, truth] of [5, -0.75, 2].entries())
      expect(Math.abs(solved.beta[i]! - truth)).toBeLessThan(
        4 * Math.sqrt(solved.spread[i]! * solved.residualVariance),
      )
  })

  it('a fit whose regressors say the same, or that has too few rows, answers nothing', () => {
    let fit = emptyFit(2)
    fit = addRow(fit, [1, 2], 1)
    expect(solveFit(fit)).toBeUndefined()
    for (let i = 0; i < 5; i++) fit = addRow(fit, [1, 2], i)
    expect(solveFit(fit)).toBeUndefined()
  })

  it('a pool weighs by certainty, and admits scatter', () => {
    const calm = addEstimate(addEstimate(NO_POOL, 1, 1), 1.1, 0.01)
    expect(pooled(calm)!.mean).toBeCloseTo(1.099, 3)
    expect(pooled(calm)!.error).toBeCloseTo(0.0995, 3)
    const wild = addEstimate(addEstimate(NO_POOL, 0, 0.01), 2, 0.01)
    expect(pooled(wild)!.error).toBeGreaterThan(0.9)
    expect(pooled(NO_POOL)).toBeUndefined()
  })
})
