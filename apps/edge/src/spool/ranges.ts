/** A set of sequence numbers as ascending, never touching runs; both ends of a run are included. */
export class RangeSet {
  private runs: [number, number][] = []

  constructor(runs: Iterable<readonly [number, number]> = []) {
    for (const [first, last] of runs) this.add(first, last)
  }

  /** How many runs there are: one more than the holes between them. */
  get size(): number {
    return this.runs.length
  }

  /** The runs in ascending order, as a copy. */
  list(): [number, number][] {
    return this.runs.map(([first, last]) => [first, last])
  }

  /** Adds a run; runs that overlap or touch become one. An empty run (`last < first`) changes nothing. */
  add(first: number, last: number): void {
    if (last < first) return
    const runs = this.runs
    // Nearly always the newest run grows: keep that free of allocation.
    const newest = runs.at(-1)
    if (newest && first >= newest[0] && first <= newest[1] + 1) {
      if (last > newest[1]) newest[1] = last
      return
    }
    const before = runs.filter((run) => run[1] < first - 1)
    const after = runs.filter((run) => run[0] > last + 1)
    const touching = runs.slice(before.length, runs.length - after.length)
    const low = Math.min(first, touching[0]?.[0] ?? first)
    const high = Math.max(last, touching.at(-1)?.[1] ?? last)
    this.runs = [...before, [low, high], ...after]
  }

  /** Takes a run out. */
  remove(first: number, last: number): void {
    this.runs = this.runs.flatMap(([a, b]): [number, number][] => {
      if (b < first || a > last) return [[a, b]]
      const rest: [number, number][] = []
      if (a < first) rest.push([a, first - 1])
      if (b > last) rest.push([last + 1, b])
      return rest
    })
  }

  has(seq: number): boolean {
    return this.runs.some(([first, last]) => seq >= first && seq <= last)
  }

  /** Whether every number of the run is in the set. */
  covers(first: number, last: number): boolean {
    return last < first || this.runs.some(([a, b]) => a <= first && b >= last)
  }

  /** The lowest number ≥ `from` that is not in the set. */
  firstMissing(from: number): number {
    for (const [first, last] of this.runs) if (from >= first && from <= last) return last + 1
    return from
  }

  /** The lowest number > `from` that is in the set, or undefined. */
  nextPresent(from: number): number | undefined {
    for (const [first, last] of this.runs) {
      if (first > from) return first
      if (last > from) return from + 1
    }
    return undefined
  }
}
