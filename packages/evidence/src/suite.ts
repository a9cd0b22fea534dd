import type { Result } from '@oiltrail/kernel'

/** How a collector's chain is hashed and signed. SM2 with SM3 is the default (GB/T 32918, GB/T 32905). */
export const ALGORITHMS = ['SM2-SM3', 'Ed25519', 'P256-SHA256'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

/** Checks signatures of one public key; made once per key, because importing a key costs more than a check. */
export type Verifier = (message: Uint8Array, signature: Uint8Array) => boolean

/**
 * The cryptography of one algorithm, as Node (`@oiltrail/evidence/node`) or the browser (`@oiltrail/evidence/web`)
 * provides it. Signatures are DER (SM2, P-256) or 64 raw bytes (Ed25519); public keys are DER SubjectPublicKeyInfo.
 * SM2 uses the default identity `1234567812345678` (GM/T 0009).
 */
export interface Suite {
  readonly algorithm: Algorithm
  /** 32 bytes: SM3 or SHA-256 of the bytes given. */
  hash(...parts: readonly Uint8Array[]): Uint8Array
  verifier(publicKey: Uint8Array): Result<Verifier>
}

/** A private key at work. The key itself never leaves it. */
export interface Signer {
  readonly algorithm: Algorithm
  readonly publicKey: Uint8Array
  /** First 16 hex digits of SHA-256 over `publicKey`. */
  readonly keyId: string
  sign(message: Uint8Array): Uint8Array
}

/** All suites of a platform, by algorithm. */
export type Suites = Readonly<Record<Algorithm, Suite>>
