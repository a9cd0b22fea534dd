import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dayIndex, dayStart, HOUR_MS } from '@oiltrail/kernel'
import { expect } from 'vitest'
import { type Collector, openStand, type Stand, type StandOptions, until } from './stand.ts'
import { siteOf } from './views.history.ts'

/** The one collector of an `ApiStand`. */
export const DEVICE = '520327-S001-A'

/** One call of the JSON interface. */
export interface Call {
  readonly method?: 'POST'
  readonly path: string
  readonly body?: unknown
  readonly token?: string
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

/** A server with one site whose collector has told a bit of everything; three sales, of which one is a load. */
export interface ApiStand {
  readonly stand: Stand
  readonly collector: Collector
  /** The administrator's token. */
  readonly admin: string
  /** Server clock when the stand was opened. */
  readonly now: number
  /** `from=…&to=…` of yesterday and today. */
  readonly span: string
  call(of: Call): Promise<Answer>
  /** Waits until the views have followed the log to its end. */
  viewsFollow(): Promise<void>
  close(): Promise<void>
}

/** A sale record without its number. */
export const sale = (at: number, nozzle = '1', volumeMillilitres = 30_000): Record<string, unknown> => ({
  at,
  kind: 'sale',
  nozzle,
  volumeMillilitres,
  totalMillilitres: 1_000_000,
  startedAt: at - 60_000,
  source: 'pulse',
})

/** A clock that goes on from noon of this day: a test that asks for what was sold today must not run into tomorrow. */
export function fromNoon(): () => number {
  const ahead = dayStart(dayIndex(Date.now())) + 12 * HOUR_MS - Date.now()
  return () => Date.now() + ahead
}

/** Opens the stand, at noon unless told otherwise, and fills it over the very ways that collectors and administrators use. */
export async function openApiStand(options: StandOptions = {}): Promise<ApiStand> {
  const stand = await openStand({ clock: fromNoon(), ...options })
  const now = stand.server.context.clock.now()
  const admin = (await readFile(join(stand.data, 'admin-token'), 'utf8')).trim()
  const call = (of: Call): Promise<Answer> => callServer(stand, of)
  const site = { ...siteOf('S001'), effectiveAt: now - 100 * HOUR_MS }
  const registered = await call({ method: 'POST', path: '/api/registry/sites', body: site, token: admin })
  expect(registered.status).toBe(200)
  const collector = await stand.enrol(DEVICE)
  tell(collector, now, now - 2 * HOUR_MS)
  expect(await collector.send(collector.price.batch(1, 2))).toMatchObject({ outcome: 'stored' })
  expect(await collector.send(collector.volume.batch(1, 8))).toMatchObject({ outcome: 'stored' })
  const viewsFollow = async (): Promise<void> => {
    const { context } = stand.server
    const target = context.nextPosition()
    await until('the views follow', () => (context.followerPosition('views') ?? 0) >= target)
  }
  await viewsFollow()
  return {
    stand,
    collector,
    admin,
    now,
    span: `from=${dayStart(dayIndex(now) - 1)}&to=${dayStart(dayIndex(now) + 1)}`,
    call,
    viewsFollow,
    close: async () => {
      await collector.close()
      await stand.close()
    },
  }
}

async function callServer(stand: Stand, of: Call): Promise<Answer> {
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

function tell(collector: Collector, now: number, earlier: number): void {
  collector.price.write({ at: now - 50 * HOUR_MS, kind: 'price', nozzle: '1', priceFenPerLitre: 750 })
  collector.price.write({
    at: earlier,
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
    sale(earlier),
    sale(earlier + 1, '2', 20_000),
    sale(earlier + 2, '9'),
    {
      at: earlier,
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
      at: earlier,
      kind: 'delivery',
      tank: '2',
      startedAt: earlier - HOUR_MS,
      startMillilitres: 1_000_000,
      endMillilitres: 9_000_000,
      startMicrometres: 1,
      endMicrometres: 2,
      startCentiCelsius: 1,
      endCentiCelsius: 2,
    },
    { at: earlier, kind: 'line', nozzle: '2', state: 'cut', loopOhms: 9_999_999, phase: 'unknown' },
    { at: earlier, kind: 'health', event: 'mains-lost', subject: '' },
    {
      at: earlier,
      kind: 'load',
      arm: 'A1',
      batch: 1,
      volumeMillilitres: 5_000_000,
      volume20Millilitres: 4_990_000,
      temperatureCentiCelsius: 2_200,
      totalMillilitres: 5_000_000,
      startedAt: earlier - HOUR_MS,
    },
  )
}
