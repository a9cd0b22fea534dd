import { createHash, hash } from 'node:crypto'

/** Hash functions of the suites, by OpenSSL name; both give 32 bytes. */
export type DigestName = 'sm3' | 'sha256'

const DIGEST_LENGTH = 32
/** Short inputs are joined here, so that OpenSSL is entered once per hash. A chain step is 32 bytes and a line of at most 4,096. */
const joined = new Uint8Array(8_192)

/**
 * 32-byte hash of some byte strings one after another.
 *
 * Measured on Node 20: one `crypto.hash` call with a 'binary' (latin1) answer is 1.5 times (SM3) and 3 times (SHA-256) as fast as
 * `createHash().update().digest()`, whose objects cost more than the hashing. The answer is copied into its own 32
 * bytes: a slice of Node's buffer pool would keep 8 KiB alive for as long as somebody remembers the hash.
 */
export function digest(name: DigestName, parts: readonly Uint8Array[]): Uint8Array {
  let input: Uint8Array
  if (parts.length === 1) input = parts[0]!
  else {
    let length = 0
    for (const part of parts) length += part.length
    if (length > joined.length) return longDigest(name, parts)
    let at = 0
    for (const part of parts) {
      joined.set(part, at)
      at += part.length
    }
    input = joined.subarray(0, length)
  }
  const text = hash(name, input, 'binary')
  const bytes = new Uint8Array(DIGEST_LENGTH)
  for (let i = 0; i < DIGEST_LENGTH; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

function longDigest(name: DigestName, parts: readonly Uint8Array[]): Uint8Array {
  const running = createHash(name)
  for (const part of parts) running.update(part)
  return Uint8Array.from(running.digest())
}

/** SHA-256 of some byte strings one after another: leaves, nodes, raw bytes, key ids. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha256', parts)
}
