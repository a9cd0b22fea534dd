import { RULES, type Rule } from '@oiltrail/domain'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runCommand } from '../src/commands.ts'
import type { RunningServer } from '../src/serve.ts'
import { Collector, enrolCollector, openStand, type Stand, until } from './stand.ts'
import { siteOf } from './views.history.ts'

/** Alarms that another edition of a rule raised, before the eyes of an auditor: what `oiltrail audit` still finds. */

const WATER = 'water'
const BEFORE: readonly Rule[] = RULES.map((rule) =>
  rule.id === WATER ? { ...rule, version: rule.version + 1 } : rule,
)
const MINUTE = 60_000
const BEGAN = Date.now()
let stand: Stand
let server: RunningServer
const collectors = new Map<string, Collector>()

beforeAll(async () => {
  stand = await openStand({ rules: BEFORE })
  server = stand.server
  for (const site of ['S001', 'S002']) {
    const effectiveAt = BEGAN - 86_400_000
    expect(await server.context.desk.registerSite('test', { ...siteOf(site), effectiveAt })).toMatchObject({
      ok: true,
    })
    collectors.set(site, await enrolCollector(server, `520327-${site}-A`, 'Ed25519'))
  }
  await restart(BEFORE)
  await send('S001', water('1', 60_000, 1), water('2', 60_000, 2), water('2', 1_000, 3))
  await send('S002', water('1', 60_000, 2))
  await raised(3)
  await handle('S001/tank/1', 'accept', '')
  await handle('S001/tank/1', 'answer', '已抽水')
  await restart(RULES)
  await send('S002', water('2', 60_000, 4))
  await raised(4)
  await handle('S002/tank/2', 'false', '测试')
  await followed()
  for (const collector of collectors.values()) await collector.close()
  await server.stop()
})
afterAll(() => stand.close())

function water(tank: string, waterMicrometres: number, minute: number) {
  const held = { volumeMillilitres: 9_000_000, correctedMillilitres: 9_000_000, ullageMillilitres: 0 }
  return {
    at: BEGAN - 60 * MINUTE + minute * MINUTE,
    kind: 'level',
    tank,
    heightMicrometres: 900_000,
    waterMicrometres,
    temperatureCentiCelsius: 2_000,
    ...held,
    statusBits: 0,
  }
}

async function send(site: string, ...records: ReturnType<typeof water>[]): Promise<void> {
  const { volume } = collectors.get(site)!
  const first = volume.lines.length + 1
  volume.write(...records)
  const answer = await collectors.get(site)!.send(volume.batch(first, volume.lines.length))
  expect(answer).toMatchObject({ outcome: 'stored' })
}

async function followed(): Promise<void> {
  const { context } = server
  await until('the watch and the seal followed', () =>
    ['watch', 'seal', 'views'].every((name) => context.followerPosition(name) === context.nextPosition()),
  )
}

async function restart(rules: readonly Rule[]): Promise<void> {
  for (const collector of collectors.values()) await collector.close()
  await server.stop()
  server = await stand.again({ rules })
  for (const [site, { device, token, volume, price }] of collectors)
    collectors.set(site, new Collector(device, token, volume, price, server.mqttUrl!))
}

async function query(
  sql: string,
): Promise<{ document: Parameters<RunningServer['context']['watch']['handle']>[0] }[]> {
  return (await stand.database.store.pool.query(sql)).rows
}

async function raised(count: number): Promise<void> {
  await until(`${count} alarms about water`, async () => {
    return (await query(`select document from alarm where rule = '${WATER}'`)).length === count
  })
}

async function handle(subject: string, action: 'accept' | 'answer' | 'false', note: string): Promise<void> {
  const [row] = await query(`select document from alarm where rule = '${WATER}' and subject = '${subject}'`)
  const done = await server.context.watch.handle(row!.document, { action, actor: 'li', note })
  expect(done).toMatchObject({ ok: true })
}

async function audited(): Promise<{ code: number; lines: string[] }> {
  let text = ''
  const writing = vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part)
    return true
  })
  try {
    const flags = ['--data', stand.data, '--database-url', stand.database.url]
    const code = await runCommand(['audit', ...flags], { OILTRAIL_LOG_LEVEL: 'silent' })
    return { code, lines: text.split('\n') }
  } finally {
    writing.mockRestore()
  }
}

/** Runs something on tampered alarms, and puts them back afterwards. */
async function tampered<T>(sql: readonly string[], work: () => Promise<T>): Promise<T> {
  const { pool } = stand.database.store
  for (const table of ['alarm', 'alarm_step'])
    await pool.query(`create table kept_${table} as table ${table}`)
  try {
    for (const one of sql) expect((await pool.query(one)).rowCount, one).toBeGreaterThan(0)
    return await work()
  } finally {
    for (const table of ['alarm', 'alarm_step']) {
      await pool.query(`truncate ${table}`)
      await pool.query(`insert into ${table} select * from kept_${table}`)
      await pool.query(`drop table kept_${table}`)
    }
  }
}

const of = (subject: string): string => `rule = '${WATER}' and subject = '${subject}'`
const stepsOf = (subject: string): string => `alarm = (select alarm from alarm where ${of(subject)})`
const remove = (subject: string): string[] => [
  `delete from alarm_step where ${stepsOf(subject)}`,
  `delete from alarm where ${of(subject)}`,
]
/** Sets a field of the document. */
const put = (subject: string, path: string, value: string, columns = ''): string =>
  `update alarm set document = jsonb_set(document, '{${path}}', '${value}')${columns} where ${of(subject)}`
const [FIRST, CLEARED, THIRD, NEW] = ['S001/tank/1', 'S001/tank/2', 'S002/tank/1', 'S002/tank/2'] as const
const elsewhere = `(select max(position) from log_entry where type = 0 and device = '520327-S002-A')`

const CASES: readonly [what: string, sql: readonly string[], named: RegExp][] = [
  ['an alarm is deleted with its steps', remove(CLEARED), /alarm \[alarm \d+\]: removed.*nothing there/],
  [
    'the newest alarm is deleted with its steps, though somebody called it false',
    remove(NEW),
    /alarm \[water S002\/tank\/2, opened_position \d+\]: removed.*false of li at position \d+, the table has no such/,
  ],
  ['steps are left behind', [remove(CLEARED)[1]!], /alarm_step .*inserted/],
  [
    'an alarm is added at the end, a copy of another about a thing of another site',
    [
      `insert into alarm select county, (select max(alarm) + 1 from alarm), rule, 'S009/tank/1', site, grade, handling, active, open,
         suppressed, opened_at, opened_logged_at, opened_position, last_seen_at, count, shelved_until, sentence_zh, sentence_en, document
       from alarm where ${of(FIRST)}`,
    ],
    /altered.*subject is S009\/tank\/1, its document says S001/,
  ],
  [
    'an alarm is added far behind the end',
    [
      `insert into alarm select county, alarm + 1000, rule, 'S001/tank/9', site, grade, handling, active, open, suppressed, opened_at,
         opened_logged_at, opened_position, last_seen_at, count, shelved_until, sentence_zh, sentence_en,
         jsonb_set(jsonb_set(jsonb_set(jsonb_set(document, '{alarm}', (alarm + 1000)::text::jsonb), '{subject}', '"S001/tank/9"'),
           '{first,subject}', '"S001/tank/9"'), '{latest,subject}', '"S001/tank/9"')
       from alarm where ${of(CLEARED)}`,
    ],
    /its first step, raised, is not there/,
  ],
  [
    'an alarm is closed in its row',
    [`update alarm set handling = 'closed' where ${of(THIRD)}`],
    /handling is closed, its document says waiting/,
  ],
  [
    'an alarm is closed in its row and document',
    [put(THIRD, 'handling', '"closed"', ", handling = 'closed'")],
    /handling is closed, its steps lead to waiting/,
  ],
  [
    'an alarm is closed with an invented step',
    [
      `insert into alarm_step select county, alarm, 2, position, at, 'false', 'li', '无' from alarm_step where ${stepsOf(THIRD)}`,
      put(THIRD, 'handling', '"false"', ", handling = 'false'"),
    ],
    /step 2, false: nobody stated it at position \d+/,
  ],
  [
    'what somebody did is taken away, and the alarm stands as before it',
    [
      `delete from alarm_step where ${stepsOf(NEW)} and what = 'false'`,
      put(NEW, 'handling', '"waiting"', ", handling = 'waiting'"),
    ],
    /li stated false at position \d+, and it was allowed: its step is not there/,
  ],
  [
    'another person is said to have done it',
    [`update alarm_step set actor = 'wang' where ${stepsOf(FIRST)} and what = 'accept'`],
    /step 2 is accept of wang .*, the log has accept of li/,
  ],
  [
    'another reason is said to have been given',
    [`update alarm_step set note = '无水' where ${stepsOf(FIRST)} and what = 'answer'`],
    /step 3 is answer of li at \d+ \(无水\), the log has answer of li at \d+ \(已抽水\)/,
  ],
  [
    'a step of the platform is taken away',
    [`delete from alarm_step where ${stepsOf(CLEARED)} and what = 'cleared'`],
    /active is false, its steps lead to true/,
  ],
  [
    'a step that cannot follow',
    [
      `insert into alarm_step select county, alarm, 2, position, at, 'returned', '', '' from alarm_step where ${stepsOf(THIRD)}`,
    ],
    /step 2, returned, cannot follow/,
  ],
  [
    'its evidence is of another site',
    [
      `update alarm set document = jsonb_set(jsonb_set(document, '{first,evidence,0,position}', ${elsewhere}::text::jsonb),
         '{first,evidence,0,seq}', '2') where ${of(CLEARED)}`,
    ],
    /record \d+\.2, which it names, is of another site/,
  ],
  [
    'its evidence is a record that its batch has not',
    [put(CLEARED, 'latest,evidence,0,seq', '999')],
    /record \d+\.999, which it names, is not there/,
  ],
  [
    'its evidence lies behind the log',
    [put(THIRD, 'latest,evidence,0,position', '99999')],
    /position 99999, which it names, was not followed/,
  ],
  [
    'it was logged earlier',
    [
      `update alarm set opened_logged_at = 1, document = jsonb_set(document, '{openedLoggedAt}', '1') where ${of(THIRD)}`,
    ],
    /was received after the alarm was logged/,
  ],
  [
    'two alarms change their places',
    [
      `update alarm set opened_logged_at = opened_logged_at + 60000,
         document = jsonb_set(document, '{openedLoggedAt}', (opened_logged_at + 60000)::text::jsonb) where ${of(FIRST)}`,
    ],
    /it was logged before alarm \d+/,
  ],
  [
    'a version that did not judge any more',
    [put(NEW, 'first,version', '77')],
    /version 77 of its rule did not judge at position \d+/,
  ],
  [
    'it is explained away by an alarm that is not there',
    [
      put(THIRD, 'suppressed', '{"by":"alarm","alarm":999,"rule":"collector-silent"}', ', suppressed = true'),
      `update alarm_step set note = 'alarm 999' where ${stepsOf(THIRD)} and step = 1`,
    ],
    /alarm 999, which is to explain it, is not of collector-silent/,
  ],
  [
    'its document is nothing',
    [`update alarm set document = '[]' where ${of(FIRST)}`],
    /its document is no alarm/,
  ],
  [
    'its numbers are no numbers',
    [put(FIRST, 'first,evidence', '"x"')],
    /its document is no alarm: first.evidence/,
  ],
]

describe('oiltrail audit, when a rule judged by another edition', () => {
  it('finds nothing in an honest database, and says what it could not compare', async () => {
    const { code, lines } = await audited()
    expect(lines.filter((line) => /: (altered|removed|inserted) /.test(line))).toEqual([])
    expect(code).toBe(0)
    expect(lines.join('\n')).toMatch(/rule water: judged by another edition before position \d+/)
    expect(lines.join('\n')).toMatch(/of their 4 alarms only form, numbers, steps, evidence.*4 条告警仅核对/)
  })

  it.each(CASES)('finds: %s', async (_what, sql, named) => {
    const { code, lines } = await tampered(sql, audited)
    expect(code).toBe(1)
    expect(lines.filter((line) => /: (altered|removed|inserted) /.test(line)).join('\n')).toMatch(named)
  })

  it('and nothing any more when all is put back', async () => {
    expect((await audited()).code).toBe(0)
  })
})
