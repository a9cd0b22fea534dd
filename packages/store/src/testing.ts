import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import pg from 'pg'
import { migrate, readMigrations } from './migrate.ts'
import { openStore, type Store, type StoreOptions } from './pool.ts'
import { replaceFile } from './postgres/place.ts'
import { startPostgres } from './postgres.ts'

/** A database of its own for one test file. */
export interface TestDatabase {
  readonly url: string
  readonly store: Store
  /** Closes the store and drops the database. */
  close(): Promise<void>
}

const START_TIMEOUT_MS = 60_000
const POLL_MS = 50
const TEMPLATE_LOCK = 7_268_155_302

/**
 * Test data need not survive a power cut. A server process that is killed loses nothing either way: the kernel has the writes.
 */
const TEST_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '100',
  shared_buffers: '64MB',
}

/**
 * Makes a migrated database for the calling test file in a fraction of a second, by cloning a template. The server is started
 * by the first test process of a run, shared by the others, and ends with the run; nothing needs to be configured.
 * `empty` gives a database without any schema.
 */
export async function testDatabase(
  options: StoreOptions & { readonly empty?: boolean } = {},
): Promise<TestDatabase> {
  const server = await testServer()
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  const template = options.empty ? 'template0' : await readyTemplate(server)
  await administer(server, (admin) => admin.query(`create database ${name} template ${template}`))
  const url = withDatabase(server, name)
  const store = openStore(url, options)
  return {
    url,
    store,
    close: async () => {
      await store.close()
      await administer(server, (admin) => admin.query(`drop database if exists ${name} with (force)`))
    },
  }
}

function withDatabase(url: string, name: string): string {
  return url.replace('/oiltrail?', `/${name}?`)
}

async function administer<T>(server: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: withDatabase(server, 'postgres') })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

/** The process that runs the whole test run: our parent where test files are processes, ourselves where they are threads. */
function runProcess(): number {
  return isMainThread ? process.ppid : process.pid
}

let server: Promise<string> | undefined

function testServer(): Promise<string> {
  server ??= sharedServer()
  return server
}

async function sharedServer(): Promise<string> {
  const directory = join(tmpdir(), `oiltrail-test-${runProcess()}`)
  const readyFile = join(directory, 'ready')
  try {
    // Exactly one process succeeds; it starts the server for all.
    await mkdir(directory, { mode: 0o711 })
  } catch {
    return waitForFile(readyFile)
  }
  try {
    await chmod(directory, 0o711) // whatever the umask: PostgreSQL's user must pass
    const { url } = await startPostgres({
      directory,
      log: { info: () => undefined, error: () => undefined },
      untilProcessEnds: runProcess(),
      settings: TEST_SETTINGS,
    })
    await replaceFile(readyFile, url)
    return url
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function waitForFile(path: string): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return text
    if (Date.now() > deadline)
      throw new Error(`the shared test server did not start; if no test runs, delete ${path}/..`)
    await sleep(POLL_MS)
  }
}

/** The name of the template for the migrations as they are now: an edited file makes a new one. */
async function readyTemplate(url: string): Promise<string> {
  const migrations = await readMigrations()
  const digest = createHash('sha256')
    .update(migrations.map((step) => step.sha256).join())
    .digest('hex')
  const name = `template_${digest.slice(0, 12)}`
  await administer(url, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [name])
    if (rowCount) return
    await admin.query(`create database ${name}_draft template template0`)
    const store = openStore(withDatabase(url, `${name}_draft`))
    await migrate(store, migrations)
    await store.close()
    await admin.query(`alter database ${name}_draft rename to ${name}`)
  })
  return name
}
