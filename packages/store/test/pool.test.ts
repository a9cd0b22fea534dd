import type { Socket } from 'node:net'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStore } from '../src/pool.ts'
import { type TestDatabase, testDatabase } from '../src/testing.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ empty: true })
})
afterAll(() => database.close())

function socketOf(client: pg.PoolClient): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream
}

it('a connection that breaks in the very moment it is handed out fails that transaction and not the process', async () => {
  const store = openStore(database.url, { max: 1 })
  try {
    await store.transaction((tx) => tx.query('select 1'))
    const uncaught: unknown[] = []
    const notice = (error: unknown): number => uncaught.push(error)
    process.on('uncaughtException', notice)
    // The pool has taken its own listener away, and the transaction has not yet been told of its connection.
    store.pool.once('acquire', (client) => {
      socketOf(client as pg.PoolClient).destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    })
    await expect(store.transaction((tx) => tx.query('select 1'))).rejects.toThrow()
    const { rows } = await store.transaction((tx) => tx.query<{ one: number }>('select 1 as one'))
    expect(rows).toEqual([{ one: 1 }])
    process.off('uncaughtException', notice)
    expect(uncaught).toEqual([])
  } finally {
    await store.close()
  }
})
