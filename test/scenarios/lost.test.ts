import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Platform } from '../fleet/platform.ts'
import { dataDirectory, oiltrail } from './world.ts'

/** A data folder whose database vanishes, and one that is to vanish: no auditor may ever be shown an empty one instead. */

const platform = new Platform()
const data = ['--data', platform.data]
const postgres = join(platform.data, 'postgres')
const away = `${platform.data}-away`

afterAll(async () => {
  await platform.end('SIGKILL')
  platform.remove()
  rmSync(away, { recursive: true, force: true })
})

describe('a database that is lost', () => {
  it('B1: vanishes while the server runs: the server ends, says so in both languages, and makes no empty one', async () => {
    await platform.start()
    const ended = once(platform.child!, 'exit')
    renameSync(postgres, away)
    expect((await ended)[0]).toBe(1)
    expect(platform.words).toContain('DATABASE_LOST')
    expect(platform.words).toContain('原有数据库不见了')
    expect(platform.words).toContain('an empty one will not take its place')
    expect(platform.words).toContain(postgres)
    expect(existsSync(postgres)).toBe(false)
  }, 60_000)

  it('B1: every command refuses as long as it is away, and the server too', async () => {
    for (const args of [
      ['audit'],
      ['replay'],
      ['backup', join(platform.data, 'x')],
      ['migrate'],
      ['serve', '--port', '0'],
    ]) {
      const refused = await oiltrail([...args, ...data], { OILTRAIL_MQTT_PORT: '0' })
      expect(refused, args.join(' ')).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toContain('DATABASE_LOST')
      expect(refused.err).toContain('原有数据库不见了')
    }
    expect(existsSync(postgres)).toBe(false)
    const nowhere = dataDirectory()
    expect((await oiltrail(['audit', '--data', nowhere])).err).toContain('DATABASE_LOST')
    expect(readdirSync(nowhere), 'an audit of nothing makes nothing').toEqual([])
    rmSync(nowhere, { recursive: true })
  }, 60_000)

  it('B1: brought back, the same server goes on with the same log', async () => {
    renameSync(away, postgres)
    await platform.start()
    expect(await (await fetch(`${platform.base}/readyz`)).json()).toMatchObject({ ok: true })
  }, 60_000)
})

describe('a data folder that is to be removed', () => {
  it('refuses while the server runs; afterwards tells what it would delete, and deletes that alone', async () => {
    const running = await oiltrail(['remove', ...data, '--yes'])
    expect(running).toMatchObject({ code: 1, out: '' })
    expect(running.err).toContain('CONFLICT')
    expect(running.err).toContain('请先停止平台')
    await platform.end('SIGTERM')
    mkdirSync(join(platform.data, 'notes'))
    writeFileSync(join(platform.data, 'notes', 'mine.txt'), 'mine')
    const asked = await oiltrail(['remove', ...data])
    expect(asked.code).toBe(1)
    expect(asked.out.split('\n')).toEqual(
      expect.arrayContaining([join(platform.data, 'keys'), join(platform.data, 'admin-token'), postgres]),
    )
    expect(existsSync(join(platform.data, 'keys', 'log-ed25519.pem'))).toBe(true)
    const done = await oiltrail(['remove', ...data, '--yes'])
    expect(done, done.err).toMatchObject({ code: 0 })
    expect(readdirSync(platform.data)).toEqual(['notes'])
    expect(done.err).toContain('notes')
    const again = await oiltrail(['remove', ...data, '--yes'])
    expect(again.err).toContain('CONFIG_INVALID')
    expect((await oiltrail(['remove', '--yes'], { OILTRAIL_DATA: '' })).err).toContain('--data')
  }, 60_000)
})
