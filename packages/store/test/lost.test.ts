import { execFile } from 'node:child_process'
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { claimRemoval } from '../src/postgres/remove.ts'
import { type Postgres, type PostgresOptions, startPostgres } from '../src/postgres.ts'

let modelFolder: string
let model: string
let folder: string
let data: string
let running: Postgres[]
let homes: string[]
beforeAll(async () => {
  running = []
  modelFolder = await mkdtemp(join(tmpdir(), 'oiltrail-store-'))
  await chmod(modelFolder, 0o711)
  model = join(modelFolder, 'data')
  await record(model)
})
afterAll(() => rm(modelFolder, { recursive: true }))
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oiltrail-store-'))
  await chmod(folder, 0o711)
  data = join(folder, 'data')
  running = []
  homes = []
})
afterEach(async () => {
  for (const server of running) await server.stop()
  for (const home of homes) await rm(home, { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
})

async function start(directory: string, more: Partial<PostgresOptions> = {}): Promise<Postgres> {
  const log = { info: () => undefined, error: () => undefined }
  const server = await startPostgres({ directory, log, ...more })
  running.push(server)
  return server
}

/** A stopped database that has recorded something, copied: making one takes seconds. */
async function recorded(directory: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', model, directory])
}

async function record(directory: string): Promise<void> {
  const server = await start(directory)
  await query(server.url, 'create table kept as select 7 as n')
  await server.stop()
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** A data folder that PostgreSQL's user cannot enter; as root its database lies elsewhere. Returns that home, if so. */
async function privateData(): Promise<string | undefined> {
  const home = join(folder, 'private')
  await mkdir(home, { mode: 0o700 })
  data = join(home, 'data')
  await record(data)
  return homeOf(data)
}

async function homeOf(directory: string): Promise<string | undefined> {
  const marker = await readFile(join(directory, 'cluster-location.json'), 'utf8').catch(() => undefined)
  if (marker === undefined) return undefined
  const { home } = JSON.parse(marker) as { home: string }
  homes.push(home)
  return home
}

const LOST = { problem: { code: 'DATABASE_LOST' } }
const isRoot = process.getuid?.() === 0

describe('an empty database never takes the place of a lost one', () => {
  const LOSSES: [what: string, lose: () => Promise<unknown>][] = [
    ['its folder was deleted', () => rm(join(data, 'cluster'), { recursive: true })],
    ['its folder was moved away', () => rename(join(data, 'cluster'), join(folder, 'elsewhere'))],
    [
      'what makes the folder a cluster was deleted',
      () => rm(join(data, 'cluster', 'PG_VERSION'), { force: true }),
    ],
  ]
  test.each(LOSSES)('%s: the next start refuses, and creates nothing', async (_what, lose) => {
    await recorded(data)
    await lose()
    const before = (await readdir(folder, { recursive: true })).sort()
    await expect(start(data)).rejects.toMatchObject(LOST)
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(before)
  })

  test('brought back, it starts with everything', async () => {
    await recorded(data)
    await rename(join(data, 'cluster'), join(folder, 'elsewhere'))
    await expect(start(data)).rejects.toMatchObject(LOST)
    await rename(join(folder, 'elsewhere'), join(data, 'cluster'))
    expect(await query((await start(data)).url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('somebody dropped the database inside: the next start refuses', async () => {
    await recorded(data)
    const first = await start(data)
    await query(first.url.replace('/oiltrail?', '/postgres?'), 'drop database oiltrail')
    await first.stop()
    await expect(start(data)).rejects.toMatchObject(LOST)
    await expect(start(data)).rejects.toThrow(/no database oiltrail any more/)
  })

  test.runIf(isRoot)('it lay elsewhere and is not there: the next start names the place', async () => {
    const home = await privateData()
    await rm(home!, { recursive: true })
    await expect(start(data)).rejects.toMatchObject(LOST)
    await expect(start(data)).rejects.toThrow(home)
  })

  test.runIf(isRoot)(
    'the marker to where it lies was deleted: the next start says where it may be',
    async () => {
      const home = await privateData()
      await rm(join(data, 'cluster-location.json'))
      await expect(start(data)).rejects.toMatchObject(LOST)
      await expect(start(data)).rejects.toThrow(home)
    },
  )

  test('who needs a database that must be there gets none where there never was one', async () => {
    await expect(start(data, { mustExist: true })).rejects.toMatchObject(LOST)
    expect(await isThere(data)).toBe(false)
  })

  test('a first start that was interrupted is no loss', async () => {
    await mkdir(data, { mode: 0o711 })
    await chmod(data, 0o711)
    await writeFile(join(data, 'password'), 'half-way', { mode: 0o600 })
    await mkdir(join(data, 'cluster.new-1'))
    expect(await query((await start(data)).url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('deleted while it runs: it ends within seconds, and is not made anew', async () => {
    await recorded(data)
    const ended: string[] = []
    await start(data, { onExit: (reason) => ended.push(reason) })
    await rm(data, { recursive: true })
    await expect.poll(() => ended.length, { timeout: 10_000 }).toBe(1)
    await expect(start(data, { mustExist: true })).rejects.toMatchObject(LOST)
    expect(await isThere(data)).toBe(false)
  })
})

describe('removal', () => {
  test('refuses while it runs, and leaves it running', async () => {
    await recorded(data)
    const server = await start(data)
    await expect(claimRemoval(data)).rejects.toMatchObject({ problem: { code: 'CONFLICT' } })
    expect(await query(server.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('keeps everything until it is told to remove; nobody starts it meanwhile', async () => {
    await recorded(data)
    const held = await claimRemoval(data)
    expect(held.paths).toEqual([data])
    await held.release()
    expect(await query((await start(data)).url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test.runIf(isRoot)('takes the cluster along that lies elsewhere', async () => {
    const home = await privateData()
    const removal = await claimRemoval(data)
    expect(removal.paths).toEqual([home, data])
    await removal.remove()
    await removal.release()
    expect([await isThere(home!), await isThere(data)]).toEqual([false, false])
  })

  test.runIf(isRoot)('finds the cluster of a folder that was deleted without it', async () => {
    const home = await privateData()
    await rm(data, { recursive: true })
    const removal = await claimRemoval(data)
    expect(removal.paths).toEqual([home])
    await removal.remove()
    await removal.release()
    expect(await isThere(home!)).toBe(false)
  })

  test.runIf(isRoot)('leaves the cluster to a folder that was moved and used since', async () => {
    const home = await privateData()
    const moved = join(folder, 'private', 'moved')
    await rename(data, moved)
    await (await start(moved)).stop()
    expect((await claimRemoval(data)).paths).toEqual([])
    const removal = await claimRemoval(moved)
    expect(removal.paths).toEqual([home, moved])
    await removal.release()
  })

  test('of nothing is nothing', async () => {
    expect((await claimRemoval(join(folder, 'never'))).paths).toEqual([])
  })
})
