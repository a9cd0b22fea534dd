import { createServer } from 'node:net'
import { openStore } from '@oiltrail/store'
import { testDatabase } from '@oiltrail/store/testing'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { makeHttp } from '../src/http.ts'

/** Answers of the interface while its database cannot be reached: a screen tries again, and nobody looks for a defect. */

async function answered(work: () => Promise<unknown>): Promise<[status: number, code: string]> {
  const app = await makeHttp(pino({ level: 'silent' }), undefined)
  app.get('/question', work)
  const answer = await app.inject('/question')
  await app.close()
  return [answer.statusCode, (answer.json() as { code: string }).code]
}

const AWAY = [503, 'STORE_AWAY']

describe('while the database is away', () => {
  it('nothing listens where it should be', async () => {
    const store = openStore('postgres://nobody@127.0.0.1:1/none')
    expect(await answered(() => store.pool.query('select 1'))).toEqual(AWAY)
    await store.close()
  })

  it('the connection ends before it answers', async () => {
    const deaf = createServer((socket) => socket.destroy())
    await new Promise<void>((listening) => deaf.listen(0, '127.0.0.1', listening))
    const { port } = deaf.address() as { port: number }
    const store = openStore(`postgres://nobody@127.0.0.1:${port}/none`)
    expect(await answered(() => store.pool.query('select 1'))).toEqual(AWAY)
    await store.close()
    deaf.close()
  })

  it('an administrator ends the connection in the middle of a question', async () => {
    const database = await testDatabase()
    const other = openStore(database.url)
    const ending = async (): Promise<unknown> => {
      const asking = database.store.pool.query('select pg_sleep(20)')
      // It may fail before anybody waits for it.
      asking.catch(() => undefined)
      for (let ended = 0; ended === 0; ) {
        const { rows } = await other.pool.query<{ ended: number }>(
          `select count(pg_terminate_backend(pid))::int4 as ended from pg_stat_activity
           where datname = current_database() and query = 'select pg_sleep(20)'`,
        )
        ended = rows[0]!.ended
      }
      return asking
    }
    expect(await answered(ending)).toEqual(AWAY)
    await other.close()
    await database.close()
  })

  it('but a wrong question is still our own mistake', async () => {
    const database = await testDatabase()
    expect(await answered(() => database.store.pool.query('select nothing'))).toEqual([500, 'INTERNAL'])
    await database.close()
  })
})
