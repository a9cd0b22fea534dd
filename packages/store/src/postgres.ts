import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chown, lstat, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { type Account, asAccount, unprivilegedAccount } from './postgres/account.ts'
import { type Binaries, readyBinaries } from './postgres/binaries.ts'
import { readPidFile, stopLeftover } from './postgres/leftover.ts'
import { lostDatabase, noteMade, refuseLost } from './postgres/made.ts'
import { claimOwnership, livingOwner, type Ownership } from './postgres/owner.ts'
import {
  findPlace,
  makeClusterDraft,
  type Place,
  readyPassword,
  readyRunDirectory,
  removeClusterDrafts,
} from './postgres/place.ts'

const run = promisify(execFile)

const SUPERUSER = 'oiltrail'
const DATABASE = 'oiltrail'
const READY_TIMEOUT_MS = 60_000
const POLL_MS = 25
/** A fast shutdown writes one checkpoint; past this we choose an immediate one, from which the next start recovers. */
const STOP_TIMEOUT_MS = 7_000
/** How long the children of a killed postmaster may take to notice and leave its shared memory. */
const ORPHAN_TIMEOUT_MS = 20_000
/** How long commits may go into a folder that somebody deleted. */
const PRESENCE_MS = 1_000
const DRAFT_RETRIES = 5
/** What a connection hears that is still open when we stop the server: no error, and whoever held it hears it too. */
const SHUTDOWN_WORDS = 'terminating connection due to administrator command'
const LOG_TAIL_LINES = 20
const MAX_LOG_LINE_BYTES = 8_192

/** What the server is run with. Durable, modest in memory; everything else is PostgreSQL's default. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '40',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  checkpoint_completion_target: '0.9',
  wal_compression: 'pglz', // the embedded build has neither lz4 nor zstd
  fsync: 'on',
  synchronous_commit: 'on',
  jit: 'off', // our queries are short: compiling them costs more than it saves
  autovacuum: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
}

/** Where the supervisor says what it does; a pino logger fits. */
export interface PostgresLog {
  info(message: string): void
  error(message: string): void
}

/** How to start the built-in database. */
export interface PostgresOptions {
  /** Its own folder, made when missing: cluster, password, sockets. */
  readonly directory: string
  readonly log: PostgresLog
  /** Whether a database must already be there: then none is ever created, and a missing one is DATABASE_LOST. */
  readonly mustExist?: boolean
  /** Told once when the server ends without having been asked to. It is never restarted behind your back. */
  readonly onExit?: (reason: string) => void
  /** For a server that several test processes share: it runs until this process ends instead of ours, and its folder is then deleted. */
  readonly untilProcessEnds?: number
  /** Aborted when nobody wants the database any more: a start under way then throws the reason, and nothing of it is left running. */
  readonly cancelled?: AbortSignal
  /** Settings over ours, for tests and measurements. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A running database. */
export interface Postgres {
  /** Connection string with password: never log it. */
  readonly url: string
  /** Process id of the postmaster. */
  readonly pid: number
  /** Whether another process of ours runs it and we only use it; `stop` then leaves it running. */
  readonly attached: boolean
  /** Shuts it down (open transactions are rolled back) and waits until it is gone. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the built-in PostgreSQL on a folder, creating it at the first time, reachable through a Unix socket in a private folder
 * only. When a living process of ours already runs it, attaches to it; what a killed process left running is shut down first.
 * If our process is killed the database shuts itself down. Throws when it cannot start, with the server's own words; throws the
 * problem DATABASE_LOST when the folder had a database that is not there any more: an empty one never takes its place.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { log } = options
  const directory = resolve(options.directory)
  const made = await refuseLost(directory, options.mustExist ?? false)
  const account = await unprivilegedAccount()
  const place = await findPlace(directory, account, log)
  const password = await readyPassword(place.directory)
  const runDirectory = await readyRunDirectory(place, account)
  const owner = await claimOwnership(runDirectory)
  if (!owner) return attach(options, place, password, runDirectory)
  try {
    const binaries = await readyBinaries(account, place.directory)
    await stopLeftover(place, runDirectory, log)
    await createCluster(options, place, binaries, account, password)
    const server = await launch(options, { place, binaries, account, password, runDirectory, owner, made })
    if (!made) await noteMade(directory)
    return server
  } catch (error) {
    await owner.release()
    throw error
  }
}

async function attach(
  { cancelled }: PostgresOptions,
  place: Place,
  password: string,
  runDirectory: string,
): Promise<Postgres> {
  const url = connectionUrl(runDirectory, password, DATABASE)
  const ended = async () =>
    (await livingOwner(runDirectory)) ? undefined : 'the process that was starting it ended'
  const pid = await waitUntilReady(place, url, ended, cancelled)
  return { url, pid, attached: true, stop: async () => undefined }
}

// ---- creation

async function createCluster(
  { log, cancelled }: PostgresOptions,
  place: Place,
  binaries: Binaries,
  account: Account | undefined,
  password: string,
): Promise<void> {
  // We own the place: what stands half-made beside it belongs to nobody who lives.
  await removeClusterDrafts(place)
  if (await lstat(join(place.cluster, 'PG_VERSION')).catch(() => undefined)) return
  log.info(`creating the database in ${place.cluster}`)
  const draft = await makeClusterDraft(place, account)
  const passwordFile = `${draft}.password`
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account) await chown(passwordFile, account.uid, account.gid)
  const args = [
    '-D',
    draft,
    '-U',
    SUPERUSER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '-E',
    'UTF8',
  ]
  args.push('--data-checksums', '--locale=C', '--locale-provider=builtin', '--builtin-locale=PG_UNICODE_FAST')
  try {
    await run(binaries.initdb, [...args, '--no-instructions'], {
      ...asAccount(account),
      cwd: '/',
      env: serverEnvironment(),
      ...(cancelled && { signal: cancelled }),
    })
    await rename(draft, place.cluster)
  } catch (error) {
    // Its children may still be writing for a moment.
    await rm(draft, { recursive: true, force: true, maxRetries: DRAFT_RETRIES })
    cancelled?.throwIfAborted()
    // Another process that started at the same moment may have been first; then its cluster is as good as ours.
    if (await lstat(join(place.cluster, 'PG_VERSION')).catch(() => undefined)) return
    const words = (error as { stderr?: string }).stderr ?? ''
    throw new Error(`the database could not be created / 数据库未能创建: ${words}`, {
      cause: error,
    })
  } finally {
    await rm(passwordFile, { force: true })
  }
}

/** Nothing of our own environment reaches the server: it may hold secrets, and PG* variables would steer it. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

// ---- running

interface Launch {
  readonly place: Place
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly password: string
  readonly runDirectory: string
  readonly owner: Ownership
  /** Whether the folder had a database before. */
  readonly made: boolean
}

function connectionUrl(runDirectory: string, password: string, database: string): string {
  return `postgresql://${SUPERUSER}:${password}@/${database}?host=${encodeURIComponent(runDirectory)}`
}

async function launch(options: PostgresOptions, how: Launch): Promise<Postgres> {
  const deadline = Date.now() + ORPHAN_TIMEOUT_MS
  for (;;) {
    const server = spawnPostmaster(options, how)
    try {
      const administration = connectionUrl(how.runDirectory, how.password, 'postgres')
      const pid = await waitUntilReady(how.place, administration, server.ended, options.cancelled)
      await createDatabase(administration, how)
      return superviseRunning(options, how, server, pid)
    } catch (error) {
      server.child.kill('SIGQUIT')
      await server.exit
      server.guardian?.kill('SIGKILL')
      // Children of a postmaster that was killed need a moment to notice.
      const orphans = server.tail.some((line) => line.includes('shared memory'))
      if (!orphans || Date.now() > deadline) throw error
      await sleep(20 * POLL_MS)
    }
  }
}

interface Postmaster {
  readonly child: ChildProcess
  /** Undefined when the program could not even be run. */
  readonly guardian: ChildProcess | undefined
  readonly exit: Promise<string>
  readonly tail: string[]
  ended(): Promise<string | undefined>
}

function spawnPostmaster(options: PostgresOptions, how: Launch): Postmaster {
  const settings = { ...SETTINGS, unix_socket_directories: how.runDirectory, ...options.settings }
  const args = ['-D', how.place.cluster]
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`)
  const child = spawn(how.binaries.postgres, args, {
    ...asAccount(how.account),
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C in the terminal reaches us, and we stop the server after our work is written.
    detached: true,
  })
  const tail: string[] = []
  followLog(child, tail, options.log)
  let outcome: string | undefined
  const exit = new Promise<string>((settle) => {
    const end = (reason: string) => {
      outcome ??= reason
      settle(outcome)
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, name) => end(name ? `signal ${name}` : `exit code ${code}`))
  })
  child.unref()
  // From its first moment: we may be killed before it is ready.
  const guardian = child.pid === undefined ? undefined : spawnGuardian(child.pid, options, how.account)
  return { child, guardian, exit, tail, ended: async () => outcome && `${outcome}\n${tail.join('\n')}` }
}

/** Keeps the last lines for the error that may follow, and passes on what a person should see. */
function followLog(child: ChildProcess, tail: string[], log: PostgresLog): void {
  let rest = ''
  const output = child.stderr!
  output.setEncoding('utf8')
  output.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!.slice(0, MAX_LOG_LINE_BYTES)
    for (const line of lines) {
      tail.push(line.slice(0, MAX_LOG_LINE_BYTES))
      if (tail.length > LOG_TAIL_LINES) tail.shift()
      if (line.endsWith(SHUTDOWN_WORDS)) continue
      if (/^(ERROR|FATAL|PANIC):/.test(line)) log.error(`postgres: ${line}`)
      else if (line.startsWith('WARNING:')) log.info(`postgres: ${line}`)
    }
  })
  ;(output as unknown as { unref?(): void }).unref?.()
}

async function waitUntilReady(
  place: Place,
  url: string,
  ended: () => Promise<string | undefined>,
  cancelled: AbortSignal | undefined,
): Promise<number> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    cancelled?.throwIfAborted()
    const reason = await ended()
    if (reason !== undefined) throw new Error(`the database did not start / 数据库未能启动: ${reason}`)
    const file = await readPidFile(place)
    if (file?.ready && (await answers(url))) return file.pid
    if (Date.now() > deadline)
      throw new Error(`the database was not ready within ${READY_TIMEOUT_MS} ms / 数据库未能按时就绪`)
    await sleep(POLL_MS)
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function createDatabase(administrationUrl: string, { made, place }: Launch): Promise<void> {
  const client = new pg.Client({ connectionString: administrationUrl })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rowCount !== 0) return
    if (made) throw lostDatabase(`${place.cluster} runs, but it holds no database ${DATABASE} any more`)
    await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}

/** Waits for our end of its pipe to close, which the kernel does however we die, and then shuts the server down. */
const GUARD_US = 'read -r _; kill -INT "$1"'
/** Waits for the end of another process, then ends the server at once and deletes its folder: nobody will want it again. */
const GUARD_OTHER = `while kill -0 "$2" 2>/dev/null; do sleep 1; done
kill -QUIT "$1"
i=0; while kill -0 "$1" 2>/dev/null && [ $i -lt 10 ]; do sleep 1; i=$((i+1)); done
rm -rf "$3"`

/** A small shell without which a killed process would leave the database running. */
function spawnGuardian(pid: number, options: PostgresOptions, account: Account | undefined): ChildProcess {
  const other = options.untilProcessEnds
  const args = [
    '-c',
    other ? GUARD_OTHER : GUARD_US,
    'sh',
    String(pid),
    String(other),
    resolve(options.directory),
  ]
  const guardian = spawn('/bin/sh', args, {
    ...(other ? {} : asAccount(account)),
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guardian.on('error', () => undefined)
  guardian.stdin!.on('error', () => undefined)
  guardian.unref()
  ;(guardian.stdin as unknown as { unref?(): void }).unref?.()
  return guardian
}

function superviseRunning(options: PostgresOptions, how: Launch, server: Postmaster, pid: number): Postgres {
  const presence = watchPresence(how.place, server, options.log)
  let stopping: Promise<void> | undefined
  void server.exit.then(async (reason) => {
    clearInterval(presence)
    server.guardian?.kill('SIGKILL') // its target is gone; the number may soon be another's
    await how.owner.release()
    if (stopping) return
    options.log.error(`the database ended by itself: ${reason}`)
    options.onExit?.(reason)
  })
  return {
    url: connectionUrl(how.runDirectory, how.password, DATABASE),
    pid,
    attached: false,
    stop: () => {
      stopping ??= stopServer(how, server)
      return stopping
    },
  }
}

/**
 * PostgreSQL looks once a minute whether its folder is still there, and until then goes on committing into deleted files. We look
 * every second and end it: what is not acknowledged is sent again, what was acknowledged into nothing is lost.
 */
function watchPresence(place: Place, server: Postmaster, log: PostgresLog): NodeJS.Timeout {
  const timer = setInterval(() => {
    lstat(join(place.cluster, 'PG_VERSION')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') return
      log.error(`the database's folder ${place.cluster} is gone while it runs / 数据库目录在运行中消失`)
      clearInterval(timer)
      server.child.kill('SIGQUIT')
    })
  }, PRESENCE_MS)
  return timer.unref()
}

async function stopServer(how: Launch, server: Postmaster): Promise<void> {
  server.child.kill('SIGINT')
  const late = setTimeout(() => server.child.kill('SIGQUIT'), STOP_TIMEOUT_MS)
  await server.exit
  clearTimeout(late)
  await how.owner.release()
  // Only when empty: another process may be about to start here.
  await rmdir(how.runDirectory).catch(() => undefined)
}
