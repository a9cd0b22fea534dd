import { DAY_MS, dayIndex, dayStart, hourIndex } from '@oiltrail/kernel'
import type { Store } from '@oiltrail/store'
import { type Benchmark, type Figure, figure, median, quantile } from '../figure.ts'
import { COUNTY, startWorld, type World } from '../world.ts'

const SITES = 21
const DAYS = 365
const REPETITIONS = 60
/** Questions asked beforehand, so that neither side is judged while its code and pages are still cold. */
const WARM_UP = 5
const FACT_TABLES = ['sale', 'level', 'delivery', 'refused_record', 'log_entry']
const SUMS =
  'sum(sales), sum(volume_ml), sum(amount_fen), sum(unpriced_sales), sum(unpriced_ml), sum(board_sales), sum(board_ml), sum(board_fen)'

/** A year of rollups and sales for every nozzle and tank, two sales an hour, written straight into the tables. */
async function fillYear(store: Store, from: number, to: number): Promise<void> {
  await store.pool.query('set statement_timeout = 0')
  const [firstHour, lastHour] = [hourIndex(from), hourIndex(to) - 1]
  await store.pool.query(
    `insert into sales_hour (county, hour, nozzle_id, grade, site_id, sales, volume_ml, amount_fen, unpriced_sales, unpriced_ml, board_sales, board_ml, board_fen)
     select n.county, h, n.nozzle_id, n.nozzle_id % 3, n.site_id, 2, 60000 + h % 1000, 45000, 0, 0, 2, 60000, 45000
     from generate_series($1::int, $2::int) h, nozzle n order by h`,
    [firstHour, lastHour],
  )
  await store.pool.query(
    `insert into sales_day (county, day, nozzle_id, grade, site_id, sales, volume_ml, amount_fen, unpriced_sales, unpriced_ml, board_sales, board_ml, board_fen)
     select county, hour / 24, nozzle_id, grade, site_id, ${SUMS} from sales_hour group by 1, 2, 3, 4, 5 order by 2
     on conflict do nothing`,
  )
  await store.pool.query(
    `insert into tank_hour (county, hour, tank_id, site_id, last_at, last_seq, last_ml, last_um, last_water_um, last_cc, low_ml, high_ml, readings)
     select t.county, h, t.tank_id, t.site_id, h::int8 * 3600000, h, 9000000, 900000, 0, 1500, 8900000, 9100000, 6
     from generate_series($1::int, $2::int) h, tank t order by h`,
    [firstHour, lastHour],
  )
  await store.pool.query(
    `insert into sale (county, position, seq, site_id, nozzle_id, grade, ended_at, started_at, volume_ml, total_ml, price_fen, amount_fen, source)
     select r.county, 1000000 + r.hour, k, r.site_id, r.nozzle_id, r.grade, r.hour::int8 * 3600000 - 28800000 + k * 1000, 0, 30000, r.hour, 750, 22500, 0
     from sales_hour r, generate_series(1, 2) k order by r.hour`,
  )
  await store.pool.query('vacuum analyze')
}

/** Enough rows of every other kind that reading a whole table would be a mistake of the planner or of the query. */
async function fillFacts(store: Store, from: number): Promise<void> {
  const rows = 'generate_series(1, 100000) i'
  await store.pool.query(`
    insert into log_entry (county, position, type, received_at, device, channel, first_seq, last_seq, code, leaf, raw)
      select ${COUNTY}, 1000000 + i, (i % 50 = 0)::int, ${from} + i * 1000::int8, '520327-F0000' || i % 9 || '-A', 0, i, i, case when i % 50 = 0 then 'BAD_SIGNATURE' end, '{}', '{}' from ${rows};
    insert into level select ${COUNTY}, 1000000 + i, 1, 1 + i % 21, 1 + i % 63, ${from} + i * 1000::int8, 900000, 0, 1500, 9000000, 9000000, 1000000, 0 from ${rows};
    insert into delivery select ${COUNTY}, 1000000 + i, 1, 1 + i % 21, 1 + i % 63, ${from} + i * 1000::int8, ${from} + i * 1000::int8, 1, 2, 1, 2, 1, 2 from ${rows};
    insert into refused_record (county, position, seq, device, channel, at, code, detail)
      select ${COUNTY}, 1000000 + i, 1, '520327-F00001-A', 0, ${from} + i * 1000::int8, 'CLOCK_FUTURE', '' from ${rows}`)
  // Otherwise autovacuum would summarise the new ranges of BRIN indexes some time later, and each counts as a scan of its table.
  await store.pool.query('vacuum analyze')
}

interface Question {
  readonly name: string
  readonly path: string
  readonly bare: { readonly text: string; readonly values: readonly unknown[] }
}

/** First days of the months of a span, as days since 1970. */
function monthStarts(from: number, to: number): number[] {
  const first = new Date(from)
  const starts = Array.from({ length: 14 }, (_, i) =>
    Math.floor(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + i) / DAY_MS),
  )
  return starts.filter((day) => day <= dayIndex(to))
}

function questions(site: string, siteId: number, from: number, to: number): Question[] {
  const days = [COUNTY, dayIndex(from), dayIndex(to)]
  const statistics = `/api/statistics?from=${from}&to=${to}`
  return [
    {
      name: 'statistics of a year by day and grade',
      path: `${statistics}&bucket=day&place=county&byGrade=true`,
      bare: {
        text: `select day, grade, ${SUMS} from sales_day where county = $1 and day >= $2 and day < $3 group by day, grade order by day`,
        values: days,
      },
    },
    {
      name: 'statistics of a year by month and site',
      path: `${statistics}&bucket=month&place=site`,
      bare: {
        // Asking the calendar for each row would make the other side slower than it need be.
        text: `select width_bucket(day, $4::int4[]), site_id, ${SUMS} from sales_day
               where county = $1 and day >= $2 and day < $3 group by 1, 2 order by 1`,
        values: [...days, monthStarts(from, to)],
      },
    },
    {
      name: 'hourly levels of a site over a year',
      path: `/api/sites/${site}/levels?from=${from}&to=${to}`,
      bare: {
        text: `select hour, tank_id, last_ml, low_ml, high_ml, last_um, last_cc from tank_hour
               where county = $1 and hour >= $2 and hour < $3 and site_id = $4 order by tank_id, hour`,
        values: [COUNTY, hourIndex(from), hourIndex(to), siteId],
      },
    },
  ]
}

async function measure(world: World, question: Question): Promise<Figure> {
  const ours: number[] = []
  const bare: number[] = []
  for (let i = -WARM_UP; i < REPETITIONS; i++) {
    let start = performance.now()
    const answer = await fetch(`${world.platform.base}${question.path}`)
    if (!answer.ok) throw new Error(`${question.path}: ${answer.status} ${await answer.text()}`)
    const rows = (await answer.json()) as unknown[]
    if (i >= 0) ours.push(performance.now() - start)
    if (rows.length === 0) throw new Error(`${question.path} answers nothing`)
    start = performance.now()
    await world.store.pool.query(question.bare.text, [...question.bare.values])
    if (i >= 0) bare.push(performance.now() - start)
  }
  return figure(
    `${question.name}, 95th percentile`,
    'ms',
    { value: quantile(ours, 0.95), against: quantile(bare, 0.95) },
    ['<=', 2],
    [`medians ${median(ours).toFixed(1)} ms and ${median(bare).toFixed(1)} ms`],
  )
}

async function sequentialScans(store: Store): Promise<Map<string, number>> {
  await store.pool.query('select pg_stat_clear_snapshot()')
  const { rows } = await store.pool.query<{ relname: string; scans: number }>(
    'select relname, seq_scan as scans from pg_stat_user_tables where relname = any ($1)',
    [FACT_TABLES],
  )
  return new Map(rows.map((row) => [row.relname, row.scans]))
}

/** Everything a screen asks for; afterwards no fact table may have been read from end to end. */
async function countScans(world: World, site: string, from: number, to: number): Promise<Figure> {
  const span = `from=${from}&to=${to}`
  const paths = [
    '/api/overview',
    '/api/sites',
    `/api/sites/${site}`,
    `/api/sites/${site}/sales?${span}&limit=100`,
    `/api/sites/${site}/levels?${span}`,
    `/api/statistics?${span}&bucket=hour&place=county&site=${site}`,
    `/api/statistics?${span}&bucket=month&place=nozzle`,
    '/api/channels',
    '/api/gaps',
    '/api/log/entries?limit=50',
    '/api/log/refusals',
  ]
  const before = await sequentialScans(world.store)
  for (const path of paths) {
    const answer = await fetch(`${world.platform.base}${path}`)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  // Backends report their counts at most once a second.
  await new Promise((wake) => setTimeout(wake, 2_500))
  await fetch(`${world.platform.base}/api/sites`)
  await new Promise((wake) => setTimeout(wake, 1_500))
  const after = await sequentialScans(world.store)
  const scanned = FACT_TABLES.map((table) => [table, after.get(table)! - before.get(table)!] as const).filter(
    ([, scans]) => scans > 0,
  )
  const value = scanned.reduce((sum, [, scans]) => sum + scans, 0)
  const notes = scanned.map(([table, scans]) => `${table}: ${scans}`)
  return figure('sequential scans of fact tables by all screens', 'scans', { value }, ['<=', 0], notes)
}

/** Statistics and site endpoints over one year of the county, against the bare rollup query. */
export const endpoints: Benchmark = {
  name: 'endpoints',
  async run() {
    const world = await startWorld(SITES)
    try {
      const to = dayStart(dayIndex(Date.now()) + 1)
      const from = to - DAYS * DAY_MS
      await fillYear(world.store, from, to)
      await fillFacts(world.store, from)
      const { rows } = await world.store.pool.query<{ site: string; site_id: number }>(
        'select site, site_id from site order by site_id limit 1',
      )
      const { site, site_id: siteId } = rows[0]!
      const figures: Figure[] = []
      for (const question of questions(site, siteId, from, to)) figures.push(await measure(world, question))
      figures.push(await countScans(world, site, from, to))
      return figures
    } finally {
      await world.close()
    }
  },
}
