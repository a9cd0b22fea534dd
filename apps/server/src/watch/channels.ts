import type { Channel } from '@oiltrail/kernel'
import type { CountedRange } from '@oiltrail/store'
import { countRange } from '../views/islands.ts'

/** While facts wait behind a gap and nothing of it arrives for this long, rules go on without it. */
export const PATIENCE_MS = 10 * 60_000
/** Entries of one channel that may wait behind a gap; more, and the gap is passed over at once. */
const MOST_AHEAD = 4_096

/** An entry that waits: its position and its records. */
export type AheadEntry = readonly [position: number, first: number, last: number]

/** What is stored of a channel. */
export interface ChannelDocument {
  readonly site: string
  /** Numbers received so far. */
  readonly islands: CountedRange[]
  /** The next number to show to rules in the order of the chain. */
  readonly next: number
  readonly ahead: AheadEntry[]
  /** When a gap that makes others wait was last seen to shrink. */
  readonly movedAt: number
  readonly toldAt: number
  readonly heardAt: number
  readonly lagMs: number
}

/** Records of one entry to be shown to rules. */
export interface Telling {
  readonly position: number
  readonly first: number
  readonly last: number
  readonly late: boolean
}

/** What the arrival of a batch means. */
export interface Arrival {
  /** Nothing of it is new. */
  readonly replay: boolean
  readonly opened: CountedRange | undefined
  readonly filled: readonly CountedRange[]
  readonly passed: readonly CountedRange[]
  /** To be shown now, in this order; entries other than the arriving one must be read again. */
  readonly tell: readonly Telling[]
}

const NOTHING: Arrival = { replay: true, opened: undefined, filled: [], passed: [], tell: [] }

/**
 * The order in which a channel's records are shown to rules: that of its chain, whatever order batches come in. What comes
 * ahead of a gap waits (only its position is kept) until the gap is filled, or passed over after `PATIENCE_MS` without progress.
 */
export class WatchChannel {
  readonly device: string
  readonly channel: Channel
  site: string
  #islands: CountedRange[]
  #next: number
  #ahead: AheadEntry[]
  #movedAt: number

  constructor(device: string, channel: Channel, stored?: ChannelDocument) {
    this.device = device
    this.channel = channel
    this.site = stored?.site ?? ''
    this.#islands = stored?.islands ?? []
    this.#next = stored?.next ?? 1
    this.#ahead = stored?.ahead ?? []
    this.#movedAt = stored?.movedAt ?? 0
  }

  /** Counts everything before a number as seen: for who begins in the middle of the log. */
  beginAt(first: number): void {
    this.#next = first
    this.#islands = first > 1 ? [[1, first - 1]] : []
  }

  /** Whether facts wait behind a gap. */
  get waits(): boolean {
    return this.#ahead.length > 0
  }

  document(time: { toldAt: number; heardAt: number; lagMs: number }): ChannelDocument {
    const { toldAt, heardAt, lagMs } = time
    return {
      site: this.site,
      islands: this.#islands,
      next: this.#next,
      ahead: this.#ahead,
      movedAt: this.#movedAt,
      toldAt,
      heardAt,
      lagMs,
    }
  }

  /** Takes the arrival of records `first` to `last` in the entry at `position`. */
  arrive(position: number, first: number, last: number, loggedAt: number): Arrival {
    const highest = this.#islands.at(-1)?.[1] ?? 0
    const before = this.#islands
    const { islands, fresh } = countRange(before, first, last)
    if (fresh.length === 0) return NOTHING
    this.#islands = islands
    const tell: Telling[] = []
    const passed: CountedRange[] = []
    for (const [from, to] of fresh)
      if (from < this.#next)
        tell.push({ position, first: from, last: Math.min(to, this.#next - 1), late: true })
    if (first <= this.#next) {
      this.#tellUpTo(position, last, tell)
      this.#drain(tell)
    } else if (last >= this.#next) this.#ahead.push([position, first, last])
    if (first <= highest || !this.waits) this.#movedAt = loggedAt
    if (this.#ahead.length === 1 && first > highest + 1) this.#movedAt = loggedAt
    if (this.#ahead.length > MOST_AHEAD) passed.push(this.#pass(tell))
    const opened: CountedRange | undefined = first > highest + 1 ? [highest + 1, first - 1] : undefined
    const filled = before.length > 1 || first <= highest ? filledGaps(before, islands) : []
    return { replay: false, opened, filled, passed, tell }
  }

  /** Passes the first gap over when it has not shrunk for long; undefined while there is reason to wait. */
  giveUp(loggedAt: number): { readonly passed: CountedRange; readonly tell: readonly Telling[] } | undefined {
    if (!this.waits || loggedAt - this.#movedAt < PATIENCE_MS) return undefined
    const tell: Telling[] = []
    const passed = this.#pass(tell)
    this.#movedAt = loggedAt
    return { passed, tell }
  }

  #pass(tell: Telling[]): CountedRange {
    const next = Math.min(...this.#ahead.map(([, first]) => first))
    const passed: CountedRange = [this.#next, next - 1]
    this.#next = next
    this.#drain(tell)
    return passed
  }

  #tellUpTo(position: number, last: number, tell: Telling[]): void {
    if (last < this.#next) return
    tell.push({ position, first: this.#next, last, late: false })
    this.#next = last + 1
  }

  #drain(tell: Telling[]): void {
    if (this.#ahead.length === 0) return
    const waiting = [...this.#ahead].sort((a, b) => a[1] - b[1] || a[0] - b[0])
    let reached = 0
    while (reached < waiting.length && waiting[reached]![1] <= this.#next) {
      const [position, , last] = waiting[reached]!
      this.#tellUpTo(position, last, tell)
      reached++
    }
    if (reached > 0) this.#ahead = waiting.slice(reached)
  }
}

/** Holes below the highest number that were there before and are not any more, each as wide as it was. */
function filledGaps(before: readonly CountedRange[], after: readonly CountedRange[]): CountedRange[] {
  const left = new Set(gaps(after).map(([, to]) => to))
  return gaps(before).filter(
    ([from, to]) => !left.has(to) && !gaps(after).some(([a, b]) => a <= to && b >= from),
  )
}

function gaps(islands: readonly CountedRange[]): CountedRange[] {
  const found: CountedRange[] = []
  let next = 1
  for (const [from, to] of islands) {
    if (from > next) found.push([next, from - 1])
    next = to + 1
  }
  return found
}
