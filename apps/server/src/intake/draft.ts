import { sha256 } from '@oiltrail/evidence/node'
import {
  type Channel,
  DEVICE_PATTERN,
  isChannel,
  type Problem,
  parseJsonBytes,
  toHex,
} from '@oiltrail/kernel'
import { BATCH_LIMITS, encodeLeaf, type Receipt } from '@oiltrail/protocols/uplink'
import { madeSpan } from '../log/batch.ts'
import type { LogEntry } from '../log/entry.ts'
import type { CheckedBatch } from './check.ts'

/** A log entry that has no position yet. */
export type Draft = Omit<LogEntry, 'position'>

/** Bytes of a refused input that are kept (docs/formats/log.md §1). */
export const REFUSAL_RAW_LIMIT = 65_536

/** What a batch says of itself, as far as it could be read: for its receipt and its refusal. */
export interface Claim {
  readonly device: string
  readonly channel: string
  readonly first: number
  readonly last: number
  readonly head: string
}

/** The claim of a batch that passed the checks. */
export function claimOf(checked: CheckedBatch): Claim {
  const { header, lines, head } = checked.batch
  return {
    device: header.device,
    channel: header.channel,
    first: header.first,
    last: header.first + lines.length - 1,
    head,
  }
}

/** The claim of bytes that may be anything: reads the first and the last line if they happen to be ours. */
export function peekClaim(bytes: Uint8Array): Claim {
  const firstEnd = bytes.subarray(0, BATCH_LIMITS.lineBytes).indexOf(10)
  const header = asObject(firstEnd > 0 ? parseJsonBytes(bytes.subarray(0, firstEnd)) : undefined)
  const end = bytes.at(-1) === 10 ? bytes.length - 1 : bytes.length
  const tailStart = Math.max(firstEnd + 1, end - TRAILER_BYTES)
  const lastStart = bytes.subarray(tailStart, end).lastIndexOf(10) + 1 + tailStart
  const trailer = asObject(parseJsonBytes(bytes.subarray(lastStart, end)))
  const first = count(header.first)
  return {
    device: typeof header.device === 'string' && DEVICE_PATTERN.test(header.device) ? header.device : '',
    channel: isChannel(header.channel) ? header.channel : '',
    first,
    last: first > 0 ? first + Math.max(0, Math.min(count(trailer.count), BATCH_LIMITS.records) - 1) : 0,
    head: typeof trailer.head === 'string' && /^[0-9a-f]{64}$/.test(trailer.head) ? trailer.head : '',
  }
}

/** A trailer is shorter than this: count, 64 hex digits, a signature of at most 256 bytes in base64. */
const TRAILER_BYTES = 600

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0
}

/** The entry of an accepted batch. */
export function batchDraft(
  county: { readonly number: number; readonly code: string },
  receivedAt: number,
  raw: Uint8Array,
  checked: CheckedBatch,
): Draft {
  const { header } = checked.batch
  const { first, last } = checked.memo.span
  const made = madeSpan(checked.memo.records)
  return {
    county: county.number,
    type: 'batch',
    receivedAt,
    device: header.device,
    channel: header.channel,
    firstSeq: first,
    lastSeq: last,
    ...(made ? { made } : {}),
    leaf: encodeLeaf({
      v: 1,
      type: 'batch',
      county: county.code,
      receivedAt,
      device: header.device,
      channel: header.channel,
      first,
      last,
      raw: toHex(sha256(raw)),
    }),
    raw,
    memo: checked.memo,
  }
}

/** The entry of a refusal: at most 64 KiB of what came. */
export function refusalDraft(
  county: { readonly number: number; readonly code: string },
  receivedAt: number,
  bytes: Uint8Array,
  problem: Problem,
  claim: Claim,
): Draft {
  const raw = bytes.subarray(0, REFUSAL_RAW_LIMIT)
  return {
    county: county.number,
    type: 'refusal',
    receivedAt,
    ...(claim.device === '' ? {} : { device: claim.device }),
    ...(claim.channel === '' ? {} : { channel: claim.channel as Channel }),
    ...(claim.first === 0 ? {} : { firstSeq: claim.first, lastSeq: claim.last }),
    code: problem.code,
    leaf: encodeLeaf({
      v: 1,
      type: 'refusal',
      county: county.code,
      receivedAt,
      code: problem.code,
      raw: toHex(sha256(raw)),
    }),
    raw,
  }
}

/** The entry of a statement at the desk. */
export function deskDraft(
  county: { readonly number: number; readonly code: string },
  receivedAt: number,
  raw: Uint8Array,
  action: string,
  device: string | undefined,
): Draft {
  return {
    county: county.number,
    type: 'desk',
    receivedAt,
    ...(device === undefined ? {} : { device }),
    code: action,
    leaf: encodeLeaf({
      v: 1,
      type: 'desk',
      county: county.code,
      receivedAt,
      action,
      raw: toHex(sha256(raw)),
    }),
    raw,
  }
}

/** A receipt for a claim. */
export function receiptFor(
  claim: Claim,
  outcome: Receipt['outcome'],
  position: number,
  at: number,
  problem?: Problem,
): Receipt {
  return {
    v: 1,
    outcome,
    device: claim.device,
    channel: claim.channel,
    first: claim.first,
    last: claim.last,
    head: claim.head,
    position,
    ...(problem === undefined ? {} : { code: problem.code }),
    ...(problem === undefined || problem.detail === ''
      ? {}
      : { detail: problem.where === undefined ? problem.detail : `${problem.where}: ${problem.detail}` }),
    at,
  }
}
