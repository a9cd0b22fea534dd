import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore, startPostgres } from '@oiltrail/store'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolKeys, nextBatch, type SignedBatch, testLanes, testSite } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { Sender } from '../fleet/sender.ts'
import { callJson } from '../fleet/tls.ts'
import { dataDirectory, eventually, oiltrail } from './world.ts'

/** The commands of `oiltrail` on a real data folder, run as an administrator runs them, in the order they are needed. */

const platform = new Platform()
const restored = new Platform()
const lanes = testLanes(0)
const sent: SignedBatch[] = []
let sender: Sender
let token: string

beforeAll(async () => {
  await platform.start()
  const { device, site } = lanes[0]!
  await callJson(`${platform.base}/api/registry/sites`, {
    body: testSite(0),
    token: platform.adminToken,
  })
  const issued = await oiltrail(['enrol', '--device', device, '--site', site, ...api(), ...data()])
  expect(issued.err).toBe('')
  token = await redeem(issued.out.trim())
  sender = new Sender(platform.mqtt, 'commands-test', device, token)
  await send(sender, 6)
}, 120_000)

afterAll(async () => {
  await sender?.close()
  for (const one of [platform, restored]) {
    await one.end('SIGKILL')
    one.remove()
  }
})

const data = (of: Platform = platform): string[] => ['--data', of.data]
const api = (): string[] => ['--api', platform.base]

async function redeem(code: string, of = lanes): Promise<string> {
  const { device } = of[0]!
  const body = { code, device, keys: enrolKeys(code, of) }
  return (await callJson<{ token: string }>(`${platform.base}/api/enrol`, { body })).token
}

/** Sends batches on both channels and waits for the receipts; then for a checkpoint over all of them. */
async function send(by: Sender, rounds: number, to: Platform = platform): Promise<void> {
  for (let i = 0; i < rounds; i++)
    for (const lane of lanes) {
      const batch = nextBatch(lane, 5, Date.now() - (rounds - i) * 10_000)
      sent.push(batch)
      by.send(batch)
    }
  await by.settled(30)
  expect(by.refused).toEqual([])
  const highest = Math.max(...[...by.promised.values()].map((receipt) => receipt.position))
  await eventually(
    'a checkpoint and views over everything',
    20,
    () => to.get<{ log: { checkpoint?: { size: number } } }>('/api/overview'),
    ({ log }) => (log.checkpoint?.size ?? 0) > highest,
  )
}

/** Runs SQL on the database of a server that is not running, as somebody with the files in their hands could. */
async function ask(of: Platform, sql: string): Promise<{ rows: unknown[]; rowCount: number | null }> {
  const postgres = await startPostgres({
    directory: join(of.data, 'postgres'),
    log: pino({ level: 'silent' }),
  })
  const store = openStore(postgres.url)
  try {
    const { rows, rowCount } = await store.pool.query<Record<string, unknown>>(sql)
    return { rows, rowCount }
  } finally {
    await store.close()
    await postgres.stop()
  }
}

async function tamper(sql: string): Promise<void> {
  expect((await ask(platform, sql)).rowCount).toBe(1)
}

describe('beside a running server', () => {
  it('Z2: enrol issues one-time codes, and says what is wrong', async () => {
    const { device, site } = lanes[0]!
    const issued = await oiltrail(['enrol', '--device', device, '--site', site, ...api(), ...data()])
    expect(issued).toMatchObject({ code: 0, err: '' })
    const code = issued.out.trim()
    // The box got a new token; the backup below holds its hash.
    token = await redeem(code)
    expect(await redeem(code), 'the answer may have been lost').toBe(token)
    await expect(redeem(code, testLanes(0))).rejects.toThrow(/ENROL_CODE_INVALID/)
    const wrong = await oiltrail(['enrol', '--device', device, '--site', 'S999', ...api(), ...data()])
    expect(wrong.code).toBe(1)
    expect(wrong.err).toContain('INVALID_REQUEST')
    expect((await oiltrail(['enrol', ...api(), ...data()])).code).toBe(2)
  })

  it('B1: audit, replay, export and backup work while it runs, and it does not notice', async () => {
    const audit = await oiltrail(['audit', ...data()])
    expect(audit, audit.err).toMatchObject({ code: 0 })
    expect(audit.out).toContain('nothing was tampered with')
    const replay = await oiltrail(['replay', ...data()])
    expect(replay, replay.err).toMatchObject({ code: 0 })
    expect(replay.out).toContain('views and alarms are what the log says')
    const file = join(platform.data, 'evidence.jsonl')
    const span = ['--from', String(Date.now() - 3_600_000), '--to', String(Date.now() + 60_000)]
    const exported = await oiltrail(['export', file, '--site', lanes[0]!.site, ...span, ...data()])
    expect(exported, exported.err).toMatchObject({ code: 0 })
    const vkey = join(platform.data, 'vkey')
    writeFileSync(vkey, await (await fetch(`${platform.base}/log/520327/vkey`)).text())
    const verified = await oiltrail(['verify', file, '--vkey', vkey, '--lang', 'en'])
    expect(verified, verified.out).toMatchObject({ code: 0 })
    const unattributed = await oiltrail(['verify', file, '--lang', 'en'])
    expect(unattributed, 'nobody says whose log it is').toMatchObject({ code: 3 })
    expect(verified.out).toContain(`${sent.length * 5} records`)
    const again = await oiltrail(['export', file, '--site', lanes[0]!.site, ...span, ...data()])
    expect(again.code, 'a file that is there is never replaced').toBe(1)
    const saved = await oiltrail(['backup', join(platform.data, 'county.backup'), ...data()])
    expect(saved, saved.err).toMatchObject({ code: 0 })
    expect(platform.child!.exitCode).toBeNull()
    expect(await (await fetch(`${platform.base}/readyz`)).json()).toMatchObject({ ok: true })
  })
})

describe('after a stop', () => {
  it('Z2: migrate tells the version, and a restored backup goes on with the next batch of the same collectors', async () => {
    await platform.end('SIGTERM')
    const migrated = await oiltrail(['migrate', ...data()])
    expect(migrated, migrated.err).toMatchObject({ code: 0 })
    expect(migrated.err).toMatch(/schema version [0-9]+/)
    const file = join(platform.data, 'county.backup')
    const done = await oiltrail(['restore', file, ...data(restored)])
    expect(done, done.err).toMatchObject({ code: 0 })
    const twice = await oiltrail(['restore', file, ...data(restored)])
    expect(twice, 'into a database that is not empty').toMatchObject({ code: 1, out: '' })
    expect(twice.err).toContain('not empty')
    expect(twice.err).toContain('数据库非空')
    // The signed head that came along is one of the old log's, to the byte; the audit below checks what lies under it.
    const heads = "select size, encode(root, 'hex') as root, note from checkpoint order by size desc"
    const [head] = (await ask(restored, heads)).rows
    expect(head).toMatchObject({ note: expect.stringContaining('oiltrail') })
    expect((await ask(platform, heads)).rows).toContainEqual(head)
    await restored.start()
    const key = (of: Platform): Buffer => readFileSync(join(of.data, 'keys', 'log-ed25519.pem'))
    expect(key(restored)).toEqual(key(platform))
    const moved = new Sender(restored.mqtt, 'commands-moved', lanes[0]!.device, token)
    try {
      const before = sent.length
      await send(moved, 1, restored)
      expect(sent.length).toBe(before + lanes.length)
    } finally {
      await moved.close()
    }
    await restored.end('SIGTERM')
    const audit = await oiltrail(['audit', ...data(restored)])
    expect(audit, audit.out).toMatchObject({ code: 0 })
  })

  it('B1: audit names a sale, a record and an entry that somebody altered in the database', async () => {
    await tamper(
      'update sale set volume_ml = volume_ml + 10 where (position, seq) = (select position, seq from sale order by 1, 2 limit 1)',
    )
    const sale = await oiltrail(['audit', ...data()])
    expect(sale.code).toBe(1)
    expect(sale.out).toMatch(/sale/)
    const replay = await oiltrail(['replay', ...data()])
    expect(replay.code).toBe(1)
    expect(replay.out).toMatch(/DIFFERS[^\n]* sale /)
    await tamper(
      `update log_entry set raw = convert_to(replace(convert_from(raw, 'UTF8'), '"volumeMillilitres":', '"volumeMillilitres":1'), 'UTF8')
       where position = (select min(position) from log_entry where type = 0)`,
    )
    const entry = await oiltrail(['audit', ...data()])
    expect(entry.code).toBe(1)
    expect(entry.out).toMatch(/log_entry[^\n]*position [0-9]+/)
  })
})

describe('a command that cannot be done', () => {
  it('says so on standard error, in both languages, with an exit code of its own', async () => {
    const unknown = await oiltrail(['sing'])
    expect(unknown).toMatchObject({ code: 2, out: '' })
    expect(unknown.err).toContain('未知命令')
    const empty = dataDirectory()
    for (const args of [['audit', '--data', empty, '--colour'], ['backup'], ['serve', '--port', 'eighty']]) {
      const wrong = await oiltrail(args)
      expect(wrong, args.join(' ')).toMatchObject({ code: 2, out: '' })
      expect(wrong.err).toContain('CONFIG_INVALID')
      expect(wrong.err).toMatch(/[\u4e00-\u9fff]/)
    }
  })
})
