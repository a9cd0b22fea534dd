import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../station/recorder.ts'
import {
  BRIDGE_MS,
  type MeterReading,
  type MeterRules,
  type MeterState,
  SaleMeter,
  TOTAL_EVERY_MS,
} from './sale-meter.ts'

const RULES: MeterRules = {
  nozzle: '1',
  source: 'pulse',
  millilitres: (count) => count * 10,
  quietMs: 4_000,
  flowEveryMs: 5_000,
}
const START = 1_795_413_600_000

/** Feeds counts, one a second; the first is the first reading of a process. */
function feed(counts: readonly number[], stored?: MeterState): { out: Observation[]; meter: SaleMeter } {
  const meter = new SaleMeter(RULES, stored)
  const out: Observation[] = []
  counts.forEach((count, i) => {
    const at = START + i * 1_000
    const sinceMs = i > 0 ? 1_000 : stored ? at - stored.at : undefined
    out.push(...meter.read({ at, count, sinceMs, interrupted: i === 0 }).observations)
  })
  return { out, meter }
}

const kinds = (out: readonly Observation[]): string[] => out.map(({ fact }) => fact.kind)
const volumes = (out: readonly Observation[]): number[] =>
  out.flatMap(({ fact }) => (fact.kind === 'sale' ? [fact.volumeMillilitres] : []))

describe('a sale meter', () => {
  it.each<[string, number[], string[], number[]]>([
    ['states the totalizer at first', [100, 100], ['total'], []],
    [
      'makes one sale of growth and quiet',
      [100, 150, 200, 200, 200, 200, 200],
      ['total', 'flow', 'sale', 'flow'],
      [1_000],
    ],
    [
      'does not end a sale at a short pause',
      [100, 150, 150, 150, 200, 200, 200, 200, 200],
      ['total', 'flow', 'sale', 'flow'],
      [1_000],
    ],
    [
      'makes two sales of two',
      [0, 50, 50, 50, 50, 50, 90, 90, 90, 90, 90],
      ['total', 'flow', 'sale', 'flow', 'flow', 'sale', 'flow'],
      [500, 400],
    ],
    ['counts a single pulse', [0, 1, 1, 1, 1, 1], ['total', 'flow', 'sale', 'flow'], [10]],
    [
      'closes and restates when the counter falls',
      [500, 600, 50, 50],
      ['total', 'flow', 'sale', 'flow', 'total'],
      [1_000],
    ],
  ])('%s', (_, counts, expectedKinds, expectedVolumes) => {
    const { out } = feed(counts)
    expect(kinds(out)).toEqual(expectedKinds)
    expect(volumes(out)).toEqual(expectedVolumes)
  })

  it('dates a sale by its last growth and begins it at the last rest', () => {
    const { out } = feed([0, 0, 40, 80, 80, 80, 80, 80])
    const sale = out.find(({ fact }) => fact.kind === 'sale')!
    expect(sale.at).toBe(START + 3_000)
    expect(sale.fact).toMatchObject({ startedAt: START + 1_000, pulses: 80, totalMillilitres: 800 })
  })

  const rested: MeterState = { count: 1_000, at: START - 10_000, statedAt: START - 10_000 }
  const running: MeterState = { ...rested, sale: { startedAt: START - 20_000, from: 400 } }
  it.each<[string, MeterState, number[], string[], number[]]>([
    [
      'a short interruption and little growth belong to a sale',
      rested,
      [1_500, 1_500, 1_500, 1_500, 1_500, 1_500],
      ['flow', 'total', 'sale', 'flow'],
      [5_000],
    ],
    [
      'a running sale goes on over a short interruption',
      running,
      [1_500, 1_500, 1_500, 1_500, 1_500, 1_500],
      ['flow', 'total', 'sale', 'flow'],
      [11_000],
    ],
    [
      'a running sale without growth ends by quiet',
      running,
      [1_000, 1_000, 1_000, 1_000, 1_000, 1_000],
      ['sale', 'flow', 'total'],
      [6_000],
    ],
    ['more than a nozzle can deliver is dark', rested, [9_000, 9_000], ['total'], []],
    ['a long interruption is dark', { ...rested, at: START - BRIDGE_MS - 1 }, [1_001, 1_001], ['total'], []],
    [
      'a running sale is closed with what was seen before a long interruption',
      { ...running, at: START - BRIDGE_MS - 1 },
      [1_500],
      ['sale', 'flow', 'total'],
      [6_000],
    ],
    [
      'a clock set back makes the interruption unknown',
      { ...rested, at: START + 60_000 },
      [1_010],
      ['total'],
      [],
    ],
  ])('%s', (_, stored, counts, expectedKinds, expectedVolumes) => {
    const { out } = feed(counts, stored)
    expect(kinds(out)).toEqual(expectedKinds)
    expect(volumes(out)).toEqual(expectedVolumes)
  })

  it('states the totalizer every hour of rest', () => {
    const meter = new SaleMeter(RULES, { count: 5, at: START, statedAt: START })
    const read = (at: number): string[] =>
      kinds(meter.read({ at, count: 5, sinceMs: 1_000, interrupted: false }).observations)
    expect(read(START + TOTAL_EVERY_MS - 1)).toEqual([])
    expect(read(START + TOTAL_EVERY_MS)).toEqual(['total'])
    expect(read(START + TOTAL_EVERY_MS + 1_000)).toEqual([])
  })

  it('never invents or doubles a litre: sales are at most the growth, and all of it without interruptions', () => {
    const reading = fc.record({
      growth: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(140)),
      restart: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 200 }), (steps) => {
        let meter = new SaleMeter(RULES, undefined)
        let kept: MeterState | undefined
        let count = 0
        let at = START
        const out: Observation[] = []
        const take = (reading: MeterReading): void => {
          const step = meter.read(reading)
          out.push(...step.observations)
          if (step.keep) kept = meter.state
        }
        take({ at, count, sinceMs: undefined, interrupted: true })
        for (const { growth, restart } of steps) {
          at += 1_000
          count += growth
          // A kill: what was not kept is forgotten; the counter goes on.
          if (restart) meter = new SaleMeter(RULES, kept)
          take({ at, count, sinceMs: restart ? at - (kept?.at ?? at) : 1_000, interrupted: restart })
        }
        for (let i = 1; i <= 6; i++) take({ at: at + i * 1_000, count, sinceMs: 1_000, interrupted: false })
        const sold = volumes(out).reduce((sum, volume) => sum + volume, 0)
        expect(sold).toBeLessThanOrEqual(count * 10)
        if (steps.every(({ restart }) => !restart)) expect(sold).toBe(count * 10)
        let total = 0
        for (const { fact } of out) {
          if (fact.kind !== 'sale' && fact.kind !== 'total') continue
          expect(fact.totalMillilitres).toBeGreaterThanOrEqual(total)
          total = fact.totalMillilitres
        }
      }),
      { numRuns: 300 },
    )
  })
})
