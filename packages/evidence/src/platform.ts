import type { Sha256 } from './merkle/hash.ts'
import type { Suites } from './suite.ts'

/** Everything that evidence needs of the machine it runs on: `platform` of `@oiltrail/evidence/node` or `/web`. */
export interface Platform {
  readonly suites: Suites
  readonly sha256: Sha256
  /** Standard base64 with padding, of bulk data. */
  encodeBase64(bytes: Uint8Array): string
  /** Bytes of canonical standard base64, or undefined. */
  decodeBase64(text: string): Uint8Array | undefined
}
