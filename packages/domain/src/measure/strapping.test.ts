import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Tank } from '../registry/site.ts'
import { BANDS, NO_STRAP, type Strap, strapNotice, strapPoint, strapReading } from './strapping.ts'
import { type ChartRow, chartDifference, chartVerdict, learntChart } from './strapping-chart.ts'
import type { TankPoint } from './tank-track.ts'

const TANK: Tank = {
  tank: '1',
  grade: '92',
  capacityMillilitres: 30_000_000,
  safeFillMillilitres: 28_500_000,
  diameterMillimetres: 2_600,
}
const DEVIATION = 4_000
const LIMITS = { leastShare: 0.001, leastScale: 0.005, deviations: 3 }
const STEP_MS = 15 * 60_000

/** A tank in litres whose gauge states `shown` of what is in it; 100 L leave each quarter of an hour. */
class Lived {
  strap: Strap = NO_STRAP
  private at = 0
  private drawn = 0
  private readonly shown: (litres: number) => number
  private content = 24_000

  constructor(shown: (litres: number) => number) {
    this.shown = shown
  }

  /** One filling down to a fifth, and filled again; `lost` litres an hour vanish meanwhile. */
  filling(lost = 0): this {
    while (this.content > 6_000) this.step(100, lost / 4)
    this.content += 18_000
    return this
  }

  private step(litres: number, lost: number): void {
    const shown = this.shown(this.content) + 3 * Math.sin(this.at / 7_000_003)
    const drawnSum = this.drawn * 1e3
    const point: TankPoint = {
      at: this.at,
      v20: shown * 1e3,
      drawn: {},
      drawnSum,
      held: shown * 1e3 + drawnSum,
      delivering: false,
      share: (shown * 1e3) / TANK.capacityMillilitres,
      ref: { position: 1, seq: 1 },
    }
    const reading = {
      heightMicrometres: Math.round((this.content / 30_000) * 2_600_000),
      waterMicrometres: 0,
      volumeMillilitres: Math.round(shown * 1e3),
    }
    this.strap = strapPoint(strapReading(this.strap, reading, TANK), point, DEVIATION, TANK)
    this.at += STEP_MS
    this.drawn += litres
    this.content -= litres + lost
  }
}

const bent = (litres: number): number => litres + 300 * 4 * (litres / 30_000) * (1 - litres / 30_000)
const lived = (shown: (litres: number) => number, lost = 0): Lived => {
  const tank = new Lived(shown)
  for (let i = 0; i < 5; i++) tank.filling(lost)
  return tank
}

describe('strapping from what is metered', () => {
  it('learns the difference at every height', () => {
    const { rows, bands } = learntChart(lived(bent).strap, TANK)!
    expect(bands.length).toBeGreaterThan(BANDS / 2)
    const [height0, present0, proposed0] = rows[0]!
    for (const [height, present, proposed] of rows) {
      const truth = ((height - height0) / 2_600_000) * 30_000
      expect(
        Math.abs(
          (present - present0) / 1e3 -
            (bent((height / 2_600_000) * 30_000) - bent((height0 / 2_600_000) * 30_000)),
        ),
      ).toBeLessThan(10)
      expect(Math.abs((proposed - proposed0) / 1e3 - truth), `${height}`).toBeLessThan(25)
    }
  })

  it('takes no leak for a bend: what vanishes at a steady rate is in the scale', () => {
    const learnt = learntChart(lived((litres) => litres, 0.757).strap, TANK)!
    expect(learnt.bendMillilitres).toBeLessThan(15_000)
    expect(chartVerdict(learnt, TANK, LIMITS)).toBe('sound')
  })

  it('says nothing of half a filling, nor of fillings that were not passed twice', () => {
    expect(learntChart(NO_STRAP, TANK)).toBeUndefined()
    expect(learntChart(new Lived(bent).filling().strap, TANK)).toBeUndefined()
  })

  it('trusts no chart that one half of the fillings learnt and the other does not find', () => {
    let shown = bent
    const tank = new Lived((litres) => shown(litres))
    // Even fillings bend one way, odd ones the other: whatever this is, it is not the chart.
    for (let i = 0; i < 8; i++) {
      shown = i % 2 === 0 ? bent : (litres) => 2 * litres - bent(litres)
      tank.filling()
    }
    const learnt = learntChart(tank.strap, TANK)
    if (learnt) expect(['sound', 'unsure']).toContain(chartVerdict(learnt, TANK, LIMITS))
  })

  it('begins anew when the gauge has another chart, and keeps what was announced', () => {
    const notice = { notice: 'N1', at: 0, volume: 18_000_000 }
    const before = strapNotice(lived(bent).strap, notice)
    const row = Object.entries(before.rows)[5]!
    const other = {
      heightMicrometres: row[1][0],
      waterMicrometres: 0,
      volumeMillilitres: row[1][1] + 300_000,
    }
    const [once, twice] = [
      strapReading(before, other, TANK),
      strapReading(strapReading(before, other, TANK), other, TANK),
    ]
    // One odd reading, or two, are a spark.
    expect(once.fillings).toBe(before.fillings)
    expect(twice.fillings).toBe(before.fillings)
    const third = strapReading(twice, other, TANK)
    expect(third).toMatchObject({ fillings: 0, bands: {}, notices: [notice] })
  })

  it('alters no state in place', () => {
    const tank = lived(bent)
    const before = JSON.stringify(tank.strap)
    const frozen = structuredClone(tank.strap)
    tank.filling()
    expect(JSON.stringify(frozen)).toBe(before)
    expect(JSON.stringify(tank.strap)).not.toBe(before)
  })
})

describe('the difference of a chart', () => {
  const rows: ChartRow[] = [
    [100_000, 1_000_000, 1_000_000],
    [150_000, 2_000_000, 1_980_000],
    [200_000, 3_000_000, 3_010_000],
  ]
  it.each([
    ['below the lowest row as there', 0, 0],
    ['at a row', 150_000, -20_000],
    ['half-way', 175_000, -5_000],
    ['above the highest row as there', 900_000, 10_000],
  ])('%s', (_what, height, difference) => {
    expect(chartDifference(rows, height)).toBe(difference)
  })

  it('is nothing without rows, and never beyond its rows’ own', () => {
    expect(chartDifference([], 1)).toBe(0)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000_000 }), (height) => {
        const difference = chartDifference(rows, height)
        expect(difference).toBeGreaterThanOrEqual(-20_000)
        expect(difference).toBeLessThanOrEqual(10_000)
      }),
    )
  })
})
