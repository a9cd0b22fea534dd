import {
  asciiBytes,
  concatBytes,
  equalBytes,
  fromBase64,
  ok,
  type Result,
  refuse,
  toBase64,
  toHex,
  utf8Bytes,
} from '@oiltrail/kernel'
import { bareKey, publicKeyOf } from '../keys.ts'
import type { Sha256 } from '../merkle/hash.ts'
import type { Algorithm } from '../suite.ts'

/** Algorithms that sign notes: Ed25519 for the world's tools, SM2 beside it for the domestic requirement. */
export type NoteAlgorithm = Extract<Algorithm, 'Ed25519' | 'SM2-SM3'>

/** Longest name of a key, and so of an origin: it travels in every checkpoint. */
export const KEY_NAME_LIMIT = 200

/** A public key that verifies notes: what a *vkey* text says. `publicKey` is DER SubjectPublicKeyInfo. */
export interface NoteKey {
  readonly name: string
  readonly keyId: number
  readonly algorithm: NoteAlgorithm
  readonly publicKey: Uint8Array
}

/**
 * Signature type identifiers of c2sp.org/signed-note. SM2 has none assigned, so it uses the reserved 0xff followed by a
 * longer identifier; the uncompressed point behind it always begins with 0x04, so the end of the identifier is plain.
 */
const TYPE: Readonly<Record<NoteAlgorithm, Uint8Array>> = {
  Ed25519: Uint8Array.of(1),
  'SM2-SM3': concatBytes(Uint8Array.of(0xff), asciiBytes('oiltrail/sm2-sm3')),
}

/** Whether a text may name a key: 1 to 200 visible characters without space, plus sign or control character. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= KEY_NAME_LIMIT && !/[\s+\p{Cc}\p{Z}\uFFFD]/u.test(name)
}

function idOf(sha256: Sha256, name: string, encoded: Uint8Array): number {
  const hash = sha256(utf8Bytes(`${name}\n`), encoded)
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0)
}

/** The note key of a public key under a name. Refuses MALFORMED for a wrong name or key. */
export function noteKey(
  sha256: Sha256,
  name: string,
  algorithm: NoteAlgorithm,
  publicKey: Uint8Array,
): Result<NoteKey> {
  if (!isKeyName(name)) return refuse('MALFORMED', 'not the name of a key', 'name')
  const bare = bareKey(algorithm, publicKey)
  if (!bare.ok) return bare
  const keyId = idOf(sha256, name, concatBytes(TYPE[algorithm], bare.value))
  return ok({ name, keyId, algorithm, publicKey })
}

/** The vkey text of a key: `<name>+<key id, 8 hex digits>+<base64 of type ‖ key>`. */
export function encodeVkey(key: NoteKey): string {
  const bare = bareKey(key.algorithm, key.publicKey)
  const encoded = concatBytes(TYPE[key.algorithm], bare.ok ? bare.value : new Uint8Array(0))
  return `${key.name}+${keyIdText(key.keyId)}+${toBase64(encoded)}`
}

/** Reads a vkey text. Refuses MALFORMED when a part is missing or the key id does not belong to the key. */
export function parseVkey(sha256: Sha256, text: string): Result<NoteKey> {
  const wrong = (detail: string): Result<NoteKey> => refuse('MALFORMED', detail, 'vkey')
  if (text.length > 1_000) return wrong('too long for a vkey')
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text)
  const encoded = match && fromBase64(match[3]!)
  if (!match || !encoded) return wrong('not of the form name+id+key')
  for (const algorithm of ['Ed25519', 'SM2-SM3'] as const) {
    const type = TYPE[algorithm]
    if (!equalBytes(encoded.subarray(0, type.length), type)) continue
    const key = noteKey(sha256, match[1]!, algorithm, publicKeyOf(algorithm, encoded.subarray(type.length)))
    if (!key.ok) return key
    return keyIdText(key.value.keyId) === match[2] ? key : wrong('the id does not belong to the key')
  }
  return wrong('a type of signature that is not known here')
}

/** A key id as it is shown: 8 hex digits. */
export function keyIdText(keyId: number): string {
  return toHex(keyIdBytes(keyId))
}

/** A key id as it stands before a signature: big-endian 32 bits. */
export function keyIdBytes(keyId: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, keyId)
  return bytes
}
