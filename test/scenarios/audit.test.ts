import { join } from 'node:path'
import type { AlarmView } from '@oiltrail/contract'
import type { Fact } from '@oiltrail/domain'
import { openStore, type Postgres, type Store, startPostgres } from '@oiltrail/store'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeBatch, enrolSite, testLanes } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { Sender } from '../fleet/sender.ts'
import { callJson } from '../fleet/tls.ts'
import { eventually, oiltrail } from './world.ts'

/** Alarms on a real data folder: raised, handled, cleared, hidden; then somebody with the files in his hands goes to work. */

const platform = new Platform()
const lanes = testLanes(0)
const [volume] = lanes as [(typeof lanes)[0]]
const { site } = volume
let sender: Sender
let postgres: Postgres | undefined
let store: Store

const post = <T>(path: string, body: unknown): Promise<T> =>
  callJson<T>(`${platform.base}${path}`, { body, token: platform.adminToken })

async function tell(...facts: (Fact & { at: number })[]): Promise<void> {
  sender.send(closeBatch(volume, facts))
  await sender.settled(30)
  expect(sender.refused).toEqual([])
}

const line = (nozzle: string, state: 'cut' | 'normal'): Fact & { at: number } => ({
  at: Date.now(),
  kind: 'line',
  nozzle,
  state,
  loopOhms: state === 'cut' ? 9_999_999 : 1_000,
  phase: 'a-leads',
})

const full = (tank: string): Fact & { at: number } => ({
  at: Date.now(),
  kind: 'level',
  tank,
  heightMicrometres: 2_300_000,
  waterMicrometres: 0,
  temperatureCentiCelsius: 1_500,
  volumeMillilitres: 29_500_000,
  correctedMillilitres: 29_500_000,
  ullageMillilitres: 500_000,
  statusBits: 0,
})

/** The alarms of all states, once there are as many as expected, as `rule subject`. */
async function alarms(expected: readonly string[]): Promise<Map<string, AlarmView>> {
  const found = await eventually(
    'every alarm is raised',
    20,
    () => platform.get<{ alarms: AlarmView[] }>('/api/alarms?state=all&limit=100'),
    (answer) => expected.every((name) => answer.alarms.some((each) => nameOf(each) === name)),
  )
  return new Map(found.alarms.map((each) => [nameOf(each), each]))
}

const nameOf = ({ rule, subject }: AlarmView): string => `${rule} ${subject}`
const [HANDLED, CLEARED, HIDDEN, SEEN] = [
  `line-cut ${site}/nozzle/1`,
  `line-cut ${site}/nozzle/2`,
  `overfill ${site}/tank/T1`,
  `overfill ${site}/tank/T2`,
]

beforeAll(async () => {
  await platform.start()
  const token = await enrolSite(platform.base, platform.adminToken, 0, lanes)
  sender = new Sender(platform.mqtt, 'audit-test', volume.device, token)
  const now = Date.now()
  const span = { from: now - 60_000, to: now + 3_600_000 }
  await post('/api/windows', { site, part: 'tank/T1', purpose: 'cleaning', note: '清罐', ...span })
  await tell(line('1', 'cut'), line('2', 'cut'), full('T1'), full('T2'))
  const raised = await alarms([HANDLED, CLEARED, HIDDEN, SEEN])
  const path = `/api/alarms/${raised.get(HANDLED)!.alarm}/handle`
  await post(path, { action: 'accept', actor: '李四' })
  await tell(line('1', 'normal'), line('2', 'normal'))
  await post(path, { action: 'close', note: '已更换信号线', actor: '李四' })
  await post('/api/rules/overfill/settings', { values: { overPercent: 1 }, reason: '试行', actor: '王五' })
  await eventually(
    'both lines are well again',
    20,
    () => alarms([CLEARED]),
    (all) => all.get(CLEARED)?.active === false && all.get(HANDLED)?.active === false,
  )
}, 120_000)

afterAll(async () => {
  await sender?.close()
  await store?.close()
  await postgres?.stop()
  await platform.end('SIGKILL')
  platform.remove()
})

const data = ['--data', platform.data]

describe('alarms that nobody touched', () => {
  it('B1 B3: replay and audit beside the running server raise every alarm again and find it unchanged', async () => {
    const all = await alarms([])
    expect(all.get(HANDLED)).toMatchObject({ handling: 'closed', active: false })
    expect(all.get(CLEARED)).toMatchObject({ active: false })
    expect(all.get(HIDDEN)).toMatchObject({ suppressed: { by: 'window' } })
    const rebuilt = await oiltrail(['replay', ...data])
    expect(rebuilt, rebuilt.out).toMatchObject({ code: 0, err: '' })
    expect(rebuilt.out).toMatch(new RegExp(`equal [^\\n]* alarm  live ${all.size}  rebuilt ${all.size}`))
    expect(rebuilt.out).toMatch(/equal [^\n]* rule_setting {2}live 1 {2}rebuilt 1/)
    const audited = await oiltrail(['audit', ...data])
    expect(audited, audited.out).toMatchObject({ code: 0, err: '' })
  })
})

describe('what somebody did to the alarms of a stopped server', () => {
  beforeAll(async () => {
    await platform.end('SIGTERM')
    // Runs for all cases: the commands attach to it.
    postgres = await startPostgres({
      directory: join(platform.data, 'postgres'),
      log: pino({ level: 'silent' }),
    })
    store = openStore(postgres.url)
  }, 60_000)

  const of = (name: string): string => {
    const [rule, subject] = name.split(' ')
    return `rule = '${rule}' and subject = '${subject}'`
  }
  const CASES: [what: string, table: string, sql: string, named: RegExp][] = [
    [
      'an alarm in sight is deleted',
      'alarm',
      `delete from alarm where ${of(SEEN)}`,
      /^ {2}alarm \[alarm \d+\]: removed 被删除: .*overfill.*T2/m,
    ],
    [
      'a handled and finished alarm is deleted',
      'alarm',
      `delete from alarm where ${of(HANDLED)}`,
      /^ {2}alarm \[alarm \d+\]: removed 被删除: .*line-cut.*nozzle\/1/m,
    ],
    [
      'a sentence is rewritten',
      'alarm',
      `update alarm set sentence_zh = '误报' where ${of(CLEARED)}`,
      /^ {2}alarm \[alarm \d+\]: altered 被改动: sentence_zh is "误报"/m,
    ],
    [
      'a grade is lowered, in the column and in the document',
      'alarm',
      `update alarm set grade = 3, document = jsonb_set(document, '{grade}', '"blue"') where ${of(SEEN)}`,
      /^ {2}alarm \[alarm \d+\]: altered 被改动: .*grade is 3/m,
    ],
    [
      'an alarm is called false that nobody handled',
      'alarm',
      `update alarm set handling = 'false', open = false where ${of(SEEN)}`,
      /^ {2}alarm \[alarm \d+\]: altered 被改动: .*handling is "false"/m,
    ],
    [
      'an alarm is brought back into sight that a window hid',
      'alarm',
      `update alarm set suppressed = false where ${of(HIDDEN)}`,
      /^ {2}alarm \[alarm \d+\]: altered 被改动: suppressed is false/m,
    ],
    [
      'a step of the handling is removed',
      'alarm_step',
      `delete from alarm_step where what = 'accept'`,
      /^ {2}alarm_step \[alarm \d+, step \d+\]: removed 被删除: .*accept.*李四/m,
    ],
    [
      'a step gets another name',
      'alarm_step',
      `update alarm_step set actor = '赵六' where what = 'close'`,
      /^ {2}alarm_step \[alarm \d+, step \d+\]: altered 被改动: actor is "赵六", the log says "李四"/m,
    ],
    [
      'a step is invented',
      'alarm_step',
      `insert into alarm_step select county, alarm, step + 50, position, at, 'accept', '赵六', '' from alarm_step where what = 'accept'`,
      /^ {2}alarm_step \[alarm \d+, step \d+\]: inserted 被插入: .*赵六/m,
    ],
    [
      'settings are said to have been others',
      'rule_setting',
      `update rule_setting set setting_values = '{"overPercent": 9}'`,
      /^ {2}rule_setting \[position \d+\]: altered 被改动: setting_values/m,
    ],
    [
      'a change of settings is removed from the history',
      'rule_setting',
      'delete from rule_setting',
      /^ {2}rule_setting \[position \d+\]: removed 被删除: .*overfill.*王五/m,
    ],
    [
      'a window is widened',
      'quiet_window',
      `update quiet_window set to_at = to_at + 86400000`,
      /^ {2}quiet_window \[quiet_window \S+\]: altered 被改动: to_at/m,
    ],
    [
      'what a rule remembers is forgotten',
      'watch_state',
      `delete from watch_state where ${of(SEEN)}`,
      /^ {2}watch_state \[rule overfill, subject \S+T2\]: removed 被删除/m,
    ],
  ]

  it.each(CASES)('B1: %s: replay names the row and ends with 1', async (_what, table, sql, named) => {
    await store.pool.query(`create table kept as table ${table}`)
    try {
      expect((await store.pool.query(sql)).rowCount).toBe(1)
      const report = await oiltrail(['replay', ...data])
      expect(report, report.out).toMatchObject({ code: 1, err: '' })
      expect(report.out).toMatch(named)
      expect(report.out).toMatch(new RegExp(`DIFFERS[^\\n]* ${table} `))
    } finally {
      await store.pool.query(`truncate ${table}`)
      await store.pool.query(`insert into ${table} select * from kept`)
      await store.pool.query('drop table kept')
    }
  })

  it('B1: audit names a deleted alarm as replay does, and a follower that was moved ahead', async () => {
    await store.pool.query(`delete from alarm where ${of(SEEN)}`)
    await store.pool.query(`update follower_cursor set next_position = 1000000 where follower = 'views'`)
    const report = await oiltrail(['audit', ...data])
    expect(report, report.out).toMatchObject({ code: 1, err: '' })
    expect(report.out).toMatch(/^ {2}alarm \[alarm \d+\]: removed/m)
    expect(report.out).toMatch(/^ {2}follower_cursor \[follower views\]: altered/m)
  })
})
