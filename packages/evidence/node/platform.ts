import type { Platform } from '../src/platform.ts'
import { sha256 } from './digest.ts'
import { suites } from './suites.ts'

/** Node as evidence sees it. */
export const platform: Platform = {
  suites,
  sha256,
  encodeBase64: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  decodeBase64(text) {
    const bytes = Buffer.from(text, 'base64')
    // Node skips what it does not understand; only what encodes back to the same text was canonical.
    return bytes.toString('base64') === text ? bytes : undefined
  },
}
