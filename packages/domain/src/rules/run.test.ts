import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SiteBook, WindowBook } from './around.ts'
import { CASE_DAY, CASE_SITE } from './cases.ts'
import { clockOf, IDLE_MS } from './clock.ts'
import { type Held, held, hysteresis, NOT_HELD } from './combine.ts'
import type { LoggedEvent, WatchEvent } from './event.ts'
import { parseEvent } from './notation.ts'
import { defineRule, type Rule } from './rule.ts'
import { RuleEngine, runRules, type Signal, type StoredState } from './run.ts'
import { defaultValues, SettingsBook, type SettingsTable, settingsFault } from './settings.ts'
import { partSubject, siteSubject, subjectParts, subjectWords } from './subject.ts'

type Event = LoggedEvent
const WORDS = { zh: '测', en: 'test' }
const PLAIN = {
  version: 1,
  grade: 'blue',
  title: WORDS,
  clause: WORDS,
  advice: WORDS,
  settings: {},
  late: 'ignore',
  shelvable: true,
  sentence: () => '',
} as const

const at = (text: string): number => parseEvent(`${text} heard`, 0, 'S001', CASE_DAY).at
const events = (lines: string): Event[] =>
  lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line, i) => parseEvent(line, i, 'S001', CASE_DAY))

function books(rules: readonly Rule[] = []) {
  const sites = new SiteBook()
  sites.take(CASE_SITE)
  return {
    sites,
    windows: new WindowBook(),
    settings: new SettingsBook(rules.map((rule) => [rule.id, rule.settings] as const)),
  }
}

const found = (type: WatchEvent['type'], when: number, facts: Record<string, number | string> = {}) => ({
  finding: { verdict: 'alert' as const, facts: { type, ...facts }, from: when, to: when, evidence: [] },
})

/** Says every event it is shown; asks to be woken `minutes` after every fact. */
function echo(id: string, reads: Rule['reads'], minutes: number): Rule<number, never> {
  return defineRule({
    ...PLAIN,
    id,
    reads,
    subjectsOf: (event) => [siteSubject(event.site)],
    start: () => 0,
    step: (state, event) => ({
      state: state + 1,
      ...(event.type === 'time' ? {} : { wakeAt: event.at + minutes * 60_000 }),
      ...found(event.type, event.at, { seq: event.ref.seq }),
    }),
  })
}

const told = (signals: readonly Signal[]): string[] =>
  signals.map((signal) => {
    const minutes = (signal.at - at('14:00')) / 60_000
    return signal.type === 'found' ? `${minutes} ${signal.raised.facts.type}` : `${minutes} cleared`
  })

describe('time', () => {
  it('wakes before the fact that lies behind the moment, in the clock of the one channel that is read', () => {
    const rule = echo('a', ['total'], 10)
    const signals = runRules([rule], events('14:00 total 1 T=1\n 14:30 total 1 T=2'), books())
    expect(told(signals)).toEqual(['0 fact', '10 time', '30 fact'])
  })

  it('a rule of both channels waits for the slower one, but not for one that is silent', () => {
    const rule = echo('a', ['total', 'price'], 10)
    const lines = `14:00 price 1 P=7 logged=15:00
      14:00 total 1 T=1 logged=15:00
      14:30 total 1 T=2 logged=15:00
      14:12 price 1 P=7 logged=15:01`
    expect(told(runRules([rule], events(lines), books()))).toEqual(['0 fact', '0 fact', '30 fact', '12 fact'])
    const silent = runRules([rule], events(lines), books(), at('15:01') + IDLE_MS + 20_000)
    expect(told(silent).at(-1)).toBe('22 time')
  })

  it('a back-fill is judged by its own time: the server’s clock does not hurry it', () => {
    const rule = echo('a', ['total'], 10)
    const lines = `14:00 total 1 T=1 logged=20:00
      14:05 total 1 T=2 logged=20:01
      14:20 total 1 T=3 logged=20:02`
    expect(told(runRules([rule], events(lines), books()))).toEqual(['0 fact', '5 fact', '15 time', '20 fact'])
  })

  it('derives the clock from what is read', () => {
    const clock = (reads: Rule['reads']) => clockOf(echo('a', reads, 1))
    expect(clock(['sale', 'level'])).toBe('volume')
    expect(clock(['receipt', 'heard'])).toBe('price')
    expect(clock(['health'])).toBe('both')
    expect(clock(['sale', 'price'])).toBe('both')
    expect(clock(['heard', 'refusal'])).toBe('log')
  })

  it('a rule that always asks for now is slowed down, not followed for ever', () => {
    const rule: Rule<null, never> = defineRule({
      ...PLAIN,
      id: 'hasty',
      reads: ['total'],
      subjectsOf: (event) => [event.site],
      start: () => null,
      step: (state, event) => ({ state, wakeAt: event.at, ...found(event.type, event.at) }),
    })
    const signals = runRules([rule], events('14:00 total 1 T=1\n 14:01 total 1 T=2'), books())
    expect(signals.length).toBeLessThan(70)
  })
})

describe('isolation', () => {
  const broken = (where: 'subjectsOf' | 'step' | 'start'): Rule<number, never> =>
    defineRule({
      ...PLAIN,
      id: 'broken',
      reads: ['total'],
      subjectsOf(event) {
        if (where === 'subjectsOf') throw new Error('subjects')
        return [event.site]
      },
      start() {
        if (where === 'start') throw new Error('start')
        return 1
      },
      step() {
        throw new Error('\u0000step')
      },
    })

  it.each(['subjectsOf', 'start', 'step'] as const)('a rule that throws in %s hinders no other', (where) => {
    const input = events('14:00 total 1 T=1\n 14:05 total 1 T=2\n 16:00 total 1 T=2')
    const alone = runRules([echo('a', ['total'], 10)], input, books())
    const both = runRules([broken(where), echo('a', ['total'], 10)], input, books())
    const failed = both.filter((each) => each.type === 'cleared' || each.raised.rule === 'rule-failed')
    expect(both.filter((each) => !failed.includes(each))).toEqual(alone)
    expect(failed.filter((each) => each.type === 'found')).toHaveLength(3)
    expect(failed[0]).toMatchObject({ raised: { subject: 'broken', evidence: [{ position: 1 }] } })
  })

  it('a rule that has not failed for an hour counts as healed', () => {
    const once: Rule<number, never> = defineRule({
      ...PLAIN,
      id: 'once',
      reads: ['total'],
      subjectsOf: (event) => [event.site],
      start: () => 0,
      step(_state, event) {
        if (event.at === at('14:00')) throw new Error('once')
        return { state: 1 }
      },
    })
    const input = events('14:00 total 1 T=1\n 14:30 total 1 T=1\n 15:01 total 1 T=1')
    const signals = runRules([once], input, books())
    expect(signals.map((each) => each.type)).toEqual(['found', 'cleared'])
  })
})

describe('determinism', () => {
  const rules = [echo('a', ['total'], 7), echo('b', ['total', 'price'], 3), echo('c', ['heard', 'price'], 5)]
  const line = fc
    .record({
      minute: fc.nat(20),
      what: fc.constantFrom('total 1 T=1', 'price 1 P=7', 'heard', 'heard channel=price', 'total 2 T=5'),
      lag: fc.constantFrom(0, 0, 0, 1, 50),
    })
    .chain((each) => fc.constant(each))

  /** Lines in the order of the log, each of one of some sites. */
  const inputOf = (
    lines: readonly { minute: number; what: string; lag: number; site?: string }[],
  ): Event[] => {
    let minute = 0
    return lines.map((each, i): Event => {
      minute += each.minute
      const event = parseEvent(`00:00 ${each.what}`, i, each.site ?? 'S001', CASE_DAY)
      const loggedAt = CASE_DAY + minute * 60_000
      const when = event.type === 'heard' ? loggedAt : loggedAt - each.lag * 60_000
      return { ...event, at: when, loggedAt } as Event
    })
  }

  it('rules know one site at a time: sites shared out over engines are told the same as by one', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, fc.constantFrom('S001', 'S002', 'S003')), { maxLength: 60 }),
        (drawn) => {
          const input = inputOf(drawn.map(([each, site]) => ({ ...each, site })))
          const whole: Signal[] = []
          const one = new RuleEngine(rules, books(), (signal) => whole.push(signal))
          for (const event of input) one.take(event)
          for (const site of ['S001', 'S002', 'S003']) {
            const own: Signal[] = []
            const engine = new RuleEngine(rules, books(), (signal) => own.push(signal))
            for (const event of input)
              if (event.site === site) engine.take(event)
              else engine.tick(event.loggedAt, event.ref.position)
            expect(own).toEqual(
              whole.filter(
                (signal) => (signal.type === 'found' ? signal.raised.subject : signal.subject) === site,
              ),
            )
          }
        },
      ),
    ))

  it('stopped anywhere and loaded from what was stored, it goes on as if it had not', () =>
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.infiniteStream(fc.nat(3)), (lines, stops) => {
        const input = inputOf(lines)
        const whole: Signal[] = []
        const undisturbed = new RuleEngine(rules, books(), (signal) => whole.push(signal))
        for (const event of input) undisturbed.take(event)

        const parts: Signal[] = []
        const stored = new Map<string, StoredState>()
        let engine = new RuleEngine(rules, books(), (signal) => parts.push(signal))
        for (const event of input) {
          engine.take(event)
          if (stops.next().value !== 0) continue
          for (const state of engine.takeChanged()) stored.set(`${state.rule} ${state.subject}`, state)
          const old = engine
          engine = new RuleEngine(rules, books(), (signal) => parts.push(signal))
          const clock = engine.clock('S001')
          for (const [device, channels] of old.clock('S001').devices)
            for (const time of Object.values(channels))
              Object.assign(clock.channel(device, time.channel), time)
          const states = [...stored.values()].map((each) => JSON.parse(JSON.stringify(each)) as StoredState)
          engine.load(states, old.logTime, old.failing())
        }
        expect(parts).toEqual(whole)
      }),
    ))

  it('states of another version are forgotten', () => {
    const engine = new RuleEngine(rules, books(), () => undefined)
    engine.load([{ rule: 'a', version: 9, subject: 'S001', state: 99, wakeAt: 1, verdict: 'alert' }], 0, [])
    expect(engine.states()).toEqual([])
    expect(engine.nextWake()).toBeUndefined()
  })
})

describe('held', () => {
  const delays = { onAfterMs: 10, offAfterMs: 5 }
  const play = (steps: readonly [at: number, condition: boolean][]): boolean[] => {
    let state: Held = NOT_HELD
    return steps.map(([when, condition]) => {
      state = held(state, condition, when, delays).held
      return state.on
    })
  }

  it('goes on and off only after the condition has held for the delay', () => {
    expect(
      play([
        [0, true],
        [9, true],
        [10, true],
        [11, false],
        [15, false],
        [16, false],
      ]),
    ).toEqual([false, false, true, true, true, false])
    expect(
      play([
        [0, true],
        [9, false],
        [10, true],
        [19, true],
        [20, true],
      ]),
    ).toEqual([false, false, false, false, true])
  })

  it('asks to be woken at the moment at which it would change, and no longer when it need not', () => {
    const waiting = held(NOT_HELD, true, 100, delays)
    expect(waiting.wakeAt).toBe(110)
    expect(held(waiting.held, false, 105, delays).wakeAt).toBeNull()
    expect(held(waiting.held, true, 110, delays)).toMatchObject({ rose: true, wakeAt: null })
  })

  it('without delays follows the condition at once', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (conditions) => {
        let state: Held = NOT_HELD
        return conditions.every((condition, i) => {
          state = held(state, condition, i, { onAfterMs: 0, offAfterMs: 0 }).held
          return state.on === condition
        })
      }),
    )
  })

  it('a dead band keeps what was between its ends', () => {
    const band = { onAt: 10, offAt: 5 }
    expect([12, 7, 5, 7, 10].map((value, i) => hysteresis(i === 1, value, band))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ])
  })
})

describe('settings', () => {
  const table: SettingsTable = {
    limit: { label: WORDS, unit: 'L', value: 5, least: 1, most: 9, source: 'P', effective: '2026-01-01' },
    days: { label: WORDS, unit: 'd', value: 30, least: 1, most: 90, source: 'P', effective: '2026-01-01' },
  }

  it('the newest change not after the moment holds, the site’s own above the county’s', () => {
    const book = new SettingsBook([['r', table]])
    book.take({ rule: 'r', site: '', from: 100, values: { limit: 6 } })
    book.take({ rule: 'r', site: 'S001', from: 50, values: { limit: 2 } })
    book.take({ rule: 'r', site: '', from: 200, values: { limit: 7, days: 10 } })
    const ask = (site: string, when: number) => book.valuesAt('r', site, when)
    expect([0, 99, 100, 200].map((when) => ask('S002', when).limit)).toEqual([5, 5, 6, 7])
    expect([250, 60, 49].map((when) => ask('S001', when).limit)).toEqual([2, 2, 5])
    expect(ask('S001', 300)).toEqual({ limit: 2, days: 10 })
    book.take({ rule: 'r', site: 'S001', from: 300, values: { limit: 3 } })
    expect(ask('S001', 300).limit).toBe(3)
  })

  it('names what is wrong with proposed values', () => {
    expect(settingsFault(table, { limit: 9, days: 1 })).toBeUndefined()
    expect(settingsFault(table, { limit: 10 })).toMatchObject({ key: 'limit' })
    expect(settingsFault(table, { days: Number.NaN })).toMatchObject({ key: 'days' })
    expect(settingsFault(table, { toString: 1 } as never)).toMatchObject({ key: 'toString' })
    expect(defaultValues(table)).toEqual({ limit: 5, days: 30 })
  })
})

describe('subjects', () => {
  it('come apart as they were put together, and read well', () => {
    expect(subjectParts(partSubject('S001', 'nozzle', '3'))).toEqual({
      site: 'S001',
      kind: 'nozzle',
      code: '3',
    })
    expect(subjectParts('S001')).toEqual({ site: 'S001', kind: 'site', code: '' })
    expect(subjectWords('S001/nozzle/3', '永和加油站', 'zh')).toBe('永和加油站 3 号枪')
    expect(subjectWords('S001/channel/520327-S001-A.price', 'Yonghe', 'en')).toBe(
      'Yonghe, price channel of 520327-S001-A',
    )
  })
})
