import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGunzip, createGzip } from 'node:zlib'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { type BackupHeader, type BackupManifest, BackupReader, encodeFrame } from './backupfile.ts'
import { quoteIdentifier } from './copy.ts'
import { migrate, readMigrations, schemaVersion } from './migrate.ts'
import type { Store, Transaction } from './pool.ts'

export type { BackupManifest } from './backupfile.ts'

/** Fast compression: the disk, not the size, is what a county's backup waits for. */
const GZIP = { level: constants.Z_BEST_SPEED }

/**
 * Writes everything in the database to one file, as of one moment, while the platform goes on working. The file appears under its
 * name only when it is whole and on disk; it is readable by its owner only, because it holds keys' hashes and raw data.
 * `attachments` are small files that belong to the platform but not to the database, such as its sealing keys.
 */
export async function backup(
  store: Store,
  file: string,
  attachments: Readonly<Record<string, Uint8Array>> = {},
): Promise<BackupManifest> {
  const partial = `${file}.part`
  const tx = await store.pool.connect()
  try {
    await tx.query('begin transaction isolation level repeatable read read only')
    await tx.query('set local statement_timeout = 0')
    const written: { manifest?: BackupManifest } = {}
    const target = createWriteStream(partial, { mode: 0o600, flush: true })
    await pipeline(frames(tx, attachments, written), createGzip(GZIP), target)
    await tx.query('commit')
    await rename(partial, file)
    await syncFolder(dirname(file))
    tx.release()
    return written.manifest!
  } catch (error) {
    tx.release(true)
    await rm(partial, { force: true })
    throw error
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function* frames(
  tx: Transaction,
  attachments: Readonly<Record<string, Uint8Array>>,
  written: { manifest?: BackupManifest },
): AsyncGenerator<Buffer> {
  const header: BackupHeader = {
    format: 'oiltrail-backup',
    version: 1,
    schema: await schemaVersion(tx),
    createdAt: Date.now(),
  }
  yield encodeFrame('header', header)
  for (const [name, bytes] of Object.entries(attachments))
    yield encodeFrame('attachment', { name, base64: Buffer.from(bytes).toString('base64') })
  const parts: BackupManifest['parts'][number][] = []
  for (const table of await dataTables(tx)) {
    yield encodeFrame('table', table)
    const names = table.columns.map(quoteIdentifier).join(', ')
    const stream = tx.query(
      copyTo(`copy ${quoteIdentifier(table.name)} (${names}) to stdout (format binary)`),
    )
    const hash = createHash('sha256')
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk)
      yield encodeFrame('data', chunk)
    }
    parts.push({ table: table.name, rows: stream.rowCount, sha256: hash.digest('hex') })
  }
  written.manifest = { ...header, parts }
  yield encodeFrame('manifest', written.manifest)
}

interface DataTable {
  readonly name: string
  readonly columns: string[]
}

/** Every table of ours but the list of migrations, which the restoring program writes itself. */
async function dataTables(tx: Transaction): Promise<DataTable[]> {
  const { rows } = await tx.query<DataTable>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schema_migration'
     group by c.relname order by c.relname`,
  )
  return rows
}

/**
 * Reads a backup into an empty database, all or nothing, and checks every row count and hash on the way. The schema is brought to
 * the version of the file first and to the program's own afterwards. The log's owner epoch rises, so that a writer that
 * belonged to the old database can never write here. Returns the manifest and the attached files.
 * Throws when the database holds anything, the file is damaged or cut, or it is newer than the program.
 */
export async function restore(
  store: Store,
  file: string,
): Promise<{ manifest: BackupManifest; attachments: Record<string, Uint8Array> }> {
  const source = createReadStream(file)
  const unzip = createGunzip()
  const feeding = pipeline(source, unzip)
  feeding.catch(() => undefined) // the reader below sees the same error
  const reader = new BackupReader(unzip)
  try {
    const header = await reader.header()
    const steps = await readMigrations()
    if (header.schema > steps.length)
      throw new Error(
        `the backup has schema version ${header.schema}, this program knows ${steps.length}: use the newer program / 备份来自更新的版本,请使用新版程序`,
      )
    await migrate(store, steps.slice(0, header.schema))
    const result = await store.transaction((tx) => fill(tx, header, reader))
    await migrate(store, steps)
    return result
  } finally {
    source.destroy()
    unzip.destroy()
  }
}

async function fill(
  tx: Transaction,
  header: BackupHeader,
  reader: BackupReader,
): Promise<{ manifest: BackupManifest; attachments: Record<string, Uint8Array> }> {
  await tx.query('set local statement_timeout = 0')
  const known = new Map((await dataTables(tx)).map((table) => [table.name, table]))
  for (const name of known.keys()) {
    const { rowCount } = await tx.query(`select from ${quoteIdentifier(name)} limit 1`)
    if (rowCount)
      throw new Error(
        `the database is not empty (table ${name}): restore into a new one / 数据库非空,请恢复到新的数据目录或空库`,
      )
  }
  const attachments = await reader.attachments()
  const parts: BackupManifest['parts'][number][] = []
  for (let table = await reader.table(); table; table = await reader.table()) {
    const columns = new Set(known.get(table.name)?.columns)
    if (!table.columns.every((column) => columns.has(column)))
      throw new Error(
        `the backup holds table ${table.name} with columns that the schema lacks / 备份中的表 ${table.name} 与结构不符`,
      )
    const names = table.columns.map(quoteIdentifier).join(', ')
    const sink = tx.query(
      copyFrom(`copy ${quoteIdentifier(table.name)} (${names}) from stdin (format binary)`),
    )
    const hash = createHash('sha256')
    await pipeline(reader.data(hash), sink)
    parts.push({ table: table.name, rows: sink.rowCount, sha256: hash.digest('hex') })
  }
  const manifest = await reader.manifest()
  if (JSON.stringify(manifest) !== JSON.stringify({ ...header, parts }))
    throw new Error(
      'the backup is damaged: its contents are not what its manifest says / 备份已损坏:内容与清单不符',
    )
  if (parts.length !== known.size) throw new Error('the backup lacks a table of its schema / 备份缺少数据表')
  await tx.query('update log_head set owner_epoch = owner_epoch + 1')
  return { manifest, attachments }
}
