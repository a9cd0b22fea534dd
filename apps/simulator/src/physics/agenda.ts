import type { EpochMs } from '@oiltrail/kernel'

interface Entry {
  readonly at: EpochMs
  readonly order: number
  readonly act: (at: EpochMs) => void
}

/** What happens next in the county: a binary heap by time, then by the order in which things were planned. */
export class Agenda {
  private readonly heap: Entry[] = []
  private planned = 0

  /** Things still to come. */
  get size(): number {
    return this.heap.length
  }

  /** The moment of the next thing, or infinity. */
  get nextAt(): EpochMs {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Plans something for a moment. */
  plan(at: EpochMs, act: (at: EpochMs) => void): void {
    const heap = this.heap
    const entry = { at, order: this.planned++, act }
    let place = heap.length
    heap.push(entry)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!before(entry, heap[parent]!)) break
      heap[place] = heap[parent]!
      place = parent
    }
    heap[place] = entry
  }

  /** Does everything up to and including a moment, in order. */
  runTo(until: EpochMs): void {
    while (this.nextAt <= until) {
      const { at, act } = this.take()
      act(at)
    }
  }

  private take(): Entry {
    const heap = this.heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1
      if (!before(heap[child]!, last)) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = last
    return first
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
