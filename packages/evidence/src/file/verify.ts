import {
  equalBytes,
  fromHex,
  isSafeCount,
  type Problem,
  parseJsonBytes,
  type Result,
  refuse,
  toHex,
  utf8Bytes,
} from '@oiltrail/kernel'
import { leafHash } from '../merkle/hash.ts'
import { type TreeHead, verifyConsistency, verifyInclusion } from '../merkle/proof.ts'
import { type Checkpoint, openCheckpoint } from '../note/checkpoint.ts'
import { type NoteKey, parseVkey } from '../note/key.ts'
import type { Platform } from '../platform.ts'
import {
  decodeProof,
  type EndLine,
  type EntryLine,
  EVIDENCE_LIMITS,
  encodeEnd,
  type Manifest,
  nextDigest,
  type Part,
  parseLine,
  parseManifest,
} from './format.ts'
import { type Step, StepTally, type Words } from './step.ts'

/** What every leaf says, whatever its type (docs/formats/log.md §2). Further fields belong to the inspector. */
export interface LeafClaims {
  readonly type: string
  readonly county: string
  readonly receivedAt: number
  readonly raw: string
}

/** An entry whose bytes, leaf and place in the tree have been proved. */
export interface ProvedEntry {
  readonly part: Part
  readonly line: number
  readonly position: number
  readonly leaf: LeafClaims & Readonly<Record<string, unknown>>
  readonly raw: Uint8Array
}

/** Looks into the raw bytes of proved entries; `UplinkInspector` of `@oiltrail/protocols/uplink` is the one there is. */
export interface EntryInspector {
  /** Returns why the entry does not belong into a file of this site and span; undefined when it does. */
  inspect(entry: ProvedEntry, manifest: Manifest): Problem | undefined
  /** Its steps after the last entry, and what it wants to tell about the content. */
  steps(): readonly Step[]
  notes(): readonly Words[]
}

/** What the auditor brings: keys they trust (none: those of the file are used and the report says so), and a checkpoint they kept. */
export interface Trust {
  readonly vkeys: readonly NoteKey[]
  readonly older?: string
}

/** The outcome: every step in order. `ok` when none failed; what that proves is for `describeReport` to say. */
export interface EvidenceReport {
  readonly ok: boolean
  readonly manifest?: Manifest
  readonly checkpoint?: Checkpoint
  /** Whose keys vouch for the checkpoint. */
  readonly trust: 'auditor' | 'file'
  /** Size of the older checkpoint that the log was shown to continue. */
  readonly olderSize?: number
  readonly steps: readonly Step[]
  readonly notes: readonly Words[]
}

const HASH_PATTERN = /^[0-9a-f]{64}$/

/**
 * Verifies an evidence file line by line, trusting nothing in it. Feed every line without its LF to `line`, then call
 * `finish(true)`, or `finish(false)` when the last line had no LF.
 */
export class EvidenceVerifier {
  private readonly platform: Platform
  private readonly trust: Trust
  private readonly inspector: EntryInspector
  private readonly format = new StepTally('format', '文件格式与完整性', 'Format and completeness of the file')
  private readonly signature = new StepTally('checkpoint', '检查点签名', 'Signature of the checkpoint')
  private readonly consistency = new StepTally(
    'consistency',
    '与旧检查点一致',
    'Consistency with the older checkpoint',
  )
  private readonly inclusion = new StepTally('inclusion', '条目在日志树中', 'Entries are in the log')
  private readonly bytes = new StepTally('bytes', '原始字节与叶一致', 'Raw bytes are those of the leaf')
  private readonly scope = new StepTally(
    'scope',
    '条目属于所述县与时段',
    'Entries belong to the county and span claimed',
  )
  private lines = 0
  private digest: Uint8Array = new Uint8Array(32)
  private manifest: Manifest | undefined
  private head: Checkpoint | undefined
  private olderSize: number | undefined
  private end: EndLine | undefined
  private readonly counts: Record<Part, number> = { key: 0, entry: 0 }
  private lastPosition = -1

  constructor(platform: Platform, trust: Trust, inspector: EntryInspector) {
    this.platform = platform
    this.trust = trust
    this.inspector = inspector
  }

  /** The next line, without its line feed. */
  line(bytes: Uint8Array): void {
    this.lines++
    if (this.end) this.malformed('there are lines after the last')
    else if (bytes.length > EVIDENCE_LIMITS.lineBytes)
      this.malformed(`a line of ${bytes.length} bytes; the limit is ${EVIDENCE_LIMITS.lineBytes}`)
    else {
      const value = parseJsonBytes(bytes)
      if (this.lines === 1) this.readManifest(value)
      else this.readLine(value, bytes)
      if (!this.end) this.digest = nextDigest(this.platform, this.digest, bytes)
    }
  }

  /** After the last line; `complete` tells whether it ended with a line feed. */
  finish(complete: boolean): EvidenceReport {
    if (!this.end || !complete) this.malformed('the file is cut: its last line is missing')
    const own = [this.format, this.signature, this.consistency, this.inclusion, this.bytes, this.scope]
    const steps = [...own.map((tally) => tally.step()), ...this.inspector.steps()].filter(
      // Consistency is there only if asked for.
      (step) => step.id !== 'consistency' || step.checked > 0,
    )
    return {
      ok: steps.every((step) => step.failed === 0),
      ...(this.manifest && { manifest: this.manifest }),
      ...(this.head && { checkpoint: this.head }),
      ...(this.olderSize !== undefined && { olderSize: this.olderSize }),
      trust: this.trust.vkeys.length > 0 ? 'auditor' : 'file',
      steps,
      notes: this.inspector.notes(),
    }
  }

  private malformed(detail: string): boolean {
    return this.format.fail(refuse('MALFORMED', detail).problem, this.lines)
  }

  private readManifest(value: unknown): boolean {
    const manifest = parseManifest(value)
    if (!manifest.ok) return this.format.fail(manifest.problem, this.lines)
    this.format.pass()
    this.manifest = manifest.value
    const keys = this.trustedKeys(manifest.value)
    if (!keys.ok) return this.signature.fail(keys.problem, this.lines)
    const opened = openCheckpoint(manifest.value.checkpoint, keys.value, this.platform.suites)
    if (!opened.ok) return this.signature.fail(opened.problem, this.lines)
    const { checkpoint } = opened.value
    if (checkpoint.origin !== manifest.value.origin)
      return this.signature.fail(refuse('MALFORMED', 'the checkpoint is of another log').problem, this.lines)
    this.signature.pass()
    this.head = checkpoint
    return this.checkOlder(manifest.value, checkpoint, keys.value)
  }

  /** The auditor's keys; without any, those of the file itself. */
  private trustedKeys(manifest: Manifest): Result<readonly NoteKey[]> {
    if (this.trust.vkeys.length > 0) return { ok: true, value: this.trust.vkeys }
    const keys: NoteKey[] = []
    for (const text of manifest.vkeys) {
      const key = parseVkey(this.platform.sha256, text)
      if (!key.ok) return key
      keys.push(key.value)
    }
    return { ok: true, value: keys }
  }

  /** The older checkpoint: the auditor's own if they brought one, else the one in the file. */
  private checkOlder(manifest: Manifest, head: Checkpoint, keys: readonly NoteKey[]): boolean {
    const note = this.trust.older ?? manifest.older?.checkpoint
    if (note === undefined) return true
    const problem = this.olderProblem(note, manifest, head, keys)
    return problem ? this.consistency.fail(problem, this.lines) : this.consistency.pass()
  }

  private olderProblem(
    note: string,
    manifest: Manifest,
    head: Checkpoint,
    keys: readonly NoteKey[],
  ): Problem | undefined {
    const opened = openCheckpoint(note, keys, this.platform.suites)
    if (!opened.ok) return opened.problem
    const older = opened.value.checkpoint
    if (older.origin !== head.origin)
      return refuse('EVIDENCE_INVALID', 'the older checkpoint is of another log').problem
    if (older.size > head.size)
      return refuse('EVIDENCE_INVALID', 'the older checkpoint is newer than the one in the file').problem
    const proof = this.olderProof(manifest, older, head, keys)
    if (!proof.ok) return proof.problem
    const consistent = verifyConsistency(this.platform.sha256, older, head, proof.value)
    if (!consistent.ok) return consistent.problem
    this.olderSize = older.size
    return undefined
  }

  /** The proof in the file, if it starts from the very checkpoint asked for; equal sizes need none. */
  private olderProof(
    manifest: Manifest,
    older: TreeHead,
    head: TreeHead,
    keys: readonly NoteKey[],
  ): Result<Uint8Array[]> {
    if (older.size === head.size || older.size === 0) return { ok: true, value: [] }
    const none = 'the file holds no proof from that checkpoint; export it again with this checkpoint'
    if (!manifest.older) return refuse('EVIDENCE_INVALID', none)
    const inFile = openCheckpoint(manifest.older.checkpoint, keys, this.platform.suites)
    if (!inFile.ok) return inFile
    if (inFile.value.checkpoint.size !== older.size) return refuse('EVIDENCE_INVALID', none)
    const proof = decodeProof(this.platform, manifest.older.proof)
    return proof
      ? { ok: true, value: proof }
      : refuse('MALFORMED', 'the proof is not a list of hashes', 'older')
  }

  private readLine(value: unknown, bytes: Uint8Array): boolean {
    const line = parseLine(this.platform, value)
    if (!line.ok) return this.format.fail(line.problem, this.lines)
    if (line.value.part === 'end') return this.readEnd(line.value, bytes)
    const entry = line.value
    if (entry.position <= this.lastPosition) return this.malformed('positions do not ascend')
    this.lastPosition = entry.position
    this.counts[entry.part]++
    this.format.pass()
    return this.readEntry(entry)
  }

  private readEntry(entry: EntryLine): boolean {
    const { sha256 } = this.platform
    if (!this.head || !this.manifest) return this.inclusion.fail(NO_HEAD, this.lines, entry.position)
    const hash = leafHash(sha256, utf8Bytes(entry.leaf))
    const included = verifyInclusion(sha256, this.head, entry.position, hash, entry.proof)
    if (!included.ok) return this.inclusion.fail(included.problem, this.lines, entry.position)
    this.inclusion.pass()
    const leaf = parseLeaf(entry.leaf)
    if (!leaf) return this.bytes.fail(NOT_A_LEAF, this.lines, entry.position)
    if (!equalBytes(sha256(entry.raw), fromHex(leaf.raw)!))
      return this.bytes.fail(OTHER_BYTES, this.lines, entry.position)
    this.bytes.pass()
    const { part, position, raw } = entry
    if (leaf.county !== this.manifest.county) return this.scope.fail(OTHER_COUNTY, this.lines, position)
    const stray = this.inspector.inspect({ part, line: this.lines, position, leaf, raw }, this.manifest)
    return stray ? this.scope.fail(stray, this.lines, position) : this.scope.pass()
  }

  private readEnd(end: EndLine, bytes: Uint8Array): boolean {
    this.end = end
    if (end.keys !== this.counts.key || end.entries !== this.counts.entry)
      return this.malformed(
        `the last line counts ${end.keys} keys and ${end.entries} entries, there are ${this.counts.key} and ${this.counts.entry}`,
      )
    if (end.lines !== toHex(this.digest))
      return this.malformed('a line was changed: the digest over all lines differs')
    if (!equalBytes(bytes, utf8Bytes(encodeEnd(end))))
      return this.malformed('the last line is spelled differently')
    // Nothing failed in it, and nothing was shown: a reader who sees only the outcome must not take that for a proof.
    if (end.entries === 0) return this.malformed('the file holds no entry: it proves nothing')
    return this.format.pass()
  }
}

const NO_HEAD = refuse('EVIDENCE_INVALID', 'there is no valid checkpoint to prove it against').problem
const NOT_A_LEAF = refuse('EVIDENCE_INVALID', 'the leaf is not one of this log format').problem
const OTHER_BYTES = refuse('EVIDENCE_INVALID', 'the raw bytes are not those that were logged').problem
const OTHER_COUNTY = refuse('EVIDENCE_INVALID', 'the entry is of another county than the file says').problem

/** Reads a leaf; undefined unless it is one line of JSON in its only spelling with the fields every leaf has. */
function parseLeaf(text: string): ProvedEntry['leaf'] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const leaf = value as Record<string, unknown> | null
  if (typeof leaf !== 'object' || leaf === null || leaf.v !== 1) return undefined
  const { type, county, receivedAt, raw } = leaf
  if (typeof type !== 'string' || typeof county !== 'string' || !isSafeCount(receivedAt)) return undefined
  if (typeof raw !== 'string' || !HASH_PATTERN.test(raw)) return undefined
  // A field twice, or a space, would let two readers see two things in one leaf.
  return JSON.stringify(leaf) === text ? { ...leaf, type, county, receivedAt, raw } : undefined
}
