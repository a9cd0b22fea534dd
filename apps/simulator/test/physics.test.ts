import { dayStart, fromChina } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planCounty } from '../src/county/county.ts'
import { truthOf } from '../src/history/truth.ts'
import { Agenda } from '../src/physics/agenda.ts'
import { bentChart, lyingCylinder, standingCylinder } from '../src/physics/chart.ts'
import { climate } from '../src/physics/climate.ts'
import { quantities } from '../src/physics/customers.ts'
import { volumeCorrection } from '../src/physics/expansion.ts'
import { Instruments } from '../src/physics/instruments.ts'
import { World } from '../src/physics/world.ts'
import { gaussianAt, stream } from '../src/random.ts'

const START = fromChina(2026, 11, 20)

describe('volume at 20 °C', () => {
  test.each([
    [740, 0, 1.02434],
    [740, 10, 1.01222],
    [740, 30, 0.9877],
    [835, 0, 1.01694],
    [835, 30, 0.99147],
    [845, 10, 1.00836],
    [845, 30, 0.9916],
  ])('a product of %d kg/m³ at %d °C has the factor %d of the tables', (density, celsius, factor) => {
    expect(volumeCorrection(density)(celsius)).toBeCloseTo(factor, 5)
  })
})

describe('charts', () => {
  const charts = [lyingCylinder(2_600, 30_000_000), standingCylinder(11_500, 1_000_000_000)]

  test('height and volume are each other’s inverse to a thousandth of a millimetre', () => {
    for (const chart of charts)
      fc.assert(
        fc.property(fc.double({ min: 0.002, max: 0.998, noNaN: true }), (share) => {
          const millilitres = chart.capacityMillilitres * share
          const height = chart.heightAt(millilitres)
          expect(height).toBeGreaterThan(0)
          expect(height).toBeLessThan(chart.fullMicrometres)
          expect(Math.abs(chart.volumeAt(height) - millilitres)).toBeLessThan(1)
        }),
      )
  })

  test('a badly bent chart still rises with the height', () => {
    const bent = bentChart(charts[0]!, -0.07)
    let last = -1
    for (let height = 0; height <= 2_600_000; height += 1_000) {
      expect(bent.volumeAt(height)).toBeGreaterThan(last)
      last = bent.volumeAt(height)
    }
  })
})

describe('chance', () => {
  test('a stream gives the same numbers for the same seed and name, others for another', () => {
    const take = (seed: number, name: string): number[] => Array.from({ length: 20 }, stream(seed, name).next)
    expect(take(7, 'a')).toEqual(take(7, 'a'))
    expect(take(7, 'a')).not.toEqual(take(7, 'b'))
    expect(take(7, 'a')).not.toEqual(take(8, 'a'))
  })

  test('noise at a moment has mean 0 and deviation 1', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => gaussianAt(99, 1_795_413_600 + i))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
    expect(Math.abs(mean)).toBeLessThan(0.03)
    expect(deviation).toBeCloseTo(1, 1)
  })
})

test('things happen in the order of their time, and of their planning when that is equal', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 200 }), (times) => {
      const agenda = new Agenda()
      const done: [number, number][] = []
      for (const [order, at] of times.entries()) agenda.plan(at, () => done.push([at, order]))
      agenda.runTo(25)
      agenda.runTo(100)
      expect(done).toEqual([...done].sort((a, b) => a[0] - b[0] || a[1] - b[1]))
      expect(done).toHaveLength(times.length)
    }),
  )
})

test('a year is warm in July, cold in January, and the ground is steadier than the air', () => {
  const { airCelsius, groundCelsius } = climate(7)
  const noon = (month: number): number => fromChina(2026, month, 20, 12)
  expect(airCelsius(noon(7))).toBeGreaterThan(20)
  expect(airCelsius(noon(1))).toBeLessThan(13)
  expect(groundCelsius(noon(7)) - groundCelsius(noon(1))).toBeLessThan(12.5)
  expect(groundCelsius(noon(7))).toBeGreaterThan(groundCelsius(noon(1)) + 5)
})

describe('amounts on the display', () => {
  test('a filled tank costs volume × price, rounded half up to the fen', () => {
    expect(quantities({ fillMillilitres: 32_450 }, 745)).toEqual({
      meteredMillilitres: 32_450,
      amountFen: 24_175,
    })
  })

  test('a preset amount is shown as such, with the volume nearest to it in 0.01 L', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 500, max: 1_100 }), (yuan, price) => {
        const { meteredMillilitres, amountFen } = quantities({ presetFen: yuan * 100 }, price)
        expect(amountFen).toBe(yuan * 100)
        expect(meteredMillilitres % 10).toBe(0)
        expect(Math.abs(meteredMillilitres * price - amountFen * 1000)).toBeLessThanOrEqual(5 * price)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the world', () => {
  test('lives the same life whether it is looked at or not, and in whatever steps', () => {
    const until = START + 30 * 3_600_000
    const calm = new World(planCounty(7, START), START)
    calm.advanceTo(until)
    const watched = new World(planCounty(7, START), START)
    const instruments = new Instruments(watched)
    const steps = stream(1, 'steps')
    while (watched.now < until) {
      watched.advanceTo(Math.min(until, watched.now + steps.integer(1, 600_000)))
      const site = watched.sites[steps.integer(0, 20)]!
      for (const tank of site.tanks.keys()) instruments.gauge(site).read(tank, watched.now)
    }
    expect(truthOf(watched)).toEqual(truthOf(calm))
    expect(truthOf(calm).sites[0]!.nozzles[0]!.sales).toBeGreaterThan(10)
  })

  test('sells and loads nothing in its quiet span, and goes on afterwards', () => {
    const quiet = { from: START + 10 * 3_600_000, until: START + 11 * 3_600_000 }
    const world = new World(planCounty(7, START), START, quiet)
    const spans: [number, number][] = []
    world.witnesses.push({
      saleEnded: (_site, _nozzle, fill) => spans.push([fill.startedAt, fill.endsAt]),
      loadEnded: (_site, _arm, load) => spans.push([load.startedAt, load.endsAt]),
    })
    world.advanceTo(START + 14 * 3_600_000)
    expect(spans.filter(([from, to]) => to >= quiet.from && from < quiet.until)).toEqual([])
    expect(spans.filter(([from]) => from >= quiet.until).length).toBeGreaterThan(100)
  })

  test('keeps the totalizer of a running fill between its bounds, rising with time', () => {
    const world = new World(planCounty(7, START), START)
    const site = world.sites[0]!
    let seen = 0
    for (let at = START + 8 * 3_600_000; at < START + 9 * 3_600_000; at += 1_000) {
      world.advanceTo(at)
      for (const nozzle of site.nozzles) {
        const running = nozzle.running(at)
        if (!running) continue
        seen += 1
        expect(running.meteredMillilitres).toBeGreaterThanOrEqual(0)
        expect(running.meteredMillilitres).toBeLessThanOrEqual(running.fill.meteredMillilitres)
        expect(running.fill.startedAt).toBeLessThanOrEqual(at)
        expect(running.fill.endsAt).toBeGreaterThan(at)
      }
    }
    expect(seen).toBeGreaterThan(500)
  })

  test('begins at a midnight of China', () => {
    expect(dayStart(Math.floor((START + 8 * 3_600_000) / 86_400_000))).toBe(START)
  })
})
