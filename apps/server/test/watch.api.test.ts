import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AlarmView } from '@oiltrail/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Collector, openStand, type Stand, until } from './stand.ts'
import { siteOf } from './views.history.ts'
import { DARK, LOW_LEVEL, THROWS, TOTAL_BACK } from './watch.rules.ts'

const SITES = ['S001', 'S002', 'S003', 'S004']
const PRODUCERS = 64
const BATCHES = 8
const MINUTE = 60_000
let stand: Stand
let admin: string
let now: number

beforeAll(async () => {
  stand = await openStand({ rules: [LOW_LEVEL, TOTAL_BACK, DARK, THROWS] })
  admin = (await readFile(join(stand.data, 'admin-token'), 'utf8')).trim()
  now = stand.server.context.clock.now()
  for (const site of SITES) {
    const document = { ...siteOf(site), effectiveAt: now - 86_400_000 }
    expect((await stand.server.context.desk.registerSite('test', document)).ok).toBe(true)
  }
})
afterAll(() => stand.close())

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${stand.server.url}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      authorization: `Bearer ${admin}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  })
  const answer = (await response.json()) as T
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`)
  return answer
}

async function post(bytes: Uint8Array): Promise<{ outcome: string; position: number }> {
  const response = await fetch(`${stand.server.url}/uplink`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
  })
  return (await response.json()) as { outcome: string; position: number }
}

async function watchFollows(): Promise<void> {
  const { context } = stand.server
  const target = context.nextPosition()
  await until('the watch follows', () => (context.followerPosition('watch') ?? 0) >= target)
}

const list = async (query: string): Promise<AlarmView[]> =>
  (await ask<{ alarms: AlarmView[] }>(`/api/alarms?${query}`)).alarms

/** Collects events of one name from the stream until it is closed. */
async function listen(name: string): Promise<{ readonly events: AlarmView[]; close(): void }> {
  const abort = new AbortController()
  const response = await fetch(`${stand.server.url}/api/events`, {
    signal: abort.signal,
    headers: { authorization: `Bearer ${admin}` },
  })
  const events: AlarmView[] = []
  const read = async (): Promise<void> => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const data = lines.find((line) => line.startsWith('data: '))
        if (lines.includes(`event: ${name}`) && data) events.push(JSON.parse(data.slice(6)) as AlarmView)
      }
    }
  }
  read().catch(() => undefined)
  return { events, close: () => abort.abort() }
}

describe('a watching server', () => {
  it(`${PRODUCERS} producers at once: one open alarm of each cause, no finding lost, each told on the stream`, async () => {
    const stream = await listen('alarm')
    const collectors: Collector[] = []
    for (let i = 0; i < PRODUCERS; i++)
      collectors.push(await stand.enrol(`520327-${SITES[i % SITES.length]}-B${i}`))
    const total = (litres: number) => ({
      at: now,
      kind: 'total',
      nozzle: '1',
      totalMillilitres: litres * 1_000,
      source: 'pulse',
    })
    await Promise.all(
      collectors.map(async (collector) => {
        for (let i = 0; i < BATCHES; i++) {
          collector.volume.write(total(1_000), total(1))
          expect(await post(collector.volume.batch(2 * i + 1, 2 * i + 2))).toMatchObject({
            outcome: 'stored',
          })
        }
      }),
    )
    await watchFollows()
    const alarms = await list('state=all&rule=test-total-back')
    expect(alarms.map((alarm) => alarm.subject).sort()).toEqual(SITES.map((site) => `${site}/nozzle/1`))
    for (const alarm of alarms)
      expect(alarm).toMatchObject({ count: (PRODUCERS / SITES.length) * BATCHES, inSight: true })
    await until('all are told', () => stream.events.length >= SITES.length)
    expect(new Set(stream.events.map((event) => event.alarm))).toEqual(
      new Set(alarms.map((alarm) => alarm.alarm)),
    )
    stream.close()
  })

  it('people accept, check and close an alarm; its history names them, and what is not allowed is refused', async () => {
    const [alarm] = await list('state=sight&site=S001&rule=test-total-back')
    const path = `/api/alarms/${alarm!.alarm}`
    await expect(ask(`${path}/handle`, { action: 'close', note: 'x' })).rejects.toThrow('409')
    await expect(ask(`${path}/handle`, { action: 'shelve', note: 'x', minutes: 5 })).rejects.toThrow('403')
    const accepted = await ask<AlarmView>(`${path}/handle`, { action: 'accept', actor: '李四' })
    expect(accepted).toMatchObject({ handling: 'accepted' })
    await expect(ask(`${path}/handle`, { action: 'close', note: ' ' })).rejects.toThrow('400')
    await ask(`${path}/handle`, { action: 'close', note: '现场核实:更换主板', actor: '李四' })
    const detail = await ask<{ history: object[]; actions: string[]; latest: { evidence: object[] } }>(path)
    expect(detail).toMatchObject({ handling: 'closed', inSight: false, actions: ['reopen'] })
    expect(detail.history).toMatchObject([
      { what: 'raised', actor: '' },
      { what: 'accept', actor: '李四' },
      { what: 'close', actor: '李四', note: '现场核实:更换主板' },
    ])
    expect(detail.latest.evidence).toHaveLength(1)
    expect((await list('state=finished')).map((each) => each.alarm)).toEqual([alarm!.alarm])
    await ask(`${path}/handle`, { action: 'reopen', note: '复查', actor: '王五' })
    expect((await list('state=sight&site=S001')).map((each) => each.alarm)).toContain(alarm!.alarm)
  })

  it('B5: the load of alarms is measured against the budget, and how soon people answered', async () => {
    type Load = {
      seen: number
      perWindow: number
      peak: number
      hours: number[]
      answered: number
      medianMs: number
    }
    const load = await ask<Load>('/api/alarms/load')
    const shared = await ask<Load>('/api/alarms/load?officers=2')
    const all = await list('state=all')
    expect(load).toMatchObject({ seen: all.length, peak: all.length, answered: 1 })
    expect(load.hours.at(-1)! + load.hours.at(-2)!).toBe(all.length)
    expect(load.perWindow).toBeCloseTo(all.length / 144, 10)
    expect(shared.perWindow).toBeCloseTo(load.perWindow / 2, 10)
    expect(load.medianMs).toBeGreaterThanOrEqual(0)
    for (const wrong of ['hours=0', 'hours=721', 'officers=0', 'officers=101', 'hours=x'])
      await expect(ask(`/api/alarms/load?${wrong}`)).rejects.toThrow('400')
  })

  it('settings are tried over past data before they hold, and every change stays on record', async () => {
    const collector = await stand.enrol('520327-S002-T')
    const level = (minutes: number, litres: number) => ({
      at: now - minutes * MINUTE,
      kind: 'level',
      tank: '1',
      heightMicrometres: 1,
      waterMicrometres: 0,
      temperatureCentiCelsius: 2_000,
      volumeMillilitres: litres * 1_000,
      correctedMillilitres: litres * 1_000,
      ullageMillilitres: 0,
      statusBits: 0,
    })
    collector.volume.write(level(50, 1_500), level(30, 1_400), level(10, 9_000), level(9, 9_000))
    await post(collector.volume.batch(1, 4))
    await watchFollows()
    const rule = '/api/rules/test-low-level'
    const trial = await ask<{ before: number; after: number; added: object[]; removed: object[] }>(
      `${rule}/trial`,
      {
        values: { lowMillilitres: 2_000_000 },
      },
    )
    expect(trial).toMatchObject({ before: 0, after: 1, removed: [], shortened: false })
    expect(trial.added).toMatchObject([{ subject: 'S002/tank/1', at: now - 40 * MINUTE }])
    expect(await list('state=all&rule=test-low-level')).toEqual([])
    await expect(ask(`${rule}/settings`, { values: { lowMillilitres: -1 }, reason: 'x' })).rejects.toThrow(
      'lowMillilitres',
    )
    await expect(
      ask(`${rule}/settings`, { values: { lowMillilitres: 1 }, reason: 'x', from: now - 86_400_000 }),
    ).rejects.toThrow('past')
    await ask(`${rule}/settings`, {
      values: { lowMillilitres: 2_000_000 },
      reason: '冬季储备',
      actor: '王五',
    })
    expect(await ask(`${rule}/history`)).toMatchObject([
      {
        rule: 'test-low-level',
        site: '',
        values: { lowMillilitres: 2_000_000 },
        actor: '王五',
        reason: '冬季储备',
      },
    ])
    const rules = await ask<{ rule: string; settings: { key: string; value: number }[] }[]>('/api/rules')
    const mine = rules.find((each) => each.rule === 'test-low-level')
    expect(mine?.settings.find((each) => each.key === 'lowMillilitres')?.value).toBe(2_000_000)
    expect(rules.map((each) => each.rule)).toContain('rule-failed')
  })

  it('notices and windows are on record, and what is not one is refused', async () => {
    const order = { site: 'S003', grade: '92', volumeMillilitres: 1e7, expectedAt: now, supplier: '示例油库' }
    const { notice } = await ask<{ notice: string }>('/api/notices', { ...order, plate: '贵C00000' })
    expect(await ask('/api/notices?site=S003')).toMatchObject([{ ...order, notice, actor: 'administrator' }])
    await expect(ask('/api/notices', { ...order, supplier: '' })).rejects.toThrow('400')
    const span = { from: now - MINUTE, to: now + 60 * MINUTE }
    await ask('/api/windows', { site: 'S003', part: '', purpose: 'cleaning', note: '清罐', ...span })
    expect(await ask('/api/windows?site=S003')).toMatchObject([{ purpose: 'cleaning', ...span }])
    await expect(
      ask('/api/windows', { site: 'S003', part: '', purpose: 'other', from: 1, to: 90 * 86_400_000 }),
    ).rejects.toThrow('60 days')
  })

  it('a notice is withdrawn once, with reason and name; the list and the log keep both', async () => {
    const order = { site: 'S003', grade: '92', volumeMillilitres: 1e7, supplier: '示例油库' }
    const { notice } = await ask<{ notice: string }>('/api/notices', { ...order, expectedAt: now })
    const path = `/api/notices/${notice}/withdraw`
    await expect(ask(path, { reason: '' })).rejects.toThrow('400')
    await expect(ask(path, { reason: ' ' })).rejects.toThrow('400')
    await expect(ask('/api/notices/N-nobody/withdraw', { reason: '错误' })).rejects.toThrow('404')
    const tries = [1, 2, 3].map((each) =>
      ask<{ position: number }>(path, { reason: `第 ${each} 人`, actor: '李四' }),
    )
    const [done, ...others] = await Promise.allSettled(tries)
    expect(others).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
    expect(String((others[0] as PromiseRejectedResult).reason)).toContain('409')
    const { position } = (done as PromiseFulfilledResult<{ position: number }>).value
    const listed = await ask<{ notice: string }[]>('/api/notices?site=S003')
    expect(listed.find((each) => each.notice === notice)).toMatchObject({
      ...order,
      withdrawn: { position, actor: '李四', reason: '第 1 人' },
    })
    expect(await ask(`/api/log/entries/${position}`)).toMatchObject({ type: 'desk', code: 'withdrawn' })
    await expect(ask('/api/notices', { ...order, notice, site: 'S002', expectedAt: now })).rejects.toThrow(
      '409',
    )
    const week = 7 * 86_400_000
    const old = await ask<{ notice: string }>('/api/notices', { ...order, expectedAt: now - week - MINUTE })
    await expect(ask(`/api/notices/${old.notice}/withdraw`, { reason: '错误' })).rejects.toThrow('7 days')
  })

  it('a window is withdrawn before or while it runs; one that is over is not undone', async () => {
    const declare = (window: string, from: number, to: number) =>
      ask('/api/windows', { window, site: 'S004', part: '', purpose: 'other', from, to })
    await declare('W-coming', now + 60 * MINUTE, now + 90 * MINUTE)
    await declare('W-running', now - 60 * MINUTE, now + 90 * MINUTE)
    await declare('W-over', now - 60 * MINUTE, now - 30 * MINUTE)
    const reason = { reason: '改期', actor: '王五' }
    await ask('/api/windows/W-coming/withdraw', reason)
    await ask('/api/windows/W-running/withdraw', reason)
    await expect(ask('/api/windows/W-running/withdraw', reason)).rejects.toThrow('409')
    await expect(ask('/api/windows/W-over/withdraw', reason)).rejects.toThrow('409')
    const moved = { window: 'W-over', site: 'S003', part: '', purpose: 'other', from: now, to: now + MINUTE }
    await expect(ask('/api/windows', moved)).rejects.toThrow('S004')
    const listed = await ask<{ window: string; withdrawn?: object }[]>('/api/windows?site=S004')
    expect(listed.map(({ window, withdrawn }) => [window, withdrawn])).toEqual([
      ['W-coming', expect.objectContaining(reason)],
      ['W-running', expect.objectContaining(reason)],
      ['W-over', undefined],
    ])
  })

  it('an alarm comes with what the site recorded around it, on one axis', async () => {
    const [alarm] = await list('state=all&site=S002&rule=test-total-back')
    const series = await ask<{ from: number; to: number; lanes: { kind: string; points: unknown[] }[] }>(
      `/api/alarms/${alarm!.alarm}/series`,
    )
    expect(series.from).toBeLessThan(alarm!.openedAt)
    expect(series.lanes.map((lane) => lane.kind)).toEqual(expect.arrayContaining(['total', 'level']))
    for (const lane of series.lanes) expect(lane.points.length).toBeGreaterThan(0)
  })

  it('a rule that throws on every price raises one alarm of its own and keeps the server following', async () => {
    const collector = await stand.enrol('520327-S004-P')
    for (let i = 0; i < 5; i++)
      collector.price.write({ at: now, kind: 'price', nozzle: '1', priceFenPerLitre: 700 + i })
    await post(collector.price.batch(1, 5))
    await watchFollows()
    expect(await list('state=sight&rule=rule-failed')).toMatchObject([{ count: 5, subject: 'test-throws' }])
    const places = await ask<{ site: string; grade: string; alarms: number }[]>('/api/alarms/places')
    expect(places.find((place) => place.site === 'S004')).toMatchObject({ grade: 'orange', alarms: 1 })
  })
})
