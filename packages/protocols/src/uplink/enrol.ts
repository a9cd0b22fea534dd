import type { Algorithm } from '@oiltrail/evidence'
import { asciiBytes, type Channel } from '@oiltrail/kernel'

/** What a collector sends to `POST /api/enrol`. */
export interface EnrolRequest {
  readonly code: string
  readonly device: string
  readonly keys: readonly {
    readonly channel: Channel
    readonly algorithm: Algorithm
    /** DER SubjectPublicKeyInfo, base64. */
    readonly publicKey: string
    /** Signature over `enrolProofBytes`, base64: the sender holds the private key. */
    readonly proof: string
  }[]
}

/** What it gets back. The token is the MQTT password; the platform keeps only its hash. */
export interface EnrolAnswer {
  readonly county: string
  readonly device: string
  readonly token: string
  readonly serverTime: number
}

/** What an enrolling key signs. */
export function enrolProofBytes(code: string, device: string, channel: Channel): Uint8Array {
  return asciiBytes(`oiltrail-enrol-v1\n${device}\n${channel}\n${code}\n`)
}
