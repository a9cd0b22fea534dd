import { ALGORITHMS, type Algorithm, type Signer, type Suite } from '@oiltrail/evidence'
import {
  asciiBytes,
  type Channel,
  COUNTY_PATTERN,
  concatBytes,
  DEVICE_PATTERN,
  fromBase64,
  fromHex,
  isChannel,
  ok,
  parseJsonBytes,
  type Result,
  refuse,
  toBase64,
  toHex,
  utf8Text,
} from '@oiltrail/kernel'

/** Bounds of one batch; docs/formats/uplink.md §2. A record line is at most 4 KiB so that a malformed one cannot hide a flood. */
export const BATCH_LIMITS = { bytes: 262_144, records: 1_000, lineBytes: 4_096 } as const

/** First line of a batch. */
export interface BatchHeader {
  readonly v: 1
  readonly county: string
  readonly device: string
  readonly channel: Channel
  /** Sequence number of the first record. */
  readonly first: number
  /** Chain hash of the record before it, 64 hex digits. */
  readonly before: string
  readonly alg: Algorithm
  /** Key id of the signer, 16 hex digits. */
  readonly key: string
}

/** A batch taken apart, its signature not yet checked. `lines` are the record lines without line feeds. */
export interface Batch {
  readonly header: BatchHeader
  readonly headerLine: Uint8Array
  readonly lines: readonly Uint8Array[]
  /** Chain hash of the last record as the trailer claims it, hex. */
  readonly head: string
  readonly signature: Uint8Array
}

const LF = 10
const HEADER_KEYS = ['v', 'county', 'device', 'channel', 'first', 'before', 'alg', 'key']
const TRAILER_KEYS = ['count', 'head', 'sig']

/** Takes the bytes of a batch apart. Refuses: OVERSIZED, MALFORMED, UNSUPPORTED_VERSION. */
export function decodeBatch(bytes: Uint8Array): Result<Batch> {
  if (bytes.length > BATCH_LIMITS.bytes)
    return refuse('OVERSIZED', `${bytes.length} bytes; the limit is ${BATCH_LIMITS.bytes}`)
  const lines = splitLines(bytes)
  if (!lines.ok) return lines
  const headerLine = lines.value[0]!
  const header = parseHeader(headerLine)
  if (!header.ok) return header
  const records = lines.value.slice(1, -1)
  const trailer = parseTrailer(lines.value.at(-1)!, records.length)
  if (!trailer.ok) return trailer
  if (!Number.isSafeInteger(header.value.first + records.length))
    return refuse('MALFORMED', 'sequence numbers overflow', 'first')
  return ok({ header: header.value, headerLine, lines: records, ...trailer.value })
}

/** Splits at LF; the last line must end with one, none may be empty or too long. */
function splitLines(bytes: Uint8Array): Result<Uint8Array[]> {
  const lines: Uint8Array[] = []
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(LF, start)
    if (end < 0)
      return refuse('MALFORMED', 'the last line does not end with a line feed', `line ${lines.length + 1}`)
    if (end === start) return refuse('MALFORMED', 'empty line', `line ${lines.length + 1}`)
    if (end - start > BATCH_LIMITS.lineBytes)
      return refuse(
        'OVERSIZED',
        `a line of ${end - start} bytes; the limit is ${BATCH_LIMITS.lineBytes}`,
        `line ${lines.length + 1}`,
      )
    if (lines.length >= BATCH_LIMITS.records + 2)
      return refuse('OVERSIZED', `more than ${BATCH_LIMITS.records} records`)
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  if (lines.length < 3) return refuse('MALFORMED', 'a batch has a header, at least one record, and a trailer')
  return ok(lines)
}

function parseObject(
  line: Uint8Array,
  keys: readonly string[],
  where: string,
): Result<Record<string, unknown>> {
  const value = parseJsonBytes(line)
  if (value === undefined) return refuse('MALFORMED', 'not a line of JSON in UTF-8', where)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('MALFORMED', 'not a JSON object', where)
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object))
    if (!keys.includes(key)) return refuse('MALFORMED', `unknown field ${key.slice(0, 40)}`, where)
  for (const key of keys)
    if (!Object.hasOwn(object, key)) return refuse('MALFORMED', `field ${key} is missing`, where)
  return ok(object)
}

function parseHeader(line: Uint8Array): Result<BatchHeader> {
  const parsed = parseObject(line, HEADER_KEYS, 'header')
  if (!parsed.ok) return parsed
  const h = parsed.value
  if (h.v !== 1) return refuse('UNSUPPORTED_VERSION', `version ${String(h.v).slice(0, 16)}`, 'header.v')
  const wrong = (field: string): Result<BatchHeader> =>
    refuse('MALFORMED', `field ${field} has a wrong value`, `header.${field}`)
  if (typeof h.county !== 'string' || !COUNTY_PATTERN.test(h.county)) return wrong('county')
  if (typeof h.device !== 'string' || !DEVICE_PATTERN.test(h.device)) return wrong('device')
  if (!isChannel(h.channel)) return wrong('channel')
  if (!Number.isSafeInteger(h.first) || (h.first as number) < 1) return wrong('first')
  if (typeof h.before !== 'string' || !/^[0-9a-f]{64}$/.test(h.before)) return wrong('before')
  if (!ALGORITHMS.includes(h.alg as Algorithm)) return wrong('alg')
  if (typeof h.key !== 'string' || !/^[0-9a-f]{16}$/.test(h.key)) return wrong('key')
  return ok(h as unknown as BatchHeader)
}

function parseTrailer(line: Uint8Array, count: number): Result<{ head: string; signature: Uint8Array }> {
  const parsed = parseObject(line, TRAILER_KEYS, 'trailer')
  if (!parsed.ok) return parsed
  const t = parsed.value
  if (t.count !== count)
    return refuse(
      'MALFORMED',
      `the trailer counts ${String(t.count).slice(0, 16)} records, there are ${count}`,
      'trailer.count',
    )
  if (typeof t.head !== 'string' || !/^[0-9a-f]{64}$/.test(t.head))
    return refuse('MALFORMED', 'field head has a wrong value', 'trailer.head')
  const signature = typeof t.sig === 'string' ? fromBase64(t.sig) : undefined
  if (!signature || signature.length === 0 || signature.length > 256)
    return refuse('MALFORMED', 'field sig is not base64 of a signature', 'trailer.sig')
  return ok({ head: t.head, signature })
}

/**
 * The record lines of a decoded batch as text, or undefined when they are not UTF-8. They stand behind each other in the
 * bytes of the batch, so one call decodes them all; that takes a third of what a call a line takes.
 */
export function recordTexts(batch: Batch): string[] | undefined {
  const first = batch.lines[0]!
  const last = batch.lines.at(-1)!
  const all = new Uint8Array(first.buffer, first.byteOffset, last.byteOffset + last.length - first.byteOffset)
  return utf8Text(all)?.split('\n')
}

/** What the signature of a batch covers: the header line, LF, and the head hash as 64 hex digits. */
export function signedBytes(headerLine: Uint8Array, head: string): Uint8Array {
  return concatBytes(headerLine, Uint8Array.of(LF), asciiBytes(head))
}

/**
 * Walks the chain of a batch: `hash(n) = H(hash(n−1) ‖ line n)`. Returns the 32-byte hash after each record.
 * Refuses CHAIN_BROKEN when the walk does not end at the trailer's head.
 */
export function walkChain(batch: Batch, suite: Suite): Result<Uint8Array[]> {
  let before = fromHex(batch.header.before)!
  const hashes: Uint8Array[] = []
  for (const line of batch.lines) {
    before = suite.hash(before, line)
    hashes.push(before)
  }
  const head = toHex(before)
  if (head !== batch.head)
    return refuse(
      'CHAIN_BROKEN',
      `the records hash to ${head}, the trailer says ${batch.head}`,
      'trailer.head',
    )
  return ok(hashes)
}

/** What a collector knows when it closes a batch. */
export interface BatchDraft {
  readonly county: string
  readonly device: string
  readonly channel: Channel
  readonly first: number
  /** Chain hash before the first record, hex, and after the last. */
  readonly before: string
  readonly head: string
  readonly lines: readonly Uint8Array[]
}

/** Signs a batch and returns its bytes. The hashes were computed when the records were spooled. */
export function encodeBatch(draft: BatchDraft, signer: Signer): Uint8Array {
  const header: BatchHeader = {
    v: 1,
    county: draft.county,
    device: draft.device,
    channel: draft.channel,
    first: draft.first,
    before: draft.before,
    alg: signer.algorithm,
    key: signer.keyId,
  }
  const headerLine = asciiBytes(JSON.stringify(header))
  const sig = toBase64(signer.sign(signedBytes(headerLine, draft.head)))
  const trailer = asciiBytes(JSON.stringify({ count: draft.lines.length, head: draft.head, sig }))
  const lf = Uint8Array.of(LF)
  return concatBytes(headerLine, lf, ...draft.lines.flatMap((line) => [line, lf]), trailer, lf)
}
