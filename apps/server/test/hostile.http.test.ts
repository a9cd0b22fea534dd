import { connect } from 'node:net'
import type { Site } from '@oiltrail/domain'
import { DAY_MS, fromChina } from '@oiltrail/kernel'
import { readXlsx } from 'hucre/xlsx'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeCsv } from '../src/exports/csv.ts'
import { encodeWorkbook } from '../src/exports/workbook.ts'
import { type ApiStand, openApiStand } from './api.stand.ts'
import { until } from './stand.ts'
import { siteOf } from './views.history.ts'

let api: ApiStand
beforeAll(async () => {
  api = await openApiStand()
})
afterAll(() => api.close())

/** Status and body of a call of which nothing is put right on the way. */
async function get(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(10_000)
  const response = await fetch(`${api.stand.server.url}${path}`, { ...init, signal, redirect: 'manual' })
  return { status: response.status, text: await response.text() }
}

/** The first line that the server answers to bytes on a bare socket. */
function answerTo(bytes: string): Promise<string> {
  const { hostname, port } = new URL(api.stand.server.url)
  return new Promise((answered) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.once('data', (data) => {
      answered(data.toString('latin1').split('\r\n', 1)[0]!)
      socket.destroy()
    })
    socket.on('error', () => answered('broken'))
  })
}

describe('questions that make no sense are refused, and none costs more than its answer (S2, S3)', () => {
  const last = Number.MAX_SAFE_INTEGER
  const year = fromChina(2026, 1, 1)
  test.each([
    [`/api/statistics?from=${last - DAY_MS}&to=${last}&bucket=month`, 400],
    [`/api/statistics?from=8640000000000000&to=8640000086400000&bucket=year`, 400],
    [`/api/statistics?from=${last - DAY_MS}&to=${last}`, 400],
    [`/api/statistics.csv?from=${last - DAY_MS}&to=${last}`, 400],
    [`/api/sites/S001/levels?from=${last - DAY_MS}&to=${last}`, 400],
    [`/api/sites/S001/levels?from=7730941132800000&to=7730941136400000`, 400],
    [`/api/statistics?from=${fromChina(9999, 12, 31)}&to=${fromChina(9999, 12, 31) + DAY_MS / 2}`, 200],
    [`/api/statistics?from=${year}&to=${year}`, 400],
    [`/api/statistics?from=${year + 1}&to=${year}`, 400],
    [`/api/statistics?from=-1&to=${year}`, 400],
    [`/api/statistics?from=0&from=1&to=${year}`, 400],
    [`/api/statistics?from=0&to=1&__proto__=1`, 400],
    ['/api/sites/S001/sales?from=0&to=1&limit=0', 400],
    ['/api/sites/S001/sales?from=0&to=1&limit=-1', 400],
    ['/api/sites/S001/sales?from=0&to=1&limit=1000000000', 400],
    ['/api/sites/__proto__', 400],
    ['/api/rules/constructor/history', 404],
    ['/api/log/entries/9999999999999999', 400],
    ['/log/520327/tile/entries/..%2f..%2fcheckpoint', 404],
    ['/log/520327/tile/0/x999/x999/x999/x999/x999/x999/999', 404],
    ['/%2e%2e/%2e%2e/package.json', 404],
    ['/%', 400],
  ])('%s: %i', async (path, status) => {
    const answer = await get(path)
    expect(answer.status).toBe(status)
    // Whatever refuses, it says so in the words of the catalogue.
    if (status === 400) expect(JSON.parse(answer.text)).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test.each([
    ['GET //?token=x HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    ['GET //[?token=x HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    ['HEAD /api/events HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 403 Forbidden'],
    [
      'POST /uplink HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'HTTP/1.1 400 Bad Request',
    ],
    [
      'POST /uplink HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 400 Bad Request',
    ],
  ])('%j', async (bytes, line) => {
    expect(await answerTo(bytes)).toBe(line)
  })
})

describe('what is posted', () => {
  const post = (path: string, body: Uint8Array<ArrayBuffer> | string, type = 'application/json') =>
    get(path, {
      method: 'POST',
      body,
      headers: { 'content-type': type, authorization: `Bearer ${api.admin}` },
    })
  const named = (name: string): string => JSON.stringify({ ...siteOf('S009'), name })

  test.each([
    ['too large', 'x'.repeat(10 << 20), 413],
    ['deep arrays', '['.repeat(100_000) + ']'.repeat(100_000), 400],
    ['deep objects', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`, 400],
    ['a prototype', '{"__proto__":{"x":1}}', 400],
    ["a constructor's prototype", '{"constructor":{"prototype":{"x":1}}}', 400],
    ['another encoding', new Uint8Array(Buffer.from(named('站').replace('站', '\xd5\xbe'), 'latin1')), 400],
    ['nothing', '', 400],
    ['null', 'null', 400],
  ])('%s is refused', async (_what, body, status) => {
    expect((await post('/api/registry/sites', body)).status).toBe(status)
  })

  test.each([
    ['NUL', named('a\u0000b'), 'body.name'],
    ['half of a surrogate pair', named('a\ud800'), 'body.name'],
    ['a control character', named('a\u0001b'), 'body.name'],
    ['a maker with NUL', maker('\u0000'), 'body.dispensers.0.maker'],
    ['an effect in 9999', changed({ effectiveAt: fromChina(9999, 1, 1) }), 'effectiveAt'],
    [
      'two arms of one code',
      changed({
        arms: [
          { arm: 'A1', tank: '1' },
          { arm: 'A1', tank: '2' },
        ],
      }),
      'arms.1',
    ],
    ['two dispensers of one code', twoDispensers(), 'dispensers.1'],
  ])('a site with %s is refused, and the views go on (Z2)', async (_what, body, where) => {
    const answer = await post('/api/registry/sites', body)
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([400, { code: 'INVALID_REQUEST', where }])
    await api.viewsFollow()
    expect((await get('/readyz')).status).toBe(200)
  })

  function changed(changes: Partial<Site>): string {
    return JSON.stringify(siteOf('S009', changes))
  }
  function maker(text: string): string {
    const site = siteOf('S009')
    return JSON.stringify({ ...site, dispensers: site.dispensers.map((each) => ({ ...each, maker: text })) })
  }
  function twoDispensers(): string {
    const [first, second] = siteOf('S009').dispensers
    return changed({ dispensers: [first!, { ...second!, dispenser: first!.dispenser }] })
  }
})

describe('what people state of alarms, rules and deliveries', () => {
  const call = async (path: string, body: unknown): Promise<[number, unknown]> => {
    const { status, body: answer } = await api.call({ method: 'POST', path, body, token: api.admin })
    return [status, (answer as { where?: string }).where ?? (answer as { code?: string }).code]
  }
  const firstAlarm = async (): Promise<number> => {
    let alarms: { alarm: number; rule: string }[] = []
    await until('the box says it lost its mains', async () => {
      alarms = ((await api.call({ path: '/api/alarms?rule=mains-lost' })).body as { alarms: typeof alarms })
        .alarms
      return alarms.length === 1
    })
    return alarms[0]!.alarm
  }

  test('of officers who do the same at the same moment one does it, and the others are told', async () => {
    const path = `/api/alarms/${await firstAlarm()}/handle`
    const statuses = async (...bodies: unknown[]): Promise<number[]> =>
      (await Promise.all(bodies.map((body) => call(path, body)))).map(([status]) => status).sort()
    expect(await statuses({ action: 'accept' }, { action: 'accept' }, { action: 'accept' })).toEqual([
      200, 409, 409,
    ])
    expect(await statuses({ action: 'close', note: 'a' }, { action: 'false', note: 'b' })).toEqual([200, 409])
    expect(await statuses({ action: 'reopen', note: 'a' }, { action: 'reopen', note: 'b' })).toEqual([
      200, 409,
    ])
    expect(await call(path, { action: 'close', note: '  ' })).toEqual([400, 'note'])
  })

  const hour = 3_600_000
  const notice = { site: 'S001', grade: '92', volumeMillilitres: 1_000_000, supplier: '模拟油库' }
  const window = { site: 'S001', part: '', purpose: 'maintenance' }
  const minutes = { silentMinutes: 20 }
  const settings = '/api/rules/collector-silent/settings'
  const trial = '/api/rules/collector-silent/trial'
  test.each<[string, string, (now: number) => object, number, string | undefined]>([
    ['a notice of a site', '/api/notices', (now) => ({ ...notice, expectedAt: now }), 200, undefined],
    [
      'of an unknown site',
      '/api/notices',
      (now) => ({ ...notice, site: 'S999', expectedAt: now }),
      404,
      'site',
    ],
    ['for no tank of it', '/api/notices', (now) => ({ ...notice, tank: '9', expectedAt: now }), 400, 'tank'],
    [
      'of a time before it was registered',
      '/api/notices',
      (now) => ({ ...notice, tank: '9', expectedAt: now - 101 * hour }),
      200,
      undefined,
    ],
    [
      'of the year after next',
      '/api/notices',
      (now) => ({ ...notice, expectedAt: now + 400 * DAY_MS }),
      400,
      'expectedAt',
    ],
    [
      'a window of a tank',
      '/api/windows',
      (now) => ({ ...window, part: 'tank/1', from: now, to: now + hour }),
      200,
      undefined,
    ],
    [
      'of no tank',
      '/api/windows',
      (now) => ({ ...window, part: 'tank/9', from: now, to: now + hour }),
      400,
      'part',
    ],
    [
      "of another site's box",
      '/api/windows',
      (now) => ({ ...window, part: 'device/520327-S002-A', from: now, to: now + hour }),
      400,
      'part',
    ],
    ['reversed', '/api/windows', (now) => ({ ...window, from: now, to: now - hour }), 400, 'to'],
    [
      'of a year',
      '/api/windows',
      (now) => ({ ...window, from: now, to: now + 366 * DAY_MS }),
      400,
      'window.to',
    ],
    [
      'of an unknown site',
      '/api/windows',
      (now) => ({ ...window, site: 'S999', from: now, to: now + hour }),
      404,
      'site',
    ],
    ['settings without a value', settings, () => ({ values: {}, reason: 'x' }), 400, 'values'],
    ['of the past', settings, (now) => ({ values: minutes, reason: 'x', from: now - hour }), 400, 'from'],
    [
      'of the year after next',
      settings,
      (now) => ({ values: minutes, reason: 'x', from: now + 400 * DAY_MS }),
      400,
      'from',
    ],
    ['of an unknown site', settings, () => ({ values: minutes, reason: 'x', site: 'S999' }), 404, 'site'],
    ['a trial over nothing', trial, () => ({ values: minutes, from: 0, to: 1 }), 200, undefined],
    ['reversed', trial, () => ({ values: minutes, from: 2, to: 1 }), 400, 'from'],
    ['of the future', trial, (now) => ({ values: minutes, from: now + hour }), 400, 'from'],
    ['of an unknown site', trial, () => ({ values: minutes, site: 'S999' }), 404, 'site'],
  ])('%s to %s', async (_what, path, body, status, where) => {
    expect(await call(path, body(api.now))).toEqual([status, where])
  })
})

describe('exports', () => {
  const sheet = (...texts: readonly string[]) => ({
    name: '统计',
    columns: [{ header: '名称', width: 8 }],
    rows: texts.map((text) => [text]),
  })

  test('a name is never a formula, in full width neither', () => {
    for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
      expect(encodeCsv(sheet(`${start}1`)).split('\r\n')[1]).toMatch(/^"?'/)
  })

  test('a workbook is well-formed XML whatever is in a name', async () => {
    const bytes = Buffer.from(await encodeWorkbook(sheet('a\ufffeb\uffff', 'x_x000D_y', '<&">')))
    const read = await readXlsx(new Uint8Array(bytes))
    expect(read.sheets[0]!.rows.flat()).toEqual(['名称', 'a\ufffdb\ufffd', 'x_x000D_y', '<&">'])
  })
})
