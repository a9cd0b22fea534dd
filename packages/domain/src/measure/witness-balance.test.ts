import { DAY_MS, fromChina, HOUR_MS, hourIndex } from '@oiltrail/kernel'
import { describe, expect, it } from 'vitest'
import type { Tank } from '../registry/site.ts'
import {
  balanceWitnesses,
  chartedMillilitres,
  type HourOfNozzle,
  type HourReading,
  type WitnessSources,
} from './witness-balance.ts'
import { conclusionWords, pairWords } from './witness-words.ts'

const FROM = fromChina(2026, 11, 16)
const TANK: Tank = {
  tank: '1',
  grade: '92',
  capacityMillilitres: 30_000_000,
  safeFillMillilitres: 28_500_000,
  diameterMillimetres: 2_600,
}

interface Life {
  readonly days: number
  /** Litres sold an hour by pulses; the tank loses `given` of each, the board books `booked`. */
  readonly hourly?: number
  readonly given?: number
  readonly booked?: number
  readonly lossPerHour?: number
  readonly celsius?: (hour: number) => number
  /** Litres that run in at two in the morning of every third day; the gauge closes a delivery for it when `seen`. */
  readonly filled?: number
  readonly seen?: boolean
  readonly tapped?: boolean
}

/** A tank with one nozzle, read at the end of every hour. */
function sources(life: Life): WitnessSources {
  const {
    days,
    hourly = 300,
    given = 1,
    booked = 1,
    lossPerHour = 0,
    celsius = () => 20,
    filled = 18_000,
    seen = true,
    tapped = true,
  } = life
  const readings: HourReading[] = []
  const nozzles: HourOfNozzle[] = []
  const deliveries: { tank: string; startedAt: number; endedAt: number }[] = []
  // Litres at 20 °C; 0.0012 of them more for each degree is what the factor takes back.
  let content = 25_000
  for (let hour = -1; hour < days * 24; hour++) {
    const begins = FROM + hour * HOUR_MS
    if (hour >= 0) {
      content -= hourly * given + lossPerHour
      if (filled > 0 && hour % 72 === 26) {
        content += filled
        if (seen) deliveries.push({ tank: '1', startedAt: begins + 600_000, endedAt: begins + 1_800_000 })
      }
      nozzles.push({
        hour: hourIndex(begins),
        tank: '1',
        tapped,
        sales: 10,
        volumeMillilitres: hourly * 1e3,
        boardSales: 10,
        boardMillilitres: Math.round(hourly * booked * 1e3),
      })
    }
    readings.push({
      at: begins + HOUR_MS - 1,
      volumeMillilitres: Math.round(content * 1e3),
      heightMicrometres: Math.round((content / 30_000) * 2_600_000),
      temperatureCentiCelsius: Math.round(celsius(hour) * 100),
    })
  }
  return {
    tanks: [TANK],
    readings: new Map([['1', readings]]),
    nozzles,
    deliveries,
    charts: [],
    chartError: 0.006,
    confirms: 0.4,
    missingRecords: 0,
  }
}

const balance = (life: Life, changes: Partial<WitnessSources> = {}) =>
  balanceWitnesses({ ...sources(life), ...changes }, '92', { from: FROM, to: FROM + life.days * DAY_MS })

/** An accepted chart that says what the gauge says, and how far off it may be. */
const exact = {
  tank: '1',
  effectiveAt: 0,
  error: 0.001,
  rows: [
    [0, 0, 0],
    [2_600_000, 30_000_000, 30_000_000],
  ],
} as const

describe('three witnesses from rollups', () => {
  it('B4: balance to the litre, days adding up, also while oil runs in', () => {
    const { days, told } = balance({ days: 7 })
    expect(days.map(({ tank }) => Math.round(tank! / 1e3))).toEqual(Array(7).fill(7_200))
    expect(days.reduce((sum, { rises }) => sum + rises, 0)).toBe(2)
    expect(told.tank! / 1e3).toBeCloseTo(told.pulses! / 1e3, 3)
    expect(told.days).toBe(7)
  })

  it.each([
    ['honest, on a chart nobody checked: it cannot be told', {}, {}, 'books-agree', 'open'],
    ['honest, on an accepted chart', { days: 14 }, { charts: [exact] }, 'agree', 'agree'],
    ['double books of 2 %', { booked: 0.98 }, {}, 'board-short', 'differ'],
    ['pulses that nothing flowed for', { booked: 0.98, given: 0.98 }, {}, 'pulses-over', 'open'],
    ['lost pulses', { booked: 1.02, given: 1.02 }, {}, 'board-over', 'open'],
    ['a loss of 3 %', { lossPerHour: 9 }, {}, 'tank-more', 'differ'],
    ['short measure of 3 %', { given: 0.97 }, {}, 'tank-less', 'differ'],
    ['nothing sold', { hourly: 0, filled: 0 }, {}, 'silent', undefined],
    [
      'a difference of 2 % while 200 records are missing',
      { booked: 0.98 },
      { missingRecords: 200 },
      'open',
      'open',
    ],
  ] as const)('%s', (_what, life, changes, conclusion, tank) => {
    const found = balance({ days: 7, ...life }, changes)
    expect(found.conclusion).toBe(conclusion)
    expect(found.pairs.find(({ pair }) => pair === 'board-tank')?.verdict).toBe(tank)
    expect(conclusionWords(found.conclusion).zh).not.toBe('')
    for (const pair of found.pairs)
      for (const text of Object.values(pairWords(pair))) expect(text).not.toMatch(/undefined|NaN/)
  })

  it('reckons at 20 °C: a volume that stands still while it cools has grown', () => {
    const { days } = balance({ days: 7, hourly: 0, filled: 0, celsius: (hour) => 20 - (hour * 6) / 168 }, {})
    const shown = days.reduce((sum, day) => sum + day.tank!, 0) / 1e3
    // 25,000 L that keep their volume while they cool by 6 °C have become 180 L more at 20 °C.
    expect(shown).toBeLessThan(-150)
    expect(shown).toBeGreaterThan(-210)
  })

  it('counts a rise the gauge closed no delivery for as oil that ran in, and hides no loss of a day without one', () => {
    const { days } = balance({ days: 7, seen: false })
    expect(days.reduce((sum, { rises }) => sum + rises, 0)).toBe(2)
    expect(days.every(({ tank }) => Math.abs(tank! - 7_200_000) < 1_000)).toBe(true)
  })

  it('leaves out days of which the gauge says nothing, and compares the others alone', () => {
    const all = sources({ days: 7 })
    const gone = all.readings
      .get('1')!
      .filter(({ at }) => at < FROM + 2.5 * DAY_MS || at > FROM + 3.5 * DAY_MS)
    const { days, told } = balance({ days: 7 }, { readings: new Map([['1', gone]]) })
    expect(days.map(({ tank }) => tank === undefined)).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
      false,
    ])
    expect(told.pulses! / 1e3).toBeCloseTo(5 * 7_200, 1)
    expect(told.tank! / 1e3).toBeCloseTo(5 * 7_200, 1)
  })

  it('lets pulses speak for the tank only where every nozzle is tapped', () => {
    const tapped = sources({ days: 7 })
    const other = sources({ days: 7, tapped: false }).nozzles.map((each) => ({ ...each, nozzle: '2' }))
    const { pairs, told } = balance({ days: 7 }, { nozzles: [...tapped.nozzles, ...other] })
    expect(told.board).toBeCloseTo(told.boardTapped! * 2, 0)
    expect(pairs.map(({ pair }) => pair)).toEqual(['pulses-board', 'board-tank'])
  })
})

describe('an accepted chart', () => {
  const chart = {
    tank: '1',
    effectiveAt: FROM,
    error: 0.001,
    rows: [
      [500_000, 5_000_000, 5_000_000],
      [1_000_000, 10_000_000, 10_200_000],
    ] as const,
  }
  const reading = {
    at: FROM,
    volumeMillilitres: 7_500_000,
    heightMicrometres: 750_000,
    temperatureCentiCelsius: 2_000,
  }
  it.each([
    ['corrects from its day on', reading, 7_600_000],
    ['not before', { ...reading, at: FROM - 1 }, 7_500_000],
    [
      'not once the gauge states something else at that height',
      { ...reading, volumeMillilitres: 7_700_000 },
      7_700_000,
    ],
    ['keeps what the gauge has between its rows', { ...reading, volumeMillilitres: 7_510_000 }, 7_610_000],
    [
      'goes on beyond its rows as at the last',
      { ...reading, heightMicrometres: 2_000_000, volumeMillilitres: 20_000_000 },
      20_200_000,
    ],
  ])('%s', (_what, of, volume) => {
    expect(chartedMillilitres(of, TANK, [chart])).toBe(volume)
  })
})
