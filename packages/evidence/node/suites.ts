import { createPublicKey, createVerify, type KeyObject, verify } from 'node:crypto'
import { ok, type Result, refuse, toHex } from '@oiltrail/kernel'
import { bareKey, sm2IdentityBytes } from '../src/keys.ts'
import type { Algorithm, Suite, Suites, Verifier } from '../src/suite.ts'
import { type DigestName, digest } from './digest.ts'

/** Imported keys remembered per algorithm: both channels of 21,000 collectors and their successors. About 2 KB each. */
const REMEMBERED_KEYS = 65_536

/** Name of the hash that belongs to an algorithm's chain, and to its signature where it has one. */
export function digestOf(algorithm: Algorithm): DigestName {
  return algorithm === 'SM2-SM3' ? 'sm3' : 'sha256'
}

/** Imports a public key; MALFORMED for another encoding or a point that is not on the curve. */
export function importPublicKey(algorithm: Algorithm, publicKey: Uint8Array): Result<KeyObject> {
  const bare = bareKey(algorithm, publicKey)
  if (!bare.ok) return bare
  try {
    return ok(createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }))
  } catch {
    return refuse('MALFORMED', 'the public key is not a point of its curve', 'publicKey')
  }
}

/**
 * Node's OpenSSL signs SM2 without Z when an imported key is used with the streaming interface, so Z goes first as if
 * it were part of the message; that is exactly the e of GB/T 32918.2 §6.1.
 */
function makeVerifier(algorithm: Algorithm, publicKey: Uint8Array): Result<Verifier> {
  const imported = importPublicKey(algorithm, publicKey)
  if (!imported.ok) return imported
  const key = imported.value
  if (algorithm === 'SM2-SM3') {
    const z = digest('sm3', [sm2IdentityBytes(publicKey.subarray(-65))])
    return ok((message, signature) =>
      quietly(() => createVerify('sm3').update(z).update(message).verify(key, signature)),
    )
  }
  const name = algorithm === 'Ed25519' ? null : 'sha256'
  return ok((message, signature) => quietly(() => verify(name, message, key, signature)))
}

/** OpenSSL reports some malformed signatures by an exception; to the caller they are simply wrong. */
function quietly(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

function makeSuite(algorithm: Algorithm): Suite {
  const name = digestOf(algorithm)
  const remembered = new Map<string, Verifier>()
  return {
    algorithm,
    hash: (...parts) => digest(name, parts),
    verifier(publicKey) {
      const id = toHex(publicKey)
      const known = remembered.get(id)
      if (known) return ok(known)
      const made = makeVerifier(algorithm, publicKey)
      if (!made.ok) return made
      // Oldest first: a Map keeps the order of insertion.
      if (remembered.size >= REMEMBERED_KEYS) remembered.delete(remembered.keys().next().value!)
      remembered.set(id, made.value)
      return made
    },
  }
}

/** The suites of this platform, on Node's OpenSSL. Verifiers are remembered per key. */
export const suites: Suites = {
  'SM2-SM3': makeSuite('SM2-SM3'),
  Ed25519: makeSuite('Ed25519'),
  'P256-SHA256': makeSuite('P256-SHA256'),
}
