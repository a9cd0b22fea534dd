import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeFrame, findFrame, type HeadFrame, type StateMap } from './frame.ts'

/** Where the commits of one segment file stand. */
export interface SegmentIndex {
  readonly path: string
  /** Sequence number of its first record, from its name. */
  readonly first: number
  /** One past its last record; equals `first` when it holds none. */
  end: number
  /** Whole bytes in the file. */
  bytes: number
  /** First sequence number and offset of each commit frame that holds records, ascending. */
  readonly frameFirst: number[]
  readonly frameOffset: number[]
}

const NAME = /^([0-9]{16})\.seg$/

/** File name of the segment whose first record is `first`. */
export function segmentName(first: number): string {
  return `${String(first).padStart(16, '0')}.seg`
}

/** First sequence number of a segment file name, or undefined for another file. */
export function segmentFirst(name: string): number | undefined {
  const match = NAME.exec(name)
  return match ? Number(match[1]) : undefined
}

/** What one pass over a segment file found. */
export interface SegmentScan {
  readonly index: SegmentIndex
  /** Its head frame; undefined when even that is damaged. */
  readonly head: HeadFrame | undefined
  readonly acks: readonly (readonly [number, number])[]
  /** State that commits of this segment set, later ones over earlier ones. */
  readonly state: StateMap
  /** Records between whole frames that cannot be read any more. */
  readonly lost: readonly (readonly [number, number])[]
  /** Chain hash of the last record read, if there was one. */
  readonly lastHash: Uint8Array | undefined
  /** Bytes behind the last whole frame: a torn write, or a damaged end. */
  readonly tornBytes: number
}

/**
 * Reads a segment from end to end. A damaged stretch between whole frames becomes `lost`; damage behind the last whole
 * frame is left to the caller, who knows whether it is the torn tail of the newest segment.
 */
export async function scanSegment(directory: string, name: string): Promise<SegmentScan> {
  const path = join(directory, name)
  const bytes = await readFile(path)
  const first = segmentFirst(name)!
  const index: SegmentIndex = { path, first, end: first, bytes: 0, frameFirst: [], frameOffset: [] }
  const acks: [number, number][] = []
  const lost: [number, number][] = []
  const state: Record<string, StateMap[string]> = {}
  let head: HeadFrame | undefined
  let lastHash: Uint8Array | undefined
  let offset = 0
  while (offset < bytes.length) {
    const found = decodeFrame(bytes, offset)
    if (!found) {
      const next = findFrame(bytes, offset + 1)
      if (next < 0) break
      offset = next
      continue
    }
    const { frame, next } = found
    if (frame.type === 'head') head ??= frame
    else if (frame.type === 'ack') acks.push([frame.first, frame.last])
    else {
      if (frame.first > index.end) lost.push([index.end, frame.first - 1])
      if (frame.records.length > 0) {
        index.frameFirst.push(frame.first)
        index.frameOffset.push(offset)
        index.end = frame.first + frame.records.length
        lastHash = Uint8Array.from(frame.records.at(-1)!.hash)
      } else if (frame.first > index.end) {
        index.end = frame.first
        lastHash = Uint8Array.from(frame.before)
      }
      Object.assign(state, frame.state)
    }
    offset = next
    index.bytes = offset
  }
  return { index, head, acks, state, lost, lastHash, tornBytes: bytes.length - index.bytes }
}

/** Position of the commit frame that holds `seq`, or −1. */
export function frameHolding(index: SegmentIndex, seq: number): number {
  let low = 0
  let high = index.frameFirst.length - 1
  if (high < 0 || seq < index.frameFirst[0]! || seq >= index.end) return -1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (index.frameFirst[middle]! <= seq) low = middle
    else high = middle - 1
  }
  return low
}
