import type { ChainedLine } from './frame.ts'
import { type Slice, SliceBuilder, type SliceLimits } from './reader.ts'

/** Newest records kept in memory, so that live ones are sent without reading them back. */
const TAIL_RECORDS = 128

/** The newest durable records of a spool. */
export class Tail {
  private records: { seq: number; before: Uint8Array; hash: Uint8Array; line: Uint8Array }[] = []

  /** Adds the records of one commit. A large one (an import) is not worth keeping and empties the tail. */
  push(first: number, before: Uint8Array, records: readonly ChainedLine[]): void {
    if (records.length > TAIL_RECORDS / 2) {
      this.records = []
      return
    }
    let previous = before
    records.forEach(({ line, hash }, i) => {
      this.records.push({ seq: first + i, before: previous, hash, line })
      previous = hash
    })
    if (this.records.length > TAIL_RECORDS) this.records.splice(0, this.records.length - TAIL_RECORDS / 2)
  }

  /** Records from `first` on, or undefined when the tail does not reach back that far. */
  read(first: number, limits: SliceLimits): Slice | undefined {
    const oldest = this.records[0]
    if (!oldest || first < oldest.seq) return undefined
    const slice = new SliceBuilder(first, limits)
    for (const { seq, before, hash, line } of this.records.slice(first - oldest.seq))
      if (!slice.add(seq, before, hash, line)) break
    return slice.done()
  }
}
