/** The relation of height and volume of a tank, both ways; heights in micrometres, volumes in millilitres, real-valued. */
export interface Chart {
  readonly capacityMillilitres: number
  readonly fullMicrometres: number
  volumeAt(micrometres: number): number
  heightAt(millilitres: number): number
}

/** Rows of the normalised table of a lying cylinder, from which the inverse starts. */
const ROWS = 2048

/** Filled share of a lying cylinder's cross-section at a share of its diameter. */
function segmentShare(heightShare: number): number {
  if (heightShare <= 0) return 0
  if (heightShare >= 1) return 1
  const u = 1 - 2 * heightShare
  return (Math.acos(u) - u * Math.sqrt(1 - u * u)) / Math.PI
}

/** heightShare at volume shares 0, 1/ROWS … 1, by bisection, once for all tanks. */
const INVERSE: Float64Array = (() => {
  const table = new Float64Array(ROWS + 1)
  for (let row = 1; row < ROWS; row++) {
    let low = 0
    let high = 1
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2
      if (segmentShare(middle) < row / ROWS) low = middle
      else high = middle
    }
    table[row] = (low + high) / 2
  }
  table[ROWS] = 1
  return table
})()

function heightShareOf(volumeShare: number): number {
  if (volumeShare <= 0) return 0
  if (volumeShare >= 1) return 1
  const place = volumeShare * ROWS
  const row = Math.floor(place)
  let share = INVERSE[row]! + (INVERSE[row + 1]! - INVERSE[row]!) * (place - row)
  // Newton: the derivative of the segment share is (8/π)·√(h(1−h)); near the ends it is small, so steps are bounded.
  for (let step = 0; step < 3; step++) {
    const slope = (8 / Math.PI) * Math.sqrt(Math.max(share * (1 - share), 1e-9))
    const next = share - (segmentShare(share) - volumeShare) / slope
    share = next <= 0 ? share / 2 : next >= 1 ? (1 + share) / 2 : next
  }
  return share
}

/** A lying cylinder with flat ends: the usual buried tank of a station. */
export function lyingCylinder(diameterMillimetres: number, capacityMillilitres: number): Chart {
  const full = diameterMillimetres * 1000
  return {
    capacityMillilitres,
    fullMicrometres: full,
    volumeAt: (micrometres) => capacityMillilitres * segmentShare(micrometres / full),
    heightAt: (millilitres) => full * heightShareOf(millilitres / capacityMillilitres),
  }
}

/** A standing cylinder: the usual tank of a depot. */
export function standingCylinder(diameterMillimetres: number, capacityMillilitres: number): Chart {
  // mm² × mm = mm³ = µL: a millilitre is 1,000 mm³.
  const full = ((capacityMillilitres * 1000) / (Math.PI * (diameterMillimetres / 2) ** 2)) * 1000
  return {
    capacityMillilitres,
    fullMicrometres: full,
    volumeAt: (micrometres) => (capacityMillilitres * Math.min(Math.max(micrometres, 0), full)) / full,
    heightAt: (millilitres) =>
      (full * Math.min(Math.max(millilitres, 0), capacityMillilitres)) / capacityMillilitres,
  }
}

/**
 * The chart that a gauge was given: the true one, bent by `error` at its worst height (a share of the volume), right
 * at bottom and top. Stays monotone for |error| < 0.2.
 */
export function bentChart(chart: Chart, error: number): Chart {
  return {
    ...chart,
    volumeAt: (micrometres) => {
      const share = Math.min(Math.max(micrometres / chart.fullMicrometres, 0), 1)
      return chart.volumeAt(micrometres) * (1 + error * 4 * share * (1 - share))
    },
  }
}
