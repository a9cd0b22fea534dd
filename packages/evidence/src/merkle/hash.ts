/** SHA-256 of some byte strings one after another, 32 bytes; `sha256` of `@oiltrail/evidence/node` or `/web`. */
export type Sha256 = (...parts: readonly Uint8Array[]) => Uint8Array

/** Bytes of every hash in the tree. */
export const HASH_LENGTH = 32

const LEAF_PREFIX = Uint8Array.of(0)
const NODE_PREFIX = Uint8Array.of(1)

/** Hash of a leaf: SHA-256(0x00 ‖ leaf), RFC 6962 §2.1. */
export function leafHash(sha256: Sha256, leaf: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, leaf)
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1. */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE_PREFIX, left, right)
}

/** Root of the empty tree: SHA-256 of nothing, RFC 6962 §2.1. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256()
}
