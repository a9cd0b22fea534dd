import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Postgres, type PostgresOptions, startPostgres } from '../src/postgres.ts'

let folder: string
let running: Postgres[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oiltrail-store-'))
  await chmod(folder, 0o711)
  running = []
})
afterEach(async () => {
  for (const server of running) await server.stop()
  for (const name of ['data', 'moved']) {
    const marker = await readFile(join(folder, 'private', name, 'cluster-location.json'), 'utf8').catch(
      () => undefined,
    )
    if (marker) await rm((JSON.parse(marker) as { home: string }).home, { recursive: true })
  }
  await rm(folder, { recursive: true })
})

const messages: string[] = []
async function start(directory: string, more: Partial<PostgresOptions> = {}): Promise<Postgres> {
  const log = { info: (text: string) => messages.push(text), error: (text: string) => messages.push(text) }
  const server = await startPostgres({ directory, log, ...more })
  running.push(server)
  return server
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

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A dead child that nobody has waited for is still a number.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z')
  } catch {
    return false
  }
}

async function ends(pid: number, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(50))
    if (!alive(pid)) return true
  return false
}

describe('the database', () => {
  test('keeps what was committed, and the password, over a restart', async () => {
    const first = await start(join(folder, 'data'))
    await query(first.url, 'create table kept as select 7 as n')
    await first.stop()
    expect(alive(first.pid)).toBe(false)
    const second = await start(join(folder, 'data'))
    expect(second.url).toBe(first.url)
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('is durable, checksummed, speaks Chinese, and listens on no network', async () => {
    const { url } = await start(join(folder, 'data'))
    const rows = await query(
      url,
      `select name, setting from pg_settings
       where name in ('fsync', 'synchronous_commit', 'data_checksums', 'listen_addresses', 'server_encoding', 'jit') order by 1`,
    )
    expect(
      Object.fromEntries((rows as { name: string; setting: string }[]).map((r) => [r.name, r.setting])),
    ).toEqual({
      data_checksums: 'on',
      fsync: 'on',
      jit: 'off',
      listen_addresses: '',
      server_encoding: 'UTF8',
      synchronous_commit: 'on',
    })
    expect(await query(url, "select '凤冈县' ~ '^\\w+$' as word")).toEqual([{ word: true }])
  })

  test('asks for the password, which only we can read', async () => {
    const { url } = await start(join(folder, 'data'))
    const wrong = url.replace(/:[^:@/]+@/, ':wrong@')
    await expect(query(wrong, 'select 1')).rejects.toThrow('password authentication failed')
    expect((await stat(join(folder, 'data', 'password'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'data', 'cluster'))).mode & 0o777).toBe(0o700)
  })

  test('does not run as root', async () => {
    const { pid } = await start(join(folder, 'data'))
    const user = execFileSync('ps', ['-o', 'uid=', '-p', String(pid)], { encoding: 'utf8' })
    expect(Number(user)).not.toBe(0)
  })

  test('says so once when it ends by itself, is not restarted, and recovers at the next start', async () => {
    const reasons: string[] = []
    const first = await start(join(folder, 'data'), { onExit: (reason) => reasons.push(reason) })
    await query(first.url, 'create table kept as select 7 as n')
    process.kill(first.pid, 'SIGKILL')
    await expect.poll(() => reasons).toEqual(['signal SIGKILL'])
    const second = await start(join(folder, 'data'))
    expect(second.attached).toBe(false)
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('reports the server’s own words when it cannot start', async () => {
    await expect(start(join(folder, 'data'), { settings: { shared_buffers: 'nonsense' } })).rejects.toThrow(
      'invalid value for parameter "shared_buffers"',
    )
  })
})

describe('two at once', () => {
  test('one runs the database, the others use it, and their stop leaves it running', async () => {
    const all = await Promise.all([1, 2, 3].map(() => start(join(folder, 'data'))))
    const owners = all.filter((server) => !server.attached)
    expect(owners).toHaveLength(1)
    expect(new Set(all.map((server) => server.pid)).size).toBe(1)
    for (const server of all) if (server.attached) await server.stop()
    expect(await query(owners[0]!.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })
})

describe('what a killed process leaves', () => {
  async function child(): Promise<{ process: ReturnType<typeof spawn>; pid: number; url: string }> {
    const fixture = fileURLToPath(new URL('./server.fixture.ts', import.meta.url))
    const process_ = spawn(process.execPath, ['--import', 'tsx', fixture, join(folder, 'data')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    })
    const [line] = (await once(process_.stdout, 'data')) as [Buffer]
    return { process: process_, ...(JSON.parse(line.toString()) as { pid: number; url: string }) }
  }

  test('is nothing: the database shuts itself down', async () => {
    const server = await child()
    await query(server.url, 'create table kept as select 7 as n')
    server.process.kill('SIGKILL')
    expect(await ends(server.pid, 10_000)).toBe(true)
    const next = await start(join(folder, 'data'))
    expect(await query(next.url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('is shut down by the next start when its guardian was killed too', async () => {
    const server = await child()
    const guardians = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`sh ${server.pid} `) && line.includes('kill -INT'))
      .map((line) => Number.parseInt(line, 10))
    expect(guardians).toHaveLength(1)
    process.kill(guardians[0]!, 'SIGKILL')
    server.process.kill('SIGKILL')
    await once(server.process, 'exit')
    expect(alive(server.pid)).toBe(true)
    const next = await start(join(folder, 'data'))
    expect(next.attached).toBe(false)
    expect(alive(server.pid)).toBe(false)
  })

  test('a number in postmaster.pid that is now another process’s does not stop the start', async () => {
    const first = await start(join(folder, 'data'))
    const file = join(folder, 'data', 'cluster', 'postmaster.pid')
    const text = await readFile(file, 'utf8')
    await first.stop()
    await writeFile(file, text.replace(/^[0-9]+/, String(process.ppid)), { mode: 0o600 })
    const second = await start(join(folder, 'data'))
    expect(await query(second.url, 'select 1 as n')).toEqual([{ n: 1 }])
    expect(alive(process.ppid)).toBe(true)
  })
})

describe('places', () => {
  test('a path too long for a socket works', async () => {
    const { url } = await start(join(folder, 'a'.repeat(100), 'data'))
    expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('a folder inside a private home works, and the home stays private', async () => {
    const home = join(folder, 'private')
    await mkdir(home, { mode: 0o700 })
    const first = await start(join(home, 'data'))
    await query(first.url, 'create table kept as select 7 as n')
    await first.stop()
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    const second = await start(join(home, 'data'))
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }])
    await second.stop()
    await rename(join(home, 'data'), join(home, 'moved'))
    const third = await start(join(home, 'moved'))
    expect(await query(third.url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('a copy of a folder never shares the database of the first', async () => {
    const home = join(folder, 'private')
    await mkdir(home, { mode: 0o700 })
    const first = await start(join(home, 'data'))
    await query(first.url, 'create table kept as select 7 as n')
    await first.stop()
    await cp(join(home, 'data'), join(home, 'copy'), { recursive: true })
    // Where the cluster lies in the folder itself the copy is a database of its own; where it lies elsewhere it is refused.
    const outcome = await start(join(home, 'copy')).then(
      (server) => query(server.url, 'drop table kept'),
      (error: Error) => error.message,
    )
    if (typeof outcome === 'string') expect(outcome).toMatch(/is a copy of|cannot be entered/)
    const again = await start(join(home, 'data'))
    expect(await query(again.url, 'select n from kept')).toEqual([{ n: 7 }])
  })
})
