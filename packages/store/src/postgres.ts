import { lstat, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unprivilegedAccount } from './postgres/account.ts'
import { readyBinaries } from './postgres/binaries.ts'
import { connectionUrl, createCluster, createDatabase, DATABASE } from './postgres/cluster.ts'
import { stopLeftover } from './postgres/leftover.ts'
import { noteMade, refuseLost } from './postgres/made.ts'
import type { PostgresLog, PostgresOptions } from './postgres/options.ts'
import { claimOwnership, livingOwner, type Ownership } from './postgres/owner.ts'
import { findPlace, type Place, readyPassword, readyRunDirectory } from './postgres/place.ts'
import {
  type Postmaster,
  type PostmasterParts,
  spawnPostmaster,
  waitUntilReady,
} from './postgres/postmaster.ts'

export type { PostgresLog, PostgresOptions } from './postgres/options.ts'

/** A fast shutdown writes one checkpoint; past this we choose an immediate one, from which the next start recovers. */
const STOP_TIMEOUT_MS = 7_000
/** How long the children of a killed postmaster may take to notice and leave its shared memory. */
const ORPHAN_TIMEOUT_MS = 20_000
const ORPHAN_PAUSE_MS = 500
/** How long commits may go into a folder that somebody deleted. */
const PRESENCE_MS = 1_000

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

interface Launch extends PostmasterParts {
  readonly password: string
  readonly owner: Ownership
  /** Whether the folder had a database before. */
  readonly made: boolean
}

async function launch(options: PostgresOptions, how: Launch): Promise<Postgres> {
  const deadline = Date.now() + ORPHAN_TIMEOUT_MS
  for (;;) {
    const server = spawnPostmaster(options, how)
    try {
      const administration = connectionUrl(how.runDirectory, how.password, 'postgres')
      const pid = await waitUntilReady(how.place, administration, server.ended, options.cancelled)
      await createDatabase(administration, how.place, how.made)
      return superviseRunning(options, how, server, pid)
    } catch (error) {
      server.child.kill('SIGQUIT')
      await server.exit
      server.guardian?.kill('SIGKILL')
      // Children of a postmaster that was killed need a moment to notice.
      const orphans = server.tail.some((line) => line.includes('shared memory'))
      if (!orphans || Date.now() > deadline) throw error
      await sleep(ORPHAN_PAUSE_MS)
    }
  }
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
