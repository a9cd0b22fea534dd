import { DAY_MS, type EpochMs, ok, type Result, refuse } from '@oiltrail/kernel'
import type { DeliveryNotice, QuietWindow } from './event.ts'

/** What people state ahead of time, and may take back. */
export const WITHDRAWABLE = ['notice', 'window'] as const

/** Names what is taken back: the newest statement under this name, whatever was stated before it. */
export interface Withdrawal {
  readonly of: (typeof WITHDRAWABLE)[number]
  readonly name: string
  readonly site: string
}

/** Rules remember for so long what came under a notice, milliseconds; afterwards a withdrawal could change nothing. */
export const LATEST_WITHDRAWAL_MS = 7 * DAY_MS

/**
 * A window as it hides alarms after it was withdrawn at a moment: up to the millisecond before, since what it hid until then was
 * judged with it. One that had not begun is left without a length and covers nothing.
 */
export function cutShort<W extends Pick<QuietWindow, 'from' | 'to'>>(window: W, withdrawnAt: EpochMs): W {
  return { ...window, to: Math.max(window.from, Math.min(window.to, withdrawnAt - 1)) }
}

/** What stands on record of something that is to be withdrawn. */
export type Stated = (
  | { readonly of: 'notice'; readonly notice: Pick<DeliveryNotice, 'expectedAt'> }
  | { readonly of: 'window'; readonly window: Pick<QuietWindow, 'to'> }
) & { readonly withdrawn: boolean }

/** Whether something may be withdrawn at a moment. CONFLICT when it already was, or when everything was judged with it. */
export function decideWithdrawal(stated: Stated, at: EpochMs): Result<void> {
  if (stated.withdrawn) return refuse('CONFLICT', 'it was withdrawn before', stated.of)
  if (stated.of === 'window' && stated.window.to < at)
    return refuse('CONFLICT', 'the window is over: alarms were judged with it', 'window')
  if (stated.of === 'notice' && stated.notice.expectedAt < at - LATEST_WITHDRAWAL_MS)
    return refuse('CONFLICT', 'expected more than 7 days ago: what came was judged with it', 'notice')
  return ok(undefined)
}
