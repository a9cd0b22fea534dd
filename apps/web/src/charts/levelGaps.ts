import { HOUR_MS } from '@oiltrail/kernel'

/** Readings further apart than this leave a visible hole; a gauge is kept by the hour. */
const HOLE_MS = 2.5 * HOUR_MS

/**
 * Stretches between `from` and `to` in which no tank of the site has a reading. The stretch before the first reading counts;
 * the one after the last counts only if it is long, since the present hour may not be told yet.
 */
export function gapsOf(
  levels: readonly { readonly points: readonly { readonly at: number }[] }[],
  from: number,
  to: number,
): { from: number; to: number }[] {
  const times = [...new Set(levels.flatMap((level) => level.points.map((point) => point.at)))].sort(
    (a, b) => a - b,
  )
  if (times.length === 0) return []
  const gaps: { from: number; to: number }[] = []
  let before = from
  for (const at of [...times, to]) {
    if (at - before > HOLE_MS) gaps.push({ from: before, to: Math.min(at, to) })
    before = Math.max(before, at)
  }
  return gaps
}
