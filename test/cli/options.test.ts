import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '@oiltrail/store/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { dataDirectory, oiltrail } from '../scenarios/world.ts'

/** What every command says to a wrong option, and to a machine that does not let it work. */

const folder = mkdtempSync(join(tmpdir(), 'oiltrail-cli-'))
const nowhere = join(folder, 'nowhere')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CHINESE = /\p{Script=Han}/u
const ENGLISH = /[a-z]{3,} [a-z]{2,}/

describe('a wrong option or value', () => {
  const WRONG: readonly (readonly [line: string, named: RegExp])[] = [
    ['serve --port abc', /--port .*abc/],
    ['serve --port 65536', /--port .*65536/],
    ['serve --port 8080x', /--port/],
    ['serve --mqtt-port on', /--mqtt-port/],
    ['serve --county 52032', /--county/],
    ['serve --log-level loud', /--log-level/],
    ['serve --tls-cert only.pem', /--tls-cert/],
    ['serve --database-url mysql://a/b', /DATABASE_URL/],
    ['serve --colour red', /--colour/],
    ['serve now', /now/],
    ['migrate now', /now/],
    ['demo --port abc', /--port/],
    ['demo --seed x', /--seed/],
    ['demo --seed 4294967296', /--seed/],
    ['demo --days 401', /--days/],
    ['demo --days 1e2', /--days/],
    ['demo --speed 0', /--speed/],
    ['demo --speed 1001', /--speed/],
    ['demo --misdeeds maybe', /--misdeeds/],
    ['demo --colour red', /--colour/],
    ['demo now', /now/],
    ['enrol', /--device/],
    ['enrol --device 520327-S001-A --site s', /--site/],
    ['enrol --device 520327-S001-A --site S001 --valid-seconds day', /--valid-seconds/],
    ['enrol --device 520327-S001-A --site S001 --api platform', /--api/],
    ['export file --site S001 --from 2026-02-30 --to 2026-03-01', /--from/],
    ['export file --site S001 --from 2026-03-02 --to 2026-03-01', /--from/],
    ['backup', /FILE/],
    ['backup one two', /FILE/],
    ['restore', /FILE/],
    ['remove', /--data/],
    ['simulate --dir x --days 401', /--days/],
    ['simulate', /--dir/],
  ]
  it.concurrent.each(WRONG)(
    '%s: 2, named, in both languages, nothing on standard output',
    async (line, named) => {
      const refused = await oiltrail(line.split(' '), { OILTRAIL_DATA: line === 'remove' ? '' : nowhere })
      expect(refused).toMatchObject({ code: 2, out: '' })
      expect(refused.err).toMatch(named)
      expect(refused.err).toMatch(CHINESE)
      expect(refused.err).toMatch(ENGLISH)
      expect(refused.err).not.toMatch(/^ {4}at /m)
    },
  )

  const HELPED =
    'serve demo edge simulate enrol export verify replay audit backup restore accept-loss migrate remove'.split(
      ' ',
    )
  it.concurrent.each(HELPED)('%s --help: 0, in both languages', async (name) => {
    const helped = await oiltrail([name, '--help'], { LANG: 'zh_CN.UTF-8' })
    expect(helped).toMatchObject({ code: 0, err: '' })
    expect(helped.out).toMatch(CHINESE)
    const english = name === 'verify' ? await oiltrail([name, '--help', '--lang', 'en']) : helped
    expect(english.out).toMatch(ENGLISH)
  })
})

/** A port that was free a moment ago, and that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('a machine that does not let it work', () => {
  /** Told for a person: no stack, and both languages. */
  function expectExplained(refused: { code: number | null; out: string; err: string }, words: RegExp): void {
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toMatch(words)
    expect(refused.err).toMatch(CHINESE)
    expect(refused.err).not.toMatch(/^ {4}at /m)
  }

  it('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    const data = dataDirectory()
    try {
      await once(other, 'listening')
      const port = String((other.address() as AddressInfo).port)
      const serve = (ports: string[]) => oiltrail(['serve', '--data', data, ...ports])
      expectExplained(await serve(['--port', port, '--mqtt-port', '0']), /EADDRINUSE.*端口已被占用/s)
      expectExplained(await serve(['--port', '0', '--mqtt-port', port]), /EADDRINUSE.*The port is taken/s)
    } finally {
      other.close()
      rmSync(data, { recursive: true, force: true })
    }
  })

  it('a data folder that is a file, a file that is not there, a backup that is none', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, 'no backup')
    expectExplained(await oiltrail(['serve', '--port', '0', '--data', file]), /folder/)
    expectExplained(await oiltrail(['restore', nowhere, '--data', nowhere]), /ENOENT/)
    const data = dataDirectory()
    expectExplained(await oiltrail(['restore', file, '--data', data]), /damaged/)
    rmSync(data, { recursive: true, force: true })
  })

  it('a database or a platform that nobody answers for', async () => {
    const serve = ['serve', '--port', '0', '--mqtt-port', '0', '--data', nowhere]
    expectExplained(await oiltrail(serve, { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }), /ECONNREFUSED/)
    expectExplained(
      await oiltrail(serve, { DATABASE_URL: 'postgres://a:b@no.invalid/c' }),
      /ENOTFOUND|EAI_AGAIN/,
    )
    const enrol = ['enrol', '--device', '520327-S001-A', '--site', 'S001']
    writeFileSync(join(folder, 'admin-token'), 'of nobody\n')
    const api = `http://127.0.0.1:${await freePort()}`
    expectExplained(await oiltrail([...enrol, '--data', folder, '--api', api]), /ECONNREFUSED/)
  })

  it('a database of a newer program, or one that does not let us in', async () => {
    const database = await testDatabase()
    try {
      const serve = ['serve', '--port', '0', '--mqtt-port', '0', '--data', nowhere]
      const stranger = database.url.replace(/:\/\/[^@]+@/, '://oiltrail:wrong@')
      expectExplained(await oiltrail(serve, { DATABASE_URL: stranger }), /DATABASE_URL/)
      await database.store.pool.query(
        "insert into schema_migration values (999, '0999_future.sql', 'x', now())",
      )
      expectExplained(await oiltrail(serve, { DATABASE_URL: database.url }), /use the newer program/)
    } finally {
      await database.close()
    }
  })
})
