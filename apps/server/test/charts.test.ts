import { ENDPOINTS } from '@oiltrail/contract'
import { chartDeviation } from '@oiltrail/domain'
import { asciiBytes, DAY_MS, fromChina } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import { putRemembered, type Store } from '@oiltrail/store'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiParts } from '../src/api/handler.ts'
import { HANDLERS } from '../src/api/register.ts'
import type { LogEntry } from '../src/log/entry.ts'
import { ViewsFollower } from '../src/views/follower.ts'
import { Watcher } from '../src/watch/watcher.ts'
import { type ApiStand, openApiStand } from './api.stand.ts'
import { POSITION, PROPOSAL, rememberChart } from './charts.history.ts'
import { run } from './views.history.ts'
import { LOW_LEVEL } from './watch.rules.ts'
import { STATION, stationLog } from './witness.history.ts'

const FROM = fromChina(2026, 10, 12)
const COUNTY = 520_311

describe('a proposed chart is decided by a person', () => {
  let api: ApiStand
  const path = '/api/sites/S001/charts'
  const decide = (body: Record<string, unknown>, token = api.admin) =>
    api.call({
      method: 'POST',
      path,
      token,
      body: { tank: '1', proposal: { position: POSITION, seq: 7 }, ...body },
    })
  const read = async () => ENDPOINTS.charts.response.parse((await api.call({ path })).body)

  beforeAll(async () => {
    api = await openApiStand({ rules: [LOW_LEVEL] })
    const { store, county } = api.stand.server.context
    await rememberChart(store, county, 'S001')
  })
  afterAll(() => api.close())

  it('stands there for all to read, and is used for nothing', async () => {
    const { tanks, history } = await read()
    expect(history).toEqual([])
    expect(tanks[0]).toMatchObject({
      tank: '1',
      proposal: { position: POSITION, reason: 'bent', rows: PROPOSAL.rows },
    })
    expect(tanks[0]).not.toHaveProperty('inForce')
  })

  it.each([
    ['without the administrator’s token', { accepted: true, reason: 'r' }, 'bad', 403],
    ['without a reason', { accepted: true, reason: '' }, undefined, 400],
    ['for a tank that is not there', { tank: '9', accepted: true, reason: 'r' }, undefined, 404],
    [
      'for a chart that is proposed no more',
      { proposal: { position: 1, seq: 7 }, accepted: true, reason: 'r' },
      undefined,
      409,
    ],
    ['for the past', { accepted: true, reason: 'r', effectiveAt: 1 }, undefined, 400],
    ['with rows of one’s own', { accepted: true, reason: 'r', rows: [] }, undefined, 400],
  ])('not %s', async (_what, body, token, status) => {
    const answer = await decide(body, token)
    // A wrong token is 401 or 403, by whether one was given.
    if (status === 403) expect([401, 403]).toContain(answer.status)
    else expect(answer.status).toBe(status)
    expect((await read()).history).toEqual([])
  })

  it('B4: accepted with a reason it is in the log, in force and in the history; taken back, in force no more', async () => {
    const accepted = await decide({ accepted: true, reason: '与检定机构罐容表一致', actor: '张三' })
    expect(accepted.status).toBe(200)
    const { position } = accepted.body as { position: number }
    const entry = (await api.call({ path: `/api/log/entries/${position}` })).body as {
      type: string
      raw: string
    }
    expect(entry.type).toBe('desk')
    expect(JSON.parse(Buffer.from(entry.raw, 'base64').toString('utf8'))).toMatchObject({
      action: 'chart-decided',
      actor: '张三',
      reason: '与检定机构罐容表一致',
      decision: { site: 'S001', tank: '1', accepted: true, rows: PROPOSAL.rows },
    })
    const after = await read()
    expect(after.tanks[0]).toMatchObject({
      inForce: { position },
      decision: { accepted: true, actor: '张三' },
    })
    expect((await decide({ accepted: true, reason: 'again' })).status).toBe(409)
    expect((await decide({ accepted: false, reason: '罐已重新检定' })).status).toBe(200)
    const last = await read()
    expect(last.tanks[0]).not.toHaveProperty('inForce')
    expect(last.history.map(({ accepted: yes, reason }) => [yes, reason])).toEqual([
      [false, '罐已重新检定'],
      [true, '与检定机构罐容表一致'],
    ])
  })

  it('holds from its day on, not before', async () => {
    const effectiveAt = api.stand.server.context.clock.now() + DAY_MS
    expect((await decide({ accepted: true, reason: '下次卸油后启用', effectiveAt })).status).toBe(200)
    const { tanks, history } = await read()
    expect(history[0]).toMatchObject({ accepted: true, effectiveAt })
    expect(tanks[0]).not.toHaveProperty('inForce')
  })
})

describe('a chart from the log to the balance', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.close())

  it('is proposed for the tanks that need one, and the balance of an accepted one knows more', {
    timeout: 120_000,
  }, async () => {
    const DAYS = 30
    const { log } = stationLog({
      seed: 2,
      county: COUNTY,
      from: FROM,
      days: DAYS,
      chartErrors: [0, 0, 0, 0.03],
    })
    const watcher = new Watcher([chartDeviation], () => undefined)
    for (const entry of log) await watcher.take(entry, async () => [])
    const { engine } = watcher
    await database.store.transaction((tx) =>
      putRemembered(tx, COUNTY, {
        position: log.length,
        logTime: engine.logTime,
        failing: [],
        channels: [],
        states: engine.takeChanged(),
      }),
    )
    await run(database.store, new ViewsFollower({ county: COUNTY }), log, () => 2_000)
    const now = log.at(-1)!.receivedAt
    const parts = {
      context: { store: database.store, county: COUNTY, clock: { now: () => now } },
    } as unknown as ApiParts
    const input = { params: { site: STATION }, query: undefined, body: undefined }
    const { tanks } = await HANDLERS.charts(input, parts)
    expect(tanks.map(({ tank, proposal }) => [tank, proposal?.reason])).toEqual([
      ['1', undefined],
      ['2', undefined],
      ['3', undefined],
      ['4', 'bent'],
    ])
    const balance = async () => {
      const { grades } = await HANDLERS.witnesses({ ...input, query: { days: DAYS } }, parts)
      return grades.find(({ grade }) => grade === '0')!
    }
    const before = await balance()
    await accept(database.store, log, tanks[3]!.proposal!)
    const after = await balance()
    expect(before.chartedTanks).toEqual([])
    expect(after.chartedTanks).toEqual(['4'])
    expect(after.chartErrorPercent).toBeLessThan(before.chartErrorPercent / 3)
    const of = (found: typeof before) => found.pairs.find(({ pair }) => pair === 'board-tank')!
    expect(Math.abs(of(after).percent)).toBeLessThan(Math.abs(of(before).percent))
    expect(of(after).halfWidthPercent).toBeLessThan(of(before).halfWidthPercent / 2)
    // What the bent chart made look like oil nobody sold is gone.
    expect([of(before).verdict, before.conclusion]).toEqual(['differ', 'tank-more'])
    expect(of(after).verdict).not.toBe('differ')
    expect([before.undecidedTanks, after.undecidedTanks]).toEqual([['4'], []])
  })
})

/** The statement of an accepted chart, as the desk would have logged it before all this. */
async function accept(
  store: Store,
  log: readonly LogEntry[],
  proposal: { position: number; seq: number; rows: [number, number, number][] },
): Promise<void> {
  const { position, seq, rows } = proposal
  const raw = encodeDesk({
    v: 1,
    action: 'chart-decided',
    actor: 'test',
    at: FROM,
    reason: 'test',
    decision: {
      site: STATION,
      tank: '4',
      proposal: { position, seq },
      accepted: true,
      effectiveAt: FROM,
      errorPartsPerMillion: 1_200,
      rows,
    },
  })
  const last = log.at(-1)!
  const entry: LogEntry = {
    county: COUNTY,
    position: last.position + 1,
    receivedAt: last.receivedAt + 1,
    type: 'desk',
    code: 'chart-decided',
    leaf: asciiBytes('{}'),
    raw,
  }
  const follower = new ViewsFollower({ county: COUNTY })
  await store.transaction(async (tx) => {
    await follower.reload(tx)
    await follower.apply(tx, [entry])
  })
}
