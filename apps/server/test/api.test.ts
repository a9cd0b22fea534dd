import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ENDPOINTS, type EndpointName, STREAM_EVENTS, type StreamEventName } from '@oiltrail/contract'
import { CATALOGUE, dayIndex, dayStart, HOUR_MS, type ProblemCode } from '@oiltrail/kernel'
import { putAlarms } from '@oiltrail/store'
import { readXlsx } from 'hucre/xlsx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HANDLERS } from '../src/api/register.ts'
import { type Collector, openStand, type Stand, until } from './stand.ts'
import { siteOf } from './views.history.ts'
import { ALARM_ROW, LOW_LEVEL, TOTAL_BACK } from './watch.rules.ts'

const DEVICE = '520327-S001-A'
let stand: Stand
let collector: Collector
let admin: string
let now: number

interface Call {
  readonly method?: 'POST'
  readonly path: string
  readonly body?: unknown
  readonly token?: string
}

async function call(of: Call): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(`${stand.server.url}${of.path}`, {
    method: of.method ?? 'GET',
    headers: {
      ...(of.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(of.token === undefined ? {} : { authorization: `Bearer ${of.token}` }),
    },
    ...(of.body === undefined ? {} : { body: JSON.stringify(of.body) }),
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

const sale = (at: number, nozzle = '1', volumeMillilitres = 30_000): Record<string, unknown> => ({
  at,
  kind: 'sale',
  nozzle,
  volumeMillilitres,
  totalMillilitres: 1_000_000,
  startedAt: at - 60_000,
  source: 'pulse',
})

async function viewsFollow(): Promise<void> {
  const { context } = stand.server
  const target = context.nextPosition()
  await until('the views follow', () => (context.followerPosition('views') ?? 0) >= target)
}

/** The start of the fixture's day: two hours before now, or the day's own start when that is nearer. */
const earlier = (): number => Math.max(dayStart(dayIndex(now)), now - 2 * HOUR_MS)

beforeAll(async () => {
  stand = await openStand({ rules: [LOW_LEVEL, TOTAL_BACK] })
  now = stand.server.context.clock.now()
  admin = (await readFile(join(stand.data, 'admin-token'), 'utf8')).trim()
  const site = { ...siteOf('S001'), effectiveAt: now - 100 * HOUR_MS }
  const registered = await call({ method: 'POST', path: '/api/registry/sites', body: site, token: admin })
  expect(registered.status).toBe(200)
  collector = await stand.enrol(DEVICE)
  collector.price.write({ at: now - 50 * HOUR_MS, kind: 'price', nozzle: '1', priceFenPerLitre: 750 })
  collector.price.write({
    at: earlier(),
    kind: 'receipt',
    nozzle: '1',
    volumeMillilitres: 30_010,
    amountFen: 22_508,
    priceFenPerLitre: 750,
    boardTime: '050101',
    totalMillilitres: 1_000_000,
    totalFen: 1,
  })
  collector.volume.write(
    sale(earlier()),
    sale(earlier() + 1, '2', 20_000),
    sale(earlier() + 2, '9'),
    {
      at: earlier(),
      kind: 'level',
      tank: '1',
      heightMicrometres: 1_000_000,
      waterMicrometres: 0,
      temperatureCentiCelsius: 2_000,
      volumeMillilitres: 12_000_000,
      correctedMillilitres: 12_000_000,
      ullageMillilitres: 18_000_000,
      statusBits: 1,
    },
    {
      at: earlier(),
      kind: 'delivery',
      tank: '2',
      startedAt: earlier() - HOUR_MS,
      startMillilitres: 1_000_000,
      endMillilitres: 9_000_000,
      startMicrometres: 1,
      endMicrometres: 2,
      startCentiCelsius: 1,
      endCentiCelsius: 2,
    },
    { at: earlier(), kind: 'line', nozzle: '2', state: 'cut', loopOhms: 9_999_999, phase: 'unknown' },
    { at: earlier(), kind: 'health', event: 'mains-lost', subject: '' },
    {
      at: earlier(),
      kind: 'load',
      arm: 'A1',
      batch: 1,
      volumeMillilitres: 5_000_000,
      volume20Millilitres: 4_990_000,
      temperatureCentiCelsius: 2_200,
      totalMillilitres: 5_000_000,
      startedAt: earlier() - HOUR_MS,
    },
  )
  expect(await collector.send(collector.price.batch(1, 2))).toMatchObject({ outcome: 'stored' })
  expect(await collector.send(collector.volume.batch(1, 8))).toMatchObject({ outcome: 'stored' })
  await viewsFollow()
})
afterAll(async () => {
  await collector.close()
  await stand.close()
})

const span = (): string => `from=${dayStart(dayIndex(now) - 1)}&to=${dayStart(dayIndex(now) + 1)}`

/** One successful call of every endpoint; the compiler names the one that is missing. Run in this order. */
const SCENARIOS: Record<EndpointName, () => Call | Promise<Call>> = {
  progress: () => ({ path: '/api/progress' }),
  county: () => ({ path: '/api/county' }),
  overview: () => ({ path: '/api/overview' }),
  sites: () => ({ path: '/api/sites' }),
  site: () => ({ path: '/api/sites/S001' }),
  siteSales: () => ({ path: `/api/sites/S001/sales?${span()}&limit=10` }),
  siteLevels: () => ({ path: `/api/sites/S001/levels?${span()}` }),
  statistics: () => ({ path: `/api/statistics?${span()}&place=nozzle&byGrade=true&kind=all` }),
  channels: () => ({ path: '/api/channels' }),
  gaps: () => ({ path: '/api/gaps' }),
  entries: () => ({ path: '/api/log/entries?limit=5&type=batch' }),
  entry: async () => {
    await until(
      'a checkpoint covers the log',
      async () =>
        (await call({ path: '/api/log/entries/3' })).body !== null &&
        'proof' in ((await call({ path: '/api/log/entries/3' })).body as object),
    )
    return { path: '/api/log/entries/3' }
  },
  find: () => ({ path: `/api/log/find?device=${DEVICE}&channel=volume&seq=3` }),
  refusals: () => ({ path: '/api/log/refusals' }),
  registerSite: () => ({
    method: 'POST',
    path: '/api/registry/sites',
    token: admin,
    body: { ...siteOf('S002'), effectiveAt: now },
  }),
  issueEnrolCode: () => ({
    method: 'POST',
    path: '/api/enrol-codes',
    token: admin,
    body: { device: '520327-S002-A', site: 'S002' },
  }),
  enrol: async () => {
    const { generateKeyPair } = await import('@oiltrail/evidence/node')
    const { toBase64 } = await import('@oiltrail/kernel')
    const { enrolProofBytes } = await import('@oiltrail/protocols/uplink')
    const device = '520327-S002-A'
    const issued = await call(await SCENARIOS.issueEnrolCode())
    const { code } = issued.body as { code: string }
    const keys = (['volume', 'price'] as const).map((channel) => {
      const { signer } = generateKeyPair('Ed25519')
      return {
        channel,
        algorithm: 'Ed25519',
        publicKey: toBase64(signer.publicKey),
        proof: toBase64(signer.sign(enrolProofBytes(code, device, channel))),
      }
    })
    return { method: 'POST', path: '/api/enrol', body: { code, device, keys } }
  },
  revokeDevice: () => ({
    method: 'POST',
    path: '/api/devices/520327-S002-A/revoke',
    token: admin,
    body: { reason: 'stolen' },
  }),
  announceHistory: () => ({
    method: 'POST',
    path: '/api/history',
    token: admin,
    body: { expectedRecords: 0 },
  }),
  alarms: async () => {
    const { context } = stand.server
    await context.store.transaction((tx) => putAlarms(tx, context.county, [ALARM_ROW]))
    return { path: '/api/alarms?state=all&grade=yellow&site=S001&rule=test-low-level&limit=5' }
  },
  alarmPlaces: () => ({ path: '/api/alarms/places' }),
  alarm: () => ({ path: `/api/alarms/${ALARM_ROW.alarm.alarm}` }),
  alarmSeries: () => ({ path: `/api/alarms/${ALARM_ROW.alarm.alarm}/series` }),
  handleAlarm: () => ({
    method: 'POST',
    path: `/api/alarms/${ALARM_ROW.alarm.alarm}/handle`,
    token: admin,
    body: { action: 'accept', actor: '张三' },
  }),
  rules: () => ({ path: '/api/rules' }),
  ruleHistory: () => ({ path: '/api/rules/test-low-level/history' }),
  trySettings: () => ({
    method: 'POST',
    path: '/api/rules/test-low-level/trial',
    token: admin,
    body: { values: { lowMillilitres: 20_000_000 } },
  }),
  changeSettings: () => ({
    method: 'POST',
    path: '/api/rules/test-low-level/settings',
    token: admin,
    body: { values: { lowMillilitres: 500_000 }, reason: '冬季储备' },
  }),
  notices: () => ({ path: '/api/notices?site=S001&limit=10' }),
  registerNotice: () => ({
    method: 'POST',
    path: '/api/notices',
    token: admin,
    body: {
      site: 'S001',
      grade: '92',
      volumeMillilitres: 1e7,
      expectedAt: now + HOUR_MS,
      supplier: '示例油库',
    },
  }),
  windows: () => ({ path: '/api/windows?limit=10' }),
  declareWindow: () => ({
    method: 'POST',
    path: '/api/windows',
    token: admin,
    body: { site: 'S001', part: 'tank/1', purpose: 'verification', from: now, to: now + HOUR_MS },
  }),
}
const NAMES = Object.keys(SCENARIOS) as EndpointName[]

describe('every endpoint of the contract', () => {
  it('has a handler, a permission and a scenario', () => {
    expect(Object.keys(HANDLERS).sort()).toEqual(Object.keys(ENDPOINTS).sort())
    expect([...NAMES].sort()).toEqual(Object.keys(ENDPOINTS).sort())
    for (const endpoint of Object.values(ENDPOINTS))
      expect(['public', 'read', 'admin']).toContain(endpoint.permission)
  })

  it.each(NAMES)('%s answers exactly what its schema says', async (name) => {
    const { status, body } = await call(await SCENARIOS[name]())
    expect({ status, body }).toMatchObject({ status: 200 })
    const parsed = ENDPOINTS[name].response.safeParse(body)
    expect(parsed.error?.issues).toBeUndefined()
  })

  it.each(NAMES.filter((name) => ENDPOINTS[name].permission === 'admin'))(
    '%s is refused without the administrator’s token and with a wrong one',
    async (name) => {
      const { token: _, ...without } = await SCENARIOS[name]()
      expect(await call(without)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
      expect(await call({ ...without, token: 'wrong' })).toMatchObject({
        status: 401,
        body: { code: 'BAD_CREDENTIAL' },
      })
    },
  )

  it('stands in the OpenAPI document, with the exports and the stream', async () => {
    const { body } = await call({ path: '/api/openapi.json' })
    const { openapi, paths } = body as {
      openapi: string
      paths: Record<string, Record<string, { operationId: string }>>
    }
    expect(openapi).toBe('3.1.0')
    const operations = Object.values(paths).flatMap((path) =>
      Object.values(path).map((each) => each.operationId),
    )
    expect(operations.sort()).toEqual([...NAMES, 'events', 'statisticsCsv', 'statisticsXlsx'].sort())
  })
})

describe('refusals', () => {
  const CASES: [string, string, ProblemCode, string?][] = [
    ['an unknown site', '/api/sites/NOWHERE', 'NOT_FOUND', 'site'],
    ['a site code with a wrong letter', '/api/sites/s-1', 'INVALID_REQUEST', 'path.site'],
    ['an unknown query field', '/api/log/entries?limit=5&drop=1', 'INVALID_REQUEST', 'query'],
    ['a number that is none', '/api/log/entries?limit=5x', 'INVALID_REQUEST', 'query.limit'],
    ['too many rows', '/api/log/entries?limit=501', 'INVALID_REQUEST', 'limit'],
    ['no rows', '/api/log/entries?limit=0', 'INVALID_REQUEST', 'limit'],
    ['a field given twice', '/api/log/entries?limit=5&limit=6', 'INVALID_REQUEST', 'query.limit'],
    ['an entry that is not there', '/api/log/entries/999999', 'NOT_FOUND', 'position'],
    ['a negative position', '/api/log/entries/-1', 'INVALID_REQUEST', 'position'],
    [
      'a record that is not there',
      `/api/log/find?device=${DEVICE}&channel=volume&seq=77`,
      'NOT_FOUND',
      'seq',
    ],
    ['a span that runs backwards', '/api/statistics?from=2&to=1', 'INVALID_REQUEST', 'from'],
    ['hours of too many years', '/api/statistics?from=0&to=99999999999&bucket=hour', 'INVALID_REQUEST', 'to'],
    [
      'statistics of an unknown place',
      '/api/statistics?from=1&to=2&place=moon',
      'INVALID_REQUEST',
      'query.place',
    ],
    [
      'an export in an unknown language',
      '/api/statistics.csv?from=1&to=2&lang=fr',
      'INVALID_REQUEST',
      'query.lang',
    ],
    ['an address that does not exist', '/api/nothing', 'NOT_FOUND'],
  ]
  it.each(CASES)('%s', async (_name, path, code, where) => {
    const { status, body } = await call({ path })
    expect({ status, body }).toMatchObject({
      status: CATALOGUE[code].status,
      body: { code, ...(where ? { where } : {}) },
    })
    expect(body).toMatchObject({
      happened: { zh: CATALOGUE[code].zh, en: CATALOGUE[code].en },
      remedy: { zh: CATALOGUE[code].remedyZh },
    })
  })
})

describe('what the screens read', () => {
  it('the site says what stands there, what it sold and what is wrong', async () => {
    const { body } = await call({ path: '/api/sites/S001' })
    expect(body).toMatchObject({
      summary: {
        state: 'attention',
        stockMillilitres: 12_000_000,
        capacityMillilitres: 60_000_000,
        today: {
          sales: 3,
          volumeMillilitres: 5_050_000,
          amountFen: 22_500,
          unpricedSales: 2,
          boardSales: 1,
          boardFen: 22_508,
        },
      },
      tanks: [{ tank: '1', reading: { delivering: true, volumeMillilitres: 12_000_000 } }, { tank: '2' }],
      nozzles: [
        {
          nozzle: '1',
          priceFenPerLitre: 750,
          lastSaleMillilitres: 30_000,
          flow: 'idle',
          grade: '92',
          today: { sales: 1 },
        },
        { nozzle: '2', line: 'cut', grade: '0' },
        { nozzle: '3', flow: 'unknown' },
        { nozzle: 'A1', arm: true, today: { unpricedMillilitres: 5_000_000 } },
      ],
      channels: [
        {
          channel: 'volume',
          online: true,
          records: 8,
          refused: 1,
          faults: [{ event: 'mains-lost', subject: '' }],
        },
        { channel: 'price', online: true, records: 2, faults: [] },
      ],
      deliveries: [{ tank: '2', endMillilitres: 9_000_000 }],
    })
  })

  it('the cockpit counts what dispensers sold, not what the arms loaded', async () => {
    const { body } = await call({ path: '/api/overview' })
    expect(body).toMatchObject({
      today: { sales: 2, volumeMillilitres: 50_000, amountFen: 22_500, unpricedSales: 1 },
      byGrade: [{ grade: '92', today: { volumeMillilitres: 30_000 } }, { grade: '0' }],
      channels: { online: 2, withFaults: 1 },
    })
    const latest = (body as { latest: { kind: string }[] }).latest.map((event) => event.kind)
    expect(latest.sort()).toEqual(['delivery', 'line-cut', 'mains-lost'])
  })

  it('statistics of every bucket and place add up to the same sums', async () => {
    for (const bucket of ['hour', 'day', 'month', 'year', 'all'])
      for (const place of ['county', 'town', 'enterprise', 'site', 'dispenser', 'nozzle'])
        for (const byGrade of ['true', 'false']) {
          const query = `${span()}&bucket=${bucket}&place=${place}&byGrade=${byGrade}&kind=all&site=S001`
          const { body } = await call({ path: `/api/statistics?${query}` })
          const rows = body as { volumeMillilitres: number; amountFen: number; boardFen: number }[]
          const sum = (pick: (row: (typeof rows)[number]) => number): number =>
            rows.reduce((all, row) => all + pick(row), 0)
          expect([
            query,
            sum((r) => r.volumeMillilitres),
            sum((r) => r.amountFen),
            sum((r) => r.boardFen),
          ]).toEqual([query, 5_050_000, 22_500, 22_508])
        }
  })

  it('sales alone leave the loads out, and loads alone are only loads', async () => {
    const volumes = async (kind: string): Promise<number> => {
      const { body } = await call({ path: `/api/statistics?${span()}&bucket=all&kind=${kind}` })
      return (body as { volumeMillilitres: number }[])[0]!.volumeMillilitres
    }
    expect([await volumes('sale'), await volumes('load')]).toEqual([50_000, 5_000_000])
  })
})

describe('exports', () => {
  const query = (): string => `${span()}&bucket=day&place=site&byGrade=true`

  it('CSV has a byte order mark, headers in the language asked for, and exact figures', async () => {
    const response = await fetch(`${stand.server.url}/api/statistics.csv?${query()}&lang=en`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    const lines = new TextDecoder().decode(bytes).trim().split('\r\n')
    expect(lines[0]).toContain('Time,Code,Name,Grade,Sales,Volume (L),Amount (CNY)')
    expect(lines.slice(1).map((line) => line.split(',').slice(1, 7).join(','))).toEqual([
      'S001,S001站,Petrol 92,1,30.000,225.00',
      'S001,S001站,Diesel 0,1,20.000,0.00',
    ])
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename="oiltrail-statistics-.*\.csv"$/,
    )
  })

  it('a name that a spreadsheet would run is defused', async () => {
    const { encodeCsv } = await import('../src/exports/csv.ts')
    const text = encodeCsv({
      name: 'x',
      columns: [{ header: 'a', width: 1 }],
      rows: [['=1+1'], ['@x'], ['-1"2'], ['+1,2'], ['fine']],
    })
    expect(text.split('\r\n').slice(1, 6)).toEqual(["'=1+1", "'@x", '"\'-1""2"', '"\'+1,2"', 'fine'])
  })

  it('the workbook holds the same figures as numbers', async () => {
    const response = await fetch(`${stand.server.url}/api/statistics.xlsx?${query()}`)
    const workbook = await readXlsx(new Uint8Array(await response.arrayBuffer()))
    const [header, first] = workbook.sheets[0]!.rows
    expect(header!.slice(0, 7)).toEqual(['时间', '编号', '名称', '油品', '笔数', '油量(升)', '金额(元)'])
    expect(first!.slice(1, 7)).toEqual(['S001', 'S001站', '92号汽油', 1, 30, 225])
  })
})

describe('the event stream', () => {
  /** Reads a stream until `enough` says so, then closes it. */
  async function listen(
    lastEventId: string | undefined,
    enough: (text: string) => boolean,
    meanwhile?: () => Promise<unknown>,
  ): Promise<string> {
    const controller = new AbortController()
    const response = await fetch(`${stand.server.url}/api/events`, {
      signal: controller.signal,
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const done = meanwhile?.()
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (enough(text)) break
    }
    controller.abort()
    await done
    return text
  }
  const events = (text: string): { event: string; data: unknown }[] =>
    text.split('\n\n').flatMap((block) => {
      const event = /^event: (.*)$/m.exec(block)?.[1]
      return event === undefined
        ? []
        : [{ event, data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!) as unknown }]
    })

  it('tells a new sale, the sums, and states, each by its schema; who comes back gets what he missed', async () => {
    let resume = ''
    const first = await listen(
      undefined,
      (text) => /event: today/.test(text) && /event: sale/.test(text) && /^id: /m.test(text),
      async () => {
        collector.volume.write(sale(stand.server.context.clock.now() - 1_000))
        await collector.send(collector.volume.batch(9, 9))
      },
    )
    for (const { event, data } of events(first)) {
      const parsed = STREAM_EVENTS[event as StreamEventName].safeParse(data)
      expect([event, parsed.error?.issues]).toEqual([event, undefined])
    }
    expect(events(first)).toContainEqual({
      event: 'sale',
      data: expect.objectContaining({
        site: 'S001',
        seq: 9,
        amountFen: 22_500,
        priceFenPerLitre: 750,
      }) as unknown,
    })
    resume = [...first.matchAll(/^id: (\d+)$/gm)].at(-1)![1]!
    collector.volume.write(sale(stand.server.context.clock.now() - 500, '2', 12_340))
    await collector.send(collector.volume.batch(10, 10))
    await viewsFollow()
    const again = await listen(resume, (text) => text.includes('"volumeMillilitres":12340'))
    expect(events(again).filter(({ event }) => event === 'reset')).toEqual([])
  })

  it('who asks for what is not kept any more, or never was, is told to load again', async () => {
    for (const id of ['99999999', 'nonsense', '-1'])
      expect(events(await listen(id, (text) => text.includes('data:')))[0]).toEqual({
        event: 'reset',
        data: {},
      })
  })
})
