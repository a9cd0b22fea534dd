import { type LoggedEvent, RULES, RuleEngine, SettingsBook, SiteBook, WindowBook } from '@oiltrail/domain'
import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import { planCounty } from '../../apps/simulator/src/county/county.ts'
import { stageHistory } from '../../apps/simulator/src/history/staged.ts'
import { type Benchmark, figure } from '../figure.ts'
import { Feed } from '../score/feed.ts'
import { STARTS_AT } from '../score/play.ts'

const SEED = 1
const DAYS = 365
/** As a live collector: the gauge every five minutes, totalizers every hour. */
const LEVEL_EVERY_MS = 5 * 60_000

/**
 * A year of the county through all rules. It is lived hour by hour, and only the rules' part of each hour is timed: a year of
 * events would not fit into memory.
 */
export const year: Benchmark = {
  name: 'year',
  long: true,
  async run() {
    const plan = planCounty(SEED, STARTS_AT)
    const sites = new SiteBook()
    for (const { site } of plan.sites) sites.take(site)
    const settings = new SettingsBook(RULES.map((rule) => [rule.id, rule.settings] as const))
    let signals = 0
    const engine = new RuleEngine(RULES, { sites, settings, windows: new WindowBook() }, () => signals++)
    let events: LoggedEvent[] = []
    const keeper = { take: (event: LoggedEvent) => void events.push(event) }
    const siteOf = new Map(plan.sites.map(({ device, site }) => [device, site.site]))
    const feed = new Feed(keeper, siteOf)
    const codes = plan.sites.map(({ site }) => site.site)
    const staged = stageHistory(plan, STARTS_AT, feed, {
      sites: codes,
      levelEveryMs: LEVEL_EVERY_MS,
      totalEveryMs: HOUR_MS,
      changed: (site, at) => feed.release(site, at),
    })
    feed.attach(staged, codes)
    let facts = 0
    let ms = 0
    let cpu = 0
    for (let at = STARTS_AT + HOUR_MS; at <= STARTS_AT + DAYS * DAY_MS; at += HOUR_MS) {
      staged.world.advanceTo(at)
      feed.flush(at - Feed.behindMs)
      const used = process.cpuUsage()
      const began = performance.now()
      for (const event of events) engine.take(event)
      ms += performance.now() - began
      const { user, system } = process.cpuUsage(used)
      cpu += (user + system) / 1e6
      facts += events.filter(({ type }) => type === 'fact').length
      events = []
    }
    return [
      figure(
        'a year of the county through all rules',
        'facts/s',
        { value: (facts * 1_000) / ms },
        ['>=', 100_000],
        [
          `${facts} facts in ${(ms / 1_000).toFixed(0)} s (${cpu.toFixed(0)} s CPU), one thread; ${signals} signals`,
        ],
      ),
    ]
  },
}
