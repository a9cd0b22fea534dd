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

test('a test database takes less than half a second to make', async () => {
  const start = performance.now()
  const database = await testDatabase()
  const elapsedMs = performance.now() - start
  await database.close()
  expect(elapsedMs).toBeLessThan(500)
})
