import { ENDPOINTS } from '@oiltrail/contract'
import { doubleBooks as books, type Signal } from '@oiltrail/domain'
import { DAY_MS, fromChina, HOUR_MS } from '@oiltrail/kernel'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { ApiParts } from '../src/api/handler.ts'
import { HANDLERS } from '../src/api/register.ts'
import type { LogEntry } from '../src/log/entry.ts'
import { ViewsFollower } from '../src/views/follower.ts'
import { Watcher } from '../src/watch/watcher.ts'
import { run } from './views.history.ts'
import { STATION, stationLog } from './witness.history.ts'

const FROM = fromChina(2026, 11, 2)
const DAYS = 8

type Answer = z.output<(typeof ENDPOINTS)['witnesses']['response']>

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** Takes a log into the views of a county of its own; answers what the endpoint says at its end. */
async function ask(county: number, log: readonly LogEntry[], days: number): Promise<Answer> {
  await run(database.store, new ViewsFollower({ county }), log, () => 2_000)
  const now = log.at(-1)!.receivedAt
  const parts = {
    context: { store: database.store, county, clock: { now: () => now } },
  } as unknown as ApiParts
  const answer = await HANDLERS.witnesses(
    { params: { site: STATION }, query: { days }, body: undefined },
    parts,
  )
  // As it goes out: strictly by the contract.
  return ENDPOINTS.witnesses.response.parse(JSON.parse(JSON.stringify(answer)))
}

/** What the rule says of the same log. */
async function found(log: readonly LogEntry[]): Promise<Extract<Signal, { type: 'found' }>[]> {
  const signals: Signal[] = []
  const watcher = new Watcher([books], (signal) => signals.push(signal))
  for (const entry of log) await watcher.take(entry, async () => [])
  return signals.filter((signal) => signal.type === 'found')
}

describe('B4: the witnesses of a site', () => {
  it('agree where nobody cheats, each to the litre as the truth has it', async () => {
    const { log } = stationLog({ seed: 3, county: 520_301, from: FROM, days: DAYS })
    const { grades, missingRecords, from, to } = await ask(520_301, log, 6)
    expect(missingRecords).toBe(0)
    // The last hour is not over for all channels: nothing was sold in its last minutes.
    expect([from, to]).toEqual([FROM + DAY_MS, FROM + DAYS * DAY_MS - HOUR_MS])
    expect(grades.map(({ grade }) => grade)).toEqual(['92', '95', '0'])
    for (const { grade, pairs, conclusion, days, chartErrorPercent } of grades) {
      expect(['agree', 'books-agree', 'open'], grade).toContain(conclusion)
      expect(days).toHaveLength(DAYS - 1)
      expect(chartErrorPercent).toBeCloseTo(books.settings.chartPercent.value, 6)
      for (const pair of pairs) {
        expect(pair.verdict, `${grade} ${pair.pair}`).not.toBe('differ')
        // The charts are right here: what is left is noise, which the interval must allow for.
        expect(Math.abs(pair.percent)).toBeLessThan(pair.halfWidthPercent)
      }
    }
  })

  it('show tank and pulses against the board where 2 % are taken off the books, as the rule does', async () => {
    const { log } = stationLog({
      seed: 3,
      county: 520_302,
      from: FROM,
      days: DAYS,
      faults: [`double-books@${STATION}`],
    })
    const { grades } = await ask(520_302, log, DAYS)
    const signals = await found(log)
    for (const grade of grades) {
      const of = (pair: string) => grade.pairs.find((each) => each.pair === pair)
      const [pulses, tank] = [of('pulses-board'), of('board-tank')!]
      expect(tank, grade.grade).toMatchObject({ verdict: 'differ' })
      expect(Math.abs(tank.percent + 2)).toBeLessThan(tank.halfWidthPercent)
      // Premium petrol runs through a dispenser whose pulses may not be tapped: there the tank alone knows.
      if (!pulses) {
        expect(grade.conclusion, grade.grade).toBe('tank-more')
        continue
      }
      expect(pulses).toMatchObject({ verdict: 'differ' })
      expect(pulses.percent).toBeCloseTo((1 / 0.98 - 1) * 100, 1)
      const straight = of('pulses-tank')
      if (straight) expect(Math.abs(straight.percent)).toBeLessThan(straight.halfWidthPercent)
      expect(grade.conclusion).toBe('board-short')
      expect(grade.says.en).toContain('pulses and tank stand against the board')
      // The rule judges by days, the endpoint the whole span: the same trade, so the same percents.
      const said = signals.filter(({ raised }) => raised.subject === `${STATION}/grade/${grade.grade}`)
      expect(said.length, `rule on ${grade.grade}`).toBeGreaterThan(0)
      for (const { raised } of said) {
        expect(Number(raised.facts.pulsesPercent)).toBeCloseTo(pulses.percent, 1)
        const apart = Math.abs(Number(raised.facts.tankPercent) + tank.percent)
        expect(apart).toBeLessThan(Number(raised.facts.tankHalfWidthPercent) + tank.halfWidthPercent)
      }
    }
  })

  it('say which records are missing, and conclude nothing that these could upset', async () => {
    const { log } = stationLog({ seed: 3, county: 520_303, from: FROM, days: DAYS })
    // Two days of the price channel never came.
    const kept = log.filter(
      ({ channel, receivedAt }) =>
        channel !== 'price' || receivedAt < FROM + 3 * DAY_MS || receivedAt > FROM + 5 * DAY_MS,
    )
    const { grades, missingRecords } = await ask(
      520_303,
      kept.map((entry, position) => ({ ...entry, position })),
      DAYS,
    )
    expect(missingRecords).toBeGreaterThan(50)
    for (const { conclusion, pairs } of grades) {
      expect(conclusion).toBe('open')
      for (const pair of pairs) {
        if (pair.pair === 'pulses-tank') continue
        expect(Math.abs(pair.percent)).toBeGreaterThan(5)
        expect(pair).toMatchObject({ verdict: 'open', waitsFor: 'records' })
        expect(pair.says.zh).toContain('尚有记录未到')
      }
    }
  })

  it('end when one channel has told no more, whatever the other goes on to say', async () => {
    const { log } = stationLog({ seed: 3, county: 520_304, from: FROM, days: 4 })
    const blind = FROM + 2 * DAY_MS + 5 * HOUR_MS
    const kept = log.filter(({ channel, receivedAt }) => channel !== 'price' || receivedAt < blind)
    const { to, grades } = await ask(
      520_304,
      kept.map((entry, position) => ({ ...entry, position })),
      4,
    )
    expect(to).toBeLessThanOrEqual(blind)
    expect(to).toBeGreaterThanOrEqual(blind - 2 * HOUR_MS)
    for (const { pairs } of grades)
      for (const { verdict, pair } of pairs) expect(verdict, pair).not.toBe('differ')
  })
})
