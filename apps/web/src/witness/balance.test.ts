import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BalanceDay, balanceDays, daysNeeded, estimate, t95, weigh } from './balance.ts'

type Sources = Parameters<typeof balanceDays>[0]

const point = (at: number, litres: number): Sources['levels'][number]['points'][number] => ({
  at,
  volumeMillilitres: litres * 1000,
  lowMillilitres: 0,
  highMillilitres: 0,
  heightMicrometres: 0,
  temperatureCentiCelsius: 0,
})
const sold = (bucket: number, litres: number): Sources['sales'][number] => ({
  bucket,
  place: 'S001',
  placeName: '站',
  grade: '92',
  sales: 1,
  volumeMillilitres: litres * 1000,
  amountFen: 0,
  unpricedSales: 0,
  unpricedMillilitres: 0,
  boardSales: 1,
  boardMillilitres: litres * 980,
  boardFen: 0,
})
const delivery = (startedAt: number, endedAt: number, litres: number): Sources['deliveries'][number] => ({
  position: 1,
  seq: 1,
  site: 'S001',
  siteName: '站',
  tank: '1',
  grade: '92',
  startedAt,
  endedAt,
  startMillilitres: 1_000,
  endMillilitres: 1_000 + litres * 1000,
})

describe('a day of three witnesses', () => {
  const sources: Sources = {
    levels: [{ tank: '1', grade: '92', points: [point(HOUR_MS, 10_000), point(DAY_MS, 14_000)] }],
    sales: [sold(8 * HOUR_MS, 600), sold(9 * HOUR_MS, 400)],
    deliveries: [delivery(8 * HOUR_MS, 8.5 * HOUR_MS, 4_700)],
    from: 0,
    to: DAY_MS,
  }

  it('balances what a tank sold while it was filled', () => {
    const { days, skipped } = balanceDays(sources, '92')
    expect(skipped).toBe(0)
    // The gauge saw 4,700 L come; half of the hour's 600 L left meanwhile.
    expect(days).toEqual([
      {
        day: 0,
        openingMillilitres: 10_000_000,
        closingMillilitres: 14_000_000,
        receivedMillilitres: 5_000_000,
        pulsesMillilitres: 1_000_000,
        boardMillilitres: 980_000,
        tankMillilitres: 1_000_000,
      },
    ])
  })

  it.each([
    ['a midnight without a reading', { levels: [{ ...sources.levels[0]!, points: [point(HOUR_MS, 1)] }] }],
    ['no sales', { sales: [] }],
    ['a day that has not ended', { to: DAY_MS - 1 }],
  ])('is left out with %s', (_what, changes) => {
    expect(balanceDays({ ...sources, ...changes }, '92').days).toEqual([])
  })
})

describe('an estimate', () => {
  it('holds the truth in about 95 of 100 cases', () => {
    let [held, rounds] = [0, 0]
    // A fixed seed: this counts, it does not search.
    let state = 7
    const uniform = (): number => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
    for (; rounds < 2_000; rounds++) {
      const values = Array.from({ length: 8 }, () => {
        const sum = Array.from({ length: 12 }, uniform).reduce((total, each) => total + each, 0)
        return 50 + (sum - 6) * 20
      })
      const { mean, within } = estimate(values)!
      if (Math.abs(mean - 50) <= within) held++
    }
    expect(held / rounds).toBeGreaterThan(0.935)
    expect(held / rounds).toBeLessThan(0.965)
  })

  it('is not made of fewer than two days, and t falls towards 1.96', () => {
    expect(estimate([1])).toBeUndefined()
    expect([t95(1), t95(30), t95(31)]).toEqual([12.706, 2.042, 1.96])
  })

  it('needs more days for a finer difference', () => {
    const of = { mean: 0, within: 10, spread: 40, count: 10 }
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 500 }), fc.integer({ min: 5, max: 500 }), (a, b) => {
        if (a < b) expect(daysNeeded(of, a)).toBeGreaterThanOrEqual(daysNeeded(of, b))
      }),
    )
  })
})

describe('the verdict', () => {
  const day = (i: number, tank: number, board: number): BalanceDay => ({
    day: i * DAY_MS,
    openingMillilitres: 0,
    closingMillilitres: 0,
    receivedMillilitres: 0,
    pulsesMillilitres: 10_000_000,
    boardMillilitres: 10_000_000 + board * 1000,
    tankMillilitres: 10_000_000 + tank * 1000,
  })
  const noise = [12, -9, 4, -11, 8, -3, 6, -7]
  const days = (tank: number, board: number): BalanceDay[] =>
    noise.map((each, i) => day(i, tank + each, board))

  it.each([
    ['agree', 0, 0, ['agree']],
    ['a tank from which more goes than is sold', 80, 0, ['tankMore']],
    ['pulses that claim more than the tank gave', -80, 0, ['tankLess']],
    ['a board that hides two per cent', 0, -200, ['boardLess']],
    ['both at once', 80, -200, ['tankMore', 'boardLess']],
    ['a board that rounds', 0, 15, ['agree']],
  ])('%s', (_what, tank, board, findings) => {
    expect(weigh(days(tank, board)).findings).toEqual(findings)
  })

  it('says nothing of two days', () => {
    expect(weigh(days(80, 0).slice(0, 2)).findings).toEqual(['insufficient'])
  })

  it('names the next share that cannot be seen yet', () => {
    const loose = noise.map((each, i) => day(i, each * 20, 0))
    const { next } = weigh(loose)
    expect(next).toMatchObject({ percent: 1 })
    expect(next?.days).toBeGreaterThan(0)
    expect(weigh(days(0, 0)).next).toBeUndefined()
  })
})
