import { isProblemCode, ok, type ProblemCode, type Result, refuse } from '@oiltrail/kernel'

/**
 * The platform's answer to one batch. `stored`: every record of it is committed in the log (or was before).
 * `refused`: it is on record as a refusal and will never be accepted as it is. `retry`: nothing was stored; send again.
 */
export interface Receipt {
  readonly v: 1
  readonly outcome: 'stored' | 'refused' | 'retry'
  readonly device: string
  readonly channel: string
  readonly first: number
  readonly last: number
  /** Head hash of the batch this answers, so that a receipt cannot be taken for another batch's. Empty if it could not be read. */
  readonly head: string
  /** Position in the county's log; −1 for `retry`. */
  readonly position: number
  /** Catalogue code for `refused` and `retry`; `REPLAYED` when the batch was in the log already. */
  readonly code?: ProblemCode
  readonly detail?: string
  /** Server clock, epoch milliseconds. */
  readonly at: number
}

/** MQTT topics of the uplink; docs/formats/uplink.md §5. */
export const BATCH_TOPIC = 'oiltrail/v1/batch'
export const RECEIPT_TOPIC_PREFIX = 'oiltrail/v1/receipt/'

/** Reads a receipt; anything but a well-formed one is MALFORMED. */
export function decodeReceipt(text: string): Result<Receipt> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refuse('MALFORMED', 'not JSON')
  }
  const r = value as Partial<Receipt> | null
  if (typeof r !== 'object' || r === null || r.v !== 1)
    return refuse('MALFORMED', 'not a receipt of version 1')
  const texts = typeof r.device === 'string' && typeof r.channel === 'string' && typeof r.head === 'string'
  const numbers = [r.first, r.last, r.position, r.at].every((n) => Number.isSafeInteger(n))
  const outcome = r.outcome === 'stored' || r.outcome === 'refused' || r.outcome === 'retry'
  if (!texts || !numbers || !outcome) return refuse('MALFORMED', 'a field of the receipt is missing or wrong')
  if (r.code !== undefined && !isProblemCode(r.code))
    return refuse('MALFORMED', `unknown code ${String(r.code).slice(0, 40)}`)
  return ok(r as Receipt)
}
