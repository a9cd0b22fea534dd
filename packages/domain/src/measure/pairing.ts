import type { EpochMs, Millilitres } from '@oiltrail/kernel'

/** One refuelling as one channel tells it. Field names are short because they live in stored states by the thousand. */
export interface Told {
  readonly at: EpochMs
  readonly volume: Millilitres
  /** Totalizer of that witness after it. */
  readonly total: Millilitres
  readonly position: number
  readonly seq: number
}

/** What of one nozzle waits for its counterpart on the other channel. */
export interface Pairing {
  readonly sales: readonly Told[]
  readonly receipts: readonly Told[]
}

export const NO_PAIRING: Pairing = { sales: [], receipts: [] }

/** A sale with the board's receipt of it, or one that has none although both channels have told all of that time. */
export type Match =
  | { readonly type: 'pair'; readonly sale: Told; readonly receipt: Told }
  | { readonly type: 'sale'; readonly sale: Told }
  | { readonly type: 'receipt'; readonly receipt: Told }

/** A board books a sale at the last drop or when the nozzle is hung up, and is polled every few seconds after it. */
const EARLIEST_MS = -20_000
const LATEST_MS = 120_000
/** What waits longer than this in the other channel's time has no counterpart. */
export const ALONE_AFTER_MS = 300_000
/** A channel may be hours behind while the other goes on; then the oldest are let go unjudged. */
const MOST_WAITING = 96

function kept(list: readonly Told[], told: Told): readonly Told[] {
  return [...list.slice(-(MOST_WAITING - 1)), told]
}

/** Takes a sale or a receipt; pairs what belongs together, oldest first. */
export function takeTold(
  before: Pairing,
  side: 'sales' | 'receipts',
  told: Told,
): { readonly pairing: Pairing; readonly matches: readonly Match[] } {
  const other = side === 'sales' ? before.receipts : before.sales
  const index = other.findIndex((each) => {
    const lag = side === 'sales' ? each.at - told.at : told.at - each.at
    return lag >= EARLIEST_MS && lag <= LATEST_MS
  })
  if (index < 0) return { pairing: { ...before, [side]: kept(before[side], told) }, matches: [] }
  const found = other[index]!
  const rest = [...other.slice(0, index), ...other.slice(index + 1)]
  const match: Match =
    side === 'sales'
      ? { type: 'pair', sale: told, receipt: found }
      : { type: 'pair', sale: found, receipt: told }
  return {
    pairing: side === 'sales' ? { ...before, receipts: rest } : { ...before, sales: rest },
    matches: [match],
  }
}

/** Gives up what has no counterpart by `now`, up to when both channels have told what they know. */
export function giveUp(
  before: Pairing,
  now: EpochMs,
): { readonly pairing: Pairing; readonly matches: readonly Match[] } {
  const due = (told: Told): boolean => told.at + ALONE_AFTER_MS <= now
  const sales = before.sales.filter((told) => !due(told))
  const receipts = before.receipts.filter((told) => !due(told))
  if (sales.length === before.sales.length && receipts.length === before.receipts.length)
    return { pairing: before, matches: [] }
  const matches: Match[] = [
    ...before.sales.filter(due).map((sale): Match => ({ type: 'sale', sale })),
    ...before.receipts.filter(due).map((receipt): Match => ({ type: 'receipt', receipt })),
  ]
  return { pairing: { sales, receipts }, matches }
}

/** When to look again for what has no counterpart; null when nothing waits. */
export function nextGiveUp({ sales, receipts }: Pairing): EpochMs | null {
  const oldest = Math.min(
    sales[0]?.at ?? Number.POSITIVE_INFINITY,
    receipts[0]?.at ?? Number.POSITIVE_INFINITY,
  )
  return Number.isFinite(oldest) ? oldest + ALONE_AFTER_MS : null
}
