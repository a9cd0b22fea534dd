import { type FileHandle, open } from 'node:fs/promises'
import { ok, type Result, refuse } from '@oiltrail/kernel'
import { decodeFrame } from './frame.ts'
import { frameHolding, type SegmentIndex } from './segment.ts'

/** Consecutive records as they leave the spool, with the chain hashes at both ends. */
export interface Slice {
  readonly first: number
  readonly before: Uint8Array
  readonly head: Uint8Array
  readonly lines: readonly Uint8Array[]
}

/** Bounds of one read. Bytes count each line and its line feed. */
export interface SliceLimits {
  readonly records: number
  readonly bytes: number
}

/** Collects records into a slice until a limit is reached. */
export class SliceBuilder {
  private readonly first: number
  private readonly limits: SliceLimits
  private before: Uint8Array | undefined
  private head: Uint8Array | undefined
  private readonly lines: Uint8Array[] = []
  private bytes = 0

  constructor(first: number, limits: SliceLimits) {
    this.first = first
    this.limits = limits
  }

  get next(): number {
    return this.first + this.lines.length
  }

  /** Adds record `seq`; false when the slice is complete without it. `previous` is the hash before it. */
  add(seq: number, previous: Uint8Array, hash: Uint8Array, line: Uint8Array): boolean {
    if (seq < this.first) return true
    if (seq !== this.next || this.lines.length >= this.limits.records) return false
    if (this.lines.length > 0 && this.bytes + line.length + 1 > this.limits.bytes) return false
    this.before ??= previous
    this.head = hash
    this.lines.push(line)
    this.bytes += line.length + 1
    return true
  }

  done(): Slice | undefined {
    if (!this.before || !this.head) return undefined
    return { first: this.first, before: this.before, head: this.head, lines: this.lines }
  }
}

/** Reads records back from segment files; keeps the file it read last open. Reads and closes wait for each other. */
export class SegmentReader {
  private open: { path: string; file: FileHandle } | undefined
  private turn: Promise<unknown> = Promise.resolve()

  /**
   * Records from `first` on, all from one segment. SPOOL_CORRUPT when the frame that should hold them is damaged.
   */
  read(index: SegmentIndex, first: number, limits: SliceLimits): Promise<Result<Slice>> {
    return this.inTurn(() => this.readNow(index, first, limits))
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work)
    this.turn = mine.catch(() => undefined)
    return mine
  }

  private async readNow(index: SegmentIndex, first: number, limits: SliceLimits): Promise<Result<Slice>> {
    const at = frameHolding(index, first)
    if (at < 0) return refuse('SPOOL_CORRUPT', `record ${first} is not in its segment`, index.path)
    const start = index.frameOffset[at]!
    const bytes = await this.bytes(index, start, this.endOf(index, at, first, limits))
    const slice = new SliceBuilder(first, limits)
    let offset = 0
    let more = true
    while (more && offset < bytes.length) {
      const found = decodeFrame(bytes, offset)
      if (!found) break
      offset = found.next
      if (found.frame.type !== 'commit') continue
      let previous = found.frame.before
      let seq = found.frame.first
      for (const { line, hash } of found.frame.records) {
        more = slice.add(seq, previous, hash, line)
        if (!more) break
        previous = hash
        seq++
      }
    }
    const value = slice.done()
    return value ? ok(value) : refuse('SPOOL_CORRUPT', `record ${first} cannot be read`, index.path)
  }

  /** Offset behind the frames that can be part of the slice. */
  private endOf(index: SegmentIndex, at: number, first: number, limits: SliceLimits): number {
    const start = index.frameOffset[at]!
    // Frames add about 50 bytes to a record; twice the limit reads enough without reading the file.
    const farthest = start + 2 * limits.bytes
    let next = at + 1
    while (
      next < index.frameFirst.length &&
      index.frameFirst[next]! < first + limits.records &&
      index.frameOffset[next]! < farthest
    )
      next++
    return index.frameOffset[next] ?? index.bytes
  }

  private async bytes(index: SegmentIndex, start: number, end: number): Promise<Buffer> {
    if (this.open?.path !== index.path) {
      await this.closeNow()
      this.open = { path: index.path, file: await open(index.path, 'r') }
    }
    const bytes = Buffer.allocUnsafe(end - start)
    let done = 0
    while (done < bytes.length) {
      const { bytesRead } = await this.open.file.read(bytes, done, bytes.length - done, start + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes.subarray(0, done)
  }

  close(): Promise<void> {
    return this.inTurn(() => this.closeNow())
  }

  private async closeNow(): Promise<void> {
    const was = this.open
    this.open = undefined
    await was?.file.close()
  }
}
