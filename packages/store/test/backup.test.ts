import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backup, restore } from '../src/backup.ts'
import { migrate, readMigrations } from '../src/migrate.ts'
import type { Store } from '../src/pool.ts'
import { type TestDatabase, testDatabase } from '../src/testing.ts'

let source: TestDatabase
let folder: string
let file: string
beforeAll(async () => {
  source = await testDatabase()
  folder = await mkdtemp(join(tmpdir(), 'oiltrail-backup-'))
  file = join(folder, 'county.backup')
  await source.store.pool.query(
    'insert into log_head (county, next_position, owner_epoch) values (520327, 3000, 7)',
  )
  await source.store.pool.query(
    `insert into log_entry (county, position, type, received_at, device, channel, leaf, raw)
     select 520327, i, 0, 1795413932155 + i, case when i % 7 > 0 then '520327-S001-A' end, 0, sha256(int4send(i)),
       convert_to(repeat('记录 ' || i, i % 200), 'UTF8') from generate_series(0, 2999) i`,
  )
  await source.store.pool.query(
    `insert into stream (county, device, channel, islands, last_received_at) values (520327, '520327-S001-A', 0, '[[1,5]]', 1)`,
  )
})
afterAll(async () => {
  await source.close()
  await rm(folder, { recursive: true })
})

async function contents(store: Store): Promise<Record<string, unknown>> {
  const tables = await store.pool.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
  )
  const all: Record<string, unknown> = {}
  for (const { name } of tables.rows)
    if (name !== 'schema_migration' && name !== 'log_head')
      all[name] = (
        await store.pool.query(
          `select count(*) as n, md5(string_agg(t::text, '|' order by t::text)) as digest from ${name} t`,
        )
      ).rows[0]
  return all
}

test('a backup restored into a new database holds the same rows, and a new writer epoch', async () => {
  const manifest = await backup(source.store, file, { 'keys/seal.pem': Buffer.from('a key') })
  const target = await testDatabase({ empty: true })
  const restored = await restore(target.store, file)
  expect(restored.manifest).toEqual(manifest)
  expect(Buffer.from(restored.attachments['keys/seal.pem']!).toString()).toBe('a key')
  expect(manifest.parts.find((part) => part.table === 'log_entry')?.rows).toBe(3000)
  expect(await contents(target.store)).toEqual(await contents(source.store))
  const head = await target.store.pool.query('select * from log_head')
  expect(head.rows).toEqual([{ county: 520327, next_position: 3000, owner_epoch: 8 }])
  await target.close()
})

test('only its owner may read a backup, and nothing unfinished lies beside it', async () => {
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['county.backup'])
})

test('rows written while the backup runs are not in it', async () => {
  const other = join(folder, 'running.backup')
  const writing = source.store.pool.query(
    `insert into enrol_code (code_hash, county, device, site, expires_at) select int4send(i), 1, '', '', i from generate_series(1, 20000) i`,
  )
  const manifest = await backup(source.store, other)
  await writing
  const rows = manifest.parts.find((part) => part.table === 'enrol_code')?.rows
  await source.store.pool.query('truncate enrol_code')
  await rm(other)
  expect([0, 20000]).toContain(rows)
})

test('a backup is not restored over data', async () => {
  const target = await testDatabase()
  await target.store.pool.query('insert into log_head (county) values (1)')
  await expect(restore(target.store, file)).rejects.toThrow('not empty')
  expect((await target.store.pool.query('select * from log_head')).rowCount).toBe(1)
  await target.close()
})

test('a backup that was cut off leaves the database empty', async () => {
  const cut = join(folder, 'cut.backup')
  const target = await testDatabase()
  for (const share of [0, 0.3, 0.9, 0.999]) {
    await writeFile(cut, await readFile(file))
    await truncate(cut, Math.floor((await stat(file)).size * share))
    await expect(restore(target.store, cut)).rejects.toThrow()
    expect((await target.store.pool.query('select * from log_entry limit 1')).rowCount).toBe(0)
  }
  await rm(cut)
  await target.close()
})

test('a backup with a changed byte leaves the database empty', async () => {
  const plain = gunzipSync(await readFile(file))
  const changed = join(folder, 'changed.backup')
  const target = await testDatabase()
  // One place in each thirtieth of the file: headers, descriptions, data, manifest.
  for (let i = 0; i < 30; i++) {
    const bytes = Buffer.from(plain)
    const place = i < 28 ? Math.floor((plain.length / 28) * i) : plain.length - 1 - 40 * (i - 27)
    bytes[place]! ^= 1
    await writeFile(changed, gzipSync(bytes))
    await expect(restore(target.store, changed), `byte ${place}`).rejects.toThrow()
    expect((await target.store.pool.query('select * from log_entry limit 1')).rowCount).toBe(0)
  }
  await rm(changed)
  await target.close()
})

test('the schema holds nothing that a backup of tables would miss', async () => {
  const { rows } = await source.store.pool.query(
    `select relname, relkind from pg_class where relnamespace = 'public'::regnamespace and relkind not in ('r', 'i')`,
  )
  expect(rows).toEqual([])
})

test('a backup needs a database that is not newer than itself', async () => {
  const target = await testDatabase({ empty: true })
  const steps = await readMigrations()
  const next = { version: steps.length + 1, name: 'later', sql: 'create table later (a int)', sha256: 'x' }
  await migrate(target.store, [...steps, next])
  await expect(restore(target.store, file)).rejects.toThrow('newer program')
  await target.close()
})
