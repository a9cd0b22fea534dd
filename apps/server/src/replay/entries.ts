import { admitSpan } from '@oiltrail/domain'
import { platform, suites } from '@oiltrail/evidence/node'
import { type Problem, parseJsonBytes, toHex } from '@oiltrail/kernel'
import { type DeskEntry, Keyring, type VerifiedBatch, verifyBatch } from '@oiltrail/protocols/uplink'
import type { LogRow } from '@oiltrail/store'
import { madeSpan } from '../log/batch.ts'
import type { BatchMemo } from '../log/entry.ts'
import { Authority } from './authority.ts'
import type { Findings } from './findings.ts'
import { contentOf } from './sound.ts'

/**
 * Checks log entries one after another: the columns and the bytes against the leaf, a batch against its device's key
 * and the chain before it. Nothing but the log itself tells which keys count.
 */
export class LogAuditor {
  /** Batches whose signature and chain were checked. */
  batches = 0
  /** Who may speak and where each chain stands, as the entries so far say. */
  readonly authority = new Authority()
  readonly #findings: Findings
  readonly #keyring = new Keyring(platform)

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Checks an entry; entries must come in the order of the log. Returns its leaf. */
  take(entry: LogRow): Uint8Array {
    const content = contentOf(entry)
    if (typeof content === 'string') this.#altered(entry, content)
    else if (content.type === 'batch') this.#takeBatch(entry, content.memo)
    else if (content.type === 'desk') this.#takeDesk(entry, content.desk)
    return entry.leaf
  }

  #altered(entry: LogRow, detail: string): void {
    this.#findings.add('altered', 'log_entry', `position ${entry.position}`, detail)
  }

  #problem(entry: LogRow, { code, detail }: Problem): void {
    this.#altered(entry, `${code}: ${detail}`)
  }

  #takeBatch(entry: LogRow, memo: BatchMemo): void {
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
    if (!this.authority.maySign(header, last))
      this.#altered(entry, `UNKNOWN_KEY: ${header.key} was replaced and may not sign records up to ${last}`)
    this.#takeChain(entry, verified.value)
    this.#takeMade(entry, memo)
    const closing = parseJsonBytes(lines.at(-1)!) as {
      kind?: unknown
      algorithm?: unknown
      publicKey?: unknown
    }
    if (closing?.kind !== 'key') return
    const rotated = this.#keyring.rotate(header, last, closing, entry.position)
    if (!rotated.ok) this.#problem(entry, rotated.problem)
    else this.authority.rotate(header, last, String(closing.algorithm), String(closing.publicKey))
  }

  /** The same decision that intake took, on the same order of batches. */
  #takeChain(entry: LogRow, { batch, hashes }: VerifiedBatch): void {
    const { device, channel, first, before } = batch.header
    const admitted = admitSpan(this.authority.stream(device, channel), {
      first,
      last: entry.lastSeq!,
      before,
      hashAt: (seq) => toHex(hashes[seq - first]!),
    })
    if (admitted.ok) this.authority.admit(device, channel, admitted.value.state)
    else this.#problem(entry, admitted.problem)
  }

  /** When its records were made, by which evidence of a span finds it. */
  #takeMade(entry: LogRow, memo: BatchMemo): void {
    if (!entry.made) return // older than the column, or with a key: always looked into
    const [from, to] = madeSpan(memo.records) ?? []
    if (from !== entry.made[0] || to !== entry.made[1])
      this.#altered(entry, `its row says made ${entry.made.join(' to ')}, its records say ${from} to ${to}`)
  }

  #takeDesk(entry: LogRow, desk: DeskEntry): void {
    const taken = this.#keyring.desk(desk, entry.position)
    if (!taken.ok) this.#problem(entry, taken.problem)
    else this.authority.state(desk)
  }
}
