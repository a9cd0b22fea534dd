import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Migration, migrate, readMigrations, schemaVersion } from '../src/migrate.ts'
import { dumpSchema } from '../src/schema.ts'
import { type TestDatabase, testDatabase } from '../src/testing.ts'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await testDatabase({ empty: true })
  folder = await mkdtemp(join(tmpdir(), 'oiltrail-migrations-'))
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

function step(version: number, sql: string): Migration {
  return { version, name: `${String(version).padStart(4, '0')}_step.sql`, sql, sha256: `hash of ${sql}` }
}

describe('migrations', () => {
  const first = step(1, 'create table one (a integer)')

  test('run once, in order, and are recorded', async () => {
    const two = step(2, 'create table two (b integer); insert into one values (2)')
    expect(await migrate(database.store, [first])).toEqual({ from: 0, to: 1 })
    expect(await migrate(database.store, [first, two])).toEqual({ from: 1, to: 2 })
    expect(await migrate(database.store, [first, two])).toEqual({ from: 2, to: 2 })
    expect(await schemaVersion(database.store.pool)).toBe(2)
    expect((await database.store.pool.query('select a from one')).rows).toEqual([{ a: 2 }])
  })

  test('refuse to go on when one that was taken has been altered', async () => {
    const altered = step(1, 'create table one (a bigint)')
    await expect(migrate(database.store, [altered, step(2, '')])).rejects.toThrow('was altered')
  })

  test('refuse a database that is newer than the program', async () => {
    await expect(migrate(database.store, [first])).rejects.toThrow('newer program')
  })

  test('leave nothing of a step that fails half-way', async () => {
    const two = step(2, 'create table two (b integer); insert into one values (2)')
    const bad = step(3, 'create table three (c integer); select 1/0')
    await expect(migrate(database.store, [first, two, bad])).rejects.toThrow('0003_step.sql failed')
    expect(await schemaVersion(database.store.pool)).toBe(2)
    expect((await database.store.pool.query("select to_regclass('three') as t")).rows).toEqual([{ t: null }])
  })

  test('two programs that start at once take each step once', async () => {
    const fresh = await testDatabase({ empty: true })
    const outcomes = await Promise.all([migrate(fresh.store), migrate(fresh.store), migrate(fresh.store)])
    const taken = outcomes.filter((outcome) => outcome.from === 0)
    await fresh.close()
    expect(taken).toHaveLength(1)
  })

  test('a hole or a wrong name in the folder is refused', async () => {
    await writeFile(join(folder, '0001_a.sql'), '')
    await writeFile(join(folder, '0003_c.sql'), '')
    await expect(readMigrations(folder)).rejects.toThrow('0003_c.sql should have number 2')
  })
})

test('schema.sql is what the migrations make, and makes the same again', async () => {
  const migrated = await testDatabase()
  const dump = await dumpSchema(migrated.store)
  await migrated.close()
  await expect(dump).toMatchFileSnapshot('../schema.sql')
  const again = await testDatabase({ empty: true })
  await again.store.pool.query(dump)
  const second = await dumpSchema(again.store)
  await again.close()
  expect(second).toBe(dump)
})
