import { readFile } from 'node:fs/promises'
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
import { readyLogSigners } from '../src/seal/keys.ts'
import { type Collector, openStand, type Stand, until } from './stand.ts'
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
})
afterAll(async () => {
  for (const collector of collectors) await collector.close()
  collectors = []
  await stand.close()
})

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
    expect(report.entries).toBe(stand.server.context.nextPosition())
  })

  it('is found untouched by the audit', async () => {
    const report = await runAudit()
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({
      entries: stand.server.context.nextPosition(),
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
  const first = (table: string): string => `ctid = (select min(ctid) from ${table})`
  const CASES: [string, string, 'altered' | 'removed' | 'inserted', RegExp][] = [
    [
      'sale',
      'update sale set volume_ml = volume_ml - 1000 where (position, seq) = (select min(position), min(seq) from sale where position = (select min(position) from sale))',
      'altered',
      /volume_ml is \d+, the log says \d+/,
    ],
    ['sale', `delete from sale where ${first('sale')}`, 'removed', /the log has it/],
    ['sale', `insert into sale select * from sale where ${first('sale')}`, 'inserted', /the log has not/],
    [
      'receipt',
      `update receipt set amount_fen = amount_fen + 1 where ${first('receipt')}`,
      'altered',
      /amount_fen/,
    ],
    ['level', `update level set volume_ml = 1 where ${first('level')}`, 'altered', /volume_ml/],
    ['delivery', `delete from delivery where ${first('delivery')}`, 'removed', /./],
    ['price', `update price set price_fen = price_fen + 1 where ${first('price')}`, 'altered', /price_fen/],
    [
      'other_fact',
      `update other_fact set body = body || '{"state":"normal","x":1}' where ${first('other_fact')}`,
      'altered',
      /body/,
    ],
    ['refused_record', `delete from refused_record where ${first('refused_record')}`, 'removed', /./],
    [
      'sales_hour',
      `update sales_hour set sales = sales + 1 where ${first('sales_hour')}`,
      'altered',
      /sales is/,
    ],
    [
      'sales_day',
      `update sales_day set amount_fen = amount_fen - 1 where ${first('sales_day')}`,
      'altered',
      /amount_fen/,
    ],
    ['tank_hour', `update tank_hour set low_ml = 0 where ${first('tank_hour')}`, 'altered', /low_ml/],
    [
      'tank_state',
      `update tank_state set volume_ml = volume_ml + 1 where ${first('tank_state')}`,
      'altered',
      /volume_ml/,
    ],
    [
      'nozzle_state',
      `update nozzle_state set line = 'shorted' where ${first('nozzle_state')}`,
      'altered',
      /line/,
    ],
    ['channel_state', "update channel_state set faults = '{}' where channel = 0", 'altered', /faults/],
    ['gap', `delete from gap where ${first('gap')}`, 'removed', /./],
    ['site', `update site set name = 'other' where ${first('site')}`, 'altered', /name/],
    ['nozzle_link', `update nozzle_link set grade = 5 where ${first('nozzle_link')}`, 'altered', /grade/],
  ]
  it.each(CASES)('%s: %s', async (table, sql, tampering, detail) => {
    const report = await tampered(table, sql, () => replay(stand.database.store, COUNTY))
    expect(report.findings.length).toBeGreaterThan(0)
    for (const finding of report.findings) {
      expect(finding).toMatchObject({ table, tampering })
      expect(finding.detail).toMatch(detail)
      expect(describeFinding(finding)).toContain(table)
    }
  })
})

const FIRST_DEVICE = 'ctid = (select min(ctid) from device)'
/** An enrolment that names no site and no keys. */
const NO_SITE = `'{"v":1,"action":"device-enrolled","actor":"a","at":1,"device":"520327-S001-A"}'::bytea`

describe('the audit names what somebody did to the log', () => {
  const swap =
    "overlay(raw placing '\\x37'::bytea from position('\"volumeMillilitres\":'::bytea in raw) + 20)"
  const batch =
    'position = (select min(position) from log_entry where type = 0 and position(\'"kind":"sale"\'::bytea in raw) > 0)'
  const CASES: [string, string, string, string, RegExp][] = [
    [
      'raw bytes of a batch',
      'log_entry',
      `update log_entry set raw = ${swap} where ${batch}`,
      'log_entry',
      /its leaf says/,
    ],
    [
      'raw bytes and leaf together',
      'log_entry',
      `update log_entry set raw = ${swap}, leaf = convert_to(regexp_replace(convert_from(leaf, 'UTF8'), '"raw":"[0-9a-f]+"', '"raw":"' || encode(sha256(${swap}), 'hex') || '"'), 'UTF8') where ${batch}`,
      'log_entry',
      /CHAIN_BROKEN|not the one that was sealed/,
    ],
    [
      'when an entry was received',
      'log_entry',
      `update log_entry set received_at = received_at - 1 where ${batch}`,
      'log_entry',
      /its leaf says/,
    ],
    [
      'when the records of a batch were made',
      'log_entry',
      `update log_entry set made_to = made_to - 1 where ${batch}`,
      'log_entry',
      /its row says made \d+ to \d+, its records say/,
    ],
    [
      'a leaf',
      'log_entry',
      `update log_entry set leaf = leaf || '\\x20'::bytea where ${batch}`,
      'log_entry',
      /its leaf says/,
    ],
    ['a removed entry', 'log_entry', `delete from log_entry where ${batch}`, 'log_entry', /no entry there/],
    [
      'an entry behind the end',
      'log_entry',
      `insert into log_entry (county, position, type, received_at, device, channel, first_seq, last_seq, code, leaf, raw) select county, position + 10000, type, received_at, device, channel, first_seq, last_seq, code, leaf, raw from log_entry where ${batch}`,
      'log_entry',
      /the log ends before/,
    ],
    [
      'the code of a refusal',
      'log_entry',
      "update log_entry set code = 'REPLAYED' where type = 1",
      'log_entry',
      /its leaf says/,
    ],
    [
      'a tile',
      'tile',
      "update tile set hashes = overlay(hashes placing '\\x00000000'::bytea from 1) where level = 0 and index = 0",
      'log_entry',
      /not the one that was sealed/,
    ],
    [
      'a checkpoint',
      'checkpoint',
      'update checkpoint set root = sha256(root) where size = (select max(size) from checkpoint)',
      'checkpoint',
      /another size or root/,
    ],
    [
      'an invented checkpoint',
      'checkpoint',
      'insert into checkpoint select county, size + 500, root, note, signed_at from checkpoint where size = (select max(size) from checkpoint)',
      'checkpoint',
      /only \d+ entries are sealed/,
    ],
    [
      'a checkpoint with its note',
      'checkpoint',
      "update checkpoint set note = replace(note, encode(root, 'base64'), encode(sha256(root), 'base64')), root = sha256(root) where size = (select max(size) from checkpoint)",
      'checkpoint',
      /tiles do not lead to its root|signature/,
    ],
    [
      'a device key slipped in',
      'device_key',
      "insert into device_key select county, device, channel, '00112233aabbccdd', algorithm, sha256(public_key), 1, null from device_key limit 1",
      'device_key',
      /no statement in the log/,
    ],
    [
      'a device key replaced',
      'device_key',
      'update device_key set public_key = sha256(public_key) where ctid = (select min(ctid) from device_key)',
      'device_key',
      /another public key/,
    ],
    [
      'a device that was taken out',
      'device',
      `delete from device where ${FIRST_DEVICE}`,
      'device',
      /lets it speak/,
    ],
    [
      'a device that nobody enrolled',
      'device',
      "insert into device select county, '520327-S001-Z', site, token_hash, enrolled_at from device limit 1",
      'device',
      /does not let it speak/,
    ],
    [
      'the site of a device',
      'device',
      `update device set site = 'S009' where ${FIRST_DEVICE}`,
      'device',
      /it is of S009/,
    ],
    [
      'a device key taken out',
      'device_key',
      'delete from device_key where ctid = (select min(ctid) from device_key)',
      'device_key',
      /makes this key known/,
    ],
    [
      'which records a key may sign',
      'device_key',
      'update device_key set to_seq = 7 where ctid = (select min(ctid) from device_key)',
      'device_key',
      /from 1 and before 7; the log says .* from 1$/,
    ],
    [
      'where a chain stands',
      'stream',
      "update stream set islands = '[]' where ctid = (select min(ctid) from stream)",
      'stream',
      /holds nothing; the log says records 1 to 200 .*, records 251 to 300/,
    ],
    [
      'a chain that holds no such thing',
      'stream',
      `update stream set islands = '"x"'`,
      'stream',
      /holds "x"/,
    ],
    ['a chain forgotten', 'stream', 'delete from stream', 'stream', /has batches/],
    [
      'a code on an accepted batch',
      'log_entry',
      `update log_entry set code = 'X' where ${batch}`,
      'log_entry',
      /no code/,
    ],
    [
      'who sent what was refused',
      'log_entry',
      "update log_entry set device = '520327-S002-A' where type = 1",
      'log_entry',
      /its sender claimed/,
    ],
    [
      'an entry without its device',
      'log_entry',
      `update log_entry set device = null where ${batch}`,
      'log_entry',
      /its leaf says/,
    ],
    [
      'an entry of too many records, leaf and all',
      'log_entry',
      `update log_entry set last_seq = last_seq + 500, leaf = convert_to(regexp_replace(convert_from(leaf, 'UTF8'), '"last":[0-9]+', '"last":' || (last_seq + 500)), 'UTF8') where ${batch}`,
      'log_entry',
      /the batch is of .* 50 records/,
    ],
    [
      'a number that no program of ours reads',
      'log_entry',
      `update log_entry set received_at = 9200000000000000000 where ${batch}`,
      'log_entry',
      /beyond 2\^53/,
    ],
    [
      'an enrolment without a site, leaf and all',
      'log_entry',
      `update log_entry set raw = ${NO_SITE}, leaf = convert_to(regexp_replace(convert_from(leaf, 'UTF8'), '"raw":"[0-9a-f]+"', '"raw":"' || encode(sha256(${NO_SITE}), 'hex') || '"'), 'UTF8') where code = 'device-enrolled'`,
      'log_entry',
      /an enrolment without/,
    ],
    [
      'a head far ahead',
      'log_head',
      'update log_head set next_position = 9000000000000000',
      'log_entry',
      /no entry there/,
    ],
    [
      'cursors far ahead',
      'follower_cursor',
      'update follower_cursor set next_position = 9000000000000000',
      'follower_cursor',
      /the log ends before/,
    ],
    [
      'a hand-over that skips what comes',
      'share_target',
      "insert into share_target values (520327, 'https://other.invalid', 99999, 0, 0, 0, 0, 0)",
      'share_target',
      /the log ends before/,
    ],
    [
      'a tile too many',
      'tile',
      'insert into tile select county, 5, 0, hashes from tile where level = 0',
      'tile',
      /bytes more/,
    ],
    ['hashes too many', 'tile', 'update tile set hashes = hashes || hashes', 'tile', /bytes more/],
    ['a tile taken out', 'tile', 'delete from tile', 'tile', /no hash from position 0 on/],
    [
      'all checkpoints taken out',
      'checkpoint',
      'delete from checkpoint',
      'checkpoint',
      /no checkpoint covers/,
    ],
    [
      'a signature taken out of a checkpoint',
      'checkpoint',
      "update checkpoint set note = regexp_replace(note, '[^\n]+\n$', '')",
      'checkpoint',
      /lacks the signature of SM2-SM3/,
    ],
  ]
  it.each(CASES)('%s', async (_name, table, sql, named, detail) => {
    const report = await tampered(table, sql, () => runAudit())
    expect(report.findingCount).toBeGreaterThan(0)
    const of = report.findings.filter((finding) => finding.table === named && detail.test(finding.detail))
    expect({ of: of.length > 0, all: report.findings }).toMatchObject({ of: true })
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
    // As an older copy of the whole database: head, cursors, checkpoints and tiles agree with each other.
    const { rows } = await stand.database.store.pool.query<{ size: number }>(
      'select size from checkpoint where size < $1 and size > 0 order by size desc limit 1',
      [size],
    )
    const cut = rows[0]!.size
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
