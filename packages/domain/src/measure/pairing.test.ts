import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { giveUp, type Match, NO_PAIRING, nextGiveUp, type Pairing, type Told, takeTold } from './pairing.ts'

const told = (at: number, volume: number, total = 0): Told => ({ at, volume, total, position: 1, seq: 1 })

function play(events: readonly { side: 'sales' | 'receipts'; told: Told }[]): {
  pairing: Pairing
  matches: Match[]
} {
  let pairing = NO_PAIRING
  const matches: Match[] = []
  for (const { side, told: each } of events) {
    const step = takeTold(pairing, side, each)
    pairing = step.pairing
    matches.push(...step.matches)
  }
  return { pairing, matches }
}

describe('pairing of sales and receipts', () => {
  it('pairs every sale with its own receipt, whichever channel is ahead and by how much', () => {
    const gaps = fc.array(fc.integer({ min: 150_000, max: 900_000 }), { minLength: 1, maxLength: 60 })
    const lags = fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 60, maxLength: 60 })
    fc.assert(
      fc.property(gaps, lags, fc.integer({ min: 0, max: 40 }), (times, lag, behind) => {
        let at = 0
        const sales = times.map((gap) => {
          at += gap
          return told(at, gap)
        })
        const receipts = sales.map((sale, i) => told(sale.at + lag[i]!, sale.volume))
        const events = sales.map((sale) => ({ side: 'sales' as const, told: sale }))
        const mixed: { side: 'sales' | 'receipts'; told: Told }[] = []
        for (let i = 0; i < events.length + behind; i++) {
          if (events[i]) mixed.push(events[i]!)
          const receipt = receipts[i - behind]
          if (receipt) mixed.push({ side: 'receipts', told: receipt })
        }
        const { pairing, matches } = play(mixed)
        expect(matches).toHaveLength(sales.length)
        for (const match of matches)
          expect(match.type === 'pair' && match.sale.volume === match.receipt.volume).toBe(true)
        expect(nextGiveUp(pairing)).toBeNull()
      }),
    )
  })

  it('gives up a sale without a receipt only when both channels have told that time', () => {
    const { pairing } = play([{ side: 'sales', told: told(1_000_000, 30) }])
    expect(giveUp(pairing, 1_299_999).matches).toEqual([])
    expect(nextGiveUp(pairing)).toBe(1_300_000)
    expect(giveUp(pairing, 1_300_000)).toEqual({
      pairing: NO_PAIRING,
      matches: [{ type: 'sale', sale: told(1_000_000, 30) }],
    })
  })

  it('never holds more than its bound however far one channel is behind', () => {
    const events = Array.from({ length: 500 }, (_, i) => ({
      side: 'sales' as const,
      told: told(i * 60_000, 1),
    }))
    expect(play(events).pairing.sales).toHaveLength(96)
  })
})
