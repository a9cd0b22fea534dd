import { copyFile, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpoint, parseVkey } from '@oiltrail/evidence'
import { sha256, suites } from '@oiltrail/evidence/node'
import { decodeDesk } from '@oiltrail/protocols/uplink'
import { backup, restore } from '@oiltrail/store'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from '../src/commands.ts'
import { readConfig } from '../src/config.ts'
import { type RunningServer, startServer } from '../src/serve.ts'
import { until } from './stand.ts'
import { siteOf } from './views.history.ts'

const MARK = 'checkpoint-520327'
const DECLARATION = 'log-restored-520327'

let root: string
/** One history in three databases: as it is, a copy of before its end, and a copy of before that went another way. */
let newest: TestDatabase
let older: TestDatabase
let other: TestDatabase
/** The data folder as its platform left it, and a copy for each test. */
let left: string
let data: string
let early: string
let tests = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'oiltrail-fork-'))
  left = join(root, 'left')
  early = join(root, 'early.backup')
  newest = await testDatabase()
  await using(left, newest.url, (server) => state(server, 'S001'))
  await backup(newest.store, early)
  await copyFile(join(left, 'keys', MARK), join(root, 'early-mark'))
  older = await restored()
  other = await restored()
  await using(left, newest.url, (server) => state(server, 'S002', 'S003'))
  const second = join(root, 'second')
  await cp(left, second, { recursive: true })
  await rm(join(second, 'keys', MARK))
  await using(second, other.url, (server) => state(server, 'S004', 'S005', 'S006'))
})
beforeEach(async () => {
  data = join(root, `data-${++tests}`)
  await cp(left, data, { recursive: true })
})
afterAll(async () => {
  for (const database of [newest, older, other]) await database.close()
  await rm(root, { recursive: true, force: true })
})

async function restored(file = early): Promise<TestDatabase> {
  const database = await testDatabase({ empty: true })
  await restore(database.store, file)
  return database
}

function start(folder: string, url: string, more: Record<string, string> = {}): Promise<RunningServer> {
  const flags = { port: '0', 'mqtt-port': '0', data: folder, 'database-url': url, ...more }
  return startServer(readConfig(flags, {}, Date.now), pino({ level: 'silent' }), { verifiers: 0 })
}

async function using<T>(
  folder: string,
  url: string,
  work: (server: RunningServer) => Promise<T>,
): Promise<T> {
  const server = await start(folder, url)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

async function state(server: RunningServer, ...sites: string[]): Promise<void> {
  for (const site of sites) {
    const done = await server.context.desk.registerSite('test', { ...siteOf(site), effectiveAt: 0 })
    expect(done.ok).toBe(true)
    await until('it is signed', async () => (await servedSize(server)) === server.context.nextPosition())
  }
}

const served = async (server: RunningServer): Promise<string> =>
  (await fetch(`${server.url}/log/520327/checkpoint`)).text()

const servedSize = async (server: RunningServer): Promise<number> =>
  Number((await served(server)).split('\n')[1])

const run = (...args: string[]): Promise<number> => runCommand(args, { OILTRAIL_LOG_LEVEL: 'silent' })

const keyFile = (name: string): Promise<string> => readFile(join(data, 'keys', name), 'utf8')

/** Size of the mark, whose signatures must be those of the served keys. */
async function markedSize(server: RunningServer): Promise<number> {
  const vkey = (await (await fetch(`${server.url}/log/520327/vkey`)).text()).trim()
  const key = parseVkey(sha256, vkey)
  if (!key.ok) throw new Error(key.problem.detail)
  const opened = openCheckpoint(await keyFile(MARK), [key.value], suites)
  if (!opened.ok) throw new Error(opened.problem.detail)
  return opened.value.checkpoint.size
}

async function contents({ store }: TestDatabase): Promise<unknown> {
  const { rows } = await store.pool.query(
    'select (select count(*) from log_entry) entries, (select max(size) from checkpoint) signed',
  )
  return rows[0]
}

async function statedRestored({ store }: TestDatabase): Promise<unknown[]> {
  const { rows } = await store.pool.query<{ raw: Buffer }>(
    `select raw from log_entry where code = 'platform-started' order by position`,
  )
  const stated: unknown[] = []
  for (const { raw } of rows) {
    const entry = decodeDesk(raw)
    if (!entry.ok) throw new Error(entry.problem.detail)
    if ('restored' in entry.value) stated.push(entry.value.restored)
  }
  return stated
}

describe('B1: a log that was signed is never continued from an older copy of its database unsaid', () => {
  test('the checkpoint that is served is kept beside the keys, readable for its owner alone', async () => {
    const database = await restored()
    await rm(join(data, 'keys', MARK))
    await using(data, database.url, async (server) => {
      await state(server, 'S007')
      expect(await keyFile(MARK)).toBe(await served(server))
      expect(await markedSize(server)).toBe(server.context.nextPosition())
    })
    expect((await stat(join(data, 'keys', MARK))).mode & 0o777).toBe(0o600)
    expect(await readdir(join(data, 'keys'))).not.toContain(`${MARK}.part`)
    await database.close()
  })

  test.each([
    ['an older copy', () => older, /DATABASE_OLDER.* has 1 entries .* 4 entries .*日志有 1 条/],
    ['one that went another way', () => other, /DATABASE_OLDER.* are others than those signed.*不同/],
  ])('%s is refused in both languages, and left as it is', async (_name, database, words) => {
    const before = await contents(database())
    await expect(start(data, database().url)).rejects.toThrow(words)
    expect(await contents(database())).toEqual(before)
    expect(await keyFile(MARK), 'the mark stays').toBe(await readFile(join(left, 'keys', MARK), 'utf8'))
  })

  test.each([
    [
      'killed after the commit and before the mark',
      () => copyFile(join(root, 'early-mark'), join(data, 'keys', MARK)),
    ],
    [
      'killed while the mark was written',
      () => writeFile(join(data, 'keys', `${MARK}.part`), 'oiltrail.inv'),
    ],
    ['of a version without marks', () => rm(join(data, 'keys', MARK))],
  ])('a platform %s starts, and the mark is the newest checkpoint again', async (_name, spoil) => {
    await spoil()
    await using(data, newest.url, async (server) => {
      expect(await markedSize(server)).toBe(server.context.nextPosition())
    })
    expect(await statedRestored(newest)).toEqual([])
  })

  test('tiles that are behind the mark are no loss: the entries are there', async () => {
    const file = join(root, 'whole.backup')
    await backup(newest.store, file)
    const database = await restored(file)
    await database.store.pool.query('delete from tile; delete from checkpoint')
    await database.store.pool.query(`update follower_cursor set next_position = 0 where follower = 'seal'`)
    await using(data, database.url, (server) => state(server, 'S008'))
    await database.store.pool.query(`update log_entry set leaf = 'x' where position = 1`)
    await database.store.pool.query('delete from tile; delete from checkpoint')
    await database.store.pool.query(`update follower_cursor set next_position = 0 where follower = 'seal'`)
    await expect(start(data, database.url)).rejects.toThrow(/DATABASE_OLDER.* are others/)
    await database.close()
  })

  test('a mark of another log, or one that cannot be read, is named', async () => {
    await expect(start(data, newest.url, { origin: 'log.invalid/x' })).rejects.toThrow(
      /CONFIG_INVALID.*oiltrail\.invalid\/520327, not of log\.invalid\/x.*不可更改/,
    )
    await writeFile(join(data, 'keys', MARK), (await keyFile(MARK)).replace('\n4\n', '\n3\n'))
    await expect(start(data, newest.url)).rejects.toThrow(/CONFIG_INVALID.*damaged.*已损坏/)
  })
})

describe('B1: a loss that is accepted stands in the log', () => {
  const flags = (url: string) => ['--data', data, '--database-url', url]

  test('accept-loss states the checkpoint that was given up, once; without a loss there is nothing to accept', async () => {
    const lost = await keyFile(MARK)
    await expect(run('accept-loss', ...flags(newest.url))).rejects.toThrow(/CONFLICT.*无需接受/)
    expect(await keyFile(MARK)).toBe(lost)
    expect(await run('accept-loss', ...flags(older.url))).toBe(0)
    for (const time of ['first', 'again']) {
      await using(data, older.url, async () => undefined)
      expect(await statedRestored(older), time).toEqual([{ lost }])
    }
    expect(await readdir(join(data, 'keys'))).not.toContain(DECLARATION)
    expect(await run('audit', ...flags(older.url)), 'the log is sound').toBe(0)
    await expect(start(data, newest.url), 'nor may it go back').rejects.toThrow(/DATABASE_OLDER/)
  })

  test('a restored backup says so at its start; one that is older than what was signed here is refused', async () => {
    const target = await testDatabase({ empty: true })
    expect(await run('restore', early, ...flags(target.url))).toBe(0)
    await expect(start(data, target.url)).rejects.toThrow(/DATABASE_OLDER/)
    const lost = await keyFile(MARK)
    expect(await run('accept-loss', ...flags(target.url))).toBe(0)
    await using(data, target.url, async () => undefined)
    expect(await statedRestored(target)).toEqual([{ lost }])
    await target.close()
    const fresh = await testDatabase({ empty: true })
    data = join(root, 'elsewhere')
    const file = join(root, 'with-keys.backup')
    expect(await run('backup', file, '--data', left, '--database-url', newest.url)).toBe(0)
    expect(await run('restore', file, ...flags(fresh.url))).toBe(0)
    await using(data, fresh.url, async () => undefined)
    expect(await statedRestored(fresh)).toEqual([{}])
    await fresh.close()
  })

  test('a restore under other keys puts the mark of the former log aside with them', async () => {
    const file = join(root, 'with-keys-2.backup')
    expect(await run('backup', file, '--data', left, '--database-url', newest.url)).toBe(0)
    const [first, second] = [await testDatabase(), await testDatabase({ empty: true })]
    data = join(root, 'two-logs')
    await using(data, first.url, (server) => state(server, 'S001'))
    expect(await run('restore', file, ...flags(second.url))).toBe(0)
    expect(await readdir(join(data, 'keys'))).toContainEqual(
      expect.stringMatching(/^checkpoint-520327\.replaced-/),
    )
    await using(data, second.url, async (server) => expect(server.context.nextPosition()).toBeGreaterThan(3))
    await first.close()
    await second.close()
  })
})
