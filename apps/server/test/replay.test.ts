import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChartDecision } from '@oiltrail/domain'
import { parseVkey, signCheckpoint } from '@oiltrail/evidence'
import { sha256 } from '@oiltrail/evidence/node'
import { HOUR_MS } from '@oiltrail/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../src/replay/audit.ts'
import { VIEW_TABLES } from '../src/replay/compare.ts'
import { describeFinding } from '../src/replay/findings.ts'
import { replay } from '../src/replay/replay.ts'
import { readLogSigners, readyLogSigners } from '../src/seal/keys.ts'
import { replayWatch } from '../src/watch/replay.ts'
import { type Collector, openStand, type Stand, until } from './stand.ts'
import { LOG_CASES, VIEW_CASES } from './tampering.ts'
import { randomStream, siteOf } from './views.history.ts'

const COUNTY = 520_327
/** A decision about a chart, so that its view has a row. */
const CHART: ChartDecision = {
  site: 'S001',
  tank: '1',
  proposal: { position: 3, seq: 1 },
  accepted: false,
  effectiveAt: 0,
  errorPartsPerMillion: 1_000,
  rows: [
    [100_000, 1_000_000, 1_000_000],
    [200_000, 2_000_000, 2_010_000],
  ],
}
let stand: Stand
let collectors: Collector[] = []
let vkeys: string[]
/** Entries of the log when its server was stopped. */
let logged: number

beforeAll(async () => {
  stand = await openStand()
  for (const code of ['S001', 'S002']) {
    const registered = await stand.server.context.desk.registerSite('test', {
      ...siteOf(code),
      effectiveAt: Date.now() - 9_000 * HOUR_MS,
    })
    expect(registered.ok).toBe(true)
    const collector = await stand.enrol(`520327-${code}-A`, code === 'S001' ? 'SM2-SM3' : 'Ed25519')
    collectors.push(collector)
    for (const [channel, chain] of [
      ['volume', collector.volume],
      ['price', collector.price],
    ] as const) {
      const { records } = randomStream(collector.device, channel, channel.length, 300)
      chain.write(...records.map(({ seq: _, ...record }) => record))
      // The last batch first: a gap that the others fill but for one hole.
      for (const [first, last] of [
        [251, 300],
        [1, 50],
        [51, 100],
        [101, 150],
        [151, 200],
      ] as const)
        expect(await collector.send(chain.batch(first, last))).toMatchObject({ outcome: 'stored' })
    }
  }
  const { context } = stand.server
  expect(await context.desk.decideChart('test', CHART, '与检定证书一致')).toMatchObject({ ok: true })
  await withdrawOne(context)
  expect(await collectors[0]!.send(new TextEncoder().encode('junk\n'))).toMatchObject({ outcome: 'refused' })
  await until('all followers are there', () =>
    ['views', 'seal'].every((name) => context.followerPosition(name) === context.nextPosition()),
  )
  await until('the last checkpoint is signed', async () => {
    const { rows } = await stand.database.store.pool.query('select max(size) as size from checkpoint')
    return rows[0].size === context.nextPosition()
  })
  vkeys = await Promise.all(
    ['vkey', 'vkey-sm2'].map(async (name) =>
      (await (await fetch(`${stand.server.url}/log/520327/${name}`)).text()).trim(),
    ),
  )
  for (const collector of collectors) await collector.close()
  collectors = []
  // A server that states the time meanwhile would write into tables that are taken away and put back.
  await stand.server.stop()
  logged = context.nextPosition()
})
afterAll(() => stand.close())

/** A notice and a window are stated, and taken back by somebody with a reason. */
async function withdrawOne({ watch }: Stand['server']['context']): Promise<void> {
  const [site, order] = ['S001', { actor: '李四', reason: '登记重复' }]
  const [from, to] = [Date.now() + HOUR_MS, Date.now() + 2 * HOUR_MS]
  const notice = { notice: 'N-1', site, grade: '92', supplier: '示例油库' } as const
  const window = { window: 'W-1', site, part: '', purpose: 'other', note: '' } as const
  await watch.notice('张三', { ...notice, volumeMillilitres: 1e7, expectedAt: to })
  await watch.window('张三', { ...window, from, to })
  const withdrawal = (of: 'notice' | 'window', name: string) => ({ ...order, withdrawal: { of, name, site } })
  const done = [
    await watch.withdraw(
      { of: 'notice', notice: { expectedAt: to }, withdrawn: false },
      withdrawal('notice', 'N-1'),
    ),
    await watch.withdraw({ of: 'window', window: { to }, withdrawn: false }, withdrawal('window', 'W-1')),
  ]
  expect(done).toMatchObject([{ ok: true }, { ok: true }])
}

async function runAudit(options: { readonly older?: string } = {}) {
  const keys = vkeys.map((text) => {
    const key = parseVkey(sha256, text)
    if (!key.ok) throw new Error(key.problem.detail)
    return key.value
  })
  return audit(stand.database.store, COUNTY, { vkeys: keys, ...options })
}

/** Runs something on a tampered database, and puts the table back afterwards. */
async function tampered<T>(table: string, sql: string, work: () => Promise<T>): Promise<T> {
  const { pool } = stand.database.store
  await pool.query(`create table kept as table ${table}`)
  try {
    const { rowCount } = await pool.query(sql)
    expect(rowCount).toBeGreaterThan(0)
    return await work()
  } finally {
    await pool.query(`truncate ${table}`)
    await pool.query(`insert into ${table} select * from kept`)
    await pool.query('drop table kept')
  }
}

describe('an untouched database', () => {
  it('replays to the very same rows', async () => {
    const report = await replay(stand.database.store, COUNTY)
    expect(report.findings).toEqual([])
    expect(report.tables.map(({ table }) => table)).toEqual(VIEW_TABLES.map(({ table }) => table))
    for (const { table, liveRows, rebuiltRows, equal } of report.tables)
      expect([table, liveRows > 0, rebuiltRows === liveRows, equal]).toEqual([table, true, true, true])
    expect(report.records).toBe(4 * 250)
    expect(report.entries).toBe(logged)
  })

  it('is found untouched by the audit', async () => {
    const report = await runAudit()
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({
      entries: logged,
      batches: 20,
      findingCount: 0,
    })
    expect(report.seal.sealed).toBe(report.entries)
    expect(report.seal.checkpoints).toBeGreaterThan(0)
  })

  it('names every table of the views', async () => {
    const texts = await Promise.all(
      ['0002_views', '0006_charts'].map((name) =>
        readFile(new URL(`../../../packages/store/migrations/${name}.sql`, import.meta.url), 'utf8'),
      ),
    )
    const created = texts.flatMap((sql) => [...sql.matchAll(/create table (\w+)/g)].map((match) => match[1]))
    expect(VIEW_TABLES.map(({ table }) => table).sort()).toEqual(created.sort())
  })
})

describe('the audit names what somebody did to the views', () => {
  it.each(VIEW_CASES)('%s: %s', async (table, sql, tampering, detail) => {
    const report = await tampered(table, sql, () => replay(stand.database.store, COUNTY))
    expect(report.findings.length).toBeGreaterThan(0)
    for (const finding of report.findings) {
      expect(finding).toMatchObject({ table, tampering })
      expect(finding.detail).toMatch(detail)
      expect(describeFinding(finding)).toContain(table)
    }
  })
})

describe('the audit names what somebody did to the log', () => {
  it.each(LOG_CASES)('%s', async (_name, table, sql, named, detail) => {
    const report = await tampered(table, sql, () => runAudit())
    expect(report.findingCount).toBeGreaterThan(0)
    const of = report.findings.filter((finding) => finding.table === named && detail.test(finding.detail))
    expect({ of: of.length > 0, all: report.findings }).toMatchObject({ of: true })
  })
})

describe('B1: the audit names what somebody did to a withdrawal', () => {
  it.each([
    ['delivery_notice', 'update delivery_notice set withdrawn = null', /withdrawn/],
    [
      'quiet_window',
      `update quiet_window set withdrawn = withdrawn || '{"actor": "别人"}'`,
      /withdrawn.*李四|李四.*withdrawn/s,
    ],
  ])('%s: %s', async (table, sql, detail) => {
    const { findings } = await tampered(table, sql, () => replayWatch(stand.database.store, COUNTY))
    expect(findings).toMatchObject([{ table, tampering: 'altered' }])
    expect(findings[0]!.detail).toMatch(detail)
    expect((await replayWatch(stand.database.store, COUNTY)).findings).toEqual([])
  })
})

describe('a schema that is not ours', () => {
  it('is a finding, not the end of the audit', async () => {
    const { pool } = stand.database.store
    await pool.query('alter table quiet_window rename to hidden')
    await pool.query('alter table price rename column price_fen to hidden')
    try {
      const report = await runAudit()
      expect(report.findings.map(({ table, detail }) => `${table}: ${detail}`)).toEqual([
        expect.stringMatching(/^views: .*price_fen/),
        expect.stringMatching(/^alarms: .*quiet_window/),
      ])
    } finally {
      await pool.query('alter table hidden rename to quiet_window')
      await pool.query('alter table price rename column hidden to price_fen')
    }
  })
})

describe('against a checkpoint that was kept outside', () => {
  const newest = async (): Promise<{ size: number; note: string }> =>
    (
      await stand.database.store.pool.query<{ size: number; note: string }>(
        'select size, note from checkpoint order by size desc limit 1',
      )
    ).rows[0]!

  it('a log that grew from it is what it was', async () => {
    const { rows } = await stand.database.store.pool.query<{ note: string }>(
      'select note from checkpoint where size > 0 order by size limit 1',
    )
    for (const { note } of [rows[0]!, await newest()])
      expect((await runAudit({ older: note })).findings).toEqual([])
  })

  it('a log that was cut, with everything that follows from it, is named by its missing positions', async () => {
    const { size, note } = await newest()
    // Only what was sealed by then counts, as in an older copy of the whole database.
    const cut = size - 3
    const report = await tampered(
      'follower_cursor',
      `update follower_cursor set next_position = ${cut}`,
      () => runAudit({ older: note }),
    )
    const named = report.findings.filter(({ key }) => key === `positions ${cut} to ${size - 1}`)
    expect(named).toMatchObject([{ tampering: 'removed', table: 'log_entry' }])
  })

  it('a log made anew under the same keys is named', async () => {
    const { size } = await newest()
    const signers = await readyLogSigners(join(stand.data, 'keys'), 'oiltrail.invalid/520327')
    const note = signCheckpoint({ origin: signers.ed25519.key.name, size, root: sha256(new Uint8Array(1)) }, [
      signers.ed25519,
    ])
    expect((await runAudit({ older: note })).findings).toMatchObject([
      { tampering: 'altered', table: 'log_entry', key: `positions 0 to ${size - 1}` },
    ])
  })

  it('what is no checkpoint of this log is named as such', async () => {
    for (const older of ['', 'junk', (await newest()).note.replace('520327', '520328')])
      expect((await runAudit({ older })).findings).toMatchObject([{ table: 'checkpoint' }])
  })
})

it('an auditor reads the keys of a log and never makes any', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'oiltrail-keys-'))
  const keys = join(folder, 'keys')
  const origin = 'oiltrail.invalid/520327'
  try {
    await expect(readLogSigners(keys, origin)).rejects.toThrow('log-ed25519.pem is missing')
    expect(await readdir(folder)).toEqual([])
    const made = await readyLogSigners(keys, origin)
    expect((await readLogSigners(keys, origin)).sm2.key).toEqual(made.sm2.key)
    await rm(join(keys, 'log-sm2.pem'))
    await expect(readLogSigners(keys, origin)).rejects.toThrow('log-sm2.pem is missing')
    expect(await readdir(keys)).toEqual(['log-ed25519.pem'])
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('a replay can write nothing that is live', async () => {
  const { pool } = stand.database.store
  const count = async (): Promise<unknown> =>
    (
      await pool.query(
        'select n_tup_ins + n_tup_upd + n_tup_del as writes from pg_stat_user_tables where relname = $1',
        ['sale'],
      )
    ).rows[0]
  await pool.query('select pg_stat_force_next_flush()')
  const before = await count()
  await Promise.all([replay(stand.database.store, COUNTY), replay(stand.database.store, COUNTY)])
  await pool.query('select pg_stat_force_next_flush()')
  expect(await count()).toEqual(before)
})
