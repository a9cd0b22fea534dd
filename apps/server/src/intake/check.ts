import {
  admitSpan,
  CHANNEL_OF_KIND,
  type FactOf,
  type Range,
  type RecordedFact,
  type StreamState,
} from '@oiltrail/domain'
import { keyIdOf, suites } from '@oiltrail/evidence/node'
import { fromBase64, isChannel, ok, parseJsonBytes, type Result, refuse } from '@oiltrail/kernel'
import { BATCH_LIMITS, type Batch, decodeBatch, proveBatch } from '@oiltrail/protocols/uplink'
import { lazySpan, parseRecords } from '../log/batch.ts'
import type { BatchMemo } from '../log/entry.ts'
import { type DeviceBook, type KnownChannel, type KnownKey, sameHash, verifyWith } from './devices.ts'

const LF = 10

/** A batch that passed every check. Nothing in memory has changed yet. */
export interface CheckedBatch {
  readonly batch: Batch
  readonly channel: KnownChannel
  readonly memo: BatchMemo
  /** The stream after this batch. */
  readonly state: StreamState
  /** What of it is new; empty for a replay. */
  readonly fresh: readonly Range[]
  /** Whether it ends inside a run that is in the log: then only the log can tell whether it is the same history. */
  readonly endsInside: boolean
  /** The key its last record announces, when that record is new. */
  readonly rotation: Rotation | undefined
}

/** A key that signs from record `fromSeq` on; the others end there. */
export interface Rotation {
  readonly keyId: string
  readonly key: KnownKey
}

/**
 * Checks one batch in the order of docs/formats/uplink.md §3. Refuses: OVERSIZED, MALFORMED, UNSUPPORTED_VERSION,
 * UNKNOWN_DEVICE, UNKNOWN_KEY, CHAIN_BROKEN, BAD_SIGNATURE, CHAIN_FORK, TOO_MANY_GAPS, UNKNOWN_KIND.
 * `verified` is the key under which a verifier thread has found chain and signature of these very bytes good.
 */
export function checkBatch(
  bytes: Uint8Array,
  countyCode: string,
  book: DeviceBook,
  verified?: KnownKey,
): Result<CheckedBatch> {
  const decoded = decodeBatch(bytes)
  if (!decoded.ok) return decoded
  const batch = decoded.value
  const { header } = batch
  const device = header.county === countyCode ? book.get(header.device) : undefined
  if (!device)
    return refuse('UNKNOWN_DEVICE', `${header.device} is not enrolled in county ${countyCode}`, 'header')
  const channel = device.channels[header.channel]
  const last = header.first + batch.lines.length - 1
  const key = keyFor(channel, header.key, header.first, last)
  if (!key || key.algorithm !== header.alg)
    return refuse(
      'UNKNOWN_KEY',
      `key ${header.key} may not sign records ${header.first} to ${last} with ${header.alg}`,
      'header.key',
    )
  if (key !== verified) {
    const proved = proveBatch(batch, suites[header.alg], (message, signature) =>
      verifyWith(key, message, signature),
    )
    if (!proved.ok) return proved
  }
  const span = lazySpan(batch)
  const admitted = admitSpan(channel.islands, span)
  if (!admitted.ok) return admitted
  const records = readRecords(batch)
  if (!records.ok) return records
  const rotation = findRotation(records.value, channel, key)
  if (!rotation.ok) return rotation
  const { state, fresh } = admitted.value
  const memo = { records: records.value, span }
  return ok({
    batch,
    channel,
    memo,
    state,
    fresh,
    endsInside: channel.islands.some((island) => island.first <= last && last < island.last),
    rotation: fresh.some((range) => range.last === last) ? rotation.value : undefined,
  })
}

/** The key that a batch says it is signed by; undefined when its first line is not a header that anybody here could sign. */
export function claimedKey(bytes: Uint8Array, countyCode: string, book: DeviceBook): KnownKey | undefined {
  const end = bytes.subarray(0, BATCH_LIMITS.lineBytes).indexOf(LF)
  const header = (end > 0 ? parseJsonBytes(bytes.subarray(0, end)) : undefined) as
    | Partial<Record<'county' | 'device' | 'channel' | 'key', unknown>>
    | null
    | undefined
  if (typeof header !== 'object' || header === null || header.county !== countyCode) return undefined
  if (typeof header.device !== 'string' || typeof header.key !== 'string' || !isChannel(header.channel))
    return undefined
  return book.get(header.device)?.channels[header.channel].keys.get(header.key)
}

/** Lets the stream in memory go on from a checked batch, so that the next batch of the same group can follow it. */
export function advance(checked: CheckedBatch): void {
  const { channel, rotation } = checked
  channel.islands = checked.state
  if (!rotation) return
  for (const other of channel.keys.values())
    other.toSeq = Math.min(other.toSeq ?? rotation.key.fromSeq, rotation.key.fromSeq)
  channel.keys.set(rotation.keyId, rotation.key)
}

function keyFor(channel: KnownChannel, keyId: string, first: number, last: number): KnownKey | undefined {
  const key = channel.keys.get(keyId)
  if (!key || first < key.fromSeq) return undefined
  return key.toSeq === undefined || last < key.toSeq ? key : undefined
}

function readRecords(batch: Batch): Result<readonly RecordedFact[]> {
  const records = parseRecords(batch, ({ index, value, issue }) =>
    refuseRecord(value, batch.header.first + index, issue),
  )
  if (!Array.isArray(records)) return records
  for (const [index, record] of records.entries()) {
    const seq = batch.header.first + index
    if (record.seq !== seq) return refuse('MALFORMED', `the record says it is ${record.seq}`, `seq ${seq}`)
  }
  return ok(records)
}

function refuseRecord(
  value: unknown,
  seq: number,
  issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined,
): Result<never> {
  const where = `seq ${seq}`
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('MALFORMED', 'a record is not a JSON object in UTF-8', where)
  const kind = (value as { kind?: unknown }).kind
  if (typeof kind === 'string' && !Object.hasOwn(CHANNEL_OF_KIND, kind))
    return refuse('UNKNOWN_KIND', `kind ${kind.slice(0, 40)}`, where)
  const path = issue?.path.map(String).join('.').slice(0, 80) ?? ''
  return refuse('MALFORMED', `${path ? `${path}: ` : ''}${issue?.message.slice(0, 160) ?? ''}`, where)
}

/** A key record is the last of its batch and stays with the hash of its chain (docs/formats/uplink.md §1, §6). */
function findRotation(
  records: readonly RecordedFact[],
  channel: KnownChannel,
  signer: KnownKey,
): Result<Rotation | undefined> {
  for (const [i, record] of records.entries())
    if (record.kind === 'key')
      return i === records.length - 1
        ? rotationOf(record, channel, signer)
        : refuse('MALFORMED', 'a key record must be the last of its batch', `seq ${record.seq}`)
  return ok(undefined)
}

function rotationOf(
  record: FactOf<'key'> & { readonly seq: number },
  channel: KnownChannel,
  signer: KnownKey,
): Result<Rotation> {
  const where = `seq ${record.seq}`
  const publicKey = fromBase64(record.publicKey)
  if (!publicKey) return refuse('MALFORMED', 'publicKey: not base64', where)
  if (!sameHash(record.algorithm, signer.algorithm))
    return refuse('MALFORMED', `algorithm: a chain of ${signer.algorithm} keeps its hash`, where)
  const verifier = suites[record.algorithm].verifier(publicKey)
  if (!verifier.ok) return refuse('MALFORMED', verifier.problem.detail, where)
  const keyId = keyIdOf(publicKey)
  const known = channel.keys.get(keyId)
  return ok({
    keyId,
    key: {
      algorithm: record.algorithm,
      publicKey,
      fromSeq: Math.min(known?.fromSeq ?? record.seq + 1, record.seq + 1),
      toSeq: undefined,
      verify: verifier.value,
    },
  })
}
