import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Group,
  MOST_WAITING,
  NO_PAIRING,
  type Pairing,
  type PairingSide,
  type Told,
  takeTold,
} from './pairing.ts'

interface Entry {
  readonly side: PairingSide
  readonly told: Told
}

/** One customer: seconds since the one before, how late the board says it, and whether either channel says nothing. */
const CUSTOMER = fc.record({
  gap: fc.oneof(fc.integer({ min: 30, max: 200 }), fc.integer({ min: 200, max: 5_000 })),
  lag: fc.integer({ min: 0, max: 25 }),
  lost: fc.constantFrom('none', 'none', 'none', 'none', 'sale', 'receipt'),
})
type Customer = typeof CUSTOMER extends fc.Arbitrary<infer T> ? T : never

/** Both chains of a nozzle; `seq` is the number of the customer in both, totals count what each side saw from 0 and 10,000 on. */
function chains(customers: readonly Customer[]): { sales: Entry[]; receipts: Entry[] } {
  const sales: Entry[] = []
  const receipts: Entry[] = []
  let at = 1_000_000
  let total = 0
  for (const [seq, { gap, lag, lost }] of customers.entries()) {
    at += gap * 1_000
    const volume = 20 + (seq % 30)
    total += volume
    const told = { at, volume, total, position: 1, seq }
    if (lost !== 'sale') sales.push({ side: 'sales', told })
    if (lost !== 'receipt')
      receipts.push({ side: 'receipts', told: { ...told, at: at + lag * 1_000, total: 10_000 + total } })
  }
  return { sales, receipts }
}

/** Both chains in one order of arrival: each number tells how many of one side come before the next of the other. */
function interleaved(a: readonly Entry[], b: readonly Entry[], runs: readonly number[]): Entry[] {
  const order: Entry[] = []
  const left = [[...a], [...b]]
  for (let i = 0; left[0]!.length + left[1]!.length > 0; i++) {
    const side = left[i % 2]!.length > 0 ? i % 2 : 1 - (i % 2)
    order.push(...left[side]!.splice(0, runs[i % runs.length]!))
  }
  return order
}

function play(entries: readonly Entry[]): { pairing: Pairing; groups: Group[]; mostWaiting: number } {
  let pairing = NO_PAIRING
  let mostWaiting = 0
  const groups: Group[] = []
  for (const { side, told } of entries) {
    const step = takeTold(pairing, side, told)
    pairing = step.pairing
    groups.push(...step.groups)
    mostWaiting = Math.max(mostWaiting, pairing.sales.length, pairing.receipts.length)
  }
  return { pairing, groups, mostWaiting }
}

/** Ends both chains, so that every group is complete. */
const LAST: readonly Entry[] = (['sales', 'receipts'] as const).map((side) => ({
  side,
  told: { at: 1e12, volume: 1, total: 1e9, position: 9, seq: 99_999 },
}))

const RUNS = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 })

describe('pairing of sales and receipts', () => {
  it('is a function of the two chains, whichever is ahead and by how much', () => {
    const customers = fc.array(CUSTOMER, { minLength: 1, maxLength: MOST_WAITING })
    fc.assert(
      fc.property(customers, RUNS, RUNS, (list, some, others) => {
        const { sales, receipts } = chains(list)
        const one = play([...interleaved(sales, receipts, some), ...LAST])
        const two = play([...interleaved(receipts, sales, others), ...LAST])
        expect(one.groups).toEqual(two.groups)
        expect(one.pairing).toEqual(two.pairing)
      }),
    )
  })

  it('never takes for sure what is not the same customer, even when one channel is a month ahead', () => {
    const customers = fc.array(CUSTOMER, { minLength: 1, maxLength: 600 })
    fc.assert(
      fc.property(customers, RUNS, fc.boolean(), (list, runs, monthAhead) => {
        // A lost sale next to a lost receipt looks like one sale told late: nobody could tell from these chains.
        const one = list.map((each, i) =>
          each.lost === 'none' || list.slice(Math.max(0, i - 6), i).every(({ lost }) => lost === 'none')
            ? each
            : { ...each, lost: 'none' as const },
        )
        const { sales, receipts } = chains(one)
        const order = monthAhead ? [...sales, ...receipts] : interleaved(sales, receipts, runs)
        const { groups, mostWaiting } = play([...order, ...LAST])
        expect(mostWaiting).toBeLessThanOrEqual(MOST_WAITING)
        for (const { sure, pairs } of groups)
          if (sure) for (const { sale, receipt } of pairs) expect(receipt.seq).toBe(sale.seq)
      }),
    )
  })

  it('keeps comparisons over the whole lag when one channel is a month ahead', () => {
    const month = Array.from({ length: 1_800 }, () => ({ gap: 1_440, lag: 5, lost: 'none' as const }))
    const { sales, receipts } = chains(month)
    for (const order of [
      [...sales, ...receipts],
      [...receipts, ...sales],
    ]) {
      const sure = play([...order, ...LAST]).groups.filter((group) => group.sure)
      expect(sure.length).toBeGreaterThan(MOST_WAITING - 2)
      const times = sure.map(({ pairs }) => pairs[0]!.sale.at)
      const widest = Math.max(...times.slice(1).map((at, i) => at - times[i]!))
      expect(widest / 86_400_000).toBeLessThan(2)
    }
  })

  it('names a sale without a receipt once both channels have told of a later customer', () => {
    const list = ['none', 'receipt', 'none', 'none'].map((lost) => ({
      gap: 600,
      lag: 4,
      lost: lost as Customer['lost'],
    }))
    const { sales, receipts } = chains(list)
    expect(play([...sales, ...receipts.slice(0, 1)]).groups).toEqual([])
    const { groups } = play([...sales, ...receipts])
    expect(groups.map(({ alone }) => alone.map(({ seq }) => seq))).toEqual([[], [1], []])
  })

  it('forgets what waits on a channel whose clock goes back, and pairs on', () => {
    const list = Array.from({ length: 12 }, () => ({ gap: 600, lag: 4, lost: 'none' as const }))
    const turned = ({ side, told }: Entry): Entry => ({ side, told: { ...told, at: told.at - 7_200_000 } })
    const { sales, receipts } = chains(list)
    const early = sales.slice(0, 6).flatMap((sale, i) => [sale, receipts[i]!])
    const late = sales.slice(6).flatMap((sale, i) => [turned(sale), turned(receipts[6 + i]!)])
    const { groups, pairing } = play([...early, ...late])
    expect(groups.every(({ sure, pairs }) => sure && pairs[0]!.sale.seq === pairs[0]!.receipt.seq)).toBe(true)
    expect(groups).toHaveLength(5 + 5)
    expect(pairing.sales).toHaveLength(1)
  })
})
