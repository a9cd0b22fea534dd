import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import mqtt from 'mqtt'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../src/commands.ts'
import { readConfig } from '../src/config.ts'
import { startServer } from '../src/serve.ts'
import { enrolCollector } from './stand.ts'

const CERT = fileURLToPath(new URL('./tls/test-only-cert.pem', import.meta.url))
const KEY = fileURLToPath(new URL('./tls/test-only-key.pem', import.meta.url))
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const silent = pino({ level: 'silent' })

let database: TestDatabase
let data: string
beforeAll(async () => {
  database = await testDatabase()
  data = await mkdtemp(join(tmpdir(), 'oiltrail-serve-'))
})
afterAll(async () => {
  await database.close()
  await rm(data, { recursive: true, force: true })
})

function start(flags: Record<string, string> = {}) {
  const all = { port: '0', 'mqtt-port': '0', 'mqtts-port': '0', data, 'database-url': database.url, ...flags }
  return startServer(readConfig(all, {}, Date.now), silent)
}

describe('a server with a certificate', () => {
  test('speaks TLS on the pages and on MQTT', async () => {
    const server = await start({ 'tls-cert': CERT, 'tls-key': KEY })
    try {
      expect(server.url).toMatch(/^https:/)
      expect(await statusOverTls(`${server.url}/readyz`)).toBe(200)
      const collector = await enrolCollector(server, '520327-S001-A', 'SM2-SM3')
      const client = await mqtt.connectAsync(server.mqttsUrl!, {
        username: collector.device,
        password: collector.token,
        clientId: 'tls-1',
        protocolVersion: 4,
        ca: readFileSync(CERT),
        reconnectPeriod: 0,
      })
      const bytes = collector.volume.fill(3).batch(1, 3)
      await client.publishAsync('oiltrail/v1/batch', Buffer.from(bytes), { qos: 1 })
      await client.endAsync(true)
      const { rows } = await database.store.pool.query('select last_seq from log_entry where type = 0')
      expect(rows).toEqual([{ last_seq: 3 }])
    } finally {
      await server.stop()
    }
  })
})

function statusOverTls(url: string): Promise<number | undefined> {
  return new Promise((answer, failed) => {
    request(url, { ca: readFileSync(CERT) }, (response) => {
      response.resume()
      answer(response.statusCode)
    })
      .on('error', failed)
      .end()
  })
}

describe('health and figures', () => {
  test('are served, and security headers with them', async () => {
    const server = await start()
    try {
      const health = await fetch(`${server.url}/healthz`)
      expect(health.status).toBe(200)
      expect(health.headers.get('content-security-policy')).toContain("default-src 'self'")
      expect(health.headers.get('x-content-type-options')).toBe('nosniff')
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      for (const name of ['intake_commits_total', 'follower_lag{follower="seal"}', 'log_next_position'])
        expect(metrics).toContain(`oiltrail_${name}`)
      const nothing = await fetch(`${server.url}/api/nothing`)
      expect(nothing.status).toBe(404)
      expect(await nothing.json()).toMatchObject({ code: 'NOT_FOUND' })
    } finally {
      await server.stop()
    }
  })
})

describe('the command', () => {
  test('serve prints where it is, and ends with 0 at a signal, its database with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oiltrail-main-'))
    await chmod(folder, 0o711) // PostgreSQL's own user must pass
    try {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', MAIN, 'serve', '--port', '0', '--mqtt-port', '0', '--data', folder],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      )
      const lines: string[] = []
      await new Promise<void>((ready, failed) => {
        createInterface({ input: child.stdout }).on('line', (line) => {
          lines.push(line)
          if (line.startsWith('ready ')) ready()
        })
        child.once('exit', (code) => failed(new Error(`ended with ${code}`)))
      })
      expect(lines.join('\n')).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/)
      const base = lines.at(-1)!.slice('ready '.length)
      // An open event stream must not hold the server up.
      const stream = await fetch(`${base}/api/events`)
      const asked = performance.now()
      const code = await new Promise((gone) => {
        child.once('exit', gone)
        child.kill('SIGTERM')
      })
      expect(code).toBe(0)
      expect(performance.now() - asked).toBeLessThan(10_000)
      await stream.body?.cancel().catch(() => undefined)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('backup and restore carry log, devices and the keys of the log to a new place', async () => {
    const target = await testDatabase({ empty: true })
    const folder = await mkdtemp(join(tmpdir(), 'oiltrail-restored-'))
    try {
      const server = await start()
      const vkey = await (await fetch(`${server.url}/log/520327/vkey`)).text()
      const size = server.context.nextPosition()
      const file = join(folder, 'county.backup')
      expect(await run('backup', file, '--data', data, '--database-url', database.url)).toBe(0)
      await server.stop()
      expect(await run('restore', file, '--data', folder, '--database-url', target.url)).toBe(0)
      const restored = await start({ data: folder, 'database-url': target.url })
      expect(await (await fetch(`${restored.url}/log/520327/vkey`)).text()).toBe(vkey)
      // And one entry, which says that it goes on from a backup.
      expect(restored.context.nextPosition()).toBe(size + 1)
      expect(
        await run('restore', file, '--data', folder, '--database-url', target.url).catch(String),
      ).toContain('not empty')
      await restored.stop()
    } finally {
      await target.close()
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('B1: an empty database of your own is never taken for the one whose log the keys have sealed', async () => {
    const other = await testDatabase()
    const folder = await mkdtemp(join(tmpdir(), 'oiltrail-other-'))
    try {
      await expect(start({ 'database-url': other.url })).rejects.toThrow(/DATABASE_LOST.*没有日志/)
      const { rows } = await other.store.pool.query('select from log_head')
      expect(rows).toEqual([])
      for (const command of ['audit', 'replay'])
        await expect(run(command, '--data', data, '--database-url', other.url)).rejects.toThrow(
          /DATABASE_LOST/,
        )
      // A folder without keys starts a log of its own, and goes on with it.
      for (const time of ['first', 'again']) {
        const server = await start({ data: folder, 'database-url': other.url })
        expect(server.context.nextPosition(), time).toBeGreaterThanOrEqual(0)
        await server.stop()
      }
    } finally {
      await other.close()
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('that does not exist, or an option that is wrong, is told apart from a failure', async () => {
    expect(await run('sing')).toBe(2)
    await expect(run('serve', '--port', 'eighty')).rejects.toThrow(/CONFIG_INVALID/)
    await expect(run('serve', '--colour', 'red')).rejects.toThrow(/CONFIG_INVALID/)
    await expect(run('backup')).rejects.toThrow(/CONFIG_INVALID/)
  })
})

function run(...args: string[]): Promise<number> {
  return runCommand(args, { OILTRAIL_LOG_LEVEL: 'silent' })
}
