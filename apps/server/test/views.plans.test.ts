import { readdirSync, readFileSync } from 'node:fs'
import { CHINA_OFFSET_MS, DAY_MS, dayIndex, HOUR_MS, hourIndex } from '@oiltrail/kernel'
import * as store from '@oiltrail/store'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { START } from './views.history.ts'

/** Questions of screens must cost the same next year: none may read a whole table of facts or the whole log. */
const GUARDED = new Set([
  'sale',
  'receipt',
  'level',
  'delivery',
  'price',
  'other_fact',
  'log_entry',
  'refused_record',
])
const COUNTY = 520_327
const NOW = START + 200 * DAY_MS

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  const { pool } = database.store
  const ids = 'i % 126 + 1 as nozzle, i % 126 / 6 + 1 as site'
  for (const sql of [
    `insert into site select i, ${COUNTY}, 'S' || i, '{}', 0, 'S' || i, 'station', '520327001', '9', 'E', 107, 27 from generate_series(1, 21) i`,
    `insert into tank select ${COUNTY}, i, (i - 1) / 5 + 1, i % 5 + 1, i % 4, 30000000, 28000000, 2500 from generate_series(1, 105) i`,
    `insert into nozzle select ${COUNTY}, i + 1, i / 6 + 1, 'D' || i % 3, i % 6 + 1, i = 125 from generate_series(0, 125) i`,
    `insert into nozzle_link select ${COUNTY}, i, 0, i % 105 + 1, i % 4 from generate_series(1, 126) i`,
    `insert into sale select ${COUNTY}, i / 50, i, site, nozzle, i % 4, ${START} + i * 288000::int8, ${START} + i * 288000::int8 - 60000, 30000, 1, null, null, 0
       from (select i, ${ids} from generate_series(1, 60000) i) x`,
    `insert into receipt select ${COUNTY}, i / 50, i, site, nozzle, i % 4, ${START} + i * 288000::int8, 30000, 1, 1, 1, 1, '010101'
       from (select i, ${ids} from generate_series(1, 60000) i) x`,
    `insert into level select ${COUNTY}, i / 50, i, i % 21 + 1, i % 105 + 1, ${START} + i * 288000::int8, 1, 1, 1, 1, 1, 1, 0 from generate_series(1, 60000) i`,
    `insert into other_fact select ${COUNTY}, i / 50, i, i % 21 + 1, '520327-S' || i % 21 + 1 || '-A', 0, case when i % 500 = 0 then 'health' else 'total' end, '1',
       ${START} + i * 288000::int8, i % 500 = 0, '{"event": "mains-lost"}' from generate_series(1, 60000) i`,
    `insert into log_entry (county, position, type, received_at, device, channel, first_seq, last_seq, code, leaf, raw, made_from, made_to)
       select ${COUNTY}, i, case when i % 100 = 0 then 1 when i % 1000 = 1 then 2 else 0 end, ${START} + i * 1000::int8, '520327-S' || i % 21 + 1 || '-A', i % 2,
       i / 42 * 50 + 1, i / 42 * 50 + 50, case when i % 100 = 0 then 'MALFORMED' end, '\\x00', decode(repeat('00', 1000), 'hex'),
       ${START} + i * 864000::int8, ${START} + i * 864000::int8 + 60000 from generate_series(0, 20000) i`,
    `insert into refused_record select ${COUNTY}, i / 3, i % 3 + 1, '520327-S1-A', 0, null, (array['CLOCK_FUTURE', 'CLOCK_FUTURE', 'OUT_OF_RANGE', 'UNKNOWN_SUBJECT'])[i % 4 + 1], ''
       from generate_series(1, 60000) i`,
    `insert into sales_day select ${COUNTY}, ${dayIndex(START)} + d, n, n % 4, (n - 1) / 6 + 1, 1, 1, 1, 0, 0, 0, 0, 0 from generate_series(0, 399) d, generate_series(1, 126) n`,
    `insert into sales_hour select ${COUNTY}, ${hourIndex(START)} + h, n, n % 4, (n - 1) / 6 + 1, 1, 1, 1, 0, 0, 0, 0, 0 from generate_series(0, 800) h, generate_series(1, 126) n`,
    `insert into tank_hour select ${COUNTY}, ${hourIndex(START)} + h, t, (t - 1) / 5 + 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 from generate_series(0, 800) h, generate_series(1, 105) t`,
    `insert into price select ${COUNTY}, n, ${START} + d * 86400000::int8, 1, d * 200 + n, 700 from generate_series(0, 399) d, generate_series(1, 126) n`,
    `insert into delivery select ${COUNTY}, i, 1, i % 21 + 1, i % 105 + 1, ${START} + i * 3600000::int8, ${START} + i * 3600000::int8, 1, 2, 1, 2, 1, 1 from generate_series(1, 20000) i`,
    `insert into channel_state select ${COUNTY}, '520327-S' || i || '-A', c, 'S' || i, 1, 1, 1, 1, 1, 0, '{}', '[]', null from generate_series(1, 21) i, generate_series(0, 1) c`,
  ])
    await pool.query(sql)
  await pool.query('vacuum analyze')
})
afterAll(() => database.close())

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  Plans?: Plan[]
}

function scans(plan: Plan): string[] {
  const own =
    plan['Node Type'] === 'Seq Scan' && GUARDED.has(plan['Relation Name'] ?? '')
      ? [plan['Relation Name']!]
      : []
  return [...own, ...(plan.Plans ?? []).flatMap(scans)]
}

type Plain = (text: string, values?: unknown[]) => Promise<{ rows: Record<string, [{ Plan: Plan }]>[] }>

/** What a statement would read whole: with these values and, where its plan is kept under a name, with any values. */
async function wholeReadsOf(plain: Plain, named: boolean, text: string, values?: unknown[]) {
  const plans = [await plain(`explain (format json) ${text}`, values)]
  if (named) plans.push(await plain(`explain (format json, generic_plan) ${text}`))
  return plans.flatMap(({ rows }) => scans(rows[0]!['QUERY PLAN']![0].Plan))
}

/** Runs everything that `work` asks through EXPLAIN as well; returns what it read whole, by statement. */
async function wholeReads(
  work: (reader: store.Transaction) => Promise<unknown>,
): Promise<{ statements: number; whole: string[] }> {
  const { pool } = database.store
  const whole: string[] = []
  let statements = 0
  const tx = await pool.connect()
  const plain = tx.query.bind(tx) as Plain
  const watching = Object.create(tx) as store.Transaction
  Object.assign(watching, {
    query: async (
      asked: string | { name?: string; text: string; values?: unknown[] },
      values?: unknown[],
    ) => {
      const [text, given] = typeof asked === 'string' ? [asked, values] : [asked.text, asked.values]
      const named = typeof asked !== 'string' && asked.name !== undefined
      const found = await wholeReadsOf(plain, named, text, given)
      if (found.length > 0) whole.push(`${found.join()}: ${text.slice(0, 200)}`)
      statements++
      return plain(text, given)
    },
  })
  try {
    await plain('begin')
    await work(watching)
    await plain('rollback')
  } finally {
    tx.release()
  }
  return { statements, whole }
}

const day = dayIndex(NOW)
const from = day * DAY_MS - CHINA_OFFSET_MS
const span = { from: from - 30 * DAY_MS, to: from }
const ALARMS: store.AlarmFilter = {
  state: 'all',
  handling: undefined,
  grade: undefined,
  site: 'S3',
  rule: undefined,
  from: undefined,
  to: undefined,
  before: undefined,
  limit: 100,
  now: NOW,
}
const series = { siteId: 3, ...span, nozzles: ['1'], tanks: ['1'], limit: 1_000 }

const QUESTIONS: [string, (reader: store.Transaction) => Promise<unknown>][] = [
  ['listAlarms', (r) => store.listAlarms(r, COUNTY, ALARMS)],
  ['countAlarms', (r) => store.countAlarms(r, COUNTY, NOW)],
  ['listAlarmPlaces', (r) => store.listAlarmPlaces(r, COUNTY, NOW)],
  ['listAlarmLoad', (r) => store.listAlarmLoad(r, COUNTY, { since: START, now: NOW, limit: 1_000 })],
  ['readAlarm', (r) => store.readAlarm(r, COUNTY, 1)],
  ['listAlarmSteps', (r) => store.listAlarmSteps(r, COUNTY, 1, 100)],
  ['listSimilar', (r) => store.listSimilar(r, COUNTY, { alarm: 9, rule: 'leak', site: 'S3' }, 10)],
  ['listChildren', (r) => store.listChildren(r, COUNTY, 1, 'S3')],
  ['listRuleFigures', (r) => store.listRuleFigures(r, COUNTY, START)],
  ['listVerdicts', (r) => store.listVerdicts(r, COUNTY)],
  ['listSettingsChanges', (r) => store.listSettingsChanges(r, COUNTY, undefined, 100)],
  ['listNotices', (r) => store.listNotices(r, COUNTY, { site: 'S3', ...span, limit: 100 })],
  ['findNotice', (r) => store.findNotice(r, COUNTY, 'N-1')],
  ['findWindow', (r) => store.findWindow(r, COUNTY, 'W-1')],
  ['listWindows', (r) => store.listWindows(r, COUNTY, 'S3', 100)],
  ['positionAt', (r) => store.positionAt(r, COUNTY, NOW, 100)],
  ['nozzleSeries', (r) => store.nozzleSeries(r, COUNTY, series)],
  ['tankSeries', (r) => store.tankSeries(r, COUNTY, series)],
  ['siteMarks', (r) => store.siteMarks(r, COUNTY, series)],
  ['listSites', (r) => store.listSites(r, COUNTY, day)],
  ['listSites of one', (r) => store.listSites(r, COUNTY, day, 'S3')],
  ['readRegistration', (r) => store.readRegistration(r, COUNTY, 'S3')],
  ['listTanks', (r) => store.listTanks(r, COUNTY, 3)],
  ['listNozzles', (r) => store.listNozzles(r, COUNTY, 3, { now: NOW, day })],
  [
    'listTankReadings',
    (r) =>
      store.listTankReadings(r, COUNTY, 3, { fromHour: hourIndex(START), toHour: hourIndex(START) + 720 }),
  ],
  [
    'listNozzleHours',
    (r) =>
      store.listNozzleHours(r, COUNTY, 3, { fromHour: hourIndex(START), toHour: hourIndex(START) + 720 }),
  ],
  ['listNozzleTanks', (r) => store.listNozzleTanks(r, COUNTY, 3)],
  ['listTankDeliveries', (r) => store.listTankDeliveries(r, COUNTY, 3, span)],
  ['listTelling', (r) => store.listTelling(r, COUNTY, 'S3')],
  ['listChartDecisions', (r) => store.listChartDecisions(r, COUNTY, 'S3', 200)],
  [
    'listRuleStates',
    (r) => store.listRuleStates(r, COUNTY, { id: 'chart-deviation', version: 1 }, ['S3/tank/1', 'S3/tank/2']),
  ],
  ['listSales', (r) => store.listSales(r, COUNTY, 3, { ...span, limit: 100 })],
  [
    'listSales of a year',
    (r) => store.listSales(r, COUNTY, 3, { from: START, to: START + 365 * DAY_MS, limit: 1_000 }),
  ],
  ['listLevels', (r) => store.listLevels(r, COUNTY, 3, hourIndex(START), hourIndex(START) + 720)],
  ['listDeliveries', (r) => store.listDeliveries(r, COUNTY, 12)],
  ['listDeliveries of one', (r) => store.listDeliveries(r, COUNTY, 12, 3)],
  ['listChannels', (r) => store.listChannels(r, COUNTY)],
  ['listGaps', (r) => store.listGaps(r, COUNTY, 100)],
  ['sumHours', (r) => store.sumHours(r, COUNTY, day * 24, day * 24 + 24)],
  ['sumSpan', (r) => store.sumSpan(r, COUNTY, START + 100 * HOUR_MS, START + 100 * HOUR_MS + 1_800_000)],
  ['sumStock', (r) => store.sumStock(r, COUNTY, day - 7, day)],
  ['listNotable', (r) => store.listNotable(r, COUNTY, 12)],
  ['listEntries', (r) => store.listEntries(r, COUNTY, { limit: 50 })],
  ['listEntries before', (r) => store.listEntries(r, COUNTY, { limit: 50, before: 10_000 })],
  ['listEntries of a device', (r) => store.listEntries(r, COUNTY, { limit: 50, device: '520327-S3-A' })],
  ['listEntries of refusals', (r) => store.listEntries(r, COUNTY, { limit: 50, type: 1 })],
  ['listEntries of the desk', (r) => store.listEntries(r, COUNTY, { limit: 50, type: 2 })],
  ['listEntries of batches', (r) => store.listEntries(r, COUNTY, { limit: 50, type: 0 })],
  ['readEntry', (r) => store.readEntry(r, COUNTY, 777)],
  ['listRefusedRecords', (r) => store.listRefusedRecords(r, COUNTY, 100)],
  ['listRefusedRecords of one', (r) => store.listRefusedRecords(r, COUNTY, 100, 7)],
  ['countRefusals', (r) => store.countRefusals(r, COUNTY)],
  ['readLogFigures', (r) => store.readLogFigures(r, COUNTY, NOW)],
  [
    'findRecords',
    (r) => store.findRecords(r, COUNTY, [{ device: '520327-S3-A', channel: 'volume', seq: 5 }]),
  ],
  ['listSiteEntries', (r) => store.listSiteEntries(r, COUNTY, { devicePrefix: '520327-S3-', ...span })],
  ['rebuildSales', (r) => store.rebuildSales(r, COUNTY, { siteId: 3, nozzleId: 13 })],
  ['regradeFacts', (r) => store.regradeFacts(r, COUNTY, [{ siteId: 3, nozzleId: 13, ...span, grade: 2 }])],
  ['readEntriesAt', (r) => store.readEntriesAt(r, COUNTY, [1, 2, 3])],
  ['readEntries', (r) => store.readEntries(r, COUNTY, 15_000, { entries: 2_000, bytes: 4_000_000 })],
  ['readLeaves', (r) => store.readLeaves(r, COUNTY, 15_000, 15_256)],
  ['readRaw', (r) => store.readRaw(r, COUNTY, [1, 2, 3])],
  ['loadPrices', (r) => store.loadPrices(r, COUNTY, [1, 2, 3], [START + DAY_MS, START, NOW])],
  [
    'repriceSales',
    (r) =>
      store.repriceSales(
        r,
        COUNTY,
        Array.from({ length: 6 }, (_, i) => ({
          siteId: 1,
          nozzleId: i + 1,
          from: START,
          to: START + DAY_MS,
          priceFenPerLitre: 700,
        })),
      ),
  ],
  [
    'repriceSales of one for ever',
    (r) =>
      store.repriceSales(r, COUNTY, [
        { siteId: 1, nozzleId: 1, from: START, to: Number.MAX_SAFE_INTEGER, priceFenPerLitre: 700 },
      ]),
  ],
  ...(['hour', 'day', 'month', 'year', 'all'] as const).flatMap((bucket) =>
    (['county', 'town', 'enterprise', 'site', 'dispenser', 'nozzle'] as const).map(
      (place): [string, (reader: store.Transaction) => Promise<unknown>] => [
        `askStatistics by ${bucket} and ${place}`,
        (r) =>
          store.askStatistics(r, COUNTY, {
            ...span,
            bucket,
            place,
            byGrade: true,
            kind: 'sale',
            limit: 20_000,
            ...(place === 'nozzle' ? { site: 'S3' } : {}),
          }),
      ],
    ),
  ),
]

it.each(QUESTIONS)('%s reads no whole table of facts', async (_name, work) => {
  const { statements, whole } = await wholeReads(work)
  expect(statements).toBeGreaterThan(0)
  expect(whole).toEqual([])
})

it('asks every question that the store answers to screens', () => {
  const folder = new URL('../../../packages/store/src/queries/', import.meta.url)
  const known = readdirSync(folder).flatMap((file) =>
    [...readFileSync(new URL(file, folder), 'utf8').matchAll(/^export async function (\w+)/gm)].map(
      ([, name]) => name!,
    ),
  )
  const asked = new Set(QUESTIONS.map(([title]) => title.split(' ')[0]!))
  expect(known).not.toEqual([])
  expect(known.filter((name) => !asked.has(name))).toEqual([])
})
