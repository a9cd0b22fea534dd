import { admitSpan, GENESIS, gapsOf, type StreamState } from '@oiltrail/domain'
import { type GeneratedKey, generateKeyPair, suites } from '@oiltrail/evidence/node'
import { type EpochMs, fromHex, type ProblemCode, toHex, utf8Bytes } from '@oiltrail/kernel'
import { encodeBatch, verifyBatch } from '@oiltrail/protocols/uplink'
import type { Feed } from './feed.ts'

const ALGORITHM = 'SM2-SM3'
const RECORDS = 5

/** What arrives at the door: bytes of a batch, real ones, by a collector or by somebody else. */
interface Batch {
  readonly bytes: Uint8Array
  readonly head: string
}

/** The door of the platform for one channel: signature, chain, and what the log has already (docs/formats/uplink.md §3). */
class Door {
  private state: StreamState = []
  private readonly known: GeneratedKey

  constructor(known: GeneratedKey) {
    this.known = known
  }

  /** The code of a refusal, or the gaps after the batch was accepted. */
  take(bytes: Uint8Array): { refused: ProblemCode } | { fresh: number; gaps: ReturnType<typeof gapsOf> } {
    const verified = verifyBatch(
      bytes,
      () => ({ ok: true, value: { algorithm: ALGORITHM, publicKey: this.known.signer.publicKey } }),
      suites,
    )
    if (!verified.ok) return { refused: verified.problem.code }
    const { batch, hashes } = verified.value
    const { first, before } = batch.header
    const last = first + batch.lines.length - 1
    const hashAt = (seq: number): string => (seq === first - 1 ? before : toHex(hashes[seq - first]!))
    const admitted = admitSpan(this.state, { first, last, before, hashAt })
    if (!admitted.ok) return { refused: admitted.problem.code }
    this.state = admitted.value.state
    return { fresh: countOf(admitted.value.fresh), gaps: gapsOf(this.state) }
  }
}

function countOf(ranges: readonly { readonly first: number; readonly last: number }[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}

function batchOf(device: string, key: GeneratedKey, first: number, before: string, text: string): Batch {
  const suite = suites[ALGORITHM]
  const lines: Uint8Array[] = []
  let hash = fromHex(before)!
  for (let i = 0; i < RECORDS; i++) {
    const line = utf8Bytes(
      JSON.stringify({ seq: first + i, at: 1, kind: 'health', event: 'heartbeat', subject: text }),
    )
    lines.push(line)
    hash = suite.hash(hash, line)
  }
  const head = toHex(hash)
  const draft = { county: device.slice(0, 6), device, channel: 'volume' as const, first, before, head, lines }
  return { bytes: encodeBatch(draft, key.signer), head }
}

/** Bytes that an attacker sends, after three honest batches of which the second stands in the middle. */
function sent(name: string, device: string, key: GeneratedKey): { honest: Batch[]; strikes: Uint8Array[] } {
  const first = batchOf(device, key, 1, GENESIS, 'a')
  const second = batchOf(device, key, 1 + RECORDS, first.head, 'a')
  const third = batchOf(device, key, 1 + 2 * RECORDS, second.head, 'a')
  const honest = [first, second, third]
  switch (name) {
    case 'forged':
      return { honest, strikes: [batchOf(device, generateKeyPair(ALGORITHM), 16, third.head, 'f').bytes] }
    case 'cloned':
      return { honest, strikes: [batchOf(device, key, 1 + 2 * RECORDS, second.head, 'clone').bytes] }
    case 'altered': {
      // One byte of a record changed on the disk of the collector, the signature kept.
      const bytes = third.bytes.slice()
      bytes[bytes.indexOf(0x0a) + 40]! ^= 1
      return { honest: [first, second], strikes: [bytes] }
    }
    case 'replayed':
      return { honest, strikes: [first.bytes, second.bytes, third.bytes, first.bytes] }
    case 'reordered':
      return { honest: [first], strikes: [third.bytes, second.bytes] }
    default:
      throw new Error(`no attack ${name}`)
  }
}

/** What an attack led to at the door. */
export interface Struck {
  readonly refusals: readonly ProblemCode[]
  /** Records that the log took although it has them already: always 0. */
  readonly doubled: number
}

/** Sends the batches of an attack through the door and puts into the log what the door puts there. */
export function strike(
  name: string,
  feed: Feed,
  target: { site: string; device: string },
  at: EpochMs,
): Struck {
  const key = generateKeyPair(ALGORITHM)
  const door = new Door(key)
  const { honest, strikes } = sent(name, target.device, key)
  let taken = 0
  for (const { bytes } of honest) {
    const answer = door.take(bytes)
    if ('refused' in answer) throw new Error(`an honest batch was refused: ${answer.refused}`)
    taken += answer.fresh
  }
  const refusals: ProblemCode[] = []
  const base = { ...target, at, loggedAt: at, channel: 'volume' as const }
  let open: { first: number; last: number }[] = []
  for (const bytes of strikes) {
    const answer = door.take(bytes)
    if ('refused' in answer) {
      refusals.push(answer.refused)
      feed.log({ type: 'refusal', ...base, code: answer.refused })
      continue
    }
    taken += answer.fresh
    for (const gap of answer.gaps)
      feed.log({ type: 'gap-opened', ...base, firstSeq: gap.first, lastSeq: gap.last })
    for (const gap of open) feed.log({ type: 'gap-filled', ...base, firstSeq: gap.first, lastSeq: gap.last })
    open = [...answer.gaps]
  }
  return { refusals, doubled: Math.max(0, taken - 3 * RECORDS) }
}
