import { isChannel, parseJsonBytes, utf8Bytes } from '@oiltrail/kernel'
import { BATCH_LIMITS, decodeBatch } from '@oiltrail/protocols/uplink'

/** What a person wants proved: bytes of a batch, or one record line, found in the log by device, channel and number. */
export interface Claim {
  readonly kind: 'number' | 'record' | 'batch'
  /** Empty when the text does not name it (a record line alone). */
  readonly device: string
  readonly channel: 'volume' | 'price' | ''
  readonly seq: number
  /** The bytes given: the record line without line feed, or the whole batch; absent when only a number was given. */
  readonly bytes?: Uint8Array
}

export const CLAIM_LIMIT_BYTES: number = BATCH_LIMITS.bytes

/** Pasting may drop the last line feed or turn line ends into CR LF; both are put right before the bytes are compared. */
function tidy(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').replace(/^\n+/, '').trimEnd()
  return lines
}

/** Reads what was pasted or dropped: a batch of our uplink format, or one record line; undefined for anything else. */
export function readClaim(text: string): Claim | undefined {
  const tidied = tidy(text)
  const batch = decodeBatch(utf8Bytes(`${tidied}\n`))
  if (batch.ok) {
    const { device, channel, first } = batch.value.header
    return { kind: 'batch', device, channel, seq: first, bytes: utf8Bytes(`${tidied}\n`) }
  }
  if (tidied.includes('\n')) return undefined
  const record = parseJsonBytes(utf8Bytes(tidied))
  if (typeof record !== 'object' || record === null) return undefined
  const { seq, kind, channel } = record as Record<string, unknown>
  if (!Number.isSafeInteger(seq) || (seq as number) < 1 || typeof kind !== 'string') return undefined
  return {
    kind: 'record',
    device: '',
    channel: isChannel(channel) ? channel : '',
    seq: seq as number,
    bytes: utf8Bytes(tidied),
  }
}
