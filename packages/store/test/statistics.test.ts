import { CHINA_OFFSET_MS, DAY_MS, dayStart, HOUR_MS } from '@oiltrail/kernel'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askStatistics, type StatisticsQuestion, type StatisticsRow } from '../src/queries/statistics.ts'
import { type TestDatabase, testDatabase } from '../src/testing.ts'

const COUNTY = 520_327
/** 2025-11-20: the hours cross the ends of months and of a year. */
const FIRST_DAY = 20_412
const DAYS = 80
const LIMIT = 100_000
const ENTERPRISES = ['91000000MN0000001A', '91000000MN0000002B']
const SITES = Array.from({ length: 4 }, (_, i) => ({
  siteId: i + 1,
  site: `S${i + 1}`,
  name: `站${i + 1}`,
  town: `52032700${i % 2}`,
  enterprise: ENTERPRISES[i < 3 ? 0 : 1]!,
  /** Not every site writes the name of its enterprise alike. */
  enterpriseName: `E${i % 2}`,
}))
/** Three nozzles a site on two dispensers; the last site has an arm that is called as one of its nozzles. */
const NOZZLES = [
  ...SITES.flatMap((site) =>
    [1, 2, 3].map((n) => ({
      site,
      nozzleId: site.siteId * 10 + n,
      nozzle: String(n),
      dispenser: n < 3 ? 'D1' : 'D2',
      arm: false,
    })),
  ),
  { site: SITES[3]!, nozzleId: 99, nozzle: '1', dispenser: '', arm: true },
]

interface Sold {
  readonly hour: number
  readonly nozzle: (typeof NOZZLES)[number]
  readonly grade: number
  readonly sums: number[]
}
const FIELDS = [
  'sales',
  'volumeMillilitres',
  'amountFen',
  'unpricedSales',
  'unpricedMillilitres',
  'boardSales',
  'boardMillilitres',
  'boardFen',
] as const

/** A row every seventh hour of each nozzle, its grade changing now and then, every figure another. */
const SOLD: Sold[] = NOZZLES.flatMap((nozzle, n) =>
  Array.from({ length: Math.floor((DAYS * 24) / 7) }, (_, i) => ({
    hour: FIRST_DAY * 24 + i * 7 + (n % 5),
    nozzle,
    grade: (n + Math.floor(i / 50)) % 3,
    sums: FIELDS.map((_, f) => ((i * 31 + n * 17 + f * 7) % 97) * (f % 2 === 0 ? 1 : 1_000)),
  })),
)

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  const { pool } = database.store
  for (const s of SITES)
    await pool.query("insert into site values ($1, $2, $3, '{}', 0, $4, 'station', $5, $6, $7, 107, 27)", [
      s.siteId,
      COUNTY,
      s.site,
      s.name,
      s.town,
      s.enterprise,
      s.enterpriseName,
    ])
  for (const n of NOZZLES)
    await pool.query('insert into nozzle values ($1, $2, $3, $4, $5, $6)', [
      COUNTY,
      n.nozzleId,
      n.site.siteId,
      n.dispenser,
      n.nozzle,
      n.arm,
    ])
  await pool.query(
    `insert into sales_hour select ${COUNTY}, r.* from jsonb_to_recordset($1::jsonb) as r (hour int, nozzle_id int, grade int2, site_id int,
       a int, b int8, c int8, d int, e int8, f int, g int8, h int8)`,
    [
      JSON.stringify(
        SOLD.map(({ hour, nozzle, grade, sums }) => ({
          hour,
          nozzle_id: nozzle.nozzleId,
          grade,
          site_id: nozzle.site.siteId,
          ...Object.fromEntries(sums.map((sum, i) => ['abcdefgh'[i], sum])),
        })),
      ),
    ],
  )
  await pool.query(`insert into sales_day
    select county, hour / 24, nozzle_id, grade, site_id, sum(sales), sum(volume_ml), sum(amount_fen), sum(unpriced_sales), sum(unpriced_ml),
      sum(board_sales), sum(board_ml), sum(board_fen) from sales_hour group by 1, 2, 3, 4, 5`)
})
afterAll(() => database.close())

/** Start of the bucket of a moment, by the calendar of China. */
function bucketOf(q: StatisticsQuestion, at: number): number {
  const local = new Date(at + CHINA_OFFSET_MS)
  switch (q.bucket) {
    case 'hour':
      return at
    case 'day':
      return Math.floor((at + CHINA_OFFSET_MS) / DAY_MS) * DAY_MS - CHINA_OFFSET_MS
    case 'month':
      return Date.UTC(local.getUTCFullYear(), local.getUTCMonth()) - CHINA_OFFSET_MS
    case 'year':
      return Date.UTC(local.getUTCFullYear(), 0) - CHINA_OFFSET_MS
    case 'all':
      return q.from
  }
}

function placeOf(q: StatisticsQuestion, { site, nozzle, dispenser, arm }: Sold['nozzle']): [string, string] {
  const machine = arm ? nozzle : dispenser
  return {
    county: ['', ''] as [string, string],
    town: [site.town, ''] as [string, string],
    enterprise: [site.enterprise, site.enterpriseName] as [string, string],
    site: [site.site, site.name] as [string, string],
    dispenser: [`${site.site}/${machine}`, `${site.name} ${machine}`] as [string, string],
    nozzle: [`${site.site}/${nozzle}`, `${site.name} ${nozzle}`] as [string, string],
  }[q.place]
}

/** The answer as a loop over all rows gives it. */
function naive(q: StatisticsQuestion): StatisticsRow[] {
  const groups = new Map<string, Record<string, unknown>>()
  for (const sold of SOLD) {
    const at = sold.hour * HOUR_MS - CHINA_OFFSET_MS
    const { site, arm } = sold.nozzle
    if (at < q.from || at >= q.to) continue
    if (q.kind !== 'all' && arm !== (q.kind === 'load')) continue
    if (q.site !== undefined && q.site !== site.site) continue
    if (q.town !== undefined && q.town !== site.town) continue
    if (q.enterprise !== undefined && q.enterprise !== site.enterprise) continue
    if (q.grade !== undefined && q.grade !== sold.grade) continue
    const [place, placeName] = placeOf(q, sold.nozzle)
    const bucket = bucketOf(q, at)
    const grade = q.byGrade ? sold.grade : null
    const group = groups.get(`${bucket} ${place} ${grade}`) ?? { bucket, place, placeName, grade }
    if (placeName > String(group.placeName)) group.placeName = placeName
    FIELDS.forEach((field, i) => {
      group[field] = Number(group[field] ?? 0) + sold.sums[i]!
    })
    groups.set(`${bucket} ${place} ${grade}`, group)
  }
  return [...groups.values()] as unknown as StatisticsRow[]
}

function sorted(rows: readonly StatisticsRow[]): StatisticsRow[] {
  const text = (row: StatisticsRow): string =>
    `${String(row.bucket).padStart(15, '0')} ${row.place} ${row.grade}`
  return [...rows].sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

const firstHour = FIRST_DAY * 24
const hours = fc.integer({ min: firstHour - 30, max: firstHour + (DAYS + 2) * 24 })
const moment = fc.oneof(
  hours.map((hour) => hour * HOUR_MS - CHINA_OFFSET_MS),
  hours.map((hour) => dayStart(Math.floor(hour / 24))),
)
const maybe = <T>(...values: T[]): fc.Arbitrary<T | undefined> =>
  fc.option(fc.constantFrom(...values), { nil: undefined })
const question: fc.Arbitrary<StatisticsQuestion> = fc
  .record({
    ends: fc.tuple(moment, moment).filter(([a, b]) => a !== b),
    bucket: fc.constantFrom('hour', 'day', 'month', 'year', 'all'),
    place: fc.constantFrom('county', 'town', 'enterprise', 'site', 'dispenser', 'nozzle'),
    byGrade: fc.boolean(),
    kind: fc.constantFrom('sale', 'load', 'all'),
    site: maybe('S1', 'S4', 'S9'),
    town: maybe('520327000', '520327001'),
    enterprise: maybe(...ENTERPRISES),
    grade: maybe(0, 1, 2),
  })
  .map(({ ends, ...rest }) => ({
    ...rest,
    from: Math.min(...ends),
    to: Math.max(...ends),
    limit: LIMIT,
  }))

test('every statistics question is answered as a loop over the sums would answer it', async () => {
  let answered = 0
  await fc.assert(
    fc.asyncProperty(question, async (q) => {
      const rows = await askStatistics(database.store.pool, COUNTY, q)
      answered += rows.length
      expect(sorted(rows)).toEqual(sorted(naive(q)))
      expect(rows.map((row) => row.bucket)).toEqual(rows.map((row) => row.bucket).sort((a, b) => a - b))
    }),
    { numRuns: 400 },
  )
  expect(answered).toBeGreaterThan(1_000)
})

test('the limit cuts the answer at its end', async () => {
  const q: StatisticsQuestion = {
    from: dayStart(FIRST_DAY),
    to: dayStart(FIRST_DAY + DAYS),
    bucket: 'day',
    place: 'site',
    byGrade: false,
    kind: 'sale',
    limit: LIMIT,
  }
  const all = await askStatistics(database.store.pool, COUNTY, q)
  const some = await askStatistics(database.store.pool, COUNTY, { ...q, limit: 10 })
  expect(all.length).toBeGreaterThan(10)
  expect(some).toEqual(all.slice(0, 10))
})
