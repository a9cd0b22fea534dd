import { crc32 } from 'node:zlib'

/**
 * The frames of a spool segment; docs/formats/collector.md §2.
 *
 *     magic "OTF1" │ length u32 │ crc32 u32 │ payload
 *
 * Big-endian. The length counts the payload, the CRC covers it. The magic lets recovery find the next good frame
 * behind a damaged one.
 */
export const FRAME_MAGIC: Buffer = Buffer.from('OTF1', 'latin1')
/** Bytes before the payload. */
export const FRAME_HEADER_BYTES = 12
/** No frame is larger: an import chunk is the largest, and 1,000 lines of 4 KiB fit. */
export const MAX_PAYLOAD_BYTES = 4_194_304
/** Records in one frame fit an uplink batch. */
export const MAX_FRAME_RECORDS = 1_000
const HASH_BYTES = 32

const TYPE_HEAD = 1
const TYPE_COMMIT = 2
const TYPE_ACK = 3

/** Driver state kept beside the records, by key. Plain JSON. */
export type StateValue =
  | string
  | number
  | boolean
  | null
  | readonly StateValue[]
  | { readonly [key: string]: StateValue }
export type StateMap = Readonly<Record<string, StateValue>>

/** First frame of each segment: everything older segments said that must outlive them. */
export interface HeadFrame {
  readonly type: 'head'
  readonly v: 1
  readonly device: string
  readonly channel: string
  readonly algorithm: string
  /** Sequence number of the first record of this segment. */
  readonly first: number
  /** Chain hash before it, hex. */
  readonly before: string
  /** Records with a receipt so far. */
  readonly acked: readonly (readonly [number, number])[]
  readonly state: StateMap
}

/** One record with its chain hash (32 bytes). */
export interface ChainedLine {
  readonly line: Uint8Array
  readonly hash: Uint8Array
}

/** Records and state that became true together. */
export interface CommitFrame {
  readonly type: 'commit'
  /** Sequence number of the first record; of the next record when there are none. */
  readonly first: number
  /** Chain hash before it, 32 bytes. */
  readonly before: Uint8Array
  readonly records: readonly ChainedLine[]
  readonly state: StateMap
}

/** A run of records for which a `stored` receipt came. */
export interface AckFrame {
  readonly type: 'ack'
  readonly first: number
  readonly last: number
}

export type Frame = HeadFrame | CommitFrame | AckFrame

function wrap(payload: Buffer): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES)
  FRAME_MAGIC.copy(header, 0)
  header.writeUInt32BE(payload.length, 4)
  header.writeUInt32BE(crc32(payload), 8)
  return Buffer.concat([header, payload])
}

/** Bytes of a head frame. */
export function encodeHead(head: HeadFrame): Buffer {
  const { type: _, ...rest } = head
  return wrap(Buffer.concat([Buffer.of(TYPE_HEAD), Buffer.from(JSON.stringify(rest))]))
}

/** Bytes of an acknowledgement. */
export function encodeAck(first: number, last: number): Buffer {
  const payload = Buffer.allocUnsafe(13)
  payload.writeUInt8(TYPE_ACK, 0)
  payload.writeUIntBE(first, 1, 6)
  payload.writeUIntBE(last, 7, 6)
  return wrap(payload)
}

/** Bytes of a commit. */
export function encodeCommit(
  first: number,
  before: Uint8Array,
  records: readonly ChainedLine[],
  state: StateMap | undefined,
): Buffer {
  const stateBytes =
    state && Object.keys(state).length > 0 ? Buffer.from(JSON.stringify(state)) : Buffer.alloc(0)
  let length = 9 + HASH_BYTES + stateBytes.length
  for (const record of records) length += 2 + HASH_BYTES + record.line.length
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length)
  let at = FRAME_HEADER_BYTES
  at = frame.writeUInt8(TYPE_COMMIT, at)
  at = frame.writeUIntBE(first, at, 6)
  at = frame.writeUInt16BE(records.length, at)
  frame.set(before, at)
  at += HASH_BYTES
  for (const { line, hash } of records) {
    at = frame.writeUInt16BE(line.length, at)
    frame.set(hash, at)
    frame.set(line, at + HASH_BYTES)
    at += HASH_BYTES + line.length
  }
  frame.set(stateBytes, at)
  FRAME_MAGIC.copy(frame, 0)
  frame.writeUInt32BE(length, 4)
  frame.writeUInt32BE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 8)
  return frame
}

/** What stands at an offset of a segment: a frame and where the next begins, or nothing whole. */
export type FrameAt = { readonly frame: Frame; readonly next: number } | undefined

/** Reads the frame at `offset`. Undefined when it is cut off, damaged, or not a frame. */
export function decodeFrame(bytes: Buffer, offset: number): FrameAt {
  if (bytes.length - offset < FRAME_HEADER_BYTES + 1) return undefined
  if (bytes.compare(FRAME_MAGIC, 0, 4, offset, offset + 4) !== 0) return undefined
  const length = bytes.readUInt32BE(offset + 4)
  const start = offset + FRAME_HEADER_BYTES
  if (length < 1 || length > MAX_PAYLOAD_BYTES || start + length > bytes.length) return undefined
  const payload = bytes.subarray(start, start + length)
  if (crc32(payload) !== bytes.readUInt32BE(offset + 8)) return undefined
  const frame = decodePayload(payload)
  return frame && { frame, next: start + length }
}

/** Offset of the next whole frame at or after `offset`, or −1. */
export function findFrame(bytes: Buffer, offset: number): number {
  let at = bytes.indexOf(FRAME_MAGIC, offset)
  while (at >= 0 && decodeFrame(bytes, at) === undefined) at = bytes.indexOf(FRAME_MAGIC, at + 1)
  return at
}

function decodePayload(payload: Buffer): Frame | undefined {
  switch (payload[0]) {
    case TYPE_HEAD:
      return decodeHead(payload)
    case TYPE_COMMIT:
      return decodeCommit(payload)
    case TYPE_ACK:
      return payload.length === 13
        ? { type: 'ack', first: payload.readUIntBE(1, 6), last: payload.readUIntBE(7, 6) }
        : undefined
    default:
      return undefined
  }
}

function decodeHead(payload: Buffer): HeadFrame | undefined {
  try {
    const head = JSON.parse(payload.toString('utf8', 1)) as Omit<HeadFrame, 'type'>
    const sound =
      head.v === 1 &&
      Number.isSafeInteger(head.first) &&
      typeof head.before === 'string' &&
      Array.isArray(head.acked)
    return sound ? { type: 'head', ...head } : undefined
  } catch {
    return undefined
  }
}

function decodeCommit(payload: Buffer): CommitFrame | undefined {
  if (payload.length < 9 + HASH_BYTES) return undefined
  const first = payload.readUIntBE(1, 6)
  const count = payload.readUInt16BE(7)
  const before = payload.subarray(9, 9 + HASH_BYTES)
  const records: ChainedLine[] = []
  let at = 9 + HASH_BYTES
  for (let i = 0; i < count; i++) {
    if (at + 2 + HASH_BYTES > payload.length) return undefined
    const length = payload.readUInt16BE(at)
    const lineAt = at + 2 + HASH_BYTES
    if (lineAt + length > payload.length) return undefined
    records.push({ hash: payload.subarray(at + 2, lineAt), line: payload.subarray(lineAt, lineAt + length) })
    at = lineAt + length
  }
  try {
    const state = at < payload.length ? (JSON.parse(payload.toString('utf8', at)) as StateMap) : {}
    return { type: 'commit', first, before, records, state }
  } catch {
    return undefined
  }
}
