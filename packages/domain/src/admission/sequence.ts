import { ok, type Result, refuse } from '@oiltrail/kernel'

/** A run of sequence numbers that are in the log without a hole, with the chain hashes at both its ends (hex). */
export interface Island {
  readonly first: number
  readonly last: number
  /** Chain hash of the record before `first`. */
  readonly before: string
  /** Chain hash of record `last`. */
  readonly head: string
}

/** Everything admission remembers of one channel of one device: its islands in ascending order, never touching. */
export type StreamState = readonly Island[]

/** A range of sequence numbers, both ends included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** A batch as admission sees it: its range and the chain hashes of its records. */
export interface Span extends Range {
  readonly before: string
  /** Chain hash of record `seq`, for `first ≤ seq ≤ last` (hex). */
  hashAt(seq: number): string
}

export interface Admitted {
  readonly state: StreamState
  /** What of the span was not in the log yet; empty when all of it was (a harmless replay). */
  readonly fresh: readonly Range[]
}

/** Chain hash before the first record of all: 32 zero bytes. */
export const GENESIS: string = '0'.repeat(64)

/** More holes than this in one channel means a broken collector or an attack, not a network outage. */
export const MAX_ISLANDS = 64

/**
 * Decides what of a batch is new, and whether its chain meets the chains already in the log.
 * Live batches may arrive while a backlog is still out: the hole between two islands is the gap shown as missing
 * (promise 4). When the backlog arrives, its hashes must meet both sides.
 * Refuses: CHAIN_BROKEN (does not meet its neighbour), CHAIN_FORK (contradicts a record in the log), TOO_MANY_GAPS.
 */
export function admitSpan(state: StreamState, span: Span): Result<Admitted> {
  const hashAt = (seq: number): string => (seq === span.first - 1 ? span.before : span.hashAt(seq))
  const knows = (seq: number): boolean => seq >= span.first - 1 && seq <= span.last
  if (span.first === 1 && span.before !== GENESIS)
    return refuse('CHAIN_BROKEN', 'the first record of a chain must follow 32 zero bytes', 'before')
  for (const island of state) {
    const code = island.last >= span.first && island.first <= span.last ? 'CHAIN_FORK' : 'CHAIN_BROKEN'
    if (knows(island.last) && hashAt(island.last) !== island.head)
      return refuse(
        code,
        `record ${island.last} is in the log with hash ${island.head}, here it is ${hashAt(island.last)}`,
        `seq ${island.last}`,
      )
    if (knows(island.first - 1) && hashAt(island.first - 1) !== island.before)
      return refuse(
        code,
        `record ${island.first} in the log follows hash ${island.before}, here it would follow ${hashAt(island.first - 1)}`,
        `seq ${island.first}`,
      )
  }
  const fresh = subtract(span, state)
  if (fresh.length === 0) return ok({ state, fresh })
  const merged = merge(state, {
    first: span.first,
    last: span.last,
    before: span.before,
    head: span.hashAt(span.last),
  })
  if (merged.length > MAX_ISLANDS)
    return refuse(
      'TOO_MANY_GAPS',
      `${merged.length - 1} gaps in one channel; the limit is ${MAX_ISLANDS - 1}`,
    )
  return ok({ state: merged, fresh })
}

/** The holes in a stream: every range that is missing below its highest record. */
export function gapsOf(state: StreamState): Range[] {
  const gaps: Range[] = []
  let next = 1
  for (const island of state) {
    if (island.first > next) gaps.push({ first: next, last: island.first - 1 })
    next = island.last + 1
  }
  return gaps
}

function subtract(range: Range, islands: StreamState): Range[] {
  const rest: Range[] = []
  let next = range.first
  for (const island of islands) {
    if (island.last < next || island.first > range.last) continue
    if (island.first > next) rest.push({ first: next, last: island.first - 1 })
    next = Math.max(next, island.last + 1)
  }
  if (next <= range.last) rest.push({ first: next, last: range.last })
  return rest
}

function merge(islands: StreamState, added: Island): Island[] {
  const before = islands.filter((island) => island.last < added.first - 1)
  const after = islands.filter((island) => island.first > added.last + 1)
  const touching = islands.slice(before.length, islands.length - after.length)
  const lowest = touching[0]
  const highest = touching.at(-1)
  const low = lowest && lowest.first < added.first ? lowest : added
  const high = highest && highest.last > added.last ? highest : added
  return [...before, { first: low.first, before: low.before, last: high.last, head: high.head }, ...after]
}
