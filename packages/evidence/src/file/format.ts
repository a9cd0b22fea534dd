import {
  COUNTY_PATTERN,
  concatBytes,
  isSafeCount,
  ok,
  type Result,
  refuse,
  SITE_PATTERN,
} from '@oiltrail/kernel'
import { HASH_LENGTH } from '../merkle/hash.ts'
import { PROOF_LIMIT } from '../merkle/proof.ts'
import type { Platform } from '../platform.ts'

/** Bounds of an evidence file; docs/formats/evidence.md §2. A raw batch of 262,144 bytes is 349,528 characters of base64. */
export const EVIDENCE_LIMITS = { lineBytes: 524_288, leafCharacters: 65_535, vkeys: 8 } as const

/** First line of an evidence file. What it claims is checked against the entries; nothing in it is believed by itself. */
export interface Manifest {
  readonly v: 1
  readonly type: 'oiltrail-evidence'
  readonly county: string
  readonly origin: string
  readonly site: string
  /** Entries received at or after `from` and before `to`, server clock, epoch milliseconds. */
  readonly from: number
  readonly to: number
  /** Signed checkpoint of the log that all proofs lead to. */
  readonly checkpoint: string
  /** Verifier keys of the log, for information; an auditor brings their own. */
  readonly vkeys: readonly string[]
  /** A checkpoint that somebody kept from earlier, and the proof that this log still begins with it. */
  readonly older?: { readonly checkpoint: string; readonly proof: string }
}

/** A log entry as it goes into the file. */
export interface EvidenceEntry {
  readonly position: number
  readonly leaf: Uint8Array
  readonly raw: Uint8Array
  /** Inclusion proof in the tree of the manifest's checkpoint. */
  readonly proof: readonly Uint8Array[]
}

/** `key`: from before the span, needed to know which keys count. `entry`: the evidence itself. */
export type Part = 'key' | 'entry'

/** A key or entry line read back. `leaf` is its text. */
export interface EntryLine {
  readonly part: Part
  readonly position: number
  readonly leaf: string
  readonly raw: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** The last line. */
export interface EndLine {
  readonly part: 'end'
  readonly keys: number
  readonly entries: number
  /** Digest over all lines before it, hex; see `nextDigest`. */
  readonly lines: string
}

/** Digest over the lines of the file so far: d(0) = 32 zero bytes, d(n) = SHA-256(d(n−1) ‖ line n without its LF). */
export function nextDigest(platform: Platform, before: Uint8Array, line: Uint8Array): Uint8Array {
  return platform.sha256(before, line)
}

/** The hashes of a proof, one after another, in base64. */
export function encodeProof(platform: Platform, proof: readonly Uint8Array[]): string {
  return platform.encodeBase64(concatBytes(...proof))
}

/** Reads such a proof; undefined unless it is a list of at most 54 hashes. */
export function decodeProof(platform: Platform, text: string): Uint8Array[] | undefined {
  if (text.length > PROOF_LIMIT * HASH_LENGTH * 2) return undefined
  const bytes = platform.decodeBase64(text)
  if (!bytes || bytes.length % HASH_LENGTH !== 0 || bytes.length > PROOF_LIMIT * HASH_LENGTH) return undefined
  const proof: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += HASH_LENGTH) proof.push(bytes.subarray(at, at + HASH_LENGTH))
  return proof
}

type Fields = Record<string, unknown>

/** An object with exactly these fields, those with `?` behind their name being optional. */
function fields(value: unknown, names: readonly string[]): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const object = value as Fields
  const allowed = names.map((name) => name.replace('?', ''))
  if (Object.keys(object).some((name) => !allowed.includes(name))) return undefined
  if (names.some((name) => !name.endsWith('?') && !Object.hasOwn(object, name))) return undefined
  return object
}

const isText = (value: unknown): value is string => typeof value === 'string'

const MANIFEST_FIELDS = 'v type county origin site from to checkpoint vkeys older?'.split(' ')

/** Reads the first line. Refuses MALFORMED, UNSUPPORTED_VERSION. */
export function parseManifest(value: unknown): Result<Manifest> {
  const wrong = (field: string): Result<Manifest> =>
    refuse('MALFORMED', `${field} of the manifest is missing or wrong`, field)
  const m = fields(value, MANIFEST_FIELDS)
  if (m?.type !== 'oiltrail-evidence') return refuse('MALFORMED', 'not the manifest of an evidence file')
  if (m.v !== 1) return refuse('UNSUPPORTED_VERSION', `version ${String(m.v).slice(0, 16)}`)
  if (!isText(m.county) || !COUNTY_PATTERN.test(m.county)) return wrong('county')
  if (!isText(m.site) || !SITE_PATTERN.test(m.site)) return wrong('site')
  if (!isText(m.origin) || m.origin === '') return wrong('origin')
  if (!isSafeCount(m.from) || !isSafeCount(m.to) || m.to < m.from) return wrong('span')
  if (!isText(m.checkpoint)) return wrong('checkpoint')
  if (!Array.isArray(m.vkeys) || m.vkeys.length > EVIDENCE_LIMITS.vkeys || !m.vkeys.every(isText))
    return wrong('vkeys')
  if (m.older !== undefined) {
    const older = fields(m.older, ['checkpoint', 'proof'])
    if (!older || !isText(older.checkpoint) || !isText(older.proof)) return wrong('older')
  }
  return ok(m as unknown as Manifest)
}

/** Reads a key line, entry line or the end. Refuses MALFORMED. */
export function parseLine(platform: Platform, value: unknown): Result<EntryLine | EndLine> {
  const part = (value as { part?: unknown } | null)?.part
  if (part === 'end') return parseEnd(value)
  const line = fields(value, ['part', 'position', 'leaf', 'raw', 'proof'])
  if (!line || (part !== 'key' && part !== 'entry'))
    return refuse('MALFORMED', 'not a line of an evidence file')
  const { position, leaf } = line
  if (!isSafeCount(position)) return refuse('MALFORMED', 'field position has a wrong value', 'position')
  if (!isText(leaf) || leaf.length > EVIDENCE_LIMITS.leafCharacters)
    return refuse('MALFORMED', 'field leaf has a wrong value', 'leaf')
  const raw = isText(line.raw) ? platform.decodeBase64(line.raw) : undefined
  if (!raw) return refuse('MALFORMED', 'field raw is not base64', 'raw')
  const proof = isText(line.proof) ? decodeProof(platform, line.proof) : undefined
  if (!proof) return refuse('MALFORMED', 'field proof is not a list of hashes', 'proof')
  return ok({ part, position, leaf, raw, proof })
}

function parseEnd(value: unknown): Result<EndLine> {
  const end = fields(value, ['part', 'keys', 'entries', 'lines'])
  if (!end || !isSafeCount(end.keys) || !isSafeCount(end.entries))
    return refuse('MALFORMED', 'the last line has a wrong value')
  if (!isText(end.lines) || !/^[0-9a-f]{64}$/.test(end.lines))
    return refuse('MALFORMED', 'field lines has a wrong value', 'lines')
  return ok({ part: 'end', keys: end.keys, entries: end.entries, lines: end.lines })
}

/** The last line as it must be spelled, so that not even a space can be slipped into it. */
export function encodeEnd(end: EndLine): string {
  return JSON.stringify({ part: 'end', keys: end.keys, entries: end.entries, lines: end.lines })
}
