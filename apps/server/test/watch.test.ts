import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Alarm, partSubject, type RecordedFact, type WatchStatement } from '@oiltrail/domain'
import { asciiBytes } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import { appendEntries, putAlarms, readCursor } from '@oiltrail/store'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogEntry } from '../src/log/entry.ts'
import { WatchFollower } from '../src/watch/follower.ts'
import { batchEntry, deskEntries, generator, START, type Stream, shuffled, siteOf } from './views.history.ts'
import { follow, logOf, raisedIn, stored, type Unplaced, watchHistory, watchTables } from './watch.history.ts'
import { ALARM_ROW, DARK, LOW_LEVEL, THROWS, TOTAL_BACK } from './watch.rules.ts'

let database: TestDatabase
let nextCounty = 100_000
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** Starting a process is what takes the time. */
const MOST_KILLS = 4
const RULES = [LOW_LEVEL, TOTAL_BACK, DARK]
const DEVICE = '520327-S001-A'

async function watched(
  entries: Unplaced,
  options: {
    rules?: typeof RULES
    roundSize?: () => number
    stumbles?: () => boolean
    rememberEveryMs?: number
  } = {},
): Promise<{ county: number; tables: Record<string, string[]>; follower: WatchFollower }> {
  const county = nextCounty++
  const log = await stored(database.store, county, entries)
  const { rules = RULES, rememberEveryMs = Number.POSITIVE_INFINITY } = options
  const follower = new WatchFollower({ county, rules, rememberEveryMs })
  await follow(database.store, follower, log, options.roundSize ?? (() => 1_000), options.stumbles)
  return { county, tables: await watchTables(database.store, county), follower }
}

const alarmsOf = (county: number): Promise<Alarm[]> => raisedIn(database.store, county)

describe('the watch is a function of the log', () => {
  it('rounds of any size, rolled back or not, end with the same states, alarms and steps', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const random = generator(seed)
        const { desk, batches } = watchHistory(seed)
        const entries = [...desk, ...shuffled(batches, random)]
        const expected = await watched(entries)
        expect(expected.tables.alarm!.length).toBeGreaterThan(0)
        const stumbling = await watched(entries, {
          roundSize: () => 1 + random(4),
          stumbles: () => random(3) === 0,
          // What rules remember is written now and then; what came after is run again in silence.
          rememberEveryMs: random(3),
        })
        expect(stumbling.tables).toEqual(expected.tables)
      }),
      { numRuns: 12 },
    ))

  it('whatever order the batches of a channel come in, its rules see the order of the chain', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const random = generator(seed)
        const { desk, batches } = watchHistory(seed)
        const seen = async (order: Unplaced) => {
          const { county } = await watched([...desk, ...order], { rules: [TOTAL_BACK] as never })
          return (await alarmsOf(county)).map((alarm) => [
            alarm.subject,
            alarm.openedAt,
            alarm.count,
            alarm.first.facts,
            alarm.latest.facts,
          ])
        }
        const inOrder = (await seen(batches)).sort()
        expect(inOrder.length).toBeGreaterThan(0)
        expect((await seen(shuffled(batches, random))).sort()).toEqual(inOrder)
      }),
      { numRuns: 12 },
    ))

  it('a rule that throws raises one alarm of its own, and the others find what they find without it', async () => {
    const { desk, batches } = watchHistory(7)
    const without = await watched([...desk, ...batches])
    const withIt = await watched([...desk, ...batches], { rules: [THROWS, ...RULES] as never })
    const alarms = await alarmsOf(withIt.county)
    const failed = alarms.filter((alarm) => alarm.rule === 'rule-failed')
    expect(failed).toMatchObject([
      { subject: 'test-throws', latest: { facts: { message: 'this rule always fails' } } },
    ])
    expect(failed[0]!.count).toBeGreaterThan(1)
    const causes = (list: readonly Alarm[]) =>
      list
        .filter((alarm) => alarm.rule !== 'rule-failed')
        .map((each) => [each.rule, each.subject, each.count])
    expect(causes(alarms)).toEqual(causes(await alarmsOf(without.county)))
  })

  it('killed with SIGKILL again and again while it works, it ends as if undisturbed', async () => {
    const { desk, batches } = watchHistory(11, 600)
    const undisturbed = await watched([...desk, ...batches])
    const county = nextCounty++
    const log = await stored(database.store, county, [...desk, ...batches])
    const random = generator(5)
    let kills = 0
    for (let done = false; !done; ) {
      const child = spawn(
        process.execPath,
        [
          '--import',
          'tsx',
          fileURLToPath(new URL('watch.child.ts', import.meta.url)),
          database.url,
          `${county}`,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      const ended = once(child, 'exit')
      await Promise.race([once(child.stdout, 'data'), ended])
      // The first kills fall into its work; later ones let it come further, so that the test ends.
      if (kills < MOST_KILLS) await Promise.race([sleep(20 + random(60) + kills * 40), ended])
      else await ended
      if (child.exitCode === null && child.kill('SIGKILL')) kills++
      await ended
      done = (await readCursor(database.store.pool, county, 'watch')) === log.length
    }
    expect(kills).toBeGreaterThan(1)
    // One more start, and a clean stop: it writes what is remembered as an undisturbed run does.
    await follow(database.store, new WatchFollower({ county, rules: RULES }), [], () => 1)
    expect(await watchTables(database.store, county)).toEqual(undisturbed.tables)
  })
})

/** A statement before who and when are added, of each kind apart. */
type Unsigned<S> = S extends unknown ? Omit<S, 'v' | 'actor' | 'at'> : never

/** A log of one site whose entries come at given minutes. */
class Script {
  readonly entries: LogEntry[] = []
  readonly county = nextCounty++
  readonly #stream: { device: string; channel: 'volume'; records: RecordedFact[] } = {
    device: DEVICE,
    channel: 'volume',
    records: [],
  }

  constructor() {
    for (const entry of deskEntries([siteOf('S001')])) this.#add(0, entry)
  }

  #add(minute: number, entry: Unplaced[number]): void {
    const position = (this.entries.at(-1)?.position ?? -1) + 1
    this.entries.push({ ...entry, county: this.county, position, receivedAt: START + minute * 60_000 })
  }

  facts(minute: number, ...facts: object[]): this {
    const first = this.#stream.records.length + 1
    for (const fact of facts) {
      const seq = this.#stream.records.length + 1
      this.#stream.records.push({ seq, at: START + minute * 60_000, ...fact } as RecordedFact)
    }
    this.#add(minute, batchEntry(this.#stream as Stream, first, first + facts.length - 1))
    return this
  }

  level(minute: number, litres: number): this {
    return this.facts(minute, {
      kind: 'level',
      tank: '1',
      heightMicrometres: 1,
      waterMicrometres: 0,
      temperatureCentiCelsius: 2_000,
      volumeMillilitres: litres * 1_000,
      correctedMillilitres: litres * 1_000,
      ullageMillilitres: 0,
      statusBits: 0,
    })
  }

  total(minute: number, litres: number): this {
    return this.facts(minute, {
      kind: 'total',
      nozzle: '1',
      totalMillilitres: litres * 1_000,
      source: 'pulse',
    })
  }

  state(minute: number, statement: Unsigned<WatchStatement>): this {
    const entry = { v: 1, actor: '值班员', at: START + minute * 60_000, ...statement } as WatchStatement
    this.#add(minute, {
      type: 'desk',
      code: statement.action,
      leaf: asciiBytes('{}'),
      raw: encodeDesk(entry),
    })
    return this
  }

  tick(minute: number): this {
    return this.state(minute, { action: 'clock-ticked' })
  }

  handle(
    minute: number,
    position: number,
    rule: string,
    subject: string,
    action: string,
    until?: number,
  ): this {
    const order = {
      action: 'alarm-handled',
      alarm: { rule, subject, position },
      do: action,
      note: '已到场核实',
      ...(until === undefined ? {} : { until: START + until * 60_000 }),
    }
    return this.state(minute, order as never)
  }

  async run(): Promise<Alarm[]> {
    await database.store.transaction((tx) => appendEntries(tx, this.entries))
    await follow(
      database.store,
      new WatchFollower({ county: this.county, rules: RULES }),
      this.entries,
      () => 3,
    )
    return alarmsOf(this.county)
  }

  async steps(alarm: number): Promise<string[]> {
    const { rows } = await database.store.pool.query<{ what: string; note: string }>(
      'select what, note from alarm_step where county = $1 and alarm = $2 order by step',
      [this.county, alarm],
    )
    return rows.map((row) => `${row.what} ${row.note}`.trim())
  }
}

const TANK = partSubject('S001', 'tank', '1')
const NOZZLE = partSubject('S001', 'nozzle', '1')

describe('the life of alarms in the log', () => {
  it('raises after its delay by the time of the log, folds, clears, comes back and is closed', async () => {
    const script = new Script().level(1, 500).tick(5).tick(12).level(13, 400).level(14, 9_000).level(20, 300)
    script.tick(32).handle(33, 4, LOW_LEVEL.id, TANK, 'accept').handle(34, 4, LOW_LEVEL.id, TANK, 'close')
    const alarms = await script.level(40, 9_000).run()
    expect(alarms).toMatchObject([
      {
        subject: TANK,
        openedAt: START + 11 * 60_000,
        handling: 'closed',
        active: false,
        reopened: 1,
        count: 3,
      },
    ])
    expect(await script.steps(1)).toEqual([
      'raised',
      'cleared',
      'returned',
      'accept 已到场核实',
      'close 已到场核实',
      'cleared',
    ])
  })

  it('an event folds while its alarm is unfinished and raises a new one afterwards', async () => {
    const script = new Script().total(1, 100).total(2, 50).total(3, 40)
    const alarms = await script.handle(4, 3, TOTAL_BACK.id, NOZZLE, 'false').total(5, 30).run()
    expect(alarms).toMatchObject([
      { alarm: 1, count: 2, handling: 'false', active: false },
      { alarm: 2, count: 1, handling: 'waiting', first: { facts: { before: 40_000, after: 30_000 } } },
    ])
  })

  it('a silent collector hides its children, names itself, and lets them out when it is heard', async () => {
    const script = new Script().level(1, 500).tick(25).tick(60)
    const dark = await script.run()
    expect(dark).toMatchObject([
      { rule: LOW_LEVEL.id, suppressed: { by: 'alarm', alarm: 2, rule: DARK.id } },
      { rule: DARK.id, active: true },
    ])
    const heard = new Script().level(1, 500).tick(25).tick(60).level(61, 480)
    expect(await heard.run()).toMatchObject([
      { rule: LOW_LEVEL.id, active: true, handling: 'waiting' },
      { rule: DARK.id, active: false },
    ])
    expect(await heard.steps(1)).toEqual(['raised', 'suppressed alarm 2', 'released'])
  })

  it('a platform that was away takes nobody’s silence for granted, and waits out what was left', async () => {
    const back = new Script().level(1, 9_000).state(60, { action: 'platform-started' })
    expect(await back.level(61, 9_000).run()).toEqual([])
    // One minute of thirty had passed when it went: nine and twenty more are waited for.
    const silent = new Script().level(1, 9_000).tick(2).state(60, { action: 'platform-started' })
    expect(await silent.tick(88).run()).toEqual([])
    const dark = new Script().level(1, 9_000).tick(2).state(60, { action: 'platform-started' }).tick(90)
    expect(await dark.run()).toMatchObject([{ rule: DARK.id, openedAt: START + 89 * 60_000 }])
    // One that was upgraded and not away: the half hour runs on.
    const upgraded = new Script()
      .level(1, 9_000)
      .tick(2)
      .state(20, { action: 'platform-started', away: false })
    expect(await upgraded.tick(60).run()).toMatchObject([{ rule: DARK.id, openedAt: START + 31 * 60_000 }])
  })

  it('a declared window hides what it covers and names itself, and shows what outlasts it', async () => {
    const window = {
      window: 'W-1',
      site: 'S001',
      part: 'tank/1',
      purpose: 'cleaning',
      from: START,
      to: START + 30 * 60_000,
      note: '清罐',
    }
    const declare = { action: 'window-declared', window } as never
    const inside = new Script().state(0, declare).level(1, 500).tick(12).level(20, 9_000)
    expect(await inside.run()).toMatchObject([
      { handling: 'closed', suppressed: { by: 'window', window: 'W-1' } },
    ])
    const outlasting = new Script().state(0, declare).level(1, 500).tick(12).tick(31)
    const [alarm] = await outlasting.run()
    expect(alarm).toMatchObject({ handling: 'waiting', active: true })
    expect(alarm).not.toHaveProperty('suppressed')
    expect(await outlasting.steps(1)).toEqual(['raised window W-1', 'released'])
  })

  /** Declares the tank for half an hour; what happens to the alarm of minute 12 under it. */
  const window = (from: number, to: number) => {
    const what = { window: 'W-1', site: 'S001', part: 'tank/1', purpose: 'cleaning', note: '清罐' }
    const span = { from: START + from * 60_000, to: START + to * 60_000 }
    return { action: 'window-declared', window: { ...what, ...span } } as never
  }
  const declared = (): Script => new Script().state(0, window(0, 30))
  const withdrawn = (name: string) =>
    ({ action: 'withdrawn', withdrawal: { of: 'window', name, site: 'S001' }, reason: '误报' }) as never

  it('a running window that is withdrawn shows what it hid at once, and hides nothing afterwards', async () => {
    const ended = declared().level(1, 500).tick(12).state(15, withdrawn('W-1'))
    expect((await ended.run())[0]).not.toHaveProperty('suppressed')
    expect(await ended.steps(1)).toEqual(['raised window W-1', 'released'])
    const later = declared().level(1, 9_000).state(5, withdrawn('W-1')).level(10, 500).tick(25)
    expect((await later.run())[0]).not.toHaveProperty('suppressed')
    // The second withdrawal, a later one of another window, and one of a window that is over change nothing.
    const over = declared().level(1, 500).tick(12).level(20, 9_000)
    over.state(21, withdrawn('W-2')).state(40, withdrawn('W-1')).state(41, withdrawn('W-1'))
    expect(await over.run()).toMatchObject([
      { handling: 'closed', suppressed: { by: 'window', window: 'W-1' } },
    ])
    expect(await over.steps(1)).toEqual(['raised window W-1', 'cleared', 'settled'])
  })

  it('what was withdrawn stays withdrawn after a restart, and what is declared anew under its name holds', async () => {
    const script = declared().level(1, 9_000).state(5, withdrawn('W-1')).level(10, 500).tick(25)
    script.level(30, 9_000).handle(31, 6, LOW_LEVEL.id, TANK, 'accept')
    script.handle(32, 6, LOW_LEVEL.id, TANK, 'close').state(40, window(40, 90)).level(41, 500).tick(60)
    const alarms = await script.run()
    expect(alarms).toMatchObject([{ handling: 'closed' }, { suppressed: { by: 'window', window: 'W-1' } }])
    expect(alarms[0]).not.toHaveProperty('suppressed')
    // Again, by a process that stumbles over every entry and starts anew.
    const county = nextCounty++
    const log = script.entries.map((entry) => ({ ...entry, county }))
    await database.store.transaction((tx) => appendEntries(tx, log))
    const follower = new WatchFollower({ county, rules: RULES, rememberEveryMs: 0 })
    let tries = 0
    await follow(
      database.store,
      follower,
      log,
      () => 1,
      () => tries++ % 2 === 0,
    )
    expect(await watchTables(database.store, county)).toEqual(
      await watchTables(database.store, script.county),
    )
  })

  it('shelves for at most eight hours, and never an alarm of a rule that forbids it', async () => {
    const script = new Script().level(1, 500).tick(12).total(13, 100).total(14, 50)
    script.handle(15, 3, LOW_LEVEL.id, TANK, 'shelve', 15 + 9 * 60)
    script.handle(16, 5, TOTAL_BACK.id, NOZZLE, 'shelve', 20)
    script.handle(17, 3, LOW_LEVEL.id, TANK, 'shelve', 17 + 8 * 60)
    const [low, back] = await script.run()
    expect(low).toMatchObject({ shelf: { until: START + (17 + 480) * 60_000, reason: '已到场核实' } })
    expect(back).not.toHaveProperty('shelf')
  })

  it('settings hold from their moment on, and the alarm keeps those it was raised with', async () => {
    const change = {
      rule: LOW_LEVEL.id,
      site: '',
      from: START + 5 * 60_000,
      values: { lowMillilitres: 300_000 },
    }
    const script = new Script().state(0, { action: 'settings-changed', change, reason: '试行' } as never)
    const alarms = await script.level(1, 500).level(6, 400).tick(30).level(31, 200).tick(45).run()
    expect(alarms).toMatchObject([
      { openedAt: START + 41 * 60_000, first: { settings: { lowMillilitres: 300_000 } } },
    ])
  })

  it('facts behind a gap wait for it, and go on without it after ten minutes', async () => {
    const waiting = new Script().total(1, 100).total(2, 90).total(3, 80)
    waiting.entries.splice(3, 1)
    expect(await waiting.tick(5).run()).toEqual([])
    const passing = new Script().total(1, 100).total(2, 90).total(3, 80)
    passing.entries.splice(3, 1)
    const passed = await passing.tick(14).run()
    expect(passed).toMatchObject([{ first: { facts: { before: 100_000, after: 80_000 } } }])
  })
})

describe('the database', () => {
  it('refuses a second open alarm of a cause', async () => {
    const county = nextCounty++
    const { store } = database
    await store.transaction((tx) => putAlarms(tx, county, [ALARM_ROW]))
    const second = { ...ALARM_ROW, alarm: { ...ALARM_ROW.alarm, alarm: 8 } }
    await expect(store.transaction((tx) => putAlarms(tx, county, [second]))).rejects.toThrow('alarm_cause')
    const closed = { ...ALARM_ROW, alarm: { ...ALARM_ROW.alarm, active: false, handling: 'closed' as const } }
    await store.transaction((tx) => putAlarms(tx, county, [second, closed]))
  })

  it('gives a log back as it was stored', async () => {
    const county = nextCounty++
    const { desk, batches } = watchHistory(3)
    const log = await stored(database.store, county, [...desk, ...batches])
    expect((await logOf(database.store, county)).map((entry) => entry.firstSeq)).toEqual(
      log.map((entry) => entry.firstSeq),
    )
  })
})
