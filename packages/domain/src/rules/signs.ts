import type { EpochMs } from '@oiltrail/kernel'
import type { HeardEvent, Ref } from './event.ts'

/**
 * Signs of life are kept to this grain: a heartbeat a minute need not be written down every time. A silence may therefore
 * seem this much longer than it is.
 */
export const SIGN_GRAIN_MS = 120_000

/** When a channel was last heard of, and the entry that shows it. */
export interface Sign {
  readonly at: EpochMs
  readonly ref: Ref
}

/** The newer sign; the same object while it is not newer by a grain. */
export function newerSign(known: Sign | null, { at, ref }: HeardEvent): Sign {
  return known && at < known.at + SIGN_GRAIN_MS ? known : { at, ref }
}
