import { fromBase64, isSafeCount, ok, type Result, refuse, toBase64 } from '@oiltrail/kernel'
import { HASH_LENGTH } from '../merkle/hash.ts'
import type { TreeHead } from '../merkle/proof.ts'
import type { Suites } from '../suite.ts'
import type { NoteKey } from './key.ts'
import { type NoteSigner, parseNote, signNote, verifyNote } from './note.ts'

/** The head of a log as its operator signs it (c2sp.org/tlog-checkpoint). */
export interface Checkpoint extends TreeHead {
  /** Name of the log; `oiltrail.invalid/<county>` unless the operator configured one. */
  readonly origin: string
}

/** The origin of a county's log when none is configured. `.invalid` says that it is a name, not an address (RFC 2606). */
export function defaultOrigin(county: string): string {
  return `oiltrail.invalid/${county}`
}

/** The text of a checkpoint: origin, size and root, a line each. We write no extension lines. */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`
}

/** Signs a checkpoint: the whole note, as served. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  return signNote(encodeCheckpoint(checkpoint), signers)
}

/** Reads the text of a checkpoint; extension lines are allowed and ignored. Refuses MALFORMED. */
export function parseCheckpoint(text: string): Result<Checkpoint> {
  const wrong = (detail: string): Result<Checkpoint> => refuse('MALFORMED', detail, 'checkpoint')
  if (!text.endsWith('\n')) return wrong('the last line does not end')
  const lines = text.slice(0, -1).split('\n')
  if (lines.length < 3 || lines.some((line) => line === ''))
    return wrong('fewer than three lines, or an empty one')
  const [origin, sizeText, rootText] = lines as [string, string, string]
  const size = /^(0|[1-9][0-9]{0,15})$/.test(sizeText) ? Number(sizeText) : -1
  if (!isSafeCount(size)) return wrong('the second line is not a tree size')
  const root = fromBase64(rootText)
  if (root?.length !== HASH_LENGTH) return wrong('the third line is not a root hash')
  return ok({ origin, size, root })
}

/** A checkpoint that trusted keys have signed, and which ones. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly signedBy: readonly NoteKey[]
}

/**
 * Opens a signed checkpoint: parses it, verifies it, and makes sure that a key of the log itself (its name is the
 * origin) signed it. Refuses as `parseNote`, `verifyNote` and `parseCheckpoint` do.
 */
export function openCheckpoint(
  note: string,
  trusted: readonly NoteKey[],
  suites: Suites,
): Result<SignedCheckpoint> {
  const parsed = parseNote(note)
  if (!parsed.ok) return parsed
  const signedBy = verifyNote(parsed.value, trusted, suites)
  if (!signedBy.ok) return signedBy
  const checkpoint = parseCheckpoint(parsed.value.text)
  if (!checkpoint.ok) return checkpoint
  if (!signedBy.value.some((key) => key.name === checkpoint.value.origin))
    return refuse('UNKNOWN_KEY', `no trusted key of ${checkpoint.value.origin} has signed it`, 'checkpoint')
  return ok({ checkpoint: checkpoint.value, signedBy: signedBy.value })
}
