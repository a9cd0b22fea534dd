/** Small running statistics: plain data in, plain data out, so that they can live in the state of a rule. */

/** Count, mean and sum of squared deviations (Welford): stable however many values come. */
export interface Moments {
  readonly n: number
  readonly mean: number
  readonly m2: number
}

export const NO_MOMENTS: Moments = { n: 0, mean: 0, m2: 0 }

/** Takes one value. */
export function addValue(moments: Moments, value: number): Moments {
  const n = moments.n + 1
  const delta = value - moments.mean
  const mean = moments.mean + delta / n
  return { n, mean, m2: moments.m2 + delta * (value - mean) }
}

/** Standard deviation of a sample; 0 for fewer than two values. */
export function deviation({ n, m2 }: Moments): number {
  return n < 2 ? 0 : Math.sqrt(m2 / (n - 1))
}

/** Sums of a least-squares fit of `y` on `p` regressors: the packed upper triangle of XᵀX, Xᵀy, yᵀy. */
export interface FitSums {
  readonly p: number
  readonly n: number
  readonly xx: readonly number[]
  readonly xy: readonly number[]
  readonly yy: number
}

/** A fit of `p` regressors that has seen nothing. */
export function emptyFit(p: number): FitSums {
  return { p, n: 0, xx: new Array((p * (p + 1)) / 2).fill(0), xy: new Array(p).fill(0), yy: 0 }
}

/** Takes one row; `x` has `p` values, the first usually 1. */
export function addRow(fit: FitSums, x: readonly number[], y: number): FitSums {
  const { p } = fit
  const xx = fit.xx.slice()
  const xy = fit.xy.slice()
  let place = 0
  for (let i = 0; i < p; i++) {
    xy[i]! += x[i]! * y
    for (let j = i; j < p; j++) xx[place++]! += x[i]! * x[j]!
  }
  return { p, n: fit.n + 1, xx, xy, yy: fit.yy + y * y }
}

/** What a fit says: coefficients, their variances in units of the residual variance, and that variance. */
export interface Solution {
  readonly beta: readonly number[]
  /** Diagonal of (XᵀX)⁻¹: multiply by a residual variance for the variance of a coefficient. */
  readonly spread: readonly number[]
  /** Σ residual² / (n − p); 0 when the fit is exact or n = p. */
  readonly residualVariance: number
}

/** A pivot this small against its diagonal means that regressors cannot be told apart. */
const SINGULAR = 1e-10

/** Solves a fit by Cholesky; undefined with too few rows, or when its regressors cannot be told apart. */
export function solveFit(fit: FitSums): Solution | undefined {
  const { p, n } = fit
  if (n <= p) return undefined
  const lower = choleskyOf(fit)
  if (!lower) return undefined
  const beta = backward(lower, p, forward(lower, p, fit.xy))
  const spread: number[] = []
  for (let k = 0; k < p; k++) {
    const unit = new Array<number>(p).fill(0)
    unit[k] = 1
    let sum = 0
    for (const value of forward(lower, p, unit)) sum += value * value
    spread.push(sum)
  }
  let explained = 0
  for (let i = 0; i < p; i++) explained += beta[i]! * fit.xy[i]!
  return { beta, spread, residualVariance: Math.max(fit.yy - explained, 0) / (n - p) }
}

function choleskyOf({ p, xx }: FitSums): number[][] | undefined {
  const lower: number[][] = []
  let place = 0
  for (let i = 0; i < p; i++) lower.push(new Array<number>(p).fill(0))
  for (let i = 0; i < p; i++)
    for (let j = i; j < p; j++) {
      const diagonal = xx[place]!
      let rest = xx[place++]!
      for (let k = 0; k < i; k++) rest -= lower[i]![k]! * lower[j]![k]!
      if (i === j) {
        if (!(rest > SINGULAR * Math.max(diagonal, 0)) || rest <= 0) return undefined
        lower[i]![i] = Math.sqrt(rest)
      } else lower[j]![i] = rest / lower[i]![i]!
    }
  return lower
}

function forward(lower: readonly number[][], p: number, right: readonly number[]): number[] {
  const out: number[] = []
  for (let i = 0; i < p; i++) {
    let rest = right[i]!
    for (let k = 0; k < i; k++) rest -= lower[i]![k]! * out[k]!
    out.push(rest / lower[i]![i]!)
  }
  return out
}

function backward(lower: readonly number[][], p: number, right: readonly number[]): number[] {
  const out = new Array<number>(p).fill(0)
  for (let i = p - 1; i >= 0; i--) {
    let rest = right[i]!
    for (let k = i + 1; k < p; k++) rest -= lower[k]![i]! * out[k]!
    out[i] = rest / lower[i]![i]!
  }
  return out
}

/** Estimates with variances, joined by weight; `decay` lets old ones fade. Plain data. */
export interface Pool {
  readonly weight: number
  readonly sum: number
  /** Σ weight · estimate²: how far estimates scatter beyond what their variances say. */
  readonly squares: number
  readonly n: number
}

export const NO_POOL: Pool = { weight: 0, sum: 0, squares: 0, n: 0 }

/** Takes an estimate of a variance; earlier ones keep `keep` (0–1) of their weight. */
export function addEstimate(pool: Pool, estimate: number, variance: number, keep = 1): Pool {
  const weight = 1 / variance
  return {
    weight: pool.weight * keep + weight,
    sum: pool.sum * keep + weight * estimate,
    squares: pool.squares * keep + weight * estimate * estimate,
    n: pool.n * keep + 1,
  }
}

/**
 * The joined estimate with its standard error. Where estimates scatter more than their variances allow (a Birge ratio
 * above 1), the error grows by as much.
 */
export function pooled(pool: Pool): { mean: number; error: number } | undefined {
  if (pool.weight <= 0) return undefined
  const mean = pool.sum / pool.weight
  const chi2 = Math.max(pool.squares - pool.weight * mean * mean, 0)
  const birge = pool.n > 1 ? Math.max(1, chi2 / (pool.n - 1)) : 1
  return { mean, error: Math.sqrt(birge / pool.weight) }
}
