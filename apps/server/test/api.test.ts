import { ENDPOINTS, type EndpointName } from '@oiltrail/contract'
import { generateKeyPair } from '@oiltrail/evidence/node'
import { CATALOGUE, HOUR_MS, type ProblemCode, toBase64 } from '@oiltrail/kernel'
import { enrolProofBytes } from '@oiltrail/protocols/uplink'
import { putAlarms } from '@oiltrail/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOORS } from '../src/api/doors.ts'
import { HANDLERS } from '../src/api/register.ts'
import { type Answer, type ApiStand, type Call, DEVICE, openApiStand } from './api.stand.ts'
import { rememberChart } from './charts.history.ts'
import { until } from './stand.ts'
import { siteOf } from './views.history.ts'
import { ALARM_ROW, LOW_LEVEL, TOTAL_BACK } from './watch.rules.ts'

let api: ApiStand
const call = (of: Call): Promise<Answer> => api.call(of)
beforeAll(async () => {
  api = await openApiStand({ rules: [LOW_LEVEL, TOTAL_BACK] })
})
afterAll(() => api.close())

/** One successful call of every endpoint; the compiler names the one that is missing. Run in this order. */
const SCENARIOS: Record<EndpointName, () => Call | Promise<Call>> = {
  progress: () => ({ path: '/api/progress' }),
  county: () => ({ path: '/api/county' }),
  overview: () => ({ path: '/api/overview' }),
  sites: () => ({ path: '/api/sites' }),
  site: () => ({ path: '/api/sites/S001' }),
  siteSales: () => ({ path: `/api/sites/S001/sales?${api.span}&limit=10` }),
  siteLevels: () => ({ path: `/api/sites/S001/levels?${api.span}` }),
  statistics: () => ({ path: `/api/statistics?${api.span}&place=nozzle&byGrade=true&kind=all` }),
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
    token: api.admin,
    body: { ...siteOf('S002'), effectiveAt: api.now },
  }),
  issueEnrolCode: () => ({
    method: 'POST',
    path: '/api/enrol-codes',
    token: api.admin,
    body: { device: '520327-S002-A', site: 'S002' },
  }),
  enrol: async () => {
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
    token: api.admin,
    body: { reason: 'stolen' },
  }),
  shares: () => ({ path: '/api/share/targets' }),
  takeStatement: () => ({
    method: 'POST',
    path: '/api/share/statements',
    token: api.admin,
    body: {
      v: 1,
      action: 'device-enrolled',
      actor: 'administrator',
      at: Date.now(),
      device: '520327-S003-A',
      site: 'S003',
      keys: (['volume', 'price'] as const).map((channel) => ({
        channel,
        algorithm: 'Ed25519',
        publicKey: toBase64(generateKeyPair('Ed25519').signer.publicKey),
      })),
    },
  }),
  announceHistory: () => ({
    method: 'POST',
    path: '/api/history',
    token: api.admin,
    body: { expectedRecords: 0 },
  }),
  alarms: async () => {
    const { context } = api.stand.server
    await context.store.transaction((tx) => putAlarms(tx, context.county, [ALARM_ROW]))
    return { path: '/api/alarms?state=all&grade=yellow&site=S001&rule=test-low-level&limit=5' }
  },
  alarmLoad: () => ({ path: '/api/alarms/load?hours=48&officers=2' }),
  alarmPlaces: () => ({ path: '/api/alarms/places' }),
  alarm: () => ({ path: `/api/alarms/${ALARM_ROW.alarm.alarm}` }),
  alarmSeries: () => ({ path: `/api/alarms/${ALARM_ROW.alarm.alarm}/series` }),
  handleAlarm: () => ({
    method: 'POST',
    path: `/api/alarms/${ALARM_ROW.alarm.alarm}/handle`,
    token: api.admin,
    body: { action: 'accept', actor: '张三' },
  }),
  witnesses: () => ({ path: '/api/sites/S001/witnesses?days=3' }),
  charts: () => ({ path: '/api/sites/S001/charts' }),
  decideChart: async () => {
    const { context } = api.stand.server
    await rememberChart(context.store, context.county, 'S001')
    return {
      method: 'POST',
      path: '/api/sites/S001/charts',
      token: api.admin,
      body: { tank: '1', proposal: { position: 41, seq: 7 }, accepted: true, reason: '与检定证书一致' },
    }
  },
  rules: () => ({ path: '/api/rules' }),
  ruleHistory: () => ({ path: '/api/rules/test-low-level/history' }),
  trySettings: () => ({
    method: 'POST',
    path: '/api/rules/test-low-level/trial',
    token: api.admin,
    body: { values: { lowMillilitres: 20_000_000 } },
  }),
  changeSettings: () => ({
    method: 'POST',
    path: '/api/rules/test-low-level/settings',
    token: api.admin,
    body: { values: { lowMillilitres: 500_000 }, reason: '冬季储备' },
  }),
  notices: () => ({ path: '/api/notices?site=S001&limit=10' }),
  registerNotice: () => ({
    method: 'POST',
    path: '/api/notices',
    token: api.admin,
    body: {
      site: 'S001',
      grade: '92',
      volumeMillilitres: 1e7,
      expectedAt: api.now + HOUR_MS,
      supplier: '示例油库',
    },
  }),
  withdrawNotice: async () => {
    const { body } = await call(SCENARIOS.registerNotice() as Call)
    const path = `/api/notices/${(body as { notice: string }).notice}/withdraw`
    return { method: 'POST', path, token: api.admin, body: { reason: '录入错误', actor: '李四' } }
  },
  windows: () => ({ path: '/api/windows?limit=10' }),
  declareWindow: () => ({
    method: 'POST',
    path: '/api/windows',
    token: api.admin,
    body: { site: 'S001', part: 'tank/1', purpose: 'verification', from: api.now, to: api.now + HOUR_MS },
  }),
  withdrawWindow: async () => {
    const { body } = await call(SCENARIOS.declareWindow() as Call)
    const path = `/api/windows/${(body as { window: string }).window}/withdraw`
    return { method: 'POST', path, token: api.admin, body: { reason: '录入错误' } }
  },
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

  it('stands in the OpenAPI document, with the exports, the stream and the doors beside it', async () => {
    const { body } = await call({ path: '/api/openapi.json' })
    const { openapi, paths } = body as {
      openapi: string
      paths: Record<string, Record<string, { operationId: string }>>
    }
    expect(openapi).toBe('3.1.0')
    const operations = Object.values(paths).flatMap((path) =>
      Object.values(path).map((each) => each.operationId),
    )
    const beside = DOORS.map(({ name }) => name)
    expect(operations.sort()).toEqual(
      [...NAMES, ...beside, 'events', 'statisticsCsv', 'statisticsXlsx'].sort(),
    )
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
