import { nodeHash, type Sha256 } from './hash.ts'

/**
 * A node that stands for a complete subtree: `index`-th from the left among those of 2^`level` leaves. Once its leaves
 * are there its hash never changes.
 */
export interface Node {
  readonly level: number
  readonly index: number
}

/** Leaves `from` (included) to `to` (excluded). */
export interface LeafRange {
  readonly from: number
  readonly to: number
}

/** Largest power of two smaller than `count` (≥ 2): where RFC 6962 splits a tree. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

/**
 * The complete subtrees that make up a range, left to right. The range must begin where RFC 6962 would cut: at a
 * multiple of the largest power of two not above its length (all ranges of this module do).
 */
export function rangeNodes(range: LeafRange): Node[] {
  const nodes: Node[] = []
  let { from } = range
  while (from < range.to) {
    let level = 0
    let width = 1
    while (from % (width * 2) === 0 && from + width * 2 <= range.to) {
      width *= 2
      level++
    }
    nodes.push({ level, index: from / width })
    from += width
  }
  return nodes
}

/** Hash over a range, from the hashes of its `rangeNodes` (at least one). */
export function foldRange(sha256: Sha256, hashes: readonly Uint8Array[]): Uint8Array {
  let hash = hashes.at(-1)!
  for (let i = hashes.length - 2; i >= 0; i--) hash = nodeHash(sha256, hashes[i]!, hash)
  return hash
}

/** What an inclusion proof of leaf `position` in a tree of `size` consists of, in its order (RFC 6962 §2.1.1). */
export function inclusionRanges(position: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (position < middle) {
      ranges.push({ from: middle, to })
      to = middle
    } else {
      ranges.push({ from, to: middle })
      from = middle
    }
  }
  return ranges.reverse()
}

/** What a consistency proof from a tree of `older` leaves to one of `newer` consists of (RFC 6962 §2.1.2). */
export function consistencyRanges(older: number, newer: number): LeafRange[] {
  if (older === 0 || older === newer) return []
  const ranges: LeafRange[] = []
  let from = 0
  let to = newer
  let whole = true // the older tree so far is the left end of what we look at
  while (older < to) {
    const middle = from + splitOf(to - from)
    if (older <= middle) {
      ranges.push({ from: middle, to })
      to = middle
    } else {
      ranges.push({ from, to: middle })
      from = middle
      whole = false
    }
  }
  if (!whole) ranges.push({ from, to })
  return ranges.reverse()
}
