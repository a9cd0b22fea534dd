import {
  RULES,
  type Rule,
  RuleEngine,
  SettingsBook,
  type Signal,
  SiteBook,
  WindowBook,
} from '@oiltrail/domain'
import { DAY_MS, type EpochMs, fromChina, HOUR_MS } from '@oiltrail/kernel'
import { planCounty } from '../../apps/simulator/src/county/county.ts'
import type { CountyPlan } from '../../apps/simulator/src/county/plan.ts'
import { type StagedHistory, stageHistory } from '../../apps/simulator/src/history/staged.ts'
import { Ledger, type ScoredAlarm } from './alarms.ts'
import { Feed } from './feed.ts'

/** Histories of the score begin on this Monday's midnight, when nothing else is said. */
export const STARTS_AT: EpochMs = fromChina(2026, 10, 12)
/** A live collector reads its gauge and states its totalizers as often as this. */
const LEVEL_EVERY_MS = 5 * 60_000
const TOTAL_EVERY_MS = HOUR_MS

/** Mondays in winter, summer, spring and autumn: oil is cold or warm, and so is what the tankers bring. */
export const SEASONS: readonly EpochMs[] = [
  fromChina(2026, 1, 5),
  fromChina(2026, 7, 13),
  fromChina(2026, 4, 6),
  STARTS_AT,
]

/** A county, or a part of it, that is lived under the eyes of all rules. */
export interface Play {
  readonly plan: CountyPlan
  readonly staged: StagedHistory
  readonly feed: Feed
  readonly ledger: Ledger
  /** Lives and watches until so many days after the beginning. */
  run(days: number): readonly ScoredAlarm[]
}

/** How a county is lived. */
export interface PlayOptions {
  /** Only this station, and the depot from which its oil comes; all sites by default. */
  readonly station?: string
  /** Of all sites that are lived, those that are watched. */
  readonly watched?: readonly string[]
  readonly rules?: readonly Rule[]
  /** Midnight on which it begins. */
  readonly startsAt?: EpochMs
  /** How often gauges are read, at the latest. */
  readonly levelEveryMs?: number
  /** Told every signal besides the ledger. */
  readonly tell?: (signal: Signal) => void
}

/** Lives a county, or a part of it, under the eyes of rules. */
export function play(seed: number, options: PlayOptions = {}): Play {
  const { station, rules = RULES, startsAt = STARTS_AT, levelEveryMs = LEVEL_EVERY_MS, tell } = options
  const whole = planCounty(seed, startsAt)
  const plan: CountyPlan =
    station === undefined
      ? whole
      : { ...whole, sites: whole.sites.filter(({ site }) => site.site === station || site.kind === 'depot') }
  const watched =
    options.watched ?? (station === undefined ? plan.sites.map(({ site }) => site.site) : [station])
  const sites = new SiteBook()
  for (const { site } of plan.sites) sites.take(site)
  const settings = new SettingsBook(rules.map((rule) => [rule.id, rule.settings] as const))
  const books = { sites, settings, windows: new WindowBook() }
  const ledger = new Ledger(rules, books)
  const engine = new RuleEngine(rules, books, (signal) => {
    ledger.take(signal)
    tell?.(signal)
  })
  const feed = new Feed(engine, new Map(plan.sites.map(({ device, site }) => [device, site.site])))
  const staged = stageHistory(plan, startsAt, feed, {
    sites: watched,
    levelEveryMs,
    totalEveryMs: TOTAL_EVERY_MS,
    changed: (site, at) => feed.release(site, at),
  })
  feed.attach(staged, watched)
  return {
    plan,
    staged,
    feed,
    ledger,
    run(days) {
      const endsAt = startsAt + days * DAY_MS
      for (let at = startsAt + HOUR_MS; at <= endsAt; at += HOUR_MS) {
        staged.world.advanceTo(at)
        feed.flush(at - Feed.behindMs)
      }
      feed.flush(endsAt)
      engine.tick(endsAt, Number.MAX_SAFE_INTEGER)
      return ledger.alarms
    },
  }
}
