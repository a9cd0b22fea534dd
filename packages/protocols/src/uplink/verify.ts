import type { Algorithm, Suite, Suites, Verifier } from '@oiltrail/evidence'
import { ok, type Result, refuse } from '@oiltrail/kernel'
import { type Batch, type BatchHeader, decodeBatch, signedBytes, walkChain } from './batch.ts'

/** A public key that a device signs with. */
export interface BatchKey {
  readonly algorithm: Algorithm
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
}

/**
 * Finds the key that a header names, for its device, channel and first sequence number. Refuses UNKNOWN_DEVICE,
 * UNKNOWN_KEY.
 */
export type FindKey = (header: BatchHeader) => Result<BatchKey>

/** A batch whose chain and signature hold. */
export interface VerifiedBatch {
  readonly batch: Batch
  /** Chain hash after each record, 32 bytes each. */
  readonly hashes: readonly Uint8Array[]
}

/**
 * Everything that can be said about a batch without knowing the log (docs/formats/uplink.md §3): size and shape, device,
 * key, chain inside the batch, signature, in this order. Refuses with the code of the first that fails. Does not look
 * into the records.
 */
export function verifyBatch(bytes: Uint8Array, findKey: FindKey, suites: Suites): Result<VerifiedBatch> {
  const batch = decodeBatch(bytes)
  if (!batch.ok) return batch
  const { header } = batch.value
  const key = findKey(header)
  if (!key.ok) return key
  if (key.value.algorithm !== header.alg)
    return refuse('UNKNOWN_KEY', `key ${header.key} is for ${key.value.algorithm}`, 'header.alg')
  const suite = suites[header.alg]
  const verifier = suite.verifier(key.value.publicKey)
  if (!verifier.ok) return refuse('UNKNOWN_KEY', verifier.problem.detail, 'header.key')
  return proveBatch(batch.value, suite, verifier.value)
}

/**
 * The costly half of the above, for whoever found the key already: chain inside the batch, then signature. Refuses
 * CHAIN_BROKEN, BAD_SIGNATURE.
 */
export function proveBatch(batch: Batch, suite: Suite, verify: Verifier): Result<VerifiedBatch> {
  const hashes = walkChain(batch, suite)
  if (!hashes.ok) return hashes
  if (!verify(signedBytes(batch.headerLine, batch.head), batch.signature))
    return refuse('BAD_SIGNATURE', `not signed by key ${batch.header.key}`, 'trailer.sig')
  return ok({ batch, hashes: hashes.value })
}
