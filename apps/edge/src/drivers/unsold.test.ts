import { describe, expect, it } from 'vitest'
import type { Observation } from '../station/recorder.ts'
import { UnsoldPulses, type UnsoldReading, WITHIN_MS } from './unsold.ts'

const SECOND = 1_000

function sale(volumeMillilitres: number, seconds: number, at: number): Observation {
  const fact = {
    kind: 'sale',
    nozzle: '1',
    volumeMillilitres,
    totalMillilitres: 1e6,
    source: 'pulse',
  } as const
  return { at, fact: { ...fact, startedAt: at - seconds * SECOND } }
}

/** Readings a second apart: what each grew by, and the sale it ended, if any. */
function play(readings: readonly (Partial<UnsoldReading> & { sale?: [volume: number, seconds: number] })[]) {
  const watch = new UnsoldPulses()
  let at = 1_000_000
  return readings.flatMap(({ sale: ended, ...reading }) => {
    at = reading.at ?? at + SECOND
    const told = watch.read({
      grown: 0,
      sinceMs: SECOND,
      mainsPresent: true,
      ...reading,
      at,
      observations: ended ? [sale(ended[0], ended[1], at)] : [],
    })
    return told === undefined ? [] : [told]
  })
}

describe('pulses without a sale', () => {
  it('says when dribbles of a quarter litre come to a litre within the hour, once for each litre', () => {
    const dribble = { grown: 250, sale: [250, 1] as [number, number] }
    expect(play(Array(9).fill(dribble))).toEqual([1_000, 1_000])
  })

  it.each([
    ['a customer at 35 L/min', [{ grown: 580 }, { grown: 580 }, { sale: [30_000, 52] }]],
    ['a motorcycle that takes one litre', [{ grown: 500 }, { grown: 500 }, { sale: [1_000, 3] }]],
    ['somebody who presses the lever lightly', [{ sale: [5_000, 140] }]],
    ['hoses that swell a little before each of many sales', Array(9).fill({ sale: [50, 1] })],
    ['a poll that was late by five seconds', [{ grown: 3_500, sinceMs: 6 * SECOND }, { sale: [20_000, 40] }]],
    ['growth after an interruption', [{ grown: 9_000, sinceMs: undefined }, { sale: [9_000, 15] }]],
    [
      'a sale that went on while the module did not answer',
      [{ grown: 1_500 }, { grown: 1_500, sinceMs: undefined }, { sale: [3_000, 100] }],
    ],
    [
      'the mains go while somebody refuels',
      [{ grown: 600 }, { grown: 400, mainsPresent: false }, { mainsPresent: false, sale: [20_000, 40] }],
    ],
  ] as [string, Parameters<typeof play>[0]][])('says nothing of %s', (_what, readings) => {
    expect(play(readings)).toEqual([])
  })

  it.each([
    ['faster than any nozzle delivers', [{ grown: 3_200 }, { grown: 3_200 }, { sale: [6_400, 2] }], 6_400],
    ['slower than a pump runs', [{ sale: [3_000, 120] }], 3_000],
    [
      'while the station is without mains',
      [{ mainsPresent: false }, { mainsPresent: false, grown: 600 }, { grown: 600 }, { sale: [1_200, 2] }],
      undefined,
    ],
    [
      'while the station is without mains, more than a litre',
      [
        { mainsPresent: false },
        { mainsPresent: false, grown: 600 },
        { mainsPresent: false, grown: 600 },
        { mainsPresent: false, sale: [1_200, 2] },
      ],
      1_200,
    ],
  ] as [string, Parameters<typeof play>[0], number | undefined][])(
    'counts pulses %s',
    (_what, readings, told) => {
      expect(play(readings)).toEqual(told === undefined ? [] : [told])
    },
  )

  it('forgets what is older than an hour', () => {
    const at = 1_000_000
    const dribble = { grown: 400, sale: [400, 1] as [number, number] }
    expect(
      play([
        { ...dribble, at },
        { ...dribble, at: at + 1 },
        { ...dribble, at: at + WITHIN_MS + 1 },
      ]),
    ).toEqual([])
    expect(
      play([
        { ...dribble, at },
        { ...dribble, at: at + 1 },
        { ...dribble, at: at + 2 },
      ]),
    ).toEqual([1_200])
  })
})
