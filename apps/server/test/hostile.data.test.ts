import { MAX_CLOCK_AHEAD_MS } from '@oiltrail/domain'
import { suites } from '@oiltrail/evidence/node'
import { amountFen, DAY_MS, fromChina, fromHex, HOUR_MS, toHex, utf8Bytes } from '@oiltrail/kernel'
import { encodeBatch } from '@oiltrail/protocols/uplink'
import { readMigrations } from '@oiltrail/store'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../src/replay/audit.ts'
import { COUNTY, type Collector, openStand, type Stand, until } from './stand.ts'
import { siteOf } from './views.history.ts'

/** Noon of New Year's Day in China. */
const NOON = fromChina(2026, 1, 1) + 12 * HOUR_MS
const MIDNIGHT = fromChina(2026, 1, 1)
let now = NOON
let stand: Stand
let collector: Collector
beforeAll(async () => {
  stand = await openStand({ clock: () => now })
  const { desk } = stand.server.context
  expect(await desk.registerSite('test', siteOf('S001', { effectiveAt: NOON - 800 * DAY_MS }))).toMatchObject(
    {
      ok: true,
    },
  )
  collector = await stand.enrol(`${COUNTY}-S001-A`)
})
afterAll(async () => {
  await collector.close()
  await stand.close()
})
// Whatever was sent, the log proves every row.
afterEach(async () => {
  await followed()
  await until('all is sealed', async () => {
    const { rows } = await stand.database.store.pool.query('select max(size) as size from checkpoint')
    return rows[0].size === stand.server.context.nextPosition()
  })
  const { findings } = await audit(stand.database.store, Number(COUNTY))
  expect(findings).toEqual([])
})

async function followed(): Promise<void> {
  const { context } = stand.server
  await until('all have followed', () =>
    ['views', 'watch', 'seal'].every((name) => context.followerPosition(name) === context.nextPosition()),
  )
}

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(`${stand.server.url}${path}`)
  expect(response.status).toBe(200)
  return (await response.json()) as T
}

/** Appends records to a channel and sends them in one batch. */
async function send(channel: 'volume' | 'price', ...records: readonly Record<string, unknown>[]) {
  const chain = collector[channel]
  const first = chain.lines.length + 1
  chain.write(...records)
  return collector.send(chain.batch(first, chain.lines.length))
}

const sale = (at: number, volumeMillilitres: number, nozzle = '1') => ({
  at,
  kind: 'sale',
  nozzle,
  volumeMillilitres,
  totalMillilitres: 1,
  startedAt: at,
  source: 'pulse',
})
const level = (tank: string, volumeMillilitres: number) => ({
  at: now,
  kind: 'level',
  tank,
  heightMicrometres: 1_000_000,
  waterMicrometres: 0,
  temperatureCentiCelsius: -6_000,
  volumeMillilitres,
  correctedMillilitres: volumeMillilitres,
  ullageMillilitres: 0,
  statusBits: 0,
})

interface Row {
  readonly bucket: number
  readonly grade?: string
  readonly sales: number
  readonly volumeMillilitres: number
  readonly amountFen: number
}
const LARGEST = 10_000_000_000

describe('statistics equal what was told, to the millilitre and the fen (S2)', () => {
  const price = 9_999
  /** Moments around every boundary of China's calendar, each with a volume of its own, and the extremes of both. */
  const believed: readonly (readonly [at: number, volume: number])[] = [
    [MIDNIGHT - 1, 10],
    [MIDNIGHT, 20],
    [MIDNIGHT + 1, 40],
    [fromChina(2025, 1, 1) - 1, 80],
    [fromChina(2025, 1, 1), 160],
    [fromChina(2025, 3, 1) - 1, 320],
    [fromChina(2025, 3, 1), 640],
    [fromChina(2024, 2, 29) + 23 * HOUR_MS, 1_280],
    [NOON, 0],
    [NOON + 1, LARGEST],
    [NOON + MAX_CLOCK_AHEAD_MS, 2_560],
    [fromChina(2015, 1, 1), 5_120],
  ]
  const unbelievable = [NOON + MAX_CLOCK_AHEAD_MS + 1, NOON + DAY_MS, fromChina(2015, 1, 1) - 1, 0]

  test('by hour, day, month and year of China, however late or early a clock', async () => {
    await send('price', { at: fromChina(2015, 1, 1), kind: 'price', nozzle: '1', priceFenPerLitre: price })
    await send('volume', ...believed.map(([at, volume]) => sale(at, volume)))
    await send('volume', ...unbelievable.map((at) => ({ ...sale(at, 7), startedAt: at })))
    await followed()
    const china = (at: number): string => new Date(at + 8 * HOUR_MS).toISOString()
    for (const [bucket, digits] of [
      ['year', 4],
      ['month', 7],
      ['day', 10],
    ] as const) {
      const sums = new Map<string, [number, number, number]>()
      for (const [at, volume] of believed) {
        const key = china(at).slice(0, digits)
        const [sales, litres, fen] = sums.get(key) ?? [0, 0, 0]
        sums.set(key, [sales + 1, litres + volume, fen + amountFen(volume, price)])
      }
      const rows = await ask<Row[]>(
        `/api/statistics?from=${fromChina(2015, 1, 1)}&to=${fromChina(2027, 1, 1)}&bucket=${bucket}`,
      )
      const told = rows.map((row) => [
        china(row.bucket).slice(0, digits),
        [row.sales, row.volumeMillilitres, row.amountFen],
      ])
      expect(told).toEqual([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
    }
    const { byCode } = await ask<{ byCode: { code: string; records: number }[] }>('/api/log/refusals')
    const records = Object.fromEntries(byCode.map((row) => [row.code, row.records]))
    expect(records).toMatchObject({ CLOCK_FUTURE: 2, CLOCK_ANCIENT: 2 })
  })

  test('a nozzle given to another tank in the middle of a day: each sale by the grade of its moment, also when told late', async () => {
    const moved = MIDNIGHT + 9.5 * HOUR_MS
    await send('volume', sale(moved - 1, 1_000, '3'), sale(moved, 2_000, '3'), sale(moved + 1, 4_000, '3'))
    const changed = siteOf('S001', {
      effectiveAt: moved,
      dispensers: siteOf('S001').dispensers.map((each) => ({
        ...each,
        nozzles: each.nozzles.map((one) => (one.nozzle === '3' ? { nozzle: '3', tank: '2' } : one)),
      })),
    })
    expect(await stand.server.context.desk.registerSite('test', changed)).toMatchObject({ ok: true })
    await send('volume', sale(moved - 2, 8_000, '3'), sale(moved + 2, 16_000, '3'))
    await followed()
    const span = `from=${MIDNIGHT}&to=${MIDNIGHT + DAY_MS}`
    const rows = await ask<(Row & { place: string })[]>(`/api/statistics?${span}&place=nozzle&byGrade=true`)
    const litres = rows
      .filter(({ place }) => place === 'S001/3')
      .map(({ grade, volumeMillilitres }) => [grade, volumeMillilitres])
    expect(Object.fromEntries(litres)).toEqual({ '92': 9_000, '0': 22_000 })
  })
})

describe('batches at their bounds (C1)', () => {
  test('1,000 records are stored, 1,001 and none are refused', async () => {
    const { volume } = collector
    const first = volume.lines.length + 1
    volume.write(
      ...Array.from({ length: 1_001 }, () => ({ at: now, kind: 'health', event: 'heartbeat', subject: '' })),
    )
    expect(await collector.send(volume.batch(first, first + 1_000))).toMatchObject({ code: 'OVERSIZED' })
    expect(await collector.send(volume.batch(first, first - 1))).toMatchObject({ code: 'MALFORMED' })
    expect(await collector.send(volume.batch(first, first + 999))).toMatchObject({ outcome: 'stored' })
    expect(await collector.send(volume.batch(first + 1_000, first + 1_000))).toMatchObject({
      outcome: 'stored',
    })
  })

  test('numbers up to 2⁵³ − 2 make a gap, the one beyond is refused, and every page can show it', async () => {
    const stranger = await stand.enrol(`${COUNTY}-S001-B`)
    const far = (first: number, channel: 'volume' | 'price'): Uint8Array => {
      const before = 'ab'.repeat(32)
      const line = utf8Bytes(
        JSON.stringify({ seq: first, at: now, kind: 'health', event: 'heartbeat', subject: '' }),
      )
      const head = toHex(suites.Ed25519.hash(fromHex(before)!, line))
      const { device } = stranger
      return encodeBatch(
        { county: COUNTY, device, channel, first, before, head, lines: [line] },
        stranger[channel].signer,
      )
    }
    const last = Number.MAX_SAFE_INTEGER - 1
    expect(await stranger.send(far(last + 1, 'price'))).toMatchObject({ code: 'MALFORMED' })
    for (const channel of ['price', 'volume'] as const)
      expect(await stranger.send(far(last, channel))).toMatchObject({ outcome: 'stored' })
    await followed()
    const gaps = await ask<{ missingRecords: number }[]>('/api/gaps')
    expect(gaps.map(({ missingRecords }) => missingRecords)).toEqual([last - 1, last - 1])
    for (const path of [
      '/api/overview',
      '/api/channels',
      '/api/sites/S001',
      '/api/sites/S001/witnesses?days=3',
    ])
      await ask(path)
    await stranger.close()
  })
})

describe('a site is rebuilt (S3)', () => {
  interface Page {
    readonly summary: { stockMillilitres: number; capacityMillilitres: number; name: string; state: string }
    readonly tanks: readonly { tank: string; grade: string }[]
  }
  const page = async (): Promise<Page> => {
    await followed()
    return ask<Page>('/api/sites/S001')
  }
  const before = siteOf('S001')
  const [petrol, diesel] = before.tanks

  test('next week: until then everything is shown as it is', async () => {
    await send('volume', level('1', 5_000_000), level('2', 7_000_000))
    const coming = siteOf('S001', {
      name: '改造后',
      effectiveAt: NOON + 7 * DAY_MS,
      tanks: [{ ...petrol!, grade: '95' }, diesel!],
    })
    expect(await stand.server.context.desk.registerSite('test', coming)).toMatchObject({ ok: true })
    expect(await page()).toMatchObject({
      summary: { name: before.name },
      tanks: [{ grade: '92' }, { grade: '0' }],
    })
    now = NOON + 7 * DAY_MS - 1
    await send('volume', level('1', 5_000_000))
    expect(await page()).toMatchObject({
      summary: { name: before.name },
      tanks: [{ grade: '92' }, { grade: '0' }],
    })
    now += 1
    await send('volume', level('1', 5_000_000))
    expect(await page()).toMatchObject({
      summary: { name: '改造后' },
      tanks: [{ grade: '95' }, { grade: '0' }],
    })
  })

  test('what was taken away is no stock any more, and its broken line nobody’s trouble', async () => {
    await send('volume', { at: now, kind: 'line', nozzle: '3', state: 'cut', loopOhms: 1, phase: 'unknown' })
    const full = await page()
    expect(full.summary).toMatchObject({ stockMillilitres: 12_000_000, state: 'attention' })
    now += HOUR_MS
    const smaller = siteOf('S001', {
      effectiveAt: now,
      tanks: [petrol!],
      dispensers: [{ ...before.dispensers[0]!, nozzles: [{ nozzle: '1', tank: '1' }] }],
      arms: [],
    })
    expect(await stand.server.context.desk.registerSite('test', smaller)).toMatchObject({ ok: true })
    // Both channels speak, so that nothing else can be the matter.
    await send('volume', level('1', 5_000_000))
    await send('price', { at: now, kind: 'health', event: 'heartbeat', subject: '' })
    const rest = await page()
    expect(rest.summary).toMatchObject({
      stockMillilitres: 5_000_000,
      capacityMillilitres: petrol!.capacityMillilitres,
    })
    const { stock } = await ask<{ stock: { grade: string; volumeMillilitres: number }[] }>('/api/overview')
    expect(stock.map(({ grade, volumeMillilitres }) => [grade, volumeMillilitres])).toEqual([
      ['92', 5_000_000],
    ])
    const { rows } = await stand.database.store.pool.query(
      `select nozzle from nozzle where site_id = (select site_id from site where site = 'S001') and standing`,
    )
    expect(rows).toEqual([{ nozzle: '1' }])
    // A database of before learns the same from its documents.
    const steps = await readMigrations()
    const learn = steps.find(({ name }) => name.includes('standing'))!.sql.replace(/^alter table .*$/gm, '')
    await stand.database.store.pool.query(`update nozzle set standing = not standing; ${learn}`)
  })
})
