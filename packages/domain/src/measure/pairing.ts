import type { EpochMs, Millilitres } from '@oiltrail/kernel'

/**
 * Sales of one nozzle (volume channel) beside the board's receipts of them (price channel). The two channels do not wait for
 * each other: in a back-fill one may be hours or days ahead. What is paired is therefore a function of the two chains alone,
 * not of the order in which they arrive: a group of neighbours is paired when both channels have told beyond it.
 */

/** One refuelling as one channel tells it. Field names are short because they live in stored states by the thousand. */
export interface Told {
  readonly at: EpochMs
  readonly volume: Millilitres
  /** Totalizer of that witness after it. */
  readonly total: Millilitres
  readonly position: number
  readonly seq: number
}

export type PairingSide = 'sales' | 'receipts'

/** What of one nozzle waits for the other channel, by time. Plain data. */
export interface Pairing {
  readonly sales: readonly Told[]
  readonly receipts: readonly Told[]
  /** Newest sale and receipt told so far. */
  readonly until: readonly [sales: EpochMs, receipts: EpochMs]
}

export const NO_PAIRING: Pairing = { sales: [], receipts: [], until: [0, 0] }

export interface SalePair {
  readonly sale: Told
  readonly receipt: Told
}

/** Neighbours in time, of which both channels have told all. */
export interface Group {
  readonly pairs: readonly SalePair[]
  /** Sales without a receipt. */
  readonly alone: readonly Told[]
  /** As many sales as receipts, each beside its own: both totalizers mean the same refuellings after its last pair. */
  readonly sure: boolean
}

/** What a step answers: groups that are complete, oldest first. */
export interface PairingStep {
  readonly pairing: Pairing
  readonly groups: readonly Group[]
}

/** A board books a sale at the last drop or when the nozzle is hung up, and is polled every few seconds after it. */
const EARLIEST_MS = -20_000
const LATEST_MS = 120_000
/** What is further apart than any pair may be belongs to different groups. */
export const APART_MS = LATEST_MS - EARLIEST_MS
/**
 * How many may wait for the other channel, some two days of a busy nozzle. Then the one whose
 * neighbours are nearest is let go, so that what is kept still reaches over the whole lag: totalizers lose nothing by it, and
 * groups that lost a member are not sure.
 */
export const MOST_WAITING = 96

/** Takes a sale or a receipt. */
export function takeTold(before: Pairing, side: PairingSide, told: Told): PairingStep {
  const index = side === 'sales' ? 0 : 1
  // A collector's clock went back: what its channel told before cannot be ordered with what follows.
  const back = told.at < before.until[index] - APART_MS
  const waiting = back ? [] : before[side]
  const until: [EpochMs, EpochMs] = [...before.until]
  until[index] = back ? told.at : Math.max(before.until[index], told.at)
  const added = thinned(placed(waiting, told))
  const { sales, receipts } = before
  return settled(side === 'sales' ? { sales: added, receipts, until } : { sales, receipts: added, until })
}

/** Nearly always the newest; a clock that is set by seconds may put it before its elders. */
function placed(list: readonly Told[], told: Told): readonly Told[] {
  const after = list.findLastIndex(({ at }) => at <= told.at)
  return after === list.length - 1
    ? [...list, told]
    : [...list.slice(0, after + 1), told, ...list.slice(after + 1)]
}

function thinned(list: readonly Told[]): readonly Told[] {
  if (list.length <= MOST_WAITING) return list
  let least = 1
  for (let i = 2; i < list.length - 1; i++) if (around(i) < around(least)) least = i
  return list.toSpliced(least, 1)

  function around(i: number): number {
    return list[i + 1]!.at - list[i - 1]!.at
  }
}

function settled(before: Pairing): PairingStep {
  const { until } = before
  const known = Math.min(...until)
  let { sales, receipts } = before
  const groups: Group[] = []
  for (;;) {
    // Where the oldest cannot be complete yet, nothing is: one channel may be days ahead of the other.
    if (oldestOf(sales, receipts) + APART_MS >= known) break
    const end = groupEnd(sales, receipts)
    if (end === undefined || end + APART_MS >= known) break
    const [ofSales, laterSales] = split(sales, end)
    const [ofReceipts, laterReceipts] = split(receipts, end)
    groups.push(groupOf(ofSales, ofReceipts))
    sales = laterSales
    receipts = laterReceipts
  }
  return groups.length === 0 ? { pairing: before, groups } : { pairing: { sales, receipts, until }, groups }
}

function oldestOf(sales: readonly Told[], receipts: readonly Told[]): EpochMs {
  const sale = sales[0]?.at ?? Number.POSITIVE_INFINITY
  const receipt = receipts[0]?.at ?? Number.POSITIVE_INFINITY
  return sale < receipt ? sale : receipt
}

/** Time of the last of the neighbours that begin with the oldest that waits; undefined when nothing waits. */
function groupEnd(sales: readonly Told[], receipts: readonly Told[]): EpochMs | undefined {
  let end: EpochMs | undefined
  for (let i = 0, j = 0; ; ) {
    const sale = sales[i]?.at ?? Number.POSITIVE_INFINITY
    const receipt = receipts[j]?.at ?? Number.POSITIVE_INFINITY
    const next = Math.min(sale, receipt)
    if (next === Number.POSITIVE_INFINITY || (end !== undefined && next - end > APART_MS)) return end
    end = next
    if (sale <= receipt) i++
    else j++
  }
}

function split(list: readonly Told[], end: EpochMs): readonly [readonly Told[], readonly Told[]] {
  const first = list.findIndex(({ at }) => at > end)
  return first < 0 ? [list, []] : [list.slice(0, first), list.slice(first)]
}

function isPair(sale: Told, receipt: Told): boolean {
  const lag = receipt.at - sale.at
  return lag >= EARLIEST_MS && lag <= LATEST_MS
}

function groupOf(sales: readonly Told[], receipts: readonly Told[]): Group {
  if (sales.length === receipts.length && sales.every((sale, i) => isPair(sale, receipts[i]!)))
    return { pairs: sales.map((sale, i) => ({ sale, receipt: receipts[i]! })), alone: [], sure: true }
  // One is missing: each receipt goes to the nearest sale after those that were given away.
  const pairs: SalePair[] = []
  const alone: Told[] = []
  let next = 0
  for (const receipt of receipts) {
    let nearest = -1
    for (let i = next; i < sales.length; i++)
      if (isPair(sales[i]!, receipt) && (nearest < 0 || distance(i, receipt) < distance(nearest, receipt)))
        nearest = i
    if (nearest < 0) continue
    alone.push(...sales.slice(next, nearest))
    pairs.push({ sale: sales[nearest]!, receipt })
    next = nearest + 1
  }
  return { pairs, alone: [...alone, ...sales.slice(next)], sure: false }

  function distance(i: number, receipt: Told): number {
    return Math.abs(receipt.at - sales[i]!.at)
  }
}
