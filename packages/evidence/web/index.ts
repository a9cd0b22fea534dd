import { ed25519 } from '@noble/curves/ed25519'
import { p256 } from '@noble/curves/nist'
import { sha256 as sha256Digest } from '@noble/hashes/sha2'
import { concatBytes, fromBase64, fromHex, ok, type Result, refuse, toBase64, toHex } from '@oiltrail/kernel'
import { sm2, sm3 } from 'sm-crypto-v2'
import { signatureNumbers } from '../src/der.ts'
import { bareKey, sm2IdentityBytes } from '../src/keys.ts'
import type { Platform } from '../src/platform.ts'
import type { Algorithm, Suite, Suites, Verifier } from '../src/suite.ts'

/** SHA-256 of some byte strings one after another. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256Digest(concatBytes(...parts))
}

function sm3Of(...parts: readonly Uint8Array[]): Uint8Array {
  return fromHex(sm3(concatBytes(...parts)))!
}

/** The libraries report bad points and signatures by exceptions; to the caller a signature is simply wrong. */
function quietly(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

function sm2Verifier(bare: Uint8Array): Verifier {
  const point = sm2.precomputePublicKey(toHex(bare))
  const z = sm3Of(sm2IdentityBytes(bare))
  return (message, signature) => {
    // The library's own DER reader is lenient; ours takes one encoding only and no zero.
    const numbers = signatureNumbers(signature)
    return (
      numbers !== undefined && quietly(() => sm2.doVerifySignature(sm3Of(z, message), toHex(numbers), point))
    )
  }
}

function p256Verifier(bare: Uint8Array): Verifier {
  p256.Point.fromHex(toHex(bare)).assertValidity()
  return (message, signature) => {
    const numbers = signatureNumbers(signature)
    // lowS: OpenSSL and hardware keys write both forms of s.
    return (
      numbers !== undefined &&
      quietly(() => p256.verify(numbers, message, bare, { prehash: true, lowS: false }))
    )
  }
}

function ed25519Verifier(bare: Uint8Array): Verifier {
  ed25519.Point.fromHex(toHex(bare), false).assertValidity()
  return (message, signature) => quietly(() => ed25519.verify(signature, message, bare, { zip215: false }))
}

const VERIFIER: Readonly<Record<Algorithm, (bare: Uint8Array) => Verifier>> = {
  'SM2-SM3': sm2Verifier,
  Ed25519: ed25519Verifier,
  'P256-SHA256': p256Verifier,
}

function makeSuite(algorithm: Algorithm): Suite {
  return {
    algorithm,
    hash: algorithm === 'SM2-SM3' ? sm3Of : sha256,
    verifier(publicKey): Result<Verifier> {
      const bare = bareKey(algorithm, publicKey)
      if (!bare.ok) return bare
      try {
        return ok(VERIFIER[algorithm](bare.value))
      } catch {
        return refuse('MALFORMED', 'the public key is not a point of its curve', 'publicKey')
      }
    },
  }
}

/** The suites of a browser, in JavaScript: slower than Node's by 2 to 13 times, and with no need of a secure context. */
export const suites: Suites = {
  'SM2-SM3': makeSuite('SM2-SM3'),
  Ed25519: makeSuite('Ed25519'),
  'P256-SHA256': makeSuite('P256-SHA256'),
}

/** The browser as evidence sees it. */
export const platform: Platform = { suites, sha256, encodeBase64: toBase64, decodeBase64: fromBase64 }
