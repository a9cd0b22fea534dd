/** What a carrier tells the uplink. */
export interface CarrierEvents {
  up(): void
  /** The connection is gone: what was sent and has no receipt must be sent again. */
  down(reason: string): void
  /** One receipt as it came, JSON. */
  receipt(text: string): void
}

/** Carries batches to the platform and receipts back; docs/formats/uplink.md §5. */
export interface Carrier {
  start(events: CarrierEvents): void
  /** Hands one batch over. Its fate is told by a receipt, or by `down`. */
  send(batch: Uint8Array): void
  /** Drops the connection and makes a new one. */
  reset(reason: string): void
  stop(): Promise<void>
}

/** Who the box is to the platform's door. */
export interface Credential {
  readonly device: string
  readonly token: string
}

/** First pause before trying again, doubled each time up to the longest; real milliseconds. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/** Pause before attempt `attempt` (from 0): exponential, and spread by `random` in [0, 1) so that a county does not come back at once. */
export function reconnectPauseMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 16))
  return Math.round(full * (0.5 + random / 2))
}
