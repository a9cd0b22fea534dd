import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Testimony, threeWitnesses } from './three-witnesses.ts'

const HONEST: Testimony = {
  pulses: 20e6,
  boardTapped: 20e6,
  board: 20e6,
  tank: 20e6,
  days: 2,
  tankDeviation: 6_000,
  chartError: 0.001,
}

const verdicts = (told: Testimony): Record<string, string> =>
  Object.fromEntries(threeWitnesses(told).map(({ pair, verdict }) => [pair, verdict]))

describe('three witnesses', () => {
  it('agree when all say the same', () => {
    expect(verdicts(HONEST)).toEqual({
      'pulses-board': 'agree',
      'pulses-tank': 'agree',
      'board-tank': 'agree',
    })
  })

  it('show double books: pulses and tank agree, the board is 2 % below both', () => {
    expect(verdicts({ ...HONEST, board: 19.6e6, boardTapped: 19.6e6, tank: 20.02e6 })).toEqual({
      'pulses-board': 'differ',
      'pulses-tank': 'agree',
      'board-tank': 'differ',
    })
  })

  it('say openly that a chart of unknown error, or too few litres, cannot tell', () => {
    const chart = threeWitnesses({ ...HONEST, tank: 20.2e6, chartError: 0.01 })
    expect(chart.find(({ pair }) => pair === 'board-tank')).toMatchObject({
      verdict: 'open',
      daysNeeded: undefined,
    })
    const few = threeWitnesses({
      ...HONEST,
      pulses: 1e6,
      board: 1e6,
      boardTapped: 1e6,
      tank: 1.004e6,
      days: 1,
    })
    const pair = few.find((each) => each.pair === 'board-tank')!
    expect(pair.verdict).toBe('open')
    expect(pair.daysNeeded).toBeGreaterThan(1)
  })

  it('leave the tank out of the pulses’ comparison where some nozzles are not tapped', () => {
    expect(verdicts({ ...HONEST, pulses: 10e6, boardTapped: 10e6 })).toEqual({
      'pulses-board': 'agree',
      'board-tank': 'agree',
    })
  })

  it('never answer what is no number, whatever is told', () => {
    const volume = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(volume, volume, volume, volume, (pulses, boardTapped, board, tank) => {
        for (const each of threeWitnesses({ ...HONEST, pulses, boardTapped, board, tank })) {
          expect(Number.isFinite(each.percent)).toBe(true)
          expect(each.halfWidthPercent).toBeGreaterThan(0)
        }
      }),
    )
  })
})
