import {
  ALARM_ACTIONS,
  type Alarm,
  type RecordedFact,
  type Rule,
  type WatchStatement,
} from '@oiltrail/domain'
import { asciiBytes } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import { appendEntries, moveCursor } from '@oiltrail/store'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LogEntry } from '../src/log/entry.ts'
import { Findings } from '../src/replay/findings.ts'
import { auditLives } from '../src/replay/lives.ts'
import { WatchFollower } from '../src/watch/follower.ts'
import { batchEntry, deskEntries, generator, START, type Stream, siteOf } from './views.history.ts'
import { watchTables } from './watch.history.ts'
import { DARK, LOW_LEVEL, TOTAL_BACK } from './watch.rules.ts'

/** Whatever really happens to alarms, what is checked without their rules finds nothing in it. */

const RULES = [LOW_LEVEL, TOTAL_BACK, DARK] as unknown as readonly Rule[]
const DEVICE = '520327-S001-A'
let database: TestDatabase
let nextCounty = 100_000
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** A county whose log grows while its watch follows, and while people do what comes to their minds. */
class County {
  readonly county = nextCounty++
  readonly #random: (below: number) => number
  readonly #follower = new WatchFollower({ county: this.county, rules: RULES })
  readonly #stream: { device: string; channel: 'volume'; records: RecordedFact[] } = {
    device: DEVICE,
    channel: 'volume',
    records: [],
  }
  /** First records of batches that are still on their way. */
  readonly #held: [first: number, last: number][] = []
  #minute = 0
  #next = 0
  #pending: LogEntry[] = []
  readonly #log: LogEntry[] = []

  constructor(seed: number) {
    this.#random = generator(seed)
  }

  async live(turns: number): Promise<void> {
    await database.store.transaction((tx) => this.#follower.begin(tx))
    for (const entry of deskEntries([siteOf('S001')])) this.#add(entry)
    for (let turn = 0; turn < turns; turn++) {
      // An hour and more of silence is dark.
      this.#minute += this.#random(12) === 0 ? 70 : 1 + this.#random(9)
      await this.#turn()
      if (this.#random(3) === 0) await this.#follow()
    }
    await this.#follow()
  }

  /** The same log in another county, followed in one round as a replay does; its number. */
  async inOneRound(): Promise<number> {
    const county = nextCounty++
    const follower = new WatchFollower({ county, rules: RULES })
    const entries = this.#log.map((entry) => ({ ...entry, county }))
    await database.store.transaction(async (tx) => {
      await appendEntries(tx, entries)
      await follower.begin(tx)
      await follower.apply(tx, entries)
    })
    return county
  }

  #add(entry: Omit<LogEntry, 'county' | 'position' | 'receivedAt'>): void {
    const receivedAt = START + this.#minute * 60_000
    this.#pending.push({ ...entry, county: this.county, position: this.#next++, receivedAt })
  }

  async #follow(): Promise<void> {
    const entries = this.#pending
    this.#pending = []
    this.#log.push(...entries)
    if (entries.length === 0) return
    await database.store.transaction(async (tx) => {
      await appendEntries(tx, entries)
      await this.#follower.apply(tx, entries)
      await moveCursor(tx, this.county, 'watch', entries[0]!.position, this.#next)
    })
    this.#follower.committed()
  }

  async #turn(): Promise<void> {
    const random = this.#random
    const choice = random(10)
    if (choice < 5) this.#facts()
    else if (choice < 8) await this.#command()
    else if (choice === 8) this.#state({ action: 'clock-ticked' })
    else {
      const from = START + (this.#minute - random(20)) * 60_000
      const part = ['', 'tank/1', 'nozzle/1'][random(3)]!
      const window = {
        window: `W${this.#next}`,
        site: 'S001',
        part,
        purpose: 'other',
        from,
        to: from + 1_800_000,
        note: '',
      }
      this.#state({ action: 'window-declared', window })
    }
  }

  #facts(): void {
    const first = this.#stream.records.length + 1
    for (let i = 0; i <= this.#random(3); i++) {
      const seq = this.#stream.records.length + 1
      const at = START + this.#minute * 60_000
      const litres = this.#random(3) === 0 ? 500 : 9_000
      const volume = {
        volumeMillilitres: litres * 1_000,
        correctedMillilitres: litres * 1_000,
        ullageMillilitres: 0,
      }
      const state = {
        heightMicrometres: 1,
        waterMicrometres: 0,
        temperatureCentiCelsius: 2_000,
        statusBits: 0,
      }
      const fact =
        this.#random(2) === 0
          ? { kind: 'level', tank: '1', ...volume, ...state }
          : { kind: 'total', nozzle: '1', totalMillilitres: this.#random(5) * 1_000, source: 'pulse' }
      this.#stream.records.push({ seq, at, ...fact } as RecordedFact)
    }
    const batch: [number, number] = [first, this.#stream.records.length]
    // Some come later, and what follows them waits.
    if (this.#random(6) === 0) this.#held.push(batch)
    else this.#add(batchEntry(this.#stream as Stream, ...batch))
    if (this.#held.length > 0 && this.#random(4) === 0)
      this.#add(batchEntry(this.#stream as Stream, ...this.#held.shift()!))
  }

  #state(statement: object): void {
    const at = START + this.#minute * 60_000
    const raw = encodeDesk({ v: 1, actor: '值班员', at, ...statement } as WatchStatement)
    const { action: code } = statement as { action: string }
    this.#add({ type: 'desk', code, leaf: asciiBytes('{}'), raw })
  }

  /** An action on one of the alarms there are, allowed or not: others may have been quicker. */
  async #command(): Promise<void> {
    await this.#follow()
    const { rows } = await database.store.pool.query<{ document: Alarm }>(
      'select document from alarm where county = $1 order by alarm desc limit 6',
      [this.county],
    )
    if (rows.length === 0) return
    const { rule, subject, openedRef } = rows[this.#random(rows.length)]!.document
    for (let i = 0; i <= this.#random(2); i++) {
      const action = ALARM_ACTIONS[this.#random(ALARM_ACTIONS.length)]!
      const until = action === 'shelve' ? { until: START + (this.#minute + 60) * 60_000 } : {}
      const note = ['', ' 已核实 '][this.#random(2)]!
      const alarm = { rule, subject, position: openedRef.position }
      this.#state({ action: 'alarm-handled', alarm, do: action, note, ...until })
    }
  }
}

it('finds nothing in lives that really happened, which come out the same in rounds of any size', async () => {
  const taken = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const county = new County(seed)
      await county.live(120)
      const findings = new Findings()
      const of = { notCompared: RULES.map(({ id }) => id), others: [], rules: RULES }
      const looked = await auditLives(database.store, county.county, of, findings)
      expect(findings.list).toEqual([])
      const [lived, again] = [county.county, await county.inOneRound()]
      for (const table of ['alarm', 'alarm_step'])
        expect((await watchTables(database.store, again))[table]).toEqual(
          (await watchTables(database.store, lived))[table],
        )
      expect(looked).toBeGreaterThan(0)
      const { rows } = await database.store.pool.query<{ what: string }>(
        'select distinct what from alarm_step',
      )
      for (const { what } of rows) taken.add(what)
    }),
    { numRuns: 12 },
  )
  // Every step there is was taken somewhere; nothing is replaced within a day.
  const people = ['accept', 'answer', 'check', 'close', 'false', 'reopen', 'shelved', 'unshelved']
  const own = ['cleared', 'raised', 'released', 'returned', 'settled', 'suppressed']
  expect([...taken].filter((what) => what !== 'replaced').sort()).toEqual([...people, ...own].sort())
})
