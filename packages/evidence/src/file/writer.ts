import { toHex, utf8Bytes, utf8Text } from '@oiltrail/kernel'
import type { Platform } from '../platform.ts'
import { type EvidenceEntry, encodeEnd, encodeProof, type Manifest, nextDigest, type Part } from './format.ts'

/**
 * Writes an evidence file line by line: `manifest`, then `key` and `entry` in the order of the log, `end`, each answer
 * ending in LF. It holds nothing but a digest and two counts, so files of any length stream through.
 *
 * Entries: the site's batches with a record made in the span. Keys: what else of the log says which keys count at the site:
 * desk entries `device-enrolled` and `device-revoked` of its devices, and batches that end with a `key` record of theirs.
 * Throws when it is used in another order: that is a fault of the caller, not of data.
 */
export class EvidenceWriter {
  private readonly platform: Platform
  private stage: 'manifest' | 'entries' | 'end' = 'manifest'
  private digest: Uint8Array = new Uint8Array(32)
  private keys = 0
  private entries = 0
  private lastPosition = -1

  constructor(platform: Platform) {
    this.platform = platform
  }

  /** First line. */
  manifest(manifest: Manifest): string {
    if (this.stage !== 'manifest') throw new Error('the manifest is the first line')
    this.stage = 'entries'
    return this.line(JSON.stringify(manifest))
  }

  /** A statement that tells keys. */
  key(entry: EvidenceEntry): string {
    this.keys++
    return this.entryLine('key', entry)
  }

  /** A line of the evidence itself. */
  entry(entry: EvidenceEntry): string {
    this.entries++
    return this.entryLine('entry', entry)
  }

  /** Last line. */
  end(): string {
    if (this.stage !== 'entries') throw new Error('the end comes once, after the manifest')
    this.stage = 'end'
    const { keys, entries } = this
    return `${encodeEnd({ part: 'end', keys, entries, lines: toHex(this.digest) })}\n`
  }

  private entryLine(part: Part, entry: EvidenceEntry): string {
    if (this.stage !== 'entries') throw new Error('keys and entries stand between manifest and end')
    if (entry.position <= this.lastPosition) throw new Error('positions must ascend')
    this.lastPosition = entry.position
    const leaf = utf8Text(entry.leaf)
    if (leaf === undefined) throw new Error(`the leaf at position ${entry.position} is not text`)
    const raw = this.platform.encodeBase64(entry.raw)
    const proof = encodeProof(this.platform, entry.proof)
    return this.line(JSON.stringify({ part, position: entry.position, leaf, raw, proof }))
  }

  private line(text: string): string {
    this.digest = nextDigest(this.platform, this.digest, utf8Bytes(text))
    return `${text}\n`
  }
}
