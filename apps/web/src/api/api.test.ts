import { BUCKETS, ENDPOINTS, PLACES, STREAM_EVENTS, statisticsQuery } from '@oiltrail/contract'
import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { BUCKETS as OUR_BUCKETS, PLACES as OUR_PLACES, queryOf, questionOf } from '../statistics/question.ts'
import { applyEvent } from './apply.ts'
import { ServerClock } from './clock.ts'
import { type Answer, addressOf, READ_PATHS } from './endpoints.ts'
import { keyOf, mayStandIn } from './queries.ts'

describe('addresses', () => {
  it('name every readable endpoint of the contract by its own path', () => {
    const readable = Object.entries(ENDPOINTS).filter(([, endpoint]) => endpoint.method === 'GET')
    expect(READ_PATHS).toEqual(Object.fromEntries(readable.map(([name, { path }]) => [name, path])))
  })

  it('encode parameters and leave out what is undefined', () => {
    expect(addressOf('site', { site: 'a/b' }, {})).toBe('/api/sites/a%2Fb')
    expect(addressOf('entries', {}, { limit: 20, before: undefined })).toBe('/api/log/entries?limit=20')
  })

  it('offer the very buckets and places of the contract', () => {
    expect([...OUR_BUCKETS].sort()).toEqual([...BUCKETS].sort())
    expect([...OUR_PLACES].sort()).toEqual([...PLACES].sort())
  })

  it.each([
    '',
    'bucket=month&place=nozzle&byGrade=true&site=S001&town=520327104&compare=true&page=3&kind=all',
    'bucket=__proto__&place=x&grade=77&site=a%20b&town=1&page=-1&kind=?&span=%00',
  ])('ask statistics only what the contract accepts, whatever the page address says: %s', (search) => {
    const query = queryOf(questionOf(new URLSearchParams(search), 1_795_413_932_120))
    const texts = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, String(value)]))
    expect(statisticsQuery.safeParse(texts).success).toBe(true)
  })
})

const SUMS = {
  sales: 1,
  volumeMillilitres: 30_000,
  amountFen: 22_000,
  unpricedSales: 0,
  unpricedMillilitres: 0,
  boardSales: 1,
  boardMillilitres: 30_000,
  boardFen: 22_000,
}
const NOZZLE = {
  nozzle: '1',
  dispenser: 'A',
  arm: false,
  tank: '1',
  grade: '92',
  flow: 'idle',
  runningMillilitres: 0,
  line: 'normal',
  today: SUMS,
} as const

function clientWithSite(): { client: QueryClient; site: () => Answer<'site'> } {
  const client = new QueryClient()
  const key = keyOf('site', { site: 'S001' }, {})
  client.setQueryData(key, {
    summary: { site: 'S001', today: SUMS },
    tanks: [],
    nozzles: [NOZZLE],
    channels: [],
    deliveries: [],
    gaps: [],
  } as unknown as Answer<'site'>)
  return { client, site: () => client.getQueryData(key) as Answer<'site'> }
}

describe('events of the stream', () => {
  it('change a nozzle in place and leave its sums of today alone', () => {
    const { client, site } = clientWithSite()
    const { today: _, ...nozzle } = NOZZLE
    applyEvent(client, {
      name: 'nozzle',
      data: { site: 'S001', nozzle: { ...nozzle, flow: 'fuelling', runningMillilitres: 4_200 } },
    })
    expect(site().nozzles[0]).toMatchObject({ flow: 'fuelling', runningMillilitres: 4_200, today: SUMS })
  })

  it('put a sale into the list once, though it is sent twice', () => {
    const { client } = clientWithSite()
    const key = keyOf('siteSales', { site: 'S001' }, { from: 0, to: 1, limit: 100 })
    client.setQueryData(key, [])
    const data = {
      site: 'S001',
      siteName: 'X',
      position: 7,
      seq: 9,
      nozzle: '1',
      grade: '92',
      startedAt: 1,
      endedAt: 2,
      volumeMillilitres: 30_000,
      totalMillilitres: 90_000,
      source: 'pulse',
    } as const
    applyEvent(client, { name: 'sale', data })
    applyEvent(client, { name: 'sale', data })
    expect(client.getQueryData(key)).toHaveLength(1)
  })

  it('do nothing to a page that is not loaded', () => {
    const client = new QueryClient()
    applyEvent(client, { name: 'today', data: { site: 'S001', sums: SUMS, county: SUMS } })
    applyEvent(client, { name: 'log', data: { size: 5 } })
    expect(client.getQueryCache().getAll()).toHaveLength(0)
  })

  it('mark everything stale when the stream could not resume', () => {
    const { client } = clientWithSite()
    applyEvent(client, { name: 'reset', data: {} })
    expect(client.getQueryState(keyOf('site', { site: 'S001' }, {}))?.isInvalidated).toBe(true)
  })

  it('cover every event of the contract', () => {
    const { client } = clientWithSite()
    for (const name of Object.keys(STREAM_EVENTS))
      expect(
        () => applyEvent(client, { name, data: { site: 'none', nozzle: {}, tank: {} } } as never),
        name,
      ).not.toThrow()
  })
})

describe("the platform's clock", () => {
  it('is followed with its offset', () => {
    const clock = new ServerClock()
    clock.note(1_000_000, 500)
    expect(clock.now(1_500)).toBe(1_001_000)
  })

  it('is followed with its speed in a fast demo', () => {
    const clock = new ServerClock()
    clock.note(0, 0)
    clock.note(100_000, 10_000)
    expect(clock.now(11_000)).toBeCloseTo(110_000)
    expect(clock.real(10_000)).toBeCloseTo(1_000)
  })

  it('is taken to run evenly when answers are merely a little late', () => {
    const clock = new ServerClock()
    clock.note(0, 0)
    clock.note(10_100, 10_000)
    expect(clock.now(11_000)).toBe(11_100)
  })
})

describe('an answer while another is on its way', () => {
  const before = (params: object, query: object) => ['x', params, query]
  it.each([
    ['nothing was there', undefined, {}, {}, false],
    [
      'another span of the same site',
      before({ site: 'S001' }, { from: 1 }),
      { site: 'S001' },
      { from: 2 },
      true,
    ],
    ['another site', before({ site: 'S001' }, {}), { site: 'S002' }, {}, false],
    ['another alarm', before({ alarm: 1 }, {}), { alarm: 2 }, {}, false],
    ['another filter of the list', before({}, { grade: 'red' }), {}, { grade: 'blue' }, true],
    ['the list of another site', before({}, { site: 'S001' }), {}, { site: 'S002' }, false],
    ['the list of all after that of one', before({}, { site: 'S001' }), {}, {}, false],
  ] as const)('%s', (_, key, params, query, may) => {
    expect(mayStandIn(key, params, query)).toBe(may)
  })
})
