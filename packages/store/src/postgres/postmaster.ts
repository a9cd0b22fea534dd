import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Account, asAccount } from './account.ts'
import type { Binaries } from './binaries.ts'
import { serverEnvironment } from './cluster.ts'
import { readPidFile } from './leftover.ts'
import type { PostgresLog, PostgresOptions } from './options.ts'
import type { Place } from './place.ts'

const READY_TIMEOUT_MS = 60_000
const POLL_MS = 25
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

/** What a server process is run from. */
export interface PostmasterParts {
  readonly place: Place
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly runDirectory: string
}

/** A server process that was started, and what it says. */
export interface Postmaster {
  readonly child: ChildProcess
  /** Undefined when the program could not even be run. */
  readonly guardian: ChildProcess | undefined
  readonly exit: Promise<string>
  readonly tail: string[]
  ended(): Promise<string | undefined>
}

/** Starts the server process, with a guardian that ends it when we are killed. It is not ready yet. */
export function spawnPostmaster(options: PostgresOptions, how: PostmasterParts): Postmaster {
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

/** Waits until the server answers; its process id. Throws when it ends (`ended` tells the reason), is cancelled or takes too long. */
export async function waitUntilReady(
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
