import {
  clockOf,
  type FactEvent,
  type LoggedEvent,
  RULES,
  type Rule,
  RuleEngine,
  SettingsBook,
  type Signal,
  SiteBook,
  WindowBook,
} from '@oiltrail/domain'
import { CHANNELS, DAY_MS, type EpochMs, fromChina, HOUR_MS } from '@oiltrail/kernel'
import { beforeAll, describe, expect, it } from 'vitest'
import { planCounty } from '../apps/simulator/src/county/county.ts'
import { stageHistory } from '../apps/simulator/src/history/staged.ts'
import { seedOf, uniformAt } from '../apps/simulator/src/random.ts'

/*
 * The channels of a collector back-fill beside each other, each at its own pace. The same records must raise the same alarms,
 * whatever the order in which the two channels arrive and however they are cut into batches.
 */

const SEED = 7
const STARTS_AT = fromChina(2026, 10, 12)
const DAYS = 4
/** Everything arrives long after it was recorded. */
const ARRIVES_AT = STARTS_AT + (DAYS + 2) * DAY_MS
const HONEST = ['S007', 'S012']
/** Stations with a misdeed each, from the second day on. */
const MISDEEDS = [
  ['S002', 'double-books@S002'],
  ['S003', 'pulse-injector@S003'],
  ['S004', 'missing-sales@S004'],
  ['S005', 'price-cheat@S005'],
] as const
const SITES = [...HONEST, ...MISDEEDS.map(([site]) => site)]
/** Signs of life are a matter of when something arrives. */
const BY_RECORDS = RULES.filter((rule) => clockOf(rule) !== 'log')

/** Chains by `device.channel`, and what is stated at the desk. */
interface Recorded {
  readonly books: () => { sites: SiteBook; settings: SettingsBook; windows: WindowBook }
  readonly chains: ReadonlyMap<string, readonly FactEvent[]>
  readonly statements: readonly LoggedEvent[]
}

function live(): Recorded {
  const whole = planCounty(SEED, STARTS_AT)
  const plan = {
    ...whole,
    sites: whole.sites.filter(({ site }) => SITES.includes(site.site) || site.kind === 'depot'),
  }
  const siteOf = new Map(plan.sites.map(({ device, site }) => [device, site.site]))
  const chains = new Map<string, FactEvent[]>()
  const statements: LoggedEvent[] = []
  const base = { ref: { position: 0, seq: 0 }, loggedAt: ARRIVES_AT }
  const sink = {
    flush: () => {},
    add(...[device, channel, at, fact]: Parameters<Parameters<typeof stageHistory>[2]['add']>): void {
      const site = siteOf.get(device)!
      if (!SITES.includes(site)) return
      const name = `${device}.${channel}`
      const chain = chains.get(name) ?? []
      chains.set(name, chain)
      const seq = chain.length + 1
      const record = { ...fact, seq, at } as FactEvent['fact']
      chain.push({ type: 'fact', ...base, at, site, device, channel, fact: record, late: false })
    },
  }
  const staged = stageHistory(plan, STARTS_AT, sink, {
    sites: SITES,
    levelEveryMs: 10 * 60_000,
    totalEveryMs: HOUR_MS,
  })
  staged.world.witnesses.push({
    stated: ({ code: site }, statement) => {
      if (statement.type === 'notice')
        statements.push({ type: 'notice', ...base, at: statement.at, site, notice: statement.notice })
    },
  })
  for (const [, spec] of MISDEEDS) expect(staged.desk.order(`${spec}+86400`).ok).toBe(true)
  staged.world.advanceTo(STARTS_AT + DAYS * DAY_MS)
  const books = (): ReturnType<Recorded['books']> => {
    const sites = new SiteBook()
    for (const { site } of plan.sites) sites.take(site)
    return {
      sites,
      settings: new SettingsBook(RULES.map((rule) => [rule.id, rule.settings] as const)),
      windows: new WindowBook(),
    }
  }
  return { books, chains, statements }
}

/** Cuts chains into batches and puts them in an order; chains themselves stay in theirs. */
type Order = (chains: Recorded['chains']) => readonly LoggedEvent[]

function inBatches(
  chains: Recorded['chains'],
  next: (left: readonly string[]) => [name: string, records: number],
): FactEvent[] {
  const left = new Map([...chains].map(([name, chain]) => [name, [...chain]]))
  const order: FactEvent[] = []
  while (left.size > 0) {
    const [name, records] = next([...left.keys()])
    const chain = left.get(name)!
    order.push(...chain.splice(0, records))
    if (chain.length === 0) left.delete(name)
  }
  return order
}

const byTime = (chains: Recorded['chains']): FactEvent[] =>
  [...chains.values()].flat().sort((a, b) => a.at - b.at || a.fact.seq - b.fact.seq)

function first(channel: string): Order {
  return (chains) =>
    inBatches(chains, (left) => [left.find((name) => name.endsWith(channel)) ?? left[0]!, 50])
}

/** One channel later than the other by some hours all the time. */
function behind(channel: string, hours: number): Order {
  const due = (event: FactEvent): number => event.at + (event.channel === channel ? hours * HOUR_MS : 0)
  return (chains) => [...chains.values()].flat().sort((a, b) => due(a) - due(b) || a.fact.seq - b.fact.seq)
}

function byChance(seed: number, most: number): Order {
  const identity = seedOf(seed, 'lags')
  let drawn = 0
  const number = (below: number): number => Math.floor(uniformAt(identity, drawn++) * below)
  return (chains) => inBatches(chains, (left) => [left[number(left.length)]!, 1 + number(most)])
}

/** What the rules say of records that arrive in an order; `pauseMs` passes when the channel changes. */
function alarmsOf(
  recorded: Recorded,
  order: Order,
  pauseMs = 0,
  rules: readonly Rule[] = BY_RECORDS,
): Signal[] {
  const signals: Signal[] = []
  const engine = new RuleEngine(rules, recorded.books(), (signal) => signals.push(signal))
  const devices = new Map([...recorded.chains.values()].map(([event]) => [event!.device, event!.site]))
  for (const [device, site] of devices)
    for (const channel of CHANNELS) engine.clock(site).channel(device, channel).heardAt = ARRIVES_AT
  for (const event of recorded.statements) engine.take(event)
  let loggedAt: EpochMs = ARRIVES_AT
  let channel = ''
  for (const [i, event] of order(recorded.chains).entries()) {
    if ('channel' in event && event.channel !== channel) loggedAt += pauseMs
    channel = event.channel ?? ''
    loggedAt += 1
    const seq = event.type === 'fact' ? event.fact.seq : 0
    engine.take({ ...event, loggedAt, ref: { position: i + 1, seq } })
  }
  engine.tick(loggedAt + DAY_MS, Number.MAX_SAFE_INTEGER)
  return signals
}

/** Every alarm by its gravest verdict, with the first sentence that said so. */
function told(signals: readonly Signal[]): string[] {
  const lines = new Map<string, { verdict: string; sentence: string }>()
  for (const signal of signals) {
    if (signal.type !== 'found') continue
    const { rule, subject, verdict } = signal.raised
    const cause = `${subject} ${rule}`
    const known = lines.get(cause)
    if (known && (known.verdict === verdict || known.verdict === 'alert')) continue
    const sentence = RULES.find(({ id }) => id === rule)?.sentence(signal.raised, 'en')
    lines.set(cause, { verdict, sentence: sentence ?? JSON.stringify(signal.raised.facts) })
  }
  return [...lines].map(([cause, { verdict, sentence }]) => `${cause} ${verdict}: ${sentence}`).sort()
}

const causes = (lines: readonly string[]): string[] => lines.map((line) => line.split(':')[0]!)

describe('alarms do not depend on the order in which channels arrive (promise 5)', () => {
  let recorded: Recorded
  let expected: string[]
  beforeAll(() => {
    recorded = live()
    expected = told(alarmsOf(recorded, byTime))
  }, 60_000)

  it('finds the misdeeds and accuses nobody else when both channels arrive by time', () => {
    const accused = new Set(expected.map((line) => line.split('/')[0]))
    expect([...accused].sort()).toEqual(MISDEEDS.map(([site]) => site))
    expect(expected.join('\n')).not.toContain('rule-failed')
  })

  it.each([
    ['price six hours behind', behind('price', 6)],
    ['volume six hours behind', behind('volume', 6)],
  ] as const)('raises the same alarms in the same words: %s', (_what, order) => {
    expect(told(alarmsOf(recorded, order))).toEqual(expected)
  })

  it.each([
    ['volume days ahead', first('volume')],
    ['price days ahead', first('price')],
    ['batches by chance', byChance(1, 200)],
  ] as const)('raises the same alarms: %s', (_what, order) => {
    expect(causes(told(alarmsOf(recorded, order)))).toEqual(causes(expected))
  })

  it.each(CHANNELS)(
    'accuses nobody honest when six hours of %s come after their gap was passed over',
    (channel) => {
      const from = STARTS_AT + 2 * DAY_MS + 9 * HOUR_MS
      const isMissing = (event: FactEvent): boolean =>
        event.channel === channel && event.at >= from && event.at < from + 6 * HOUR_MS
      const chains = [...recorded.chains.values()].filter(([event]) => HONEST.includes(event!.site))
      const order = (): LoggedEvent[] => {
        const events: LoggedEvent[] = byTime(recorded.chains).filter((event) => HONEST.includes(event.site))
        for (const chain of chains) {
          const missing = chain.filter(isMissing)
          if (missing.length === 0) continue
          const [firstSeq, lastSeq] = [missing[0]!.fact.seq, missing.at(-1)!.fact.seq]
          const { site, device } = missing[0]!
          const next = events.findIndex((event) => event.type === 'fact' && event === chain[lastSeq])
          const base = { at: ARRIVES_AT, loggedAt: ARRIVES_AT, ref: { position: 0, seq: 0 } }
          events.splice(next, 0, { type: 'gap-passed', ...base, site, device, channel, firstSeq, lastSeq })
        }
        const told = events.filter((event) => event.type !== 'fact' || !isMissing(event))
        const late = events.flatMap((event) =>
          event.type === 'fact' && isMissing(event) ? [{ ...event, late: true }] : [],
        )
        return [...told, ...late]
      }
      expect(told(alarmsOf(recorded, order))).toEqual([])
    },
  )

  it.each([
    ['volume', first('volume')],
    ['price', first('price')],
  ] as const)(
    'accuses nobody honest when %s arrives an hour before the other, which counts as silent',
    (_what, order) => {
      const accused = told(alarmsOf(recorded, order, HOUR_MS)).filter((line) =>
        HONEST.includes(line.split('/')[0]!),
      )
      expect(accused).toEqual([])
    },
  )
})
