/** Shape of a tank as its figures imply it: lying or standing cylinder. Lengths in millimetres. */
export interface TankShape {
  readonly lying: boolean
  readonly height: number
  readonly length: number
}

/** A cylinder shorter than this many diameters stands; station tanks are three to five diameters long. */
const LYING_RATIO = 1.3

/** What a tank of this capacity and diameter looks like from the side. */
export function tankShape(capacityMillilitres: number, diameterMillimetres: number): TankShape {
  // 1 mL = 1,000 mm³
  const other = (capacityMillilitres * 1_000) / ((Math.PI / 4) * diameterMillimetres ** 2)
  return other >= diameterMillimetres * LYING_RATIO
    ? { lying: true, height: diameterMillimetres, length: other }
    : { lying: false, height: other, length: diameterMillimetres }
}

/** Share of a lying cylinder's area beneath a level given as a share of its diameter, both 0…1. */
export function segmentShare(level: number): number {
  const h = Math.max(0, Math.min(1, level)) * 2
  return (Math.acos(1 - h) - (1 - h) * Math.sqrt(Math.max(0, 2 * h - h * h))) / Math.PI
}

/** Inverse of segmentShare by bisection, to well below a pixel. */
export function levelOfShare(share: number): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 24; step++) {
    const middle = (low + high) / 2
    if (segmentShare(middle) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}
