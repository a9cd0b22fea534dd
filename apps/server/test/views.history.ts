import type { RecordedFact, Site } from '@oiltrail/domain'
import { asciiBytes, type Channel, utf8Bytes } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import { moveCursor, type Store } from '@oiltrail/store'
import type { LogEntry } from '../src/log/entry.ts'
import type { ViewsFollower } from '../src/views/follower.ts'

/** Logs for tests of the views: made by hand from facts, without signatures, which views do not look at. */

/** 2026-01-05T00:00 China time. */
export const START = 1_767_542_400_000
const HOUR = 3_600_000
/** Every entry of a test log is received this late or later, so that no record lies in its future. */
export const RECEIVED = START + 100 * 24 * HOUR

/** A small generator of its own, so that the same seed gives the same history for ever. */
export function generator(seed: number): (below: number) => number {
  let state = (seed >>> 0) + 0x9e3779b9
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d)
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39)
    state = (state ^ (state >>> 15)) >>> 0
    return state % below
  }
}

/** A station with two tanks and three nozzles, and an arm when it is a depot. */
export function siteOf(code: string, changes: Partial<Site> = {}): Site {
  return {
    site: code,
    name: `${code}站`,
    kind: 'station',
    enterprise: { code: '915203270000000012', name: '模拟石油' },
    town: '520327001',
    longitude: 107.7,
    latitude: 27.9,
    tanks: [
      {
        tank: '1',
        grade: '92',
        capacityMillilitres: 3e7,
        safeFillMillilitres: 285e5,
        diameterMillimetres: 2500,
      },
      {
        tank: '2',
        grade: '0',
        capacityMillilitres: 3e7,
        safeFillMillilitres: 285e5,
        diameterMillimetres: 2500,
      },
    ],
    dispensers: [
      {
        dispenser: 'D1',
        maker: 'm',
        model: 'x',
        factoryNumber: '1',
        nozzles: [
          { nozzle: '1', tank: '1' },
          { nozzle: '2', tank: '2' },
        ],
      },
      { dispenser: 'D2', maker: 'm', model: 'x', factoryNumber: '2', nozzles: [{ nozzle: '3', tank: '1' }] },
    ],
    arms: [{ arm: 'A1', tank: '2' }],
    effectiveAt: START,
    ...changes,
  }
}

/** What a channel of a device recorded, `seq` from 1 on. */
export interface Stream {
  readonly device: string
  readonly channel: Channel
  readonly records: readonly RecordedFact[]
}

/** A random stream of one site over some days: sales, levels, loads, health, prices, receipts, and things not to be believed. */
export function randomStream(device: string, channel: Channel, seed: number, count: number): Stream {
  const random = generator(seed)
  const records: RecordedFact[] = []
  let at = START + random(HOUR)
  const totals = new Map<string, number>()
  for (let seq = 1; seq <= count; seq++) {
    at += random(20) === 0 ? 0 : random(HOUR)
    // A box whose clock was set back states earlier moments later in its chain.
    const moment = random(10) === 0 ? at - random(5 * HOUR) : at
    const fact = channel === 'volume' ? volumeFact(random, moment, totals) : priceFact(random)
    records.push({ seq, at: moment, ...fact } as RecordedFact)
  }
  return { device, channel, records }
}

function volumeFact(random: (below: number) => number, at: number, totals: Map<string, number>): object {
  const nozzle = String(1 + random(random(30) === 0 ? 4 : 3))
  const volumeMillilitres = 10 * random(8_000)
  const total = (totals.get(nozzle) ?? 0) + volumeMillilitres
  switch (random(10)) {
    case 0:
      return level(random)
    case 1:
      return { kind: 'flow', nozzle, state: random(2) ? 'idle' : 'fuelling', volumeMillilitres }
    case 2:
      return health(random)
    case 3:
      return { kind: 'line', nozzle, state: random(3) ? 'normal' : 'cut', loopOhms: 100, phase: 'a-leads' }
    case 4:
      return {
        kind: 'load',
        arm: 'A1',
        batch: random(1000),
        volumeMillilitres: volumeMillilitres * 100,
        volume20Millilitres: volumeMillilitres * 99,
        temperatureCentiCelsius: 2200,
        totalMillilitres: total,
        startedAt: at - random(HOUR),
      }
    case 5:
      return {
        kind: 'delivery',
        tank: String(1 + random(2)),
        startedAt: at - HOUR,
        startMillilitres: 1e6,
        endMillilitres: 9e6,
        startMicrometres: 1e5,
        endMicrometres: 1e6,
        startCentiCelsius: 2000,
        endCentiCelsius: 1900,
      }
    default:
      totals.set(nozzle, total)
      return {
        kind: 'sale',
        nozzle,
        volumeMillilitres,
        totalMillilitres: total,
        startedAt: at - random(600_000),
        source: random(2) ? 'pulse' : 'board',
      }
  }
}

function level(random: (below: number) => number): object {
  return {
    kind: 'level',
    tank: String(1 + random(2)),
    heightMicrometres: random(2_000_000),
    waterMicrometres: random(1_000),
    temperatureCentiCelsius: random(3_000),
    volumeMillilitres: random(30_000_000),
    correctedMillilitres: random(30_000_000),
    ullageMillilitres: random(30_000_000),
    statusBits: random(2),
  }
}

function health(random: (below: number) => number): object {
  const events = [
    'mains-lost',
    'mains-restored',
    'driver-silent',
    'driver-restored',
    'heartbeat',
    'cabinet-opened',
    'cabinet-closed',
    'clock-stepped',
  ]
  const event = events[random(events.length)]!
  return { kind: 'health', event, subject: event.startsWith('driver') ? `port${random(2)}` : '' }
}

function priceFact(random: (below: number) => number): object {
  const nozzle = String(1 + random(3))
  if (random(3) === 0) return { kind: 'price', nozzle, priceFenPerLitre: 700 + random(4) }
  if (random(8) === 0) return health(random)
  const volumeMillilitres = 10 * random(8_000)
  return {
    kind: 'receipt',
    nozzle,
    volumeMillilitres,
    amountFen: Math.round((volumeMillilitres * 701) / 1000),
    priceFenPerLitre: 701,
    boardTime: '050101',
    totalMillilitres: 1,
    totalFen: 1,
  }
}

/** A batch entry of part of a stream, without its place in the log. */
export function batchEntry(
  stream: Stream,
  first: number,
  last: number,
): Omit<LogEntry, 'position' | 'receivedAt' | 'county'> {
  const lines = stream.records.slice(first - 1, last).map((record) => JSON.stringify(record))
  const zeros = '0'.repeat(64)
  const header = {
    v: 1,
    county: '520327',
    device: stream.device,
    channel: stream.channel,
    first,
    before: zeros,
    alg: 'SM2-SM3',
    key: '0'.repeat(16),
  }
  const trailer = { count: lines.length, head: zeros, sig: 'AAAA' }
  const raw = utf8Bytes([JSON.stringify(header), ...lines, JSON.stringify(trailer), ''].join('\n'))
  return {
    type: 'batch',
    device: stream.device,
    channel: stream.channel,
    firstSeq: first,
    lastSeq: last,
    leaf: asciiBytes('{}'),
    raw,
  }
}

/** Desk entries that register sites and enrol one device each, named `520327-<site>-A`. */
export function deskEntries(sites: readonly Site[]): Omit<LogEntry, 'position' | 'receivedAt' | 'county'>[] {
  return sites.flatMap((site) => [
    registration(site),
    {
      type: 'desk' as const,
      code: 'device-enrolled',
      leaf: asciiBytes('{}'),
      raw: encodeDesk({
        v: 1,
        action: 'device-enrolled',
        actor: 'test',
        at: START,
        device: `520327-${site.site}-A`,
        site: site.site,
        keys: [],
      }),
    },
  ])
}

/** A desk entry that registers a site. */
export function registration(site: Site): Omit<LogEntry, 'position' | 'receivedAt' | 'county'> {
  return {
    type: 'desk',
    code: 'site-registered',
    leaf: asciiBytes('{}'),
    raw: encodeDesk({ v: 1, action: 'site-registered', actor: 'test', at: START, site }),
  }
}

/** Cuts a stream into batches of random sizes; some are sent twice with other boundaries. */
export function cut(stream: Stream, random: (below: number) => number): ReturnType<typeof batchEntry>[] {
  const batches: ReturnType<typeof batchEntry>[] = []
  for (let first = 1; first <= stream.records.length; ) {
    const last = Math.min(stream.records.length, first + random(12))
    batches.push(batchEntry(stream, first, last))
    if (random(6) === 0)
      batches.push(
        batchEntry(stream, Math.max(1, first - random(6)), Math.min(stream.records.length, last + random(6))),
      )
    first = last + 1
  }
  return batches
}

export function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  const rest = [...items]
  return items.map(() => rest.splice(random(rest.length), 1)[0]!)
}

/** Gives entries their places in a log. */
export function placed(
  county: number,
  entries: readonly Omit<LogEntry, 'position' | 'receivedAt' | 'county'>[],
): LogEntry[] {
  return entries.map((entry, position) => ({
    ...entry,
    county,
    position,
    receivedAt: RECEIVED + position * 1000,
  }))
}

/** Runs a follower over a log in rounds of given sizes, each in its own transaction. */
export async function run(
  store: Store,
  follower: ViewsFollower,
  log: readonly LogEntry[],
  roundSize: () => number,
): Promise<void> {
  await store.transaction((tx) => follower.reload(tx))
  for (let from = 0; from < log.length; ) {
    const entries = log.slice(from, from + roundSize())
    await store.transaction(async (tx) => {
      await follower.apply(tx, entries)
      await moveCursor(tx, log[0]!.county, follower.name, from, from + entries.length)
    })
    from += entries.length
    follower.committed(from)
  }
}

export const VIEW_TABLES = [
  'site',
  'tank',
  'nozzle',
  'nozzle_link',
  'sale',
  'receipt',
  'level',
  'delivery',
  'price',
  'other_fact',
  'refused_record',
  'sales_hour',
  'sales_day',
  'tank_hour',
  'tank_state',
  'nozzle_state',
  'channel_state',
  'gap',
] as const

/** All rows of all views of a county as text, without the columns named, in one order. */
export async function dump(
  store: Store,
  county: number,
  without: readonly string[] = [],
): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {}
  for (const table of VIEW_TABLES) {
    const { rows } = await store.pool.query<{ row: string }>(
      `select (to_jsonb(t) - $2::text[])::text as row from ${table} t where county = $1 order by 1`,
      [county, ['county', ...without]],
    )
    tables[table] = rows.map((each) => each.row)
  }
  return tables
}
