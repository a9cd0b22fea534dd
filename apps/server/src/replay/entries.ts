import { admitSpan, type StreamState } from '@oiltrail/domain'
import { platform, sha256, suites } from '@oiltrail/evidence/node'
import { asciiText, equalBytes, type Problem, parseJsonBytes, toHex } from '@oiltrail/kernel'
import {
  type DeskEntry,
  decodeDesk,
  encodeLeaf,
  Keyring,
  type Leaf,
  type VerifiedBatch,
  verifyBatch,
} from '@oiltrail/protocols/uplink'
import type { LogRow } from '@oiltrail/store'
import { decodeAccepted, madeSpan } from '../log/batch.ts'
import type { Findings } from './findings.ts'

/** A device key that the log vouches for: `device channel keyId` → public key in base64. */
export type VouchedKeys = Map<string, string>

/**
 * Checks log entries one after another, each against itself: the columns and the bytes against the leaf, a batch against
 * its device's key and the chain before it. Nothing but the log itself tells which keys count.
 */
export class LogAuditor {
  /** Batches whose signature and chain were checked. */
  batches = 0
  readonly keys: VouchedKeys = new Map()
  readonly devices = new Set<string>()
  readonly #county: string
  readonly #findings: Findings
  readonly #keyring = new Keyring(platform)
  readonly #streams = new Map<string, StreamState>()

  constructor(county: number, findings: Findings) {
    this.#county = String(county).padStart(6, '0')
    this.#findings = findings
  }

  /** Checks an entry; entries must come in the order of the log. Returns its leaf. */
  take(entry: LogRow): Uint8Array {
    const expected = encodeLeaf(this.#leafOf(entry))
    if (!equalBytes(expected, entry.leaf))
      this.#altered(
        entry,
        `its leaf says ${asciiText(entry.leaf).slice(0, 400)}, its row says ${asciiText(expected)}`,
      )
    else if (entry.type === 'batch') this.#takeBatch(entry)
    else if (entry.type === 'desk') this.#takeDesk(entry)
    return entry.leaf
  }

  #altered(entry: LogRow, detail: string): void {
    this.#findings.add('altered', 'log_entry', `position ${entry.position}`, detail)
  }

  #problem(entry: LogRow, { code, detail }: Problem): void {
    this.#altered(entry, `${code}: ${detail}`)
  }

  #leafOf(entry: LogRow): Leaf {
    const { receivedAt } = entry
    const raw = toHex(sha256(entry.raw))
    const all = { v: 1, county: this.#county } as const
    if (entry.type === 'refusal')
      return { v: 1, type: 'refusal', county: all.county, receivedAt, code: entry.code ?? '', raw }
    if (entry.type === 'desk')
      return { v: 1, type: 'desk', county: all.county, receivedAt, action: entry.code ?? '', raw }
    return {
      v: 1,
      type: 'batch',
      county: all.county,
      receivedAt,
      device: entry.device ?? '',
      channel: entry.channel ?? '',
      first: entry.firstSeq ?? -1,
      last: entry.lastSeq ?? -1,
      raw,
    }
  }

  #takeBatch(entry: LogRow): void {
    this.batches++
    const last = entry.lastSeq!
    const verified = verifyBatch(
      entry.raw,
      (header) => this.#keyring.find(header, last, entry.position),
      suites,
    )
    if (!verified.ok) {
      this.#problem(entry, verified.problem)
      return
    }
    const { header, lines } = verified.value.batch
    if (
      header.device !== entry.device ||
      header.channel !== entry.channel ||
      header.first !== entry.firstSeq
    ) {
      this.#altered(entry, `the batch is of ${header.device} ${header.channel} from record ${header.first}`)
      return
    }
    this.#takeChain(entry, verified.value)
    this.#takeMade(entry)
    const closing = parseJsonBytes(lines.at(-1)!) as {
      kind?: unknown
      algorithm?: unknown
      publicKey?: unknown
    }
    if (closing?.kind !== 'key') return
    const rotated = this.#keyring.rotate(header, last, closing, entry.position)
    if (!rotated.ok) this.#problem(entry, rotated.problem)
    else this.#vouch(header.device, header.channel, String(closing.publicKey))
  }

  /** The same decision that intake took, on the same order of batches. */
  #takeChain(entry: LogRow, { batch, hashes }: VerifiedBatch): void {
    const { device, channel, first, before } = batch.header
    const name = `${device} ${channel}`
    const admitted = admitSpan(this.#streams.get(name) ?? [], {
      first,
      last: entry.lastSeq!,
      before,
      hashAt: (seq) => toHex(hashes[seq - first]!),
    })
    if (admitted.ok) this.#streams.set(name, admitted.value.state)
    else this.#problem(entry, admitted.problem)
  }

  /** When its records were made, by which evidence of a span finds it. */
  #takeMade(entry: LogRow): void {
    if (!entry.made) return // older than the column, or with a key: always looked into
    const [from, to] = madeSpan(decodeAccepted(entry.raw).records) ?? []
    if (from !== entry.made[0] || to !== entry.made[1])
      this.#altered(entry, `its row says made ${entry.made.join(' to ')}, its records say ${from} to ${to}`)
  }

  #takeDesk(entry: LogRow): void {
    const decoded = decodeDesk(entry.raw)
    const taken = decoded.ok ? this.#keyring.desk(decoded.value, entry.position) : decoded
    if (!taken.ok) this.#problem(entry, taken.problem)
    if (!decoded.ok) return
    const desk = decoded.value
    const named = 'device' in desk ? desk.device : undefined
    if (desk.action !== entry.code || named !== entry.device)
      this.#altered(
        entry,
        `the statement is ${desk.action} ${named ?? ''}, the row says ${entry.code} ${entry.device ?? ''}`,
      )
    this.#learn(desk)
  }

  #learn(desk: DeskEntry): void {
    if (desk.action === 'device-enrolled') {
      this.devices.add(desk.device)
      for (const key of desk.keys) this.#vouch(desk.device, key.channel, key.publicKey)
    }
    if (desk.action === 'device-revoked') this.devices.delete(desk.device)
  }

  #vouch(device: string, channel: string, publicKey: string): void {
    const keyId = toHex(sha256(Buffer.from(publicKey, 'base64'))).slice(0, 16)
    this.keys.set(`${device} ${channel} ${keyId}`, publicKey)
  }
}
