import { fromChina } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RecordedFact } from '../facts/index.ts'
import { believe, MAX_CLOCK_AHEAD_MS, type Surroundings } from './believe.ts'
import { admitSpan, GENESIS, gapsOf, MAX_ISLANDS, type Span, type StreamState } from './sequence.ts'

/** A chain in which record n has the hash "n" written out; a forger's chain differs from record `from` on. */
function hash(seq: number, forgedFrom = Number.POSITIVE_INFINITY): string {
  return seq === 0 ? GENESIS : `${seq >= forgedFrom ? 'f' : 'a'}${seq}`.padStart(64, '0')
}
function span(first: number, last: number, forgedFrom?: number): Span {
  return { first, last, before: hash(first - 1, forgedFrom), hashAt: (seq) => hash(seq, forgedFrom) }
}
function stateOf(...ranges: [number, number][]): StreamState {
  return ranges.map(([first, last]) => ({ first, last, before: hash(first - 1), head: hash(last) }))
}

describe('admitSpan', () => {
  it.each<[string, StreamState, Span, string, string]>([
    //  what                              islands before               batch            fresh       islands after
    ['first batch', stateOf(), span(1, 5), '1-5', '1-5'],
    ['next batch', stateOf([1, 5]), span(6, 9), '6-9', '1-9'],
    ['live before backlog', stateOf([1, 5]), span(50, 51), '50-51', '1-5 50-51'],
    ['very first batch is late data', stateOf(), span(7, 9), '7-9', '7-9'],
    ['back-fill closes the gap', stateOf([1, 5], [50, 51]), span(6, 49), '6-49', '1-51'],
    ['back-fill in the middle', stateOf([1, 5], [50, 51]), span(20, 29), '20-29', '1-5 20-29 50-51'],
    ['replay', stateOf([1, 9]), span(3, 5), '', '1-9'],
    ['exact replay', stateOf([1, 9]), span(1, 9), '', '1-9'],
    ['moved boundary', stateOf([1, 9]), span(8, 12), '10-12', '1-12'],
    ['overlap at the front', stateOf([5, 9]), span(1, 6), '1-4', '1-9'],
    ['spans two islands', stateOf([1, 3], [6, 7], [10, 11]), span(2, 12), '4-5 8-9 12-12', '1-12'],
  ])('%s', (_what, state, batch, fresh, after) => {
    const result = admitSpan(state, batch)
    if (!result.ok) throw new Error(result.problem.detail)
    expect(result.value.fresh.map((r) => `${r.first}-${r.last}`).join(' ')).toBe(fresh)
    expect(result.value.state.map((r) => `${r.first}-${r.last}`).join(' ')).toBe(after)
    for (const island of result.value.state)
      expect([island.before, island.head]).toEqual([hash(island.first - 1), hash(island.last)])
  })

  it.each<[string, StreamState, Span, string]>([
    ['a chain that does not begin at zero', stateOf(), { ...span(1, 2), before: hash(7) }, 'CHAIN_BROKEN'],
    ['does not follow the last record', stateOf([1, 5]), span(6, 9, 5), 'CHAIN_BROKEN'],
    ['does not meet the island behind it', stateOf([10, 12]), span(5, 9, 8), 'CHAIN_BROKEN'],
    ['rewrites the last record', stateOf([1, 5]), span(5, 9, 5), 'CHAIN_FORK'],
    ['rewrites a whole island', stateOf([3, 4]), span(1, 9, 2), 'CHAIN_FORK'],
  ])('refuses what %s', (_what, state, batch, code) => {
    expect(admitSpan(state, batch)).toMatchObject({ ok: false, problem: { code } })
  })

  it('refuses the gap that is one too many', () => {
    let state: StreamState = []
    for (let i = 0; i < MAX_ISLANDS; i++) {
      const result = admitSpan(state, span(10 * i + 1, 10 * i + 2))
      if (!result.ok) throw new Error(result.problem.detail)
      state = result.value.state
    }
    expect(gapsOf(state)).toHaveLength(MAX_ISLANDS - 1)
    expect(admitSpan(state, span(100_000, 100_001))).toMatchObject({
      ok: false,
      problem: { code: 'TOO_MANY_GAPS' },
    })
    expect(admitSpan(state, span(3, 10))).toMatchObject({ ok: true })
  })

  it('counts every record exactly once, whatever the order and overlap of the batches', () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }))
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), (ranges) => {
        let state: StreamState = []
        const seen = new Set<number>()
        for (const [first, length] of ranges) {
          const result = admitSpan(state, span(first, first + length))
          if (!result.ok) throw new Error(result.problem.detail)
          for (const fresh of result.value.fresh)
            for (let seq = fresh.first; seq <= fresh.last; seq++) {
              expect(seen.has(seq)).toBe(false)
              seen.add(seq)
            }
          state = result.value.state
        }
        for (const [first, length] of ranges)
          for (let seq = first; seq <= first + length; seq++) expect(seen.has(seq)).toBe(true)
        const missing = gapsOf(state).reduce((sum, gap) => sum + gap.last - gap.first + 1, 0)
        expect(missing).toBe(Math.max(0, ...seen) - seen.size)
      }),
    )
  })
})

describe('believe', () => {
  const now = fromChina(2026, 11, 23, 14)
  const around: Surroundings = {
    channel: 'volume',
    receivedAt: now,
    hasNozzle: (code) => code === '1',
    hasTank: (code) => code === 'T1',
    hasArm: () => false,
  }
  const sale: RecordedFact = {
    seq: 1,
    at: now,
    kind: 'sale',
    nozzle: '1',
    volumeMillilitres: 30_000,
    totalMillilitres: 90_000,
    startedAt: now - 60_000,
    source: 'board',
  }
  it.each<[string, RecordedFact, string | undefined]>([
    ['an ordinary sale', sale, undefined],
    [
      'a sale of last month, back-filled',
      { ...sale, at: now - 30 * 86_400_000, startedAt: now - 30 * 86_400_000 },
      undefined,
    ],
    ['a clock just inside the tolerance', { ...sale, at: now + MAX_CLOCK_AHEAD_MS }, undefined],
    ['a clock just outside', { ...sale, at: now + MAX_CLOCK_AHEAD_MS + 1 }, 'CLOCK_FUTURE'],
    ['a box without a clock', { ...sale, at: 1_000, startedAt: 0 }, 'CLOCK_ANCIENT'],
    ['a nozzle nobody registered', { ...sale, nozzle: '9' }, 'UNKNOWN_SUBJECT'],
    ['a sale that ends before it starts', { ...sale, startedAt: now + 1 }, 'OUT_OF_RANGE'],
    ['a sale of two days', { ...sale, startedAt: now - 2 * 86_400_000 }, 'OUT_OF_RANGE'],
    [
      'a price on the volume channel',
      { seq: 2, at: now, kind: 'price', nozzle: '1', priceFenPerLitre: 700 },
      'WRONG_CHANNEL',
    ],
    [
      'a self-check on either channel',
      { seq: 2, at: now, kind: 'health', event: 'started', subject: '' },
      undefined,
    ],
  ])('%s', (_what, record, code) => expect(believe(record, around)?.code).toBe(code))
})
