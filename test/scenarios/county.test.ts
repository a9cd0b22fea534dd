import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { amountFen, DAY_MS, hourIndex, hourStart } from '@oiltrail/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { witness } from '../fleet/witness.ts'
import { eventually, oiltrail, readJson, removeWorld, startWorld, type World } from './world.ts'

/** The requirements of the first slice against a whole running county, started as a user starts it. */

interface Sums {
  sales: number
  volumeMillilitres: number
  amountFen: number
  unpricedSales: number
}
interface Row extends Sums {
  bucket: number
  place: string
  grade?: string
}
interface Truth {
  at: number
  sites: {
    site: string
    device: string
    nozzles: { nozzle: string; meteredMillilitres: number; closingMillilitres: number }[]
    tanks: { tank: string }[]
  }[]
}
interface SiteAnswer {
  tanks: { tank: string; reading?: { at: number; volumeMillilitres: number } }[]
  nozzles: {
    nozzle: string
    line: string
    arm: boolean
    priceFenPerLitre?: number
    totalMillilitres?: number
  }[]
  channels: {
    channel: string
    online: boolean
    lastSeq: number
    faults: { event: string; subject: string }[]
  }[]
}
interface SaleRow {
  position: number
  seq: number
  volumeMillilitres: number
  priceFenPerLitre?: number
  amountFen?: number
  endedAt: number
  source: string
}

/** Faster than life, so that a quiet night still sells. */
const SPEED = 20
const DAYS = 3
let world: World
let truth: Truth

beforeAll(async () => {
  world = await startWorld({ seed: 11, days: DAYS, speed: SPEED })
  truth = readJson<Truth>(world, 'demo', 'county', 'truth.json')
}, 240_000)

afterAll(async () => {
  if (!world) return
  const end = await world.stop()
  expect(end, world.log().slice(-2_000)).toMatchObject({ code: 0 })
  expect(end.seconds).toBeLessThan(10)
  removeWorld(world)
})

/** Statistics of a span, by default of the full hours of the history. */
function statistics(query: string, from = firstHour(), to = lastHour()): Promise<Row[]> {
  return world.get<Row[]>(`/api/statistics?from=${from}&to=${to}&${query}`)
}
function firstHour(): number {
  return hourStart(hourIndex(truth.at - DAYS * DAY_MS) + 2)
}
function lastHour(): number {
  return hourStart(hourIndex(truth.at) - 1)
}
async function readIron(): Promise<Truth> {
  const { url } = readJson<{ url: string }>(world, 'demo', 'control.json')
  return (await (await fetch(`${url}/truth`)).json()) as Truth
}
/** What every dispenser has metered since the county began, by `site/nozzle`. */
function volumesOf(iron: Truth): Map<string, number> {
  return new Map(
    iron.sites.flatMap((site) =>
      site.nozzles.map((nozzle) => [`${site.site}/${nozzle.nozzle}`, nozzle.meteredMillilitres] as const),
    ),
  )
}
/** The same now, straight from the simulated iron. */
async function trueVolumes(): Promise<Map<string, number>> {
  return volumesOf(await readIron())
}
/** Whether the platform knows a nozzle's totalizer as it stands on the dispenser. */
async function totalizerAgrees(place: string): Promise<boolean> {
  const [site, code] = place.split('/') as [string, string]
  const shown = (await world.get<SiteAnswer>(`/api/sites/${site}`)).nozzles.find(
    (nozzle) => nozzle.nozzle === code,
  )
  const iron = (await readIron()).sites
    .find((one) => one.site === site)
    ?.nozzles.find((nozzle) => nozzle.nozzle === code)
  return shown?.totalMillilitres === iron?.closingMillilitres
}
async function control(path: string, body: unknown): Promise<void> {
  const { url } = readJson<{ url: string }>(world, 'demo', 'control.json')
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
}
const total = (rows: readonly Sums[], key: 'sales' | 'volumeMillilitres' | 'amountFen'): number =>
  rows.reduce((sum, row) => sum + row[key], 0)

describe('statistics', () => {
  it('S2: what the platform counted equals what the dispensers metered, nozzle by nozzle, to the millilitre', async () => {
    const past = volumesOf(truth)
    const open = new Set(past.keys())
    let whole = 0
    // A nozzle that is selling right now is ahead of its last finished sale; each is compared when it rests. What was sold
    // before a collector first read its nozzle is dark: shown by the totalizer, never invented as a sale.
    const compare = async (): Promise<string[]> => {
      const now = await trueVolumes()
      // A history begins at a midnight, up to a day before the days that were asked for.
      const rows = await statistics(
        'bucket=all&place=nozzle',
        truth.at - (DAYS + 2) * DAY_MS,
        truth.at + DAY_MS,
      )
      const counted = new Map(rows.map((row) => [row.place, row.volumeMillilitres]))
      for (const place of open) {
        const volume = counted.get(place) ?? 0
        if (volume === now.get(place)) whole++
        else if (volume < past.get(place)! || !(await totalizerAgrees(place))) continue
        open.delete(place)
      }
      return [...open]
    }
    await eventually('every nozzle to agree', 100, compare, (rest) => rest.length === 0)
    expect(whole, 'nozzles whose every litre is a sale on record').toBeGreaterThan(past.size / 2)
  }, 120_000)

  it('S2: every way of cutting the same span gives the same sums, and the exports too', async () => {
    const whole = (await statistics('bucket=all&place=county'))[0]!
    expect(whole.sales).toBeGreaterThan(10_000)
    for (const bucket of ['hour', 'day', 'month', 'year', 'all'])
      for (const place of ['county', 'town', 'enterprise', 'site', 'dispenser', 'nozzle'])
        for (const byGrade of ['false', 'true']) {
          if (bucket === 'hour' && (place === 'nozzle') !== (byGrade === 'true')) continue // large answers; one of each will do
          const rows = await statistics(`bucket=${bucket}&place=${place}&byGrade=${byGrade}`)
          const cut = `${bucket} × ${place} × ${byGrade}`
          for (const key of ['sales', 'volumeMillilitres', 'amountFen'] as const)
            expect(total(rows, key), cut).toBe(whole[key])
        }
    const bytesOf = async (kind: string): Promise<Uint8Array> =>
      new Uint8Array(
        await (
          await fetch(
            `${world.base}/api/statistics.${kind}?from=${firstHour()}&to=${lastHour()}&bucket=day&place=site`,
          )
        ).arrayBuffer(),
      )
    const csv = await bytesOf('csv')
    expect([...csv.subarray(0, 3)], 'byte order mark, so that spreadsheets read Chinese').toEqual([
      0xef, 0xbb, 0xbf,
    ])
    const lines = new TextDecoder().decode(csv).trim().split('\n')
    expect(lines.length).toBe((await statistics('bucket=day&place=site')).length + 1)
    expect([...(await bytesOf('xlsx')).subarray(0, 2)]).toEqual([0x50, 0x4b])
  }, 180_000)
})

describe('live', () => {
  it('S1 S3: sales, tank levels and stock arrive while one looks', async () => {
    const before = await world.get<{
      log: { size: number }
      today: Sums
      stock: { volumeMillilitres: number }[]
    }>('/api/overview')
    expect(before.stock.every((grade) => grade.volumeMillilitres > 0)).toBe(true)
    const event = await nextEvent('sale', 240)
    expect(event.volumeMillilitres).toBeGreaterThan(0)
    await eventually(
      'the log to grow',
      60,
      () => world.get<{ log: { size: number } }>('/api/overview'),
      (now) => now.log.size > before.log.size + 5,
    )
    for (const site of truth.sites) {
      const answer = await eventually(
        `fresh levels of ${site.site}`,
        60,
        () => world.get<SiteAnswer>(`/api/sites/${site.site}`),
        (view) =>
          view.tanks.every((tank) => tank.reading !== undefined && tank.reading.at > truth.at - DAY_MS),
      )
      expect(answer.tanks.map((tank) => tank.tank).sort()).toEqual(site.tanks.map((tank) => tank.tank).sort())
      expect(answer.channels.map((channel) => channel.online)).toEqual([true, true])
    }
  }, 300_000)

  it('C3: every priced sale of a station is volume × price, and every dispenser dialect reports prices', async () => {
    const prices = new Set<string>()
    for (const { site } of truth.sites.filter((one) => one.site.startsWith('S'))) {
      const sales = await world.get<SaleRow[]>(
        `/api/sites/${site}/sales?from=${firstHour()}&to=${lastHour()}&limit=200`,
      )
      expect(sales.length, site).toBeGreaterThan(20)
      for (const sale of sales)
        expect(sale.amountFen).toBe(amountFen(sale.volumeMillilitres, sale.priceFenPerLitre!))
      const { nozzles } = await world.get<SiteAnswer>(`/api/sites/${site}`)
      for (const nozzle of nozzles.filter((one) => !one.arm))
        expect(nozzle.priceFenPerLitre, `${site}/${nozzle.nozzle}`).toBeGreaterThan(300)
    }
    const edge = readFileSync(join(world.data, 'demo', 'county', 'edge.yaml'), 'utf8')
    for (const match of edge.matchAll(/dialect: "?([a-z0-9-]+)/g)) prices.add(match[1]!)
    expect(prices.size, 'C4: dialects in the county').toBeGreaterThan(1)
  })

  it('C2: mains lost and a cut signal line show at once and clear again', async () => {
    const site = truth.sites[0]!.site
    const view = (): Promise<SiteAnswer> => world.get<SiteAnswer>(`/api/sites/${site}`)
    const pulsed = (await view()).nozzles.find((nozzle) => nozzle.line === 'normal')!
    await control('/faults', { fault: `mains-out@${site}+0~40` })
    await control('/faults', { fault: `line-cut@${site}:${pulsed.nozzle}+0~40` })
    const mainsLost = (answer: SiteAnswer): boolean =>
      answer.channels.some((channel) => channel.faults.some((fault) => fault.event === 'mains-lost'))
    const line = (answer: SiteAnswer): string | undefined =>
      answer.nozzles.find((nozzle) => nozzle.nozzle === pulsed.nozzle)?.line
    await eventually('mains lost', 20, view, mainsLost)
    await eventually('line cut', 20, view, (answer) => line(answer) === 'cut')
    await eventually('mains back', 40, view, (answer) => !mainsLost(answer))
    await eventually('line back', 40, view, (answer) => line(answer) === 'normal')
  })

  it('C3: the price process killed, the volume channel goes on, the price channel comes back and says so', async () => {
    const site = truth.sites[1]!.site
    const seq = async (channel: string): Promise<number> =>
      (await world.get<SiteAnswer>(`/api/sites/${site}`)).channels.find((one) => one.channel === channel)!
        .lastSeq
    const pids = edgeProcesses(world, 'price')
    expect(pids.length).toBe(1)
    const before = await seq('volume')
    process.kill(pids[0]!, 'SIGKILL')
    await eventually(
      'volume records while price is down',
      60,
      () => seq('volume'),
      (now) => now > before,
    )
    await eventually(
      'a new price process',
      30,
      async () => edgeProcesses(world, 'price'),
      (now) => now.length === 1 && now[0] !== pids[0],
    )
    const priceBefore = await seq('price')
    await eventually(
      'price records again',
      60,
      () => seq('price'),
      (now) => now > priceBefore,
    )
  })
})

describe('evidence', () => {
  it('B1 C1: an outsider reads the whole log and finds every entry in the signed tree', async () => {
    const seen = await witness(world.base)
    expect(seen.size).toBeGreaterThan(100)
    expect(new Set(seen.leaves.map((leaf) => leaf.type))).toEqual(new Set(['batch', 'desk']))
  })

  it('B1 C5: an evidence file verifies offline, and one changed character is found', async () => {
    const file = join(world.data, 'evidence.jsonl')
    const vkey = join(world.data, 'vkey')
    writeFileSync(vkey, await (await fetch(`${world.base}/log/520327/vkey`)).text())
    const [from, to] = [String(firstHour()), String(lastHour())]
    const exported = await oiltrail([
      'export',
      file,
      '--site',
      'S001',
      '--from',
      from,
      '--to',
      to,
      '--data',
      world.data,
    ])
    expect(exported.code, exported.err).toBe(0)
    const good = await oiltrail(['verify', file, '--vkey', vkey])
    expect(good.code, good.out + good.err).toBe(0)
    const bytes = readFileSync(file)
    const middle = Math.floor(bytes.length / 2)
    bytes[middle] = bytes[middle] === 0x41 ? 0x42 : 0x41
    writeFileSync(file, bytes)
    const bad = await oiltrail(['verify', file, '--vkey', vkey])
    expect(bad.code, bad.out).toBe(1)
  })
})

/** The next stream event of a name, as JSON. */
async function nextEvent(name: string, seconds: number): Promise<Record<string, unknown>> {
  const answer = await fetch(`${world.base}/api/events`, { signal: AbortSignal.timeout(seconds * 1_000) })
  let text = ''
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      if (lines.includes(`event: ${name}`))
        return JSON.parse(lines.find((line) => line.startsWith('data: '))!.slice(6)) as Record<
          string,
          unknown
        >
    }
  }
  throw new Error(`no ${name} event`)
}

/** Process ids of the demo's collector processes for one channel, found the way an administrator finds them: in /proc. */
function edgeProcesses(of: World, channel: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return (
          line.some((word) => word.endsWith('edge.mjs')) &&
          line.includes(channel) &&
          line.some((word) => word.startsWith(of.data))
        )
      } catch {
        return false // It ended while we looked.
      }
    })
}
