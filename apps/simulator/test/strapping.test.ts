import {
  type ChartState,
  chartDeviation,
  chartStateOf,
  type RecordedFact,
  RuleEngine,
  SettingsBook,
  type Signal,
  SiteBook,
  WindowBook,
} from '@oiltrail/domain'
import { DAY_MS, fromChina, HOUR_MS } from '@oiltrail/kernel'
import { describe, expect, it } from 'vitest'
import { planCounty } from '../src/county/county.ts'
import type { SitePlan } from '../src/county/plan.ts'
import { stageHistory } from '../src/history/staged.ts'
import { lyingCylinder } from '../src/physics/chart.ts'

const START = fromChina(2026, 10, 12)
const STATION = 'S010'
const DAYS = 45
/** How wrong the four gauges' charts are at their worst height, parts of one. */
const ERRORS = [0.02, -0.015, 0, 0.003] as const
/** A proposed chart comes this close to the truth, and at least so much closer than the present one, worst height of all. */
const WITHIN_SHARE = 0.0015
const CLOSER = 3

interface Lived {
  readonly station: SitePlan
  readonly tanks: readonly ChartState[]
  readonly signals: readonly Signal[]
  readonly states: string
}

/** Lives a station under the eyes of the rule alone; answers what it keeps of each tank, and what it signalled. */
function lived(seed: number): Lived {
  const whole = planCounty(seed, START)
  const sites = whole.sites
    .filter(({ site }) => site.site === STATION || site.kind === 'depot')
    .map((plan) =>
      plan.site.site === STATION
        ? { ...plan, tanks: plan.tanks.map((tank, i) => ({ ...tank, chartError: ERRORS[i]! })) }
        : plan,
    )
  const station = sites.find(({ site }) => site.site === STATION)!
  const books = {
    sites: new SiteBook(),
    settings: new SettingsBook([[chartDeviation.id, chartDeviation.settings] as const]),
    windows: new WindowBook(),
  }
  books.sites.take(station.site)
  const signals: Signal[] = []
  const engine = new RuleEngine([chartDeviation], books, (signal) => signals.push(signal))
  let seq = 0
  const next = (): { site: string; ref: { position: number; seq: number } } => {
    seq += 1
    return { site: STATION, ref: { position: seq, seq } }
  }
  const staged = stageHistory(
    { ...whole, sites },
    START,
    {
      add(device, channel, at, fact, recordedAt) {
        if (device !== station.device) return
        const record = { ...fact, seq, at } as RecordedFact
        const loggedAt = recordedAt + 2_000
        engine.take({ type: 'fact', ...next(), at, loggedAt, device, channel, fact: record, late: false })
      },
      flush() {},
    },
    { sites: [STATION], levelEveryMs: 300_000, totalEveryMs: HOUR_MS },
  )
  staged.world.witnesses.push({
    stated: (site, statement) => {
      if (site.code !== STATION || statement.type !== 'notice') return
      const { at, notice } = statement
      engine.take({ type: 'notice', ...next(), at, loggedAt: at, notice })
    },
  })
  for (let at = START + HOUR_MS; at <= START + DAYS * DAY_MS; at += HOUR_MS) staged.world.advanceTo(at)
  const kept = engine.states().filter(({ rule }) => rule === chartDeviation.id)
  return {
    station,
    tanks: kept.map(({ subject, state }) => chartStateOf(subject, state)),
    signals,
    states: JSON.stringify(kept),
  }
}

const first = lived(1)

describe('charts learnt from what is metered out of a tank', () => {
  it.each([1, 2, 3, 4])(
    'B4: propose the truth for bent charts and nothing for sound ones, seed %i',
    (seed) => {
      const { station, tanks } = seed === 1 ? first : lived(seed)
      for (const [i, plan] of station.tanks.entries()) {
        const { proposal } = tanks.find(({ tank }) => tank === plan.tank)!
        const what = `tank ${plan.tank}, chart ${ERRORS[i]} wrong`
        if (Math.abs(ERRORS[i]!) <= 0.003) {
          expect(proposal, what).toBeUndefined()
          continue
        }
        const truth = lyingCylinder(plan.diameterMillimetres, plan.capacityMillilitres)
        // Differences only: what lies below the lowest row read, no draw can tell.
        const [height0, present0, proposed0] = proposal!.rows[0]!
        const errors = proposal!.rows.map(([height, present, proposed]) => {
          const grown = truth.volumeAt(height) - truth.volumeAt(height0)
          return [Math.abs(present - present0 - grown), Math.abs(proposed - proposed0 - grown)] as const
        })
        const before = Math.max(...errors.map(([each]) => each))
        const after = Math.max(...errors.map(([, each]) => each))
        expect(after, what).toBeLessThan(WITHIN_SHARE * plan.capacityMillilitres)
        expect(after, what).toBeLessThan(before / CLOSER)
        expect(proposal!.scaleConfirmed, what).toBe(true)
      }
    },
  )

  it('say the same in every replay, and state it once', () => {
    expect(lived(1).states).toBe(first.states)
    expect(first.signals.map((signal) => signal.type === 'found' && signal.raised.subject)).toEqual([
      `${STATION}/tank/1`,
      `${STATION}/tank/2`,
    ])
    // What is stored of a tank stays small whatever comes.
    expect(first.states.length / first.tanks.length).toBeLessThan(12_000)
  })
})
