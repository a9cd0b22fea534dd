import { parseJsonBytes } from '@oiltrail/kernel'
import { decodeBatch } from './batch.ts'

/** A span of device time, epoch milliseconds: at or after `from` and before `to`. */
export interface MadeSpan {
  readonly from: number
  readonly to: number
}

/** Whether a record was made in a span, by its own `at`. A record without a readable `at` was made in none. */
export function isMadeIn(record: unknown, span: MadeSpan): boolean {
  const at = (record as { at?: unknown } | null | undefined)?.at
  return typeof at === 'number' && at >= span.from && at < span.to
}

/** What the raw bytes of a batch are to the evidence of a span; docs/formats/evidence.md §1. */
export type EvidenceRole = 'entry' | 'key' | 'none'

/**
 * `entry` when a record of the batch was made in the span, else `key` when its last record announces a key. Bytes that
 * are no batch are an `entry`: whatever happened to them in the database, the evidence must show it.
 */
export function evidenceRole(raw: Uint8Array, span: MadeSpan): EvidenceRole {
  const batch = decodeBatch(raw)
  if (!batch.ok) return 'entry'
  const { lines } = batch.value
  for (const line of lines) if (isMadeIn(parseJsonBytes(line), span)) return 'entry'
  const closing = parseJsonBytes(lines.at(-1)!) as { kind?: unknown } | null | undefined
  return closing?.kind === 'key' ? 'key' : 'none'
}
