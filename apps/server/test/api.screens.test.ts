import { STREAM_EVENTS, type StreamEventName } from '@oiltrail/contract'
import { readXlsx } from 'hucre/xlsx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeCsv } from '../src/exports/csv.ts'
import { type Answer, type ApiStand, type Call, openApiStand, sale } from './api.stand.ts'

let api: ApiStand
const call = (of: Call): Promise<Answer> => api.call(of)
beforeAll(async () => {
  api = await openApiStand()
})
afterAll(() => api.close())

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
          const query = `${api.span}&bucket=${bucket}&place=${place}&byGrade=${byGrade}&kind=all&site=S001`
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
      const { body } = await call({ path: `/api/statistics?${api.span}&bucket=all&kind=${kind}` })
      return (body as { volumeMillilitres: number }[])[0]!.volumeMillilitres
    }
    expect([await volumes('sale'), await volumes('load')]).toEqual([50_000, 5_000_000])
  })
})

describe('exports', () => {
  const query = (): string => `${api.span}&bucket=day&place=site&byGrade=true`

  it('CSV has a byte order mark, headers in the language asked for, and exact figures', async () => {
    const response = await fetch(`${api.stand.server.url}/api/statistics.csv?${query()}&lang=en`)
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
    const text = encodeCsv({
      name: 'x',
      columns: [{ header: 'a', width: 1 }],
      rows: [['=1+1'], ['@x'], ['-1"2'], ['+1,2'], ['fine']],
    })
    expect(text.split('\r\n').slice(1, 6)).toEqual(["'=1+1", "'@x", '"\'-1""2"', '"\'+1,2"', 'fine'])
  })

  it('the workbook holds the same figures as numbers', async () => {
    const response = await fetch(`${api.stand.server.url}/api/statistics.xlsx?${query()}`)
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
    const response = await fetch(`${api.stand.server.url}/api/events`, {
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
        api.collector.volume.write(sale(api.stand.server.context.clock.now() - 1_000))
        await api.collector.send(api.collector.volume.batch(9, 9))
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
    api.collector.volume.write(sale(api.stand.server.context.clock.now() - 500, '2', 12_340))
    await api.collector.send(api.collector.volume.batch(10, 10))
    await api.viewsFollow()
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
