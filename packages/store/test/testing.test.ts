import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../src/testing.ts'

const databases = [await testDatabase(), await testDatabase()]
afterAll(async () => {
  for (const database of databases) await database.close()
})

test('each test database is migrated and apart from the others', async () => {
  const [first, second] = databases
  await first!.store.pool.query('insert into log_head (county) values (520327)')
  const { rows } = await second!.store.pool.query('select count(*) as n from log_head')
  expect(rows).toEqual([{ n: 0 }])
})

test('a test database is a clone: it was not migrated by itself', async () => {
  const third = await testDatabase()
  const applied = 'select applied_at from schema_migration order by version'
  const times = await Promise.all([databases[0]!, third].map(({ store }) => store.pool.query(applied)))
  await third.close()
  expect(times[1]!.rows).toEqual(times[0]!.rows)
  expect(times[0]!.rows.length).toBeGreaterThan(0)
})
