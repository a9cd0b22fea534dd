import type { Store, Transaction } from '@oiltrail/store'
import { appendEntries, Pipeline, takeLog, takePositions } from '@oiltrail/store'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Follower, Open } from '../src/follow/follower.ts'
import { FollowLoop } from '../src/follow/loop.ts'
import type { LogEntry } from '../src/log/entry.ts'
import { LogFeed } from '../src/log/feed.ts'
import { until } from './stand.ts'

const COUNTY = 520_327
let database: TestDatabase
let feed: LogFeed
let epoch: number
const loops: FollowLoop[] = []

beforeAll(async () => {
  database = await testDatabase()
  await database.store.pool.query('create table seen (position bigint not null)')
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.store.pool.query('truncate log_entry, log_head, follower_cursor, seen')
  epoch = await database.store.transaction((tx) => takeLog(tx, COUNTY))
  feed = new LogFeed(0)
})
afterEach(async () => {
  for (const loop of loops.splice(0)) await loop.stop()
})

/** Commits entries as intake does, and tells the feed unless it is to hear nothing. */
async function append(count: number, rawBytes = 10, tell = true): Promise<void> {
  const entries = await database.store.transaction(async (tx) => {
    const first = (await takePositions(tx, COUNTY, epoch, count))!
    const made: LogEntry[] = Array.from({ length: count }, (_, i) => ({
      county: COUNTY,
      position: first + i,
      type: 'refusal',
      receivedAt: 1,
      code: 'MALFORMED',
      leaf: new Uint8Array(1),
      raw: new Uint8Array(rawBytes).fill(7),
    }))
    await appendEntries(tx, made)
    return made
  })
  if (tell) feed.append(entries)
}

/** A follower that writes down what it sees; `trouble` may throw in the middle of a round. */
class Recorder implements Follower {
  readonly name: string
  reloads = 0
  readonly committedAt: number[] = []
  readonly rounds: number[] = []
  private readonly trouble: (entries: readonly LogEntry[]) => void

  constructor(name: string, trouble: (entries: readonly LogEntry[]) => void = () => undefined) {
    this.name = name
    this.trouble = trouble
  }

  async apply(tx: Transaction, entries: readonly LogEntry[]): Promise<void> {
    for (const entry of entries) await tx.query('insert into seen values ($1)', [entry.position])
    this.rounds.push(entries.length)
    this.trouble(entries)
  }

  committed(next: number): void {
    this.committedAt.push(next)
  }

  async reload(): Promise<void> {
    this.reloads++
  }
}

async function start(follower: Follower, store = database.store): Promise<FollowLoop> {
  const log = pino({ level: 'silent' })
  const loop = new FollowLoop({ store, county: COUNTY, feed, follower, log })
  loops.push(loop)
  await loop.start()
  return loop
}

async function seen(): Promise<number[]> {
  const { rows } = await database.store.pool.query<{ position: number }>(
    'select position from seen order by ctid',
  )
  return rows.map((row) => row.position)
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe('a follower', () => {
  test('sees every entry once and in order, also those of before its start', async () => {
    await append(30)
    const loop = await start(new Recorder('a'))
    await append(20)
    await append(1)
    await loop.reached(51)
    expect(await seen()).toEqual(upTo(51))
  })

  test('with a slow pace sees at its stop what gathered since its last round', async () => {
    const slow = Object.assign(new Recorder('slow'), { paceMs: 600_000 })
    const loop = await start(slow)
    await append(1)
    await loop.reached(1)
    await append(5)
    await loop.stop()
    expect(await seen()).toEqual(upTo(6))
    expect(loop.position).toBe(6)
  })

  test('that fails in the middle of a round is rolled back and sees it again', async () => {
    let failures = 0
    const recorder = new Recorder('a', (entries) => {
      if (entries.some((entry) => entry.position === 12) && failures++ < 2) throw new Error('in the middle')
    })
    const loop = await start(recorder)
    await append(10)
    await loop.reached(10)
    await append(10)
    await loop.reached(20)
    expect(await seen()).toEqual(upTo(20))
    expect(recorder.reloads).toBe(3)
    expect(loop.figures).toMatchObject({ failures: 2, failing: undefined })
    expect(recorder.committedAt.at(-1)).toBe(20)
  })

  test('goes on where it stood when it is started again', async () => {
    const first = await start(new Recorder('a'))
    await append(10)
    await first.reached(10)
    await first.stop()
    await append(5)
    const second = await start(new Recorder('a'))
    await second.reached(15)
    expect(await seen()).toEqual(upTo(15))
  })

  test('reads from the database what memory no longer holds, within its bounds', async () => {
    const recorder = new Recorder('a')
    await append(20, 1024 * 1024, false)
    feed.moveTo(20)
    const loop = await start(recorder)
    await loop.reached(20)
    expect(await seen()).toEqual(upTo(20))
    expect(Math.max(...recorder.rounds)).toBeLessThanOrEqual(5)
  })

  test('does not touch the database while the log does not grow', async () => {
    let touched = 0
    const counting: Store = {
      url: database.store.url,
      get pool() {
        touched++
        return database.store.pool
      },
      transaction(work) {
        touched++
        return database.store.transaction(work)
      },
      round(work) {
        touched++
        return database.store.round(work)
      },
      close: () => database.store.close(),
    }
    const loop = await start(new Recorder('a'), counting)
    await append(1)
    await loop.reached(1)
    const before = touched
    expect(before).toBeGreaterThan(0)
    await new Promise((wake) => setTimeout(wake, 1_000))
    expect(touched).toBe(before)
  })

  test('whose cursor is moved by another loop stops writing and reads its cursor again', async () => {
    const loop = await start(new Recorder('a'))
    await append(5)
    await loop.reached(5)
    await append(3, 10, false)
    await database.store.pool.query('update follower_cursor set next_position = 8')
    feed.moveTo(8)
    await until('the loop has noticed', () => loop.position === 8)
    expect(await seen()).toEqual(upTo(5))
    expect(loop.figures.failures).toBe(1)
  })
})

describe('the feed', () => {
  test('a follower with a pace gathers entries for its next round, and loses none', async () => {
    const recorder = Object.assign(new Recorder('a'), { paceMs: 300 })
    const loop = await start(recorder)
    for (let i = 0; i < 8; i++) {
      await append(1)
      await new Promise((wake) => setTimeout(wake, 20))
    }
    await loop.reached(8)
    expect(await seen()).toEqual(upTo(8))
    expect(recorder.rounds.length).toBeLessThan(6)
  })

  test('whose cursor another loop moved writes nothing of a composed round either', async () => {
    class Composer extends Recorder {
      async compose(open: Open, entries: readonly LogEntry[]): Promise<Pipeline> {
        if (entries.length > 3) await (await open()).query('select 1')
        const writes = new Pipeline()
        for (const { position } of entries)
          writes.add({ name: 'see', text: 'insert into seen values ($1)', values: [position] })
        return writes
      }
    }
    const loop = await start(new Composer('a'))
    await append(2)
    await loop.reached(2)
    await append(5)
    await loop.reached(7)
    await append(3, 10, false)
    await database.store.pool.query('update follower_cursor set next_position = 10')
    feed.moveTo(10)
    await until('the loop has noticed', () => loop.position === 10)
    expect(await seen()).toEqual(upTo(7))
    expect(loop.figures.failures).toBe(1)
  })

  test('decoded records are kept until the slowest of their readers has passed them, and the entries longer', () => {
    const entries = Array.from(
      { length: 6 },
      (_, position): LogEntry => ({
        county: COUNTY,
        position,
        type: 'batch',
        receivedAt: 1,
        leaf: new Uint8Array(1),
        raw: new Uint8Array(1),
        memo: { records: [], span: { first: 1, last: 1, before: '', hashAt: () => '' } },
      }),
    )
    const kept = (): number[] => entries.filter((entry) => entry.memo).map((entry) => entry.position)
    const [fast, slow] = [{}, {}]
    feed.passed(fast, 0)
    feed.passed(slow, 0)
    feed.append(entries.slice(0, 4))
    feed.passed(fast, 4)
    expect(kept()).toEqual([0, 1, 2, 3, 4, 5])
    feed.passed(slow, 3)
    expect(kept()).toEqual([3, 4, 5])
    feed.append(entries.slice(4))
    feed.leave(slow)
    feed.passed(fast, 5)
    expect(kept()).toEqual([5])
    expect(feed.since(0, { entries: 10, bytes: 100 })).toEqual(entries)
  })

  test('holds a bounded end of the log and says when an entry is no longer held', () => {
    const entry = (position: number): LogEntry => ({
      county: COUNTY,
      position,
      type: 'refusal',
      receivedAt: 1,
      leaf: new Uint8Array(1),
      raw: new Uint8Array(64 * 1024),
    })
    for (let position = 0; position < 2_000; position += 4)
      feed.append([0, 1, 2, 3].map((i) => entry(position + i)))
    expect(feed.nextPosition).toBe(2_000)
    expect(feed.since(0, { entries: 10, bytes: 1e9 })).toBeUndefined()
    const held = feed.since(1_744, { entries: 1e9, bytes: 1e9 })
    expect(held?.map((e) => e.position)).toEqual(Array.from({ length: 256 }, (_, i) => 1_744 + i))
    expect(feed.since(1_743, { entries: 1, bytes: 1 })).toBeUndefined()
    expect(feed.since(1_990, { entries: 3, bytes: 1e9 })).toHaveLength(3)
    expect(feed.since(1_990, { entries: 3, bytes: 1 })).toHaveLength(1)
    expect(feed.since(2_000, { entries: 3, bytes: 1 })).toEqual([])
  })
})
