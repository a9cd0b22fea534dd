import { concatBytes, fromBase64, ok, type Result, refuse, toBase64, utf8Bytes } from '@oiltrail/kernel'
import type { Sha256 } from '../merkle/hash.ts'
import type { Signer, Suites } from '../suite.ts'
import { isKeyName, keyIdBytes, keyIdText, type NoteKey, noteKey } from './key.ts'

/** Bounds of a note. The specification asks for at least 16 signatures; a post-quantum one may take nearly 5 kB. */
export const NOTE_LIMITS = { characters: 262_144, signatures: 32 } as const

/** One signature line of a note, not yet checked. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: number
  readonly signature: Uint8Array
}

/** A note taken apart. `text` ends with a line feed and must not be believed before `verifyNote`. */
export interface Note {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** A private key at work under a name. */
export interface NoteSigner {
  readonly key: NoteKey
  sign(text: string): NoteSignature
}

const MARK = '— '

/** Gives a signer a name, so that it can sign notes. Refuses MALFORMED for P-256, which has no place in our notes. */
export function noteSigner(sha256: Sha256, name: string, signer: Signer): Result<NoteSigner> {
  if (signer.algorithm === 'P256-SHA256') return refuse('MALFORMED', 'P-256 does not sign notes', 'algorithm')
  const key = noteKey(sha256, name, signer.algorithm, signer.publicKey)
  if (!key.ok) return key
  const { keyId } = key.value
  return ok({
    key: key.value,
    sign: (text) => ({ name, keyId, signature: signer.sign(utf8Bytes(text)) }),
  })
}

/** Signs a text (which ends with a line feed) and returns the whole note (c2sp.org/signed-note). */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  return encodeNote({ text, signatures: signers.map((signer) => signer.sign(text)) })
}

/** The note as text: text, empty line, signature lines. */
export function encodeNote(note: Note): string {
  const lines = note.signatures.map(
    ({ name, keyId, signature }) => `${MARK}${name} ${toBase64(concatBytes(keyIdBytes(keyId), signature))}\n`,
  )
  return `${note.text}\n${lines.join('')}`
}

/** Takes a note apart. Refuses OVERSIZED, or MALFORMED with what is wrong; checks no signature. */
export function parseNote(note: string): Result<Note> {
  if (note.length > NOTE_LIMITS.characters)
    return refuse('OVERSIZED', `a note of ${note.length} characters`, 'note')
  const wrong = (detail: string): Result<Note> => refuse('MALFORMED', detail, 'note')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f]|\p{Cs}/u.test(note)) return wrong('a control character')
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) return wrong('no signatures')
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > NOTE_LIMITS.signatures) return refuse('OVERSIZED', 'too many signatures', 'note')
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const [mark, name, base64, rest] = line.split(' ')
    const bytes = mark === MARK.trim() && base64 && rest === undefined ? fromBase64(base64) : undefined
    if (!bytes || bytes.length <= 4 || !name || !isKeyName(name)) return wrong('a malformed signature line')
    const keyId = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    signatures.push({ name, keyId, signature: bytes.slice(4) })
  }
  return ok({ text: note.slice(0, split + 1), signatures })
}

/**
 * Checks a note against trusted keys and returns those that signed it. A line of a known key that does not verify spoils
 * the whole note; lines of unknown keys are ignored; at least one known key must have signed.
 * Refuses BAD_SIGNATURE, or UNKNOWN_KEY when none of the keys signed.
 */
export function verifyNote(note: Note, trusted: readonly NoteKey[], suites: Suites): Result<NoteKey[]> {
  const text = utf8Bytes(note.text)
  const signed: NoteKey[] = []
  for (const line of note.signatures) {
    const key = trusted.find((candidate) => candidate.keyId === line.keyId && candidate.name === line.name)
    if (!key) continue
    const verifier = suites[key.algorithm].verifier(key.publicKey)
    if (!verifier.ok) return verifier
    if (!verifier.value(text, line.signature))
      return refuse(
        'BAD_SIGNATURE',
        `the signature of ${line.name} ${keyIdText(line.keyId)} is wrong`,
        'note',
      )
    if (!signed.includes(key)) signed.push(key)
  }
  return signed.length > 0 ? ok(signed) : refuse('UNKNOWN_KEY', 'no trusted key has signed the note', 'note')
}
