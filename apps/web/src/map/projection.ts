import { COUNTY_BOX, type LngLat } from './fenggang.ts'

/** Map units: the county is 1,000 units high. */
export const MAP_HEIGHT = 1_000
const MIDDLE = (((COUNTY_BOX.north + COUNTY_BOX.south) / 2) * Math.PI) / 180
const UNITS_PER_DEGREE = MAP_HEIGHT / (COUNTY_BOX.north - COUNTY_BOX.south)
/** Width in map units: meridians draw together by the cosine of the latitude. */
export const MAP_WIDTH: number = (COUNTY_BOX.east - COUNTY_BOX.west) * Math.cos(MIDDLE) * UNITS_PER_DEGREE

export type Point = readonly [x: number, y: number]

/** Equirectangular projection about the county's middle: over 90 km its error is far below a pixel. */
export function project([longitude, latitude]: LngLat): Point {
  return [
    (longitude - COUNTY_BOX.west) * Math.cos(MIDDLE) * UNITS_PER_DEGREE,
    (COUNTY_BOX.north - latitude) * UNITS_PER_DEGREE,
  ]
}

/** SVG path of a smooth curve through points (Catmull-Rom as cubic Béziers). */
export function smoothPath(points: readonly Point[], closed: boolean): string {
  const count = points.length
  if (count < 2) return ''
  const at = (i: number): Point =>
    points[closed ? (i + count) % count : Math.min(Math.max(i, 0), count - 1)] as Point
  const text = (point: Point): string => `${point[0].toFixed(1)},${point[1].toFixed(1)}`
  let path = `M${text(at(0))}`
  for (let i = 0; i < (closed ? count : count - 1); i++) {
    const [p0, p1, p2, p3] = [at(i - 1), at(i), at(i + 1), at(i + 2)]
    const c1: Point = [p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6]
    const c2: Point = [p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6]
    path += `C${text(c1)} ${text(c2)} ${text(p2)}`
  }
  return closed ? `${path}Z` : path
}

/** Whether a point lies inside a polygon (even-odd rule). */
export function inside(point: LngLat, polygon: readonly LngLat[]): boolean {
  let within = false
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i] as LngLat
    const [xj, yj] = polygon[j] as LngLat
    if (yi > point[1] !== yj > point[1] && point[0] < ((xj - xi) * (point[1] - yi)) / (yj - yi) + xi)
      within = !within
  }
  return within
}
