import { equalBytes, isSafeCount, ok, type Result, refuse } from '@oiltrail/kernel'
import { emptyRoot, HASH_LENGTH, nodeHash, type Sha256 } from './hash.ts'

/** Hashes of the longest proof: a tree has fewer than 2^53 leaves here; a consistency proof may hold one more. */
export const PROOF_LIMIT = 54

/** The head of a log: how many leaves, and their Merkle tree hash. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

function wrong(detail: string): Result<true> {
  return refuse('EVIDENCE_INVALID', detail)
}

function wellFormed(proof: readonly Uint8Array[]): boolean {
  return proof.length <= PROOF_LIMIT && proof.every((hash) => hash.length === HASH_LENGTH)
}

/**
 * Whether the leaf with hash `leaf` stands at `position` of the tree (RFC 9162 §2.1.3.2). Refuses EVIDENCE_INVALID with
 * the reason.
 */
export function verifyInclusion(
  sha256: Sha256,
  head: TreeHead,
  position: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Result<true> {
  if (!isSafeCount(position) || !isSafeCount(head.size) || position >= head.size)
    return wrong(`position ${position} is not in a tree of ${head.size} leaves`)
  if (!wellFormed(proof) || leaf.length !== HASH_LENGTH)
    return wrong('the proof is not a list of 32-byte hashes')
  let node = position
  let last = head.size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return wrong('the proof is too long')
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash)
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else hash = nodeHash(sha256, hash, sibling)
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) return wrong('the proof is too short')
  return equalBytes(hash, head.root) ? ok(true) : wrong('the proof leads to another root')
}

/**
 * Whether the newer tree begins with the very leaves of the older (RFC 9162 §2.1.4.2): nothing was changed, removed or
 * slipped in between. Refuses EVIDENCE_INVALID with the reason.
 */
export function verifyConsistency(
  sha256: Sha256,
  older: TreeHead,
  newer: TreeHead,
  proof: readonly Uint8Array[],
): Result<true> {
  if (!isSafeCount(older.size) || !isSafeCount(newer.size) || older.size > newer.size)
    return wrong(`a tree of ${older.size} leaves is not older than one of ${newer.size}`)
  if (!wellFormed(proof)) return wrong('the proof is not a list of 32-byte hashes')
  if (older.size === 0 || older.size === newer.size) return verifyTrivial(sha256, older, newer, proof)
  const path = [...proof]
  // A complete older tree is itself the first node of the path.
  if (isPowerOfTwo(older.size)) path.unshift(older.root)
  let node = older.size - 1
  let last = newer.size - 1
  while (node % 2 === 1) {
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  const first = path[0]
  if (first === undefined) return wrong('the proof is empty')
  let olderHash = first
  let newerHash = first
  for (const sibling of path.slice(1)) {
    if (last === 0) return wrong('the proof is too long')
    if (node % 2 === 1 || node === last) {
      olderHash = nodeHash(sha256, sibling, olderHash)
      newerHash = nodeHash(sha256, sibling, newerHash)
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else newerHash = nodeHash(sha256, newerHash, sibling)
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) return wrong('the proof is too short')
  if (!equalBytes(olderHash, older.root)) return wrong('the proof leads to another older root')
  return equalBytes(newerHash, newer.root) ? ok(true) : wrong('the proof leads to another newer root')
}

function verifyTrivial(
  sha256: Sha256,
  older: TreeHead,
  newer: TreeHead,
  proof: readonly Uint8Array[],
): Result<true> {
  if (proof.length > 0) return wrong('the proof must be empty')
  if (older.size === 0)
    return equalBytes(older.root, emptyRoot(sha256)) ? ok(true) : wrong('not the root of an empty tree')
  return equalBytes(older.root, newer.root) ? ok(true) : wrong('two roots for one size')
}

function isPowerOfTwo(count: number): boolean {
  let power = 1
  while (power < count) power *= 2
  return power === count
}
