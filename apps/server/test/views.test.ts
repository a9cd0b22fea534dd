import { type RecordedFact, recordSchema } from '@oiltrail/domain'
import { amountFen, dayIndex, hourIndex } from '@oiltrail/kernel'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../packages/store/src/testing.ts'
import { ViewsFollower } from '../src/views/follower.ts'
import {
  batchEntry,
  cut,
  deskEntries,
  dump,
  generator,
  placed,
  RECEIVED,
  randomStream,
  registration,
  run,
  START,
  type Stream,
  shuffled,
  siteOf,
} from './views.history.ts'

let database: TestDatabase
let nextCounty = 100_000
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** Columns that tell the order of arrival, which differs by nature. */
const ORDER = ['position', 'first_received_at', 'last_received_at']
const HOUR = 3_600_000

function history(seed: number): { sites: ReturnType<typeof siteOf>[]; streams: Stream[] } {
  return {
    sites: [siteOf('S001'), siteOf('S002')],
    streams: [
      randomStream('520327-S001-A', 'volume', seed, 60),
      randomStream('520327-S001-A', 'price', seed + 1, 40),
      randomStream('520327-S002-A', 'volume', seed + 2, 40),
      randomStream('520327-S002-A', 'price', seed + 3, 30),
    ],
  }
}

async function viewsOf(
  entries: Parameters<typeof placed>[1],
  roundSize: () => number,
  without: readonly string[] = [],
): Promise<{ county: number; tables: Record<string, string[]> }> {
  const county = nextCounty++
  await run(database.store, new ViewsFollower({ county }), placed(county, entries), roundSize)
  return { county, tables: await dump(database.store, county, without) }
}

describe('the views are a function of the log', () => {
  it('every record of the test history is a record of the uplink', () => {
    for (const stream of history(1).streams)
      for (const record of stream.records) expect(recordSchema.safeParse(record).success).toBe(true)
  })

  it('whatever order the batches come in, the tables end alike', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const random = generator(seed)
        const { sites, streams } = history(seed)
        const inOrder = streams.flatMap((stream) => cut(stream, generator(seed)))
        const expected = await viewsOf([...deskEntries(sites), ...inOrder], () => 1_000, ORDER)
        const late = await viewsOf(
          [...deskEntries(sites), ...shuffled(inOrder, random)],
          () => 1 + random(20),
          ORDER,
        )
        expect({ ...late.tables, gap: [] }).toEqual({ ...expected.tables, gap: [] })
        expect(expected.tables.gap).toEqual([])
        const open = await database.store.pool.query('select from gap where county = $1 and missing > 0', [
          late.county,
        ])
        expect(open.rowCount).toBe(0)
      }),
      { numRuns: 25 },
    ))

  it('wherever rounds end, and however often the follower starts anew, the tables are the same', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const random = generator(seed)
        const { sites, streams } = history(seed)
        const moved = siteOf('S001', {
          effectiveAt: START + 30 * HOUR,
          dispensers: [
            {
              dispenser: 'D9',
              maker: 'm',
              model: 'x',
              factoryNumber: '1',
              nozzles: [
                { nozzle: '1', tank: '2' },
                { nozzle: '5', tank: '1' },
              ],
            },
          ],
        })
        const entries = shuffled(
          streams.flatMap((stream) => cut(stream, random)),
          random,
        )
        entries.splice(random(entries.length), 0, registration(moved) as (typeof entries)[number])
        entries.splice(
          random(entries.length),
          0,
          registration(siteOf('S002', { effectiveAt: START - HOUR })) as (typeof entries)[number],
        )
        // One whose moment comes while the log is being followed.
        const coming = siteOf('S002', {
          name: '改造后',
          effectiveAt: RECEIVED + 1_000 * (6 + random(entries.length)),
          tanks: siteOf('S002').tanks.map((tank) => ({ ...tank, grade: '95' })),
          arms: [],
        })
        entries.splice(random(6), 0, registration(coming) as (typeof entries)[number])
        const log = [...deskEntries(sites), ...entries]
        const whole = await viewsOf(log, () => log.length)
        expect(whole.tables.site?.join('')).toContain('改造后')
        const single = await viewsOf(log, () => 1)
        expect(single.tables).toEqual(whole.tables)
        const county = nextCounty++
        const rows = placed(county, log)
        for (let from = 0; from < rows.length; ) {
          const to = from + 1 + random(30)
          const follower = new ViewsFollower({ county })
          await database.store.transaction((tx) => follower.reload(tx))
          await database.store.transaction((tx) => follower.apply(tx, rows.slice(from, to)))
          from = to
        }
        expect(await dump(database.store, county)).toEqual(whole.tables)
      }),
      { numRuns: 15 },
    ))

  it('rollups equal the raw sums to the millilitre and the fen', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const random = generator(seed)
        const { sites, streams } = history(seed)
        const { county } = await viewsOf(
          [
            ...deskEntries(sites),
            ...shuffled(
              streams.flatMap((s) => cut(s, random)),
              random,
            ),
          ],
          () => 1 + random(9),
        )
        for (const [table, bucket, index] of [
          ['sales_hour', 'hour', hourIndex],
          ['sales_day', 'day', dayIndex],
        ] as const) {
          const { rows } = await database.store.pool.query(
            `select s.site || '/' || n.nozzle || case when n.arm then '*' else '' end || '@' || ${bucket} as key,
               sum(r.sales)::int as sales, sum(volume_ml) as volume, sum(amount_fen) as amount, sum(unpriced_sales)::int as unpriced,
               sum(board_sales)::int as board, sum(board_ml) as "boardVolume", sum(board_fen) as "boardFen"
             from ${table} r join nozzle n using (county, nozzle_id) join site s on s.county = n.county and s.site_id = n.site_id
             where r.county = $1 group by 1 order by 1`,
            [county],
          )
          expect(rows).toEqual(rawSums(streams, index))
        }
      }),
      { numRuns: 10 },
    ))
})

/** The same sums by the shortest way from the records. */
function rawSums(streams: readonly Stream[], index: (at: number) => number): object[] {
  const sums = new Map<string, Record<string, number | string>>()
  const of = (key: string) => {
    const known = sums.get(key) ?? {
      key,
      sales: 0,
      volume: 0,
      amount: 0,
      unpriced: 0,
      board: 0,
      boardVolume: 0,
      boardFen: 0,
    }
    sums.set(key, known)
    return known as Record<string, number>
  }
  for (const { device, records } of streams) {
    const site = device.split('-')[1]!
    const prices = streams.find((s) => s.device === device && s.channel === 'price')!.records
    for (const record of records) {
      if ('nozzle' in record && record.nozzle === '4') continue
      if (record.kind === 'sale') {
        const row = of(`${site}/${record.nozzle}@${index(record.at)}`)
        const price = priceAt(prices, record.nozzle, record.at)
        row.sales!++
        row.volume! += record.volumeMillilitres
        if (price === undefined) row.unpriced!++
        else row.amount! += amountFen(record.volumeMillilitres, price)
      } else if (record.kind === 'load') {
        const row = of(`${site}/${record.arm}*@${index(record.at)}`)
        row.sales!++
        row.unpriced!++
        row.volume! += record.volumeMillilitres
      } else if (record.kind === 'receipt') {
        const row = of(`${site}/${record.nozzle}@${index(record.at)}`)
        row.board!++
        row.boardVolume! += record.volumeMillilitres
        row.boardFen! += record.amountFen
      }
    }
  }
  return [...sums.values()].sort((a, b) => (a.key! < b.key! ? -1 : 1))
}

function priceAt(records: readonly RecordedFact[], nozzle: string, at: number): number | undefined {
  let best: { at: number; seq: number; priceFenPerLitre: number } | undefined
  for (const record of records)
    if (record.kind === 'price' && record.nozzle === nozzle && record.at <= at)
      if (!best || record.at > best.at || (record.at === best.at && record.seq > best.seq)) best = record
  return best?.priceFenPerLitre
}

describe('single cases', () => {
  const sale = (seq: number, at: number, changes: object = {}): RecordedFact =>
    ({
      seq,
      at,
      kind: 'sale',
      nozzle: '1',
      volumeMillilitres: 10_000,
      totalMillilitres: 1,
      startedAt: at - 1,
      source: 'pulse',
      ...changes,
    }) as RecordedFact
  const device = '520327-S001-A'
  const one = async (sql: string, county: number) => (await database.store.pool.query(sql, [county])).rows

  it('a hole stays open and counts down until the back-fill has closed it', async () => {
    const stream: Stream = {
      device,
      channel: 'volume',
      records: Array.from({ length: 10 }, (_, i) => sale(i + 1, START + i)),
    }
    const log = [
      ...deskEntries([siteOf('S001')]),
      batchEntry(stream, 1, 1),
      batchEntry(stream, 9, 10),
      batchEntry(stream, 2, 4),
    ]
    const open = await viewsOf(log, () => 10)
    expect(
      await one('select first_seq, last_seq, missing, filled_at from gap where county = $1', open.county),
    ).toEqual([{ first_seq: 2, last_seq: 8, missing: 4, filled_at: null }])
    const closed = await viewsOf([...log, batchEntry(stream, 5, 8)], () => 2)
    expect(
      await one('select missing, filled_at > opened_at as later from gap where county = $1', closed.county),
    ).toEqual([{ missing: 0, later: true }])
    expect(
      await one('select records from channel_state where county = $1 and channel = 0', closed.county),
    ).toEqual([{ records: 10 }])
  })

  it('what cannot be believed is listed with its code and counts nowhere', async () => {
    const records = [
      sale(1, START),
      sale(2, START, { nozzle: '77' }),
      sale(3, START + 400 * 24 * HOUR),
      sale(4, 1_000),
      sale(5, START, { startedAt: START + 1 }),
      { seq: 6, at: START, kind: 'price', nozzle: '1', priceFenPerLitre: 700 } as RecordedFact,
      { seq: 7, at: START, kind: 'health', event: 'driver-silent', subject: 'a\u0000b' } as RecordedFact,
      { seq: 8, at: START, kind: 'health', event: 'driver-silent', subject: '\ud800' } as RecordedFact,
      { seq: 9, at: START, kind: 'health', event: 'driver-silent', subject: '油😀' } as RecordedFact,
    ]
    const { county } = await viewsOf(
      [...deskEntries([siteOf('S001')]), batchEntry({ device, channel: 'volume', records }, 1, 9)],
      () => 9,
    )
    expect(await one('select seq, code from refused_record where county = $1 order by seq', county)).toEqual([
      { seq: 2, code: 'UNKNOWN_SUBJECT' },
      { seq: 3, code: 'CLOCK_FUTURE' },
      { seq: 4, code: 'CLOCK_ANCIENT' },
      { seq: 5, code: 'OUT_OF_RANGE' },
      { seq: 6, code: 'WRONG_CHANNEL' },
      { seq: 7, code: 'MALFORMED' },
      { seq: 8, code: 'MALFORMED' },
    ])
    expect(await one('select sum(sales)::int as sales from sales_day where county = $1', county)).toEqual([
      { sales: 1 },
    ])
  })

  it('a later registration that reaches back gives stored sales their new grade', async () => {
    const stream: Stream = {
      device,
      channel: 'volume',
      records: [sale(1, START + HOUR), sale(2, START + 50 * HOUR)],
    }
    const moved = siteOf('S001', { effectiveAt: START + 40 * HOUR })
    moved.dispensers[0]!.nozzles[0]!.tank = '2'
    const { county } = await viewsOf(
      [...deskEntries([siteOf('S001')]), batchEntry(stream, 1, 2), registration(moved)],
      () => 1,
    )
    expect(
      await one(
        'select day - (select min(day) from sales_day where county = $1) as day, grade, sales from sales_day where county = $1 order by day',
        county,
      ),
    ).toEqual([
      { day: 0, grade: 0, sales: 1 },
      { day: 2, grade: 3, sales: 1 },
    ])
  })

  it('more price facts than memory keeps: forgotten ones are read again, whatever comes late', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const random = generator(seed)
        const at = (): number => START + random(1_000 * HOUR)
        const prices: Stream = {
          device,
          channel: 'price',
          records: Array.from({ length: 260 }, (_, i) => ({
            seq: i + 1,
            at: at(),
            kind: 'price',
            nozzle: '1',
            priceFenPerLitre: 700 + random(9),
          })),
        }
        const sales: Stream = {
          device,
          channel: 'volume',
          records: Array.from({ length: 80 }, (_, i) => sale(i + 1, at())),
        }
        const batches = [prices, sales].flatMap((stream) => cut(stream, random))
        const { county } = await viewsOf(
          [...deskEntries([siteOf('S001')]), ...shuffled(batches, random)],
          () => 1 + random(4),
        )
        const { rows } = await database.store.pool.query<{ seq: number; price_fen: number | null }>(
          'select seq, price_fen from sale where county = $1 order by seq',
          [county],
        )
        expect(rows).toEqual(
          sales.records.map((record) => ({
            seq: record.seq,
            price_fen: priceAt(prices.records, '1', record.at) ?? null,
          })),
        )
      }),
      { numRuns: 8 },
    ))

  it('a rolled back round leaves nothing behind in memory', async () => {
    const county = nextCounty++
    const stream: Stream = { device, channel: 'volume', records: [sale(1, START)] }
    const log = placed(county, [...deskEntries([siteOf('S001')]), batchEntry(stream, 1, 1)])
    const follower = new ViewsFollower({ county })
    const failing = database.store.transaction(async (tx) => {
      await follower.reload(tx)
      await follower.apply(tx, log)
      throw new Error('power cut')
    })
    await expect(failing).rejects.toThrow('power cut')
    await run(database.store, follower, log, () => 9)
    expect(await one('select sales from sales_day where county = $1', county)).toEqual([{ sales: 1 }])
    expect(follower.records).toBe(1)
  })
})
