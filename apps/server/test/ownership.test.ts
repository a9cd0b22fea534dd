import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Problem } from '@oiltrail/kernel'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import { type RunningServer, startServer } from '../src/serve.ts'
import {
  type Answer,
  type Collector,
  enrolCollector,
  logRows,
  openStand,
  type Stand,
  until,
} from './stand.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function stand(onFatal?: (problem: Problem) => void): Promise<Stand> {
  const opened = await openStand(onFatal ? { onFatal } : {})
  closing.push(() => opened.close())
  return opened
}

/** Sends a batch until it is stored, through lost connections and retries. */
async function sendUntilStored(collector: Collector, bytes: Uint8Array): Promise<Answer> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await collector.send(bytes).catch(() => 'disconnected' as const)
    if (answer !== 'disconnected' && answer.outcome === 'stored') return answer
    if (answer === 'disconnected') await collector.close()
    await new Promise((wake) => setTimeout(wake, 50))
  }
  throw new Error('never stored')
}

describe('two servers on one database', () => {
  test('the second does not start while the first lives, and starts when it has gone', async () => {
    const first = await stand()
    const collector = await first.enrol('520327-S001-A')
    await expect(first.again({ ownershipWaitMs: 300 })).rejects.toThrow(/SHARD_OWNED/)
    expect(await collector.send(collector.volume.fill(2).batch(1, 2))).toMatchObject({ outcome: 'stored' })
    await collector.close()
    const waiting = first.again({ ownershipWaitMs: 10_000 })
    await new Promise((wake) => setTimeout(wake, 300))
    await first.server.stop()
    const second = await waiting
    closing.push(() => second.stop())
    const moved = new (collector.constructor as typeof Collector)(
      collector.device,
      collector.token,
      collector.volume,
      collector.price,
      second.mqttUrl!,
    )
    closing.push(() => moved.close())
    expect(await moved.send(collector.volume.fill(2).batch(3, 4))).toMatchObject({ outcome: 'stored' })
    expect(await moved.send(collector.volume.batch(1, 2))).toMatchObject({ code: 'REPLAYED' })
  })

  test('a first one that only seemed dead never commits again', async () => {
    const problems: Problem[] = []
    const first = await stand((problem) => problems.push(problem))
    const collector = await first.enrol('520327-S001-A')
    closing.push(() => collector.close())
    expect(await collector.send(collector.volume.fill(2).batch(1, 2))).toMatchObject({ outcome: 'stored' })
    const before = await logRows(first)
    // What a second server does when the lock of the first was lost with its connection.
    await first.database.store.pool.query('update log_head set owner_epoch = owner_epoch + 1')
    expect(await collector.send(collector.volume.fill(2).batch(3, 4))).toMatchObject({
      outcome: 'retry',
      code: 'SHARD_OWNED',
    })
    expect(problems.map((problem) => problem.code)).toEqual(['SHARD_OWNED'])
    expect(await logRows(first)).toEqual(before)
    const desk = first.server.context.desk
    expect(await desk.revokeDevice('tester', collector.device, 'x')).toMatchObject({
      problem: { code: 'SHARD_OWNED' },
    })
  })

  test('losing only the connection that holds the lock costs nothing but a look', async () => {
    const first = await stand()
    const collector = await first.enrol('520327-S001-A')
    closing.push(() => collector.close())
    await collector.connect()
    const { rowCount } = await first.database.store.pool.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
       and database = (select oid from pg_database where datname = current_database())`,
    )
    expect(rowCount).toBe(1)
    await sendUntilStored(collector, collector.volume.fill(2).batch(1, 2))
    await expect(first.again({ ownershipWaitMs: 100 })).rejects.toThrow(/SHARD_OWNED/)
  })
})

describe('the database fails while data flows', () => {
  test('connections cut at any moment: nothing is lost, nothing doubled', async () => {
    const first = await stand()
    const collectors = await Promise.all(
      [1, 2, 3].map((i) => first.enrol(`520327-S00${i}-A`, i === 1 ? 'SM2-SM3' : 'Ed25519')),
    )
    for (const collector of collectors) closing.push(() => collector.close())
    const cutting = cutConnections(first, 12)
    await Promise.all(collectors.map((collector) => sendAll(collector, 40)))
    await cutting
    await expectOnceAndInOrder(first, collectors, 200)
  })

  test('the built-in PostgreSQL killed: it comes back, and what was promised is there', async () => {
    const data = await mkdtemp(join(tmpdir(), 'oiltrail-killed-'))
    await chmod(data, 0o711) // PostgreSQL's own user must pass
    closing.push(() => rm(data, { recursive: true, force: true }))
    const config = readConfig(
      { port: '0', 'mqtt-port': '0', data, 'log-level': 'silent' },
      { DATABASE_URL: '' },
      Date.now,
    )
    const server: RunningServer = await startServer(config, pino({ level: 'silent' }))
    closing.push(() => server.stop())
    const collector = await enrolCollector(server, '520327-S001-A', 'Ed25519')
    closing.push(() => collector.close())
    const promised: Answer[] = []
    for (let i = 0; i < 30; i++) {
      const first = collector.volume.lines.length + 1
      const bytes = collector.volume.fill(5).batch(first, first + 4)
      if (i === 10) process.kill(server.databasePid()!, 'SIGKILL')
      promised.push(await sendUntilStored(collector, bytes))
    }
    const { rows } = await server.context.store.pool.query(
      'select position, first_seq from log_entry where type = 0 order by position',
    )
    expect(rows.map((row) => row.first_seq)).toEqual(Array.from({ length: 30 }, (_, i) => 5 * i + 1))
    expect(promised.map((answer) => (answer as { position: number }).position)).toEqual(
      rows.map((row) => row.position),
    )
    await until('every follower has caught up', () =>
      server.followers.every((loop) => loop.position === server.context.nextPosition()),
    )
  })
})

/** Ends every connection of the server a number of times, at moments that have nothing to do with what it is doing. */
async function cutConnections(opened: Stand, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await new Promise((wake) => setTimeout(wake, 37 * (1 + (i % 7))))
    await opened.database.store.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'oiltrail-server' and datname = current_database()`,
    )
  }
}

async function sendAll(collector: Collector, batches: number): Promise<void> {
  for (let i = 0; i < batches; i++) {
    const first = collector.volume.lines.length + 1
    await sendUntilStored(collector, collector.volume.fill(5).batch(first, first + 4))
  }
}

async function expectOnceAndInOrder(
  opened: Stand,
  collectors: readonly Collector[],
  records: number,
): Promise<void> {
  const rows = await logRows(opened)
  expect(rows.map((row) => row.position)).toEqual(rows.map((_, i) => i))
  for (const { device } of collectors) {
    const firsts = rows.filter((row) => row.device === device && row.type === 0).map((row) => row.first_seq)
    expect(firsts).toEqual(Array.from({ length: records / 5 }, (_, i) => 5 * i + 1))
  }
  const { rows: streams } = await opened.database.store.pool.query('select islands from stream')
  expect(streams.map((row) => row.islands.map((island: { last: number }) => island.last))).toEqual(
    collectors.map(() => [records]),
  )
}
