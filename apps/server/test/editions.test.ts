import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rule } from '@oiltrail/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningServer } from '../src/serve.ts'
import { currentEditions } from '../src/watch/editions.ts'
import { replayWatch } from '../src/watch/replay.ts'
import { Collector, enrolCollector, openStand, type Stand, until } from './stand.ts'
import { siteOf } from './views.history.ts'
import { DARK, LOW_LEVEL, TOTAL_BACK } from './watch.rules.ts'

/** By which editions of the rules a log was judged, across starts of a real server. */

const COUNTY = 520_327
const BEFORE = [TOTAL_BACK, LOW_LEVEL, DARK] as unknown as readonly Rule[]
/** The upgrade finds no totalizer that goes back: one alarm less, so that the numbers of the others shift. */
const BLIND = { ...TOTAL_BACK, version: 2, step: (state: number) => ({ state }) } as unknown as Rule
const AFTER: readonly Rule[] = [BLIND, ...BEFORE.slice(1)]
let stand: Stand
let server: RunningServer
let collector: Collector | undefined

beforeAll(async () => {
  stand = await openStand({ rules: BEFORE })
  server = stand.server
})
afterAll(async () => {
  await collector?.close()
  await server.stop()
  await stand.close()
})

async function started(): Promise<{ position: number; stated: Record<string, unknown> }[]> {
  const { rows } = await stand.database.store.pool.query<{ position: number; raw: Buffer }>(
    `select position, raw from log_entry where code = 'platform-started' order by position`,
  )
  return rows.map(({ position, raw }) => ({ position, stated: JSON.parse(raw.toString()) }))
}

async function restart(rules: readonly Rule[]): Promise<void> {
  await collector?.close()
  await server.stop()
  server = await stand.again({ rules })
}

async function changed<T>(sql: string, back: string, work: () => Promise<T>): Promise<T> {
  const { pool } = stand.database.store
  expect((await pool.query(sql)).rowCount).toBe(1)
  try {
    return await work()
  } finally {
    await pool.query(back)
  }
}

const replayed = (rules: readonly Rule[]) => replayWatch(stand.database.store, COUNTY, rules)

describe('the log names the editions of the rules that judge', () => {
  it('an empty log stays empty, however often a platform starts on it', async () => {
    await restart(BEFORE)
    expect(server.context.nextPosition()).toBe(0)
  })

  it('a restart names them once, and says that nobody was away', async () => {
    const now = Date.now()
    await server.context.desk.registerSite('test', { ...siteOf('S001'), effectiveAt: now - 86_400_000 })
    collector = await enrolCollector(server, '520327-S001-A', 'Ed25519')
    await restart(BEFORE)
    expect(await started()).toMatchObject([{ stated: { away: false, rules: currentEditions(BEFORE) } }])
    await restart(BEFORE)
    expect(await started()).toHaveLength(1)
  })

  it('an upgrade names what judges from there on', async () => {
    const at = (minute: number) => Date.now() - (60 - minute) * 60_000
    const total = (minute: number, litres: number) => ({
      at: at(minute),
      kind: 'total',
      nozzle: '1',
      totalMillilitres: litres * 1_000,
      source: 'pulse',
    })
    const low = (minute: number) => ({
      at: at(minute),
      kind: 'level',
      tank: '1',
      heightMicrometres: 1,
      waterMicrometres: 0,
      temperatureCentiCelsius: 2_000,
      volumeMillilitres: 500_000,
      correctedMillilitres: 500_000,
      ullageMillilitres: 0,
      statusBits: 0,
    })
    const { device, token, volume, price } = collector!
    const box = new Collector(device, token, volume, price, server.mqttUrl!)
    box.volume.write(total(1, 2), total(2, 1), low(3), low(30))
    expect(await box.send(box.volume.batch(1, 4))).toMatchObject({ outcome: 'stored' })
    await until('both alarms are raised', async () => (await alarms()).length === 2)
    await restart(AFTER)
    expect(await started()).toMatchObject([
      { stated: { rules: currentEditions(BEFORE) } },
      { stated: { away: false, rules: currentEditions(AFTER) } },
    ])
    await until('the watch followed', () => {
      const { context } = server
      return context.followerPosition('watch') === context.nextPosition()
    })
    await server.stop()
  })
})

async function alarms(): Promise<string[]> {
  const { rows } = await stand.database.store.pool.query<{ rule: string }>(
    'select rule from alarm order by alarm',
  )
  return rows.map(({ rule }) => rule)
}

describe('a replay after an upgrade of one rule', () => {
  it('names the rule and where its edition began, and finds nothing', async () => {
    expect(await alarms()).toEqual([TOTAL_BACK.id, LOW_LEVEL.id])
    const report = await replayed(AFTER)
    expect(report.findings).toEqual([])
    const upgrade = (await started())[1]!
    expect(report.others).toEqual([{ rule: BLIND.id, from: upgrade.position }])
    expect(report.notCompared).toEqual([BLIND.id])
    expect(report.tables.every(({ equal }) => equal)).toBe(true)
    expect(report.tables.find(({ table }) => table === 'alarm')).toMatchObject({
      liveRows: 1,
      rebuiltRows: 1,
    })
  })

  it.each([
    [
      'alarm',
      `update alarm set handling = 'false' where rule = '${LOW_LEVEL.id}'`,
      `update alarm set handling = 'waiting' where rule = '${LOW_LEVEL.id}'`,
    ],
    [
      'alarm_step',
      `update alarm_step set actor = 'nobody' where alarm = 2 and step = 1`,
      `update alarm_step set actor = '' where alarm = 2 and step = 1`,
    ],
    [
      'watch_state',
      `update watch_state set verdict = 'attention' where rule = '${LOW_LEVEL.id}'`,
      `update watch_state set verdict = 'alert' where rule = '${LOW_LEVEL.id}'`,
    ],
  ])('still finds an altered %s of a rule that was not upgraded', async (table, sql, back) => {
    const report = await changed(sql, back, () => replayed(AFTER))
    expect(report.findings).toMatchObject([{ tampering: 'altered', table }])
    expect((await replayed(AFTER)).findings).toEqual([])
  })

  it('with the rules from before, says that these are not the ones that judge now', async () => {
    expect((await replayed(BEFORE)).others).toEqual([{ rule: TOTAL_BACK.id, from: undefined }])
  })

  it('leaves out what an upgraded rule suppresses, too', async () => {
    const dark = { ...DARK, version: 2 } as unknown as Rule
    const report = await replayed([...AFTER.slice(0, 2), dark])
    expect(report.findings).toEqual([])
    expect(report.notCompared).toEqual([DARK.id, LOW_LEVEL.id, TOTAL_BACK.id].sort())
  })
})

describe('the keys of a log that has entries', () => {
  it.each(['log-ed25519.pem', 'log-sm2.pem'])(
    'without %s the platform does not start, and makes none',
    async (file) => {
      const path = join(stand.data, 'keys', file)
      await rename(path, `${path}.away`)
      try {
        await expect(stand.again({ rules: AFTER })).rejects.toMatchObject({
          problem: { code: 'CONFIG_INVALID', detail: expect.stringMatching(/is missing.*restore.*备份/s) },
        })
        expect(existsSync(path)).toBe(false)
      } finally {
        await rename(`${path}.away`, path)
      }
      server = await stand.again({ rules: AFTER })
      await server.stop()
    },
  )
})

it('a log that is begun while the platform runs names the editions when it is a minute old', async () => {
  const began = Date.now()
  // A minute in a second.
  const fast = await openStand({ rules: BEFORE, clock: () => began + (Date.now() - began) * 60 })
  try {
    const at = fast.server.context.clock.now()
    await fast.server.context.desk.registerSite('test', { ...siteOf('S001'), effectiveAt: at })
    await until('the editions are stated', async () => {
      const { rows } = await fast.database.store.pool.query(
        `select position, convert_from(raw, 'UTF8')::jsonb -> 'rules' as rules from log_entry where code = 'platform-started'`,
      )
      if (rows.length === 0) return false
      expect(rows).toEqual([{ position: expect.any(Number), rules: currentEditions(BEFORE) }])
      return true
    })
  } finally {
    await fast.close()
  }
})
