import type { Point } from './projection.ts'

/** Moves marks apart that would lie upon each other; a few rounds of pushing pairs, which ends in the same place every time. */
export function spread(points: readonly Point[], distance: number): Point[] {
  const places = points.map(([x, y]) => [x, y] as [number, number])
  for (let round = 0; round < 24; round++)
    for (let i = 0; i < places.length; i++)
      for (let j = i + 1; j < places.length; j++) {
        const [a, b] = [places[i]!, places[j]!]
        const [dx, dy] = [b[0] - a[0], b[1] - a[1]]
        const apart = Math.hypot(dx, dy)
        if (apart >= distance) continue
        // Two at one spot part along a direction that depends on their order only.
        const angle = apart < 0.01 ? (i + j) * 2.4 : Math.atan2(dy, dx)
        const push = (distance - apart) / 2
        a[0] -= Math.cos(angle) * push
        a[1] -= Math.sin(angle) * push
        b[0] += Math.cos(angle) * push
        b[1] += Math.sin(angle) * push
      }
  return places
}
