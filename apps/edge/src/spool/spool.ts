import { ok, type Problem, type Result, refuse, toHex } from '@oiltrail/kernel'
import { DISK, isNoRoom, type SpoolFiles } from './files.ts'
import { type ChainedLine, encodeAck, encodeCommit, MAX_FRAME_RECORDS, type StateMap } from './frame.ts'
import { RangeSet } from './ranges.ts'
import { SegmentReader, type Slice, type SliceLimits } from './reader.ts'
import { holes, type Recovered, type Repair, recoverSpool, type SpoolIdentity } from './recover.ts'
import type { SegmentIndex } from './segment.ts'
import { Tail } from './tail.ts'
import { type HeadContent, SegmentWriter } from './writer.ts'

/** How a spool is opened. */
export interface SpoolOptions extends SpoolIdentity {
  /** H of the chain. */
  readonly hash: (...parts: readonly Uint8Array[]) => Uint8Array
  /** All its segments together never take more than this. */
  readonly maxBytes: number
  readonly segmentBytes?: number
  /** Real milliseconds that a commit may wait for others to share its fsync. */
  readonly groupDelayMs?: number
  readonly files?: SpoolFiles
  /** Told when the disk failed in a way after which memory can no longer be trusted; the process must end. */
  readonly onFatal: (error: unknown) => void
}

/** Makes the bytes of record `seq`. */
export type LineOf = (seq: number) => Uint8Array

/** A run of records made durable. */
export interface Committed {
  readonly first: number
  readonly last: number
}

interface Pending {
  readonly frame: Buffer
  readonly first: number
  readonly before: Uint8Array
  readonly records: readonly ChainedLine[]
  readonly state: StateMap
  readonly resolve: (result: Result<Committed>) => void
}

const SEGMENT_BYTES = 1_048_576
const GROUP_DELAY_MS = 10
/** One write at most; an import must not hold everything in one buffer. */
const GROUP_BYTES = 4_194_304
/** Receipts reach the disk this late when no record does sooner; losing one only means sending again. */
const ACK_DELAY_MS = 1_000
/** A file system with less room than this is nearly full, whatever the spool's own bound says. */
const LOW_DISK_BYTES = 33_554_432

/**
 * The disk queue of one channel of one device: append-only segments of framed, hash-chained records. A commit resolves
 * after fsync; until then nobody may believe it. Records leave only by receipts. When its bound is reached, new records
 * are refused (SPOOL_FULL) and old ones kept: what is in the chain stays in it.
 */
export class Spool {
  private readonly options: SpoolOptions
  private readonly files: SpoolFiles
  private readonly writer: SegmentWriter
  private readonly acknowledged: RangeSet
  /** Acknowledgements that are on disk: only they may delete. */
  private readonly acknowledgedOnDisk: RangeSet
  private readonly lost: RangeSet
  private readonly reader = new SegmentReader()
  private state_: StateMap
  private durableSeq_: number
  private durableHead: Uint8Array
  private nextSeq_: number
  private head_: Uint8Array
  private queue: Pending[] = []
  private queuedBytes = 0
  private acks: [number, number][] = []
  private ackTimer: NodeJS.Timeout | undefined
  private groupTimer: NodeJS.Timeout | undefined
  private flushing: Promise<void> | undefined
  private readonly tail = new Tail()
  private closed = false
  /** What opening found damaged. */
  readonly repairs: readonly Repair[]
  /** Called after records became durable. */
  onDurable: (() => void) | undefined

  private constructor(options: SpoolOptions, recovered: Recovered) {
    this.options = options
    this.files = options.files ?? DISK
    const size = Math.min(options.segmentBytes ?? SEGMENT_BYTES, Math.ceil(options.maxBytes / 8))
    this.writer = new SegmentWriter(options.directory, this.files, size, recovered.segments)
    this.acknowledged = recovered.acked
    this.acknowledgedOnDisk = new RangeSet(recovered.acked.list())
    this.lost = recovered.lost
    this.state_ = recovered.state
    this.repairs = recovered.repairs
    this.nextSeq_ = recovered.nextSeq
    this.durableSeq_ = recovered.nextSeq - 1
    this.head_ = recovered.head
    this.durableHead = recovered.head
  }

  /** Opens a spool, cutting a torn tail. Refuses SPOOL_CORRUPT (see `recoverSpool`). */
  static async open(options: SpoolOptions): Promise<Result<Spool>> {
    const recovered = await recoverSpool(options)
    if (!recovered.ok) return recovered
    const spool = new Spool(options, recovered.value)
    for (const repair of spool.repairs)
      if (!spool.writer.segments.some((segment) => segment.path === repair.file))
        await spool.files.remove(repair.file)
    await spool.writer.reopen()
    return ok(spool)
  }

  get identity(): SpoolIdentity {
    return this.options
  }
  /** Number that the next record will get. */
  get nextSeq(): number {
    return this.nextSeq_
  }
  /** Newest record that is on disk. */
  get durableSeq(): number {
    return this.durableSeq_
  }
  /** Chain hash of the newest record, hex. */
  get head(): string {
    return toHex(this.head_)
  }
  get acked(): RangeSet {
    return this.acknowledged
  }

  /** State under a key as last made durable. */
  state(key: string): StateMap[string] | undefined {
    return this.state_[key]
  }

  /** Records that still await a receipt and can be sent. */
  get unsentCount(): number {
    let count = 0
    for (const [first, last] of this.missing(1, this.durableSeq_)) count += last - first + 1
    return count
  }

  /** Runs within [first, last] without receipt, readable. */
  missing(first: number, last: number): [number, number][] {
    const open = holes(this.acknowledged, first, last)
    return this.lost.size === 0 ? open : open.flatMap(([a, b]) => holes(this.lost, a, b))
  }

  /** The lowest sendable record ≥ `from` without receipt, or undefined. */
  firstUnacknowledged(from: number): number | undefined {
    let seq = from
    for (;;) {
      const next = this.lost.firstMissing(this.acknowledged.firstMissing(seq))
      if (next > this.durableSeq_) return undefined
      if (next === seq || (!this.acknowledged.has(next) && !this.lost.has(next))) return next
      seq = next
    }
  }

  /** Bytes of all segments, what is queued included. */
  get usedBytes(): number {
    return this.writer.segments.reduce((sum, segment) => sum + segment.bytes, this.queuedBytes)
  }

  /** How full the spool is, in percent of its bound; 100 also when the disk below it has no room left. */
  async percentFull(): Promise<number> {
    const own = (100 * this.usedBytes) / this.options.maxBytes
    const free = await this.files.freeBytes(this.options.directory)
    return Math.min(100, Math.round(free < LOW_DISK_BYTES ? Math.max(own, 100) : own))
  }

  /**
   * Appends records and state as one unit: after a crash either all of it is there or nothing. Resolves when it is on
   * disk. Refuses SPOOL_FULL; `reserve` lets the box's own self-checks use the last part of the room.
   */
  commit(lines: readonly LineOf[], state: StateMap = {}, reserve = false): Promise<Result<Committed>> {
    if (this.closed) return Promise.resolve(refuse('SPOOL_FULL', 'the spool is closed'))
    if (lines.length > MAX_FRAME_RECORDS)
      return Promise.resolve(refuse('OVERSIZED', `${lines.length} records in one commit`))
    const first = this.nextSeq_
    const before = this.head_
    const records: ChainedLine[] = []
    let hash = before
    for (const lineOf of lines) {
      const line = lineOf(first + records.length)
      hash = this.options.hash(hash, line)
      records.push({ line, hash })
    }
    const frame = encodeCommit(first, before, records, state)
    const room = this.options.maxBytes - (reserve ? 0 : reserveBytes(this.options.maxBytes))
    if (this.usedBytes + frame.length > room)
      return Promise.resolve(
        refuse(
          'SPOOL_FULL',
          `${this.usedBytes} of ${this.options.maxBytes} bytes are in use`,
          this.options.directory,
        ),
      )
    this.nextSeq_ += records.length
    this.head_ = hash
    this.queuedBytes += frame.length
    return new Promise((resolve) => {
      this.queue.push({ frame, first, before, records, state, resolve })
      this.schedule()
    })
  }

  /** Notes a receipt. Reaches the disk with the next commit or a second later; only then may segments go. */
  acknowledge(first: number, last: number): void {
    this.acknowledged.add(first, last)
    const newest = this.acks.at(-1)
    if (newest && newest[1] + 1 === first) newest[1] = last
    else this.acks.push([first, last])
    this.ackTimer ??= setTimeout(() => {
      this.ackTimer = undefined
      this.schedule()
    }, ACK_DELAY_MS)
  }

  /** Records from `first` on, at most as many as are consecutive, durable and within the limits. */
  async read(first: number, limits: SliceLimits): Promise<Result<Slice>> {
    const capped = { ...limits, records: Math.min(limits.records, this.durableSeq_ - first + 1) }
    const recent = this.tail.read(first, capped)
    if (recent) return ok(recent)
    const index = this.writer.segments.findLast((segment) => segment.first <= first)
    if (!index) return refuse('SPOOL_CORRUPT', `no segment holds record ${first}`, this.options.directory)
    const read = await this.reader.read(index, first, capped)
    // Found while running: the same as damage found while opening. What cannot be read stays a gap.
    if (!read.ok) this.lost.add(first, first)
    return read
  }

  private schedule(): void {
    if (this.flushing || this.groupTimer) return
    this.groupTimer = setTimeout(() => {
      this.groupTimer = undefined
      void this.flush()
    }, this.options.groupDelayMs ?? GROUP_DELAY_MS)
  }

  /** Writes and syncs everything queued. */
  async flush(): Promise<void> {
    if (this.flushing) {
      await this.flushing
      if (this.queue.length === 0 && this.acks.length === 0) return
    }
    this.flushing ??= this.drain().finally(() => {
      this.flushing = undefined
      // A commit may have come between the last look at the queue and here.
      if (this.queue.length > 0) this.schedule()
    })
    await this.flushing
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0 || this.acks.length > 0) {
      const group = this.takeGroup()
      const acks = this.acks
      this.acks = []
      try {
        await this.writeGroup(group, acks)
      } catch (error) {
        if (isNoRoom(error) && (await this.undo())) {
          this.acks = [...acks, ...this.acks]
          this.rollBack([...group, ...this.queue.splice(0)], error)
          return
        }
        this.closed = true
        this.options.onFatal(error)
        return
      }
      await this.writer.prune(this.acknowledgedOnDisk, () => this.reader.close())
    }
  }

  private takeGroup(): Pending[] {
    let bytes = 0
    let count = 0
    while (
      count < this.queue.length &&
      (count === 0 || bytes + this.queue[count]!.frame.length <= GROUP_BYTES)
    )
      bytes += this.queue[count++]!.frame.length
    return this.queue.splice(0, count)
  }

  private async writeGroup(
    group: readonly Pending[],
    acks: readonly (readonly [number, number])[],
  ): Promise<void> {
    const segment = await this.writer.current(() => this.headContent())
    const parts = acks.map(([first, last]) => encodeAck(first, last))
    let offset = segment.bytes + parts.reduce((sum, part) => sum + part.length, 0)
    const offsets: number[] = []
    for (const { frame } of group) {
      parts.push(frame)
      offsets.push(offset)
      offset += frame.length
    }
    await this.writer.append(segment, Buffer.concat(parts))
    for (const [first, last] of acks) this.acknowledgedOnDisk.add(first, last)
    group.forEach((pending, i) => {
      this.settle(segment, pending, offsets[i]!)
    })
    if (group.length > 0) this.onDurable?.()
  }

  private settle(segment: SegmentIndex, pending: Pending, offset: number): void {
    const { first, records } = pending
    this.queuedBytes -= pending.frame.length
    this.state_ = { ...this.state_, ...pending.state }
    if (records.length > 0) {
      segment.frameFirst.push(first)
      segment.frameOffset.push(offset)
      segment.end = first + records.length
      this.durableSeq_ = segment.end - 1
      this.durableHead = records.at(-1)!.hash
      this.tail.push(first, pending.before, records)
    }
    pending.resolve(ok({ first, last: first + records.length - 1 }))
  }

  private headContent(): HeadContent {
    const { device, channel, algorithm } = this.options
    return {
      device,
      channel,
      algorithm,
      first: this.durableSeq_ + 1,
      before: toHex(this.durableHead),
      acked: this.acknowledgedOnDisk.list(),
      state: this.state_,
    }
  }

  /** After a write that found no room: cuts the file back to what is durable. False when even that fails. */
  private async undo(): Promise<boolean> {
    try {
      await this.writer.reopen()
      return true
    } catch {
      return false
    }
  }

  /** Gives the numbers of commits that did not reach the disk back. In one step, so that no commit slips in between. */
  private rollBack(pending: readonly Pending[], error: unknown): void {
    this.nextSeq_ = this.durableSeq_ + 1
    this.head_ = this.durableHead
    this.queuedBytes = 0
    const problem: Problem = { code: 'SPOOL_FULL', detail: String(error), where: this.options.directory }
    for (const { resolve } of pending) resolve({ ok: false, problem })
  }

  /** Writes what is queued and closes the files. */
  async close(): Promise<void> {
    clearTimeout(this.ackTimer)
    clearTimeout(this.groupTimer)
    this.groupTimer = undefined
    this.ackTimer = undefined
    if (!this.closed) await this.flush()
    this.closed = true
    await this.reader.close()
    await this.writer.close()
  }
}

/** Room kept for self-checks and key changes when records are refused already. */
export function reserveBytes(maxBytes: number): number {
  return Math.min(262_144, Math.ceil(maxBytes / 16))
}
