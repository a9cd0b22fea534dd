import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'
import { type RunningServer, startServer } from '../src/serve.ts'
import { replayWatch, WATCH_TABLES } from '../src/watch/replay.ts'
import { enrolCollector, until } from './stand.ts'
import { siteOf } from './views.history.ts'
import { DARK, TOTAL_BACK } from './watch.rules.ts'

const COUNTY = 520_327
const RULES = [DARK, TOTAL_BACK]
/** Ten minutes in a second. */
const SPEED = 600
let database: TestDatabase
let data: string
let server: RunningServer

beforeAll(async () => {
  database = await testDatabase()
  data = await mkdtemp(join(tmpdir(), 'oiltrail-watch-'))
  const flags = { port: '0', 'mqtt-port': '0', data, 'database-url': database.url, 'log-level': 'silent' }
  const config = readConfig(flags, { OILTRAIL_CLOCK: `${Date.now()}x${SPEED}` }, Date.now)
  server = await startServer(config, pino({ level: 'silent' }), { rules: RULES })
})
afterAll(async () => {
  await server.stop()
  await database.close()
  await rm(data, { recursive: true, force: true })
})

async function column<T>(sql: string): Promise<T[]> {
  const { rows } = await database.store.pool.query<{ value: T }>(sql, [COUNTY])
  return rows.map((row) => row.value)
}
/** What tells the log the time and nothing of the county; a new log's rules are named a minute after it began. */
const TICKS = `select position as value from log_entry
  where county = $1 and code in ('clock-ticked', 'platform-started') order by 1`
const ALARMS = `select rule as value from alarm where county = $1 order by alarm`

describe('the time of a silent county', () => {
  it('is told to the log only while a rule waits, and the silence raises its alarm', async () => {
    const now = server.context.clock.now()
    await server.context.desk.registerSite('test', { ...siteOf('S001'), effectiveAt: now })
    const collector = await enrolCollector(server, '520327-S001-A', 'Ed25519')
    expect(await column(TICKS)).toEqual([])
    const total = (litres: number) => ({
      at: now,
      kind: 'total',
      nozzle: '1',
      totalMillilitres: litres * 1_000,
      source: 'pulse',
    })
    collector.volume.write(total(2), total(1))
    expect(await collector.send(collector.volume.batch(1, 2))).toMatchObject({ outcome: 'stored' })
    await collector.close()
    await until('the silence is noticed', async () => (await column(ALARMS)).includes(DARK.id))
    expect(await column(ALARMS)).toEqual([TOTAL_BACK.id, DARK.id])
    const ticks = await column<number>(TICKS)
    expect(ticks.length).toBeGreaterThan(0)
    // Nobody waits any more: the log rests.
    await new Promise((rested) => setTimeout(rested, 5_000))
    expect((await column<number>(TICKS)).length - ticks.length).toBeLessThanOrEqual(1)
  })

  it('a replay of the log raises the same alarms at the same moments, and names a row that somebody altered', async () => {
    const report = await replayWatch(database.store, COUNTY, RULES)
    expect(report.findings).toEqual([])
    expect(report.tables.find(({ table }) => table === 'alarm')).toMatchObject({
      liveRows: 2,
      rebuiltRows: 2,
    })
    await database.store.pool.query(`update alarm set handling = 'false' where county = $1 and rule = $2`, [
      COUNTY,
      TOTAL_BACK.id,
    ])
    const altered = await replayWatch(database.store, COUNTY, RULES)
    expect(altered.findings).toMatchObject([
      { tampering: 'altered', table: 'alarm', key: 'alarm 1', detail: expect.stringContaining('handling') },
    ])
  })

  it('compares every table that the watch writes', async () => {
    const { readFile } = await import('node:fs/promises')
    const path = new URL('../../../packages/store/migrations/0004_watch.sql', import.meta.url)
    const created = [...(await readFile(path, 'utf8')).matchAll(/^create table (\w+)/gm)].map(
      (match) => match[1],
    )
    expect(WATCH_TABLES.map(({ table }) => table).sort()).toEqual(created.sort())
  })
})
