import {
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { ok, type Result, refuse, toHex } from '@oiltrail/kernel'
import { bareKey, sm2IdentityBytes } from '../src/keys.ts'
import type { Algorithm, Signer } from '../src/suite.ts'
import { digest, sha256 } from './digest.ts'

/** A fresh key: the signer that holds it, and its private half as PKCS #8 in PEM, to be stored with mode 0600. */
export interface GeneratedKey {
  readonly signer: Signer
  readonly privateKeyPem: string
}

/** First 16 hex digits of the SHA-256 of a public key (docs/formats/uplink.md §2). */
export function keyIdOf(publicKey: Uint8Array): string {
  return toHex(sha256(publicKey)).slice(0, 16)
}

/** Makes a key pair. Throws only if this Node has no such curve. */
export function generateKeyPair(algorithm: Algorithm): GeneratedKey {
  const pem = generatePem(algorithm)
  // Exported and imported again: Node signs ECDSA, not SM2, with a freshly generated key on the SM2 curve.
  const signer = signerFromPkcs8(algorithm, pem)
  if (!signer.ok) throw new Error(`a generated ${algorithm} key cannot be used: ${signer.problem.detail}`)
  return { signer: signer.value, privateKeyPem: pem }
}

function generatePem(algorithm: Algorithm): string {
  const pem = { type: 'pkcs8', format: 'pem' } as const
  if (algorithm === 'Ed25519') return generateKeyPairSync('ed25519').privateKey.export(pem) as string
  const namedCurve = algorithm === 'SM2-SM3' ? 'SM2' : 'prime256v1'
  return generateKeyPairSync('ec', { namedCurve }).privateKey.export(pem) as string
}

/**
 * A signer from a private key in PKCS #8 (PEM text, or PEM or DER bytes); SEC1 PEM as OpenSSL writes it works too.
 * MALFORMED when it cannot be read or is a key for another algorithm. The refusal never quotes the key.
 */
export function signerFromPkcs8(algorithm: Algorithm, key: string | Uint8Array): Result<Signer> {
  let privateKey: KeyObject
  let publicKey: Uint8Array
  try {
    privateKey = readPrivateKey(key)
    publicKey = Uint8Array.from(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }))
  } catch {
    return refuse('MALFORMED', 'not a private key in PKCS #8', 'privateKey')
  }
  const bare = bareKey(algorithm, publicKey)
  if (!bare.ok) return refuse('MALFORMED', `the private key is not for ${algorithm}`, 'privateKey')
  return ok({
    algorithm,
    publicKey,
    keyId: keyIdOf(publicKey),
    sign: signFunction(algorithm, privateKey, bare.value),
  })
}

function readPrivateKey(key: string | Uint8Array): KeyObject {
  if (typeof key === 'string') return createPrivateKey(key)
  const bytes = Buffer.from(key)
  return bytes.subarray(0, 5).toString('latin1') === '-----'
    ? createPrivateKey(bytes)
    : createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
}

function signFunction(algorithm: Algorithm, key: KeyObject, bare: Uint8Array): Signer['sign'] {
  if (algorithm === 'SM2-SM3') {
    const z = digest('sm3', [sm2IdentityBytes(bare)])
    return (message) => Uint8Array.from(createSign('sm3').update(z).update(message).sign(key))
  }
  const name = algorithm === 'Ed25519' ? null : 'sha256'
  return (message) => Uint8Array.from(sign(name, message, key))
}
