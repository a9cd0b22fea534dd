import { execFile } from 'node:child_process'
import { chown, lstat, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { type Account, asAccount } from './account.ts'
import type { Binaries } from './binaries.ts'
import { lostDatabase } from './made.ts'
import type { PostgresOptions } from './options.ts'
import { makeClusterDraft, type Place, removeClusterDrafts } from './place.ts'

const run = promisify(execFile)

const SUPERUSER = 'oiltrail'
/** The one database of a cluster that holds what is ours. */
export const DATABASE = 'oiltrail'
const DRAFT_RETRIES = 5

/** Makes the cluster, whole or not at all, unless it is there. Whoever calls owns the place. */
export async function createCluster(
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

/** Makes our database in a running cluster unless it is there. DATABASE_LOST when the folder had one before (`made`). */
export async function createDatabase(administrationUrl: string, place: Place, made: boolean): Promise<void> {
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

/** How to reach a database of the cluster; it holds the password. */
export function connectionUrl(runDirectory: string, password: string, database: string): string {
  return `postgresql://${SUPERUSER}:${password}@/${database}?host=${encodeURIComponent(runDirectory)}`
}

/** Nothing of our own environment reaches the server: it may hold secrets, and PG* variables would steer it. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}
