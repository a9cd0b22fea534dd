import { type LoggedEvent, RULES, RuleEngine, SettingsBook, SiteBook, WindowBook } from '@oiltrail/domain'
import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import { planCounty } from '../../apps/simulator/src/county/county.ts'
import { stageHistory } from '../../apps/simulator/src/history/staged.ts'
import { Feed } from './feed.ts'
import { STARTS_AT } from './play.ts'

/** As a live collector: the gauge every five minutes, totalizers every hour. */
const LEVEL_EVERY_MS = 5 * 60_000

/** Some sites' life through all rules, and what the rules took for it. */
export interface YearPart {
  readonly facts: number
  readonly signals: number
  /** Who played it: parts of one process come one after another. */
  readonly process: number
  /** Wall and CPU time of the rules alone. */
  readonly ms: number
  readonly cpuMs: number
}

/**
 * Some sites of a county through all rules, for some days. They are lived hour by hour, and only the rules' part of each hour
 * is timed: a year of events would not fit into memory.
 */
export function yearPart(seed: number, days: number, codes: readonly string[]): YearPart {
  const plan = planCounty(seed, STARTS_AT)
  const sites = new SiteBook()
  for (const { site } of plan.sites) sites.take(site)
  const settings = new SettingsBook(RULES.map((rule) => [rule.id, rule.settings] as const))
  let signals = 0
  const engine = new RuleEngine(RULES, { sites, settings, windows: new WindowBook() }, () => signals++)
  let events: LoggedEvent[] = []
  const keeper = { take: (event: LoggedEvent) => void events.push(event) }
  const feed = new Feed(keeper, new Map(plan.sites.map(({ device, site }) => [device, site.site])))
  const staged = stageHistory(plan, STARTS_AT, feed, {
    sites: codes,
    levelEveryMs: LEVEL_EVERY_MS,
    totalEveryMs: HOUR_MS,
    changed: (site, at) => feed.release(site, at),
  })
  feed.attach(staged, codes)
  let facts = 0
  let ms = 0
  let cpuMs = 0
  for (let at = STARTS_AT + HOUR_MS; at <= STARTS_AT + days * DAY_MS; at += HOUR_MS) {
    staged.world.advanceTo(at)
    feed.flush(at - Feed.behindMs)
    const used = process.cpuUsage()
    const began = performance.now()
    for (const event of events) engine.take(event)
    ms += performance.now() - began
    const { user, system } = process.cpuUsage(used)
    cpuMs += (user + system) / 1e3
    for (const { type } of events) if (type === 'fact') facts++
    events = []
  }
  return { facts, signals, process: process.pid, ms, cpuMs }
}
