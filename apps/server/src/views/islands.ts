import type { CountedRange } from '@oiltrail/store'

/**
 * Adds a range of sequence numbers to the ranges already counted. Intake has verified the chains; here only the
 * numbers matter, so that every record counts once however batches overlap. `fresh` is what was not counted yet.
 */
export function countRange(
  islands: readonly CountedRange[],
  first: number,
  last: number,
): { islands: CountedRange[]; fresh: CountedRange[] } {
  const tail = islands.at(-1)
  // The usual case by far: the batch goes on where the last one ended.
  if (tail && first === tail[1] + 1)
    return { islands: [...islands.slice(0, -1), [tail[0], last]], fresh: [[first, last]] }
  const fresh: CountedRange[] = []
  const merged: CountedRange[] = []
  let low = first
  let high = last
  let next = first
  let placed = false
  for (const island of islands) {
    const [a, b] = island
    if (b >= next && a <= last) {
      if (a > next) fresh.push([next, a - 1])
      next = Math.max(next, b + 1)
    }
    if (b < first - 1) merged.push(island)
    else if (a > last + 1) {
      if (!placed) merged.push([low, high])
      placed = true
      merged.push(island)
    } else {
      low = Math.min(low, a)
      high = Math.max(high, b)
    }
  }
  if (!placed) merged.push([low, high])
  if (next <= last) fresh.push([next, last])
  return { islands: merged, fresh }
}

/** How many numbers two sets of ranges share. */
export function overlap(ranges: readonly CountedRange[], first: number, last: number): number {
  let shared = 0
  for (const [a, b] of ranges) shared += Math.max(0, Math.min(b, last) - Math.max(a, first) + 1)
  return shared
}
