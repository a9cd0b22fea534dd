import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Store, Transaction } from './pool.ts'

/** One step of the schema: forward only, never changed once released. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

/** Any constant will do; two servers that migrate one database must use the same. */
const LOCK_KEY = 7_268_155_301

/** The folder of the .sql files: beside the source, or beside the bundle that a build put them next to. */
function migrationsFolder(): string {
  const candidates = ['../migrations/', './migrations/']
  for (const candidate of candidates) {
    const folder = fileURLToPath(new URL(candidate, import.meta.url))
    if (existsSync(join(folder, '0001_log_and_views.sql'))) return folder
  }
  throw new Error(
    'the migrations folder is missing beside the program: build again / 缺少数据库升级文件,请重新构建',
  )
}

/** Reads all migrations in order. Throws when a number is missing or doubled. */
export async function readMigrations(folder: string = migrationsFolder()): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name, index) => {
      const match = /^([0-9]{4})_[a-z0-9_]+\.sql$/.exec(name)
      if (!match || Number(match[1]) !== index + 1)
        throw new Error(`migration ${name} should have number ${index + 1} and a name of lower-case words`)
      const bytes = await readFile(join(folder, name))
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return { version: index + 1, name, sql: bytes.toString('utf8'), sha256 }
    }),
  )
}

async function recordedMigrations(tx: Transaction): Promise<Map<number, string>> {
  const { rows } = await tx.query<{ version: number; sha256: string }>(
    'select version, sha256 from schema_migration order by version',
  )
  return new Map(rows.map((row) => [row.version, row.sha256]))
}

/**
 * Brings the schema up to date, each step in its own transaction, under a lock so that two servers do not do it at once.
 * Refuses (throws) when a step that was already taken has since been altered, or when the database is newer than the program.
 */
export async function migrate(
  store: Store,
  migrations?: readonly Migration[],
): Promise<{ from: number; to: number }> {
  const steps = migrations ?? (await readMigrations())
  const client = await store.pool.connect()
  try {
    await client.query('set statement_timeout = 0')
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY])
    await client.query(`create table if not exists schema_migration (
      version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`)
    const done = await recordedMigrations(client)
    for (const version of done.keys())
      if (version > steps.length)
        throw new Error(
          `the database has schema version ${version}, this program knows ${steps.length}: use the newer program / 数据库来自更新的版本,请使用新版程序`,
        )
    for (const step of steps) {
      const before = done.get(step.version)
      if (before === undefined) await take(client, step)
      else if (before !== step.sha256)
        throw new Error(
          `migration ${step.name} was altered after it had been applied: restore the released file / 已执行的数据库升级文件被改动,请恢复原文件`,
        )
    }
    return { from: done.size, to: steps.length }
  } finally {
    // Closing the connection releases the lock also when something failed half-way.
    client.release(true)
  }
}

async function take(client: Transaction, step: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query(step.sql)
    await client.query('insert into schema_migration (version, name, sha256) values ($1, $2, $3)', [
      step.version,
      step.name,
      step.sha256,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw new Error(`migration ${step.name} failed`, { cause: error })
  }
}

/** The version of the schema in the database; 0 when it is empty. */
export async function schemaVersion(tx: Pick<Transaction, 'query'>): Promise<number> {
  const { rows } = await tx.query<{ known: boolean }>(
    "select to_regclass('schema_migration') is not null as known",
  )
  if (!rows[0]?.known) return 0
  const top = await tx.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from schema_migration',
  )
  return top.rows[0]?.version ?? 0
}
