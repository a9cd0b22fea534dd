import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { bundleCollector, TestCollector } from '../../apps/edge/test/collector.ts'
import {
  placeBox,
  placePulses,
  type TestBoard,
  type TestModule,
  testBoard,
  testModule,
} from '../../apps/edge/test/devices.ts'
import { Platform } from '../fleet/platform.ts'
import { callJson } from '../fleet/tls.ts'
import { dataDirectory, eventually } from '../scenarios/world.ts'

/** A month without a network, then the network: how long until everything is in the log, and what becomes of the present meanwhile. */

/** How many sites one collector was cut off with; 21 are the county (`OILTRAIL_BACKFILL_SITES=21`). */
const SITES = Number(process.env.OILTRAIL_BACKFILL_SITES ?? 1)
const DAYS = 30
/** The goal for a site by the clock, platform and all; and for the collector's own work, however many sites it hosts. */
const LONGEST_BACKFILL_SECONDS = 40
/** Ticks of /proc a second, on every Linux of ours. */
const TICKS_PER_SECOND = 100
/** A nozzle that runs is stated every 5 s: what comes later than the next statement was starved by the past. */
const LATEST_LIVE_MS = 5_000
const PULSE_STEP_MS = 200
const PATIENCE_SECONDS = 240
const SIMULATOR = fileURLToPath(new URL('../../dist/simulator.mjs', import.meta.url))

interface Registered {
  readonly sites: readonly { readonly site: string }[]
  readonly devices: readonly { readonly device: string; readonly site: string }[]
}
interface ChannelView {
  readonly device: string
  readonly channel: string
  readonly lastSeq: number
  readonly missingRecords: number
}
interface EntryView {
  readonly position: number
  readonly receivedAt: number
  readonly channel?: string
  readonly firstSeq?: number
  readonly lastSeq?: number
}

let program: string
let folder: string
let platform: Platform
let collector: TestCollector
let board: TestBoard
let pulses: TestModule
let pump: NodeJS.Timeout | undefined
let codes: Map<string, string>

beforeAll(async () => {
  program = await bundleCollector()
})
afterAll(() => rmSync(dirname(program), { recursive: true, force: true }))
beforeEach(async () => {
  folder = dataDirectory()
  codes = new Map()
  platform = new Platform()
  await platform.start()
  board = await testBoard('ytsf', [1])
  pulses = await testModule(144)
  placePulses(pulses, 1_000)
  placeBox(pulses)
  collector = await TestCollector.make(program)
})
afterEach(async () => {
  clearInterval(pump)
  await collector.remove()
  await platform.end('SIGKILL')
  platform.remove()
  await board.unplug()
  await pulses.unplug()
  rmSync(folder, { recursive: true, force: true })
})

const ask = <T>(path: string, body?: unknown): Promise<T> =>
  callJson<T>(`${platform.base}${path}`, { body, token: platform.adminToken })

/** The first of the county's boxes has live devices; the others have only their past. */
async function configure(chosen: Registered['devices']): Promise<void> {
  const { sites } = JSON.parse(readFileSync(join(folder, 'sites.json'), 'utf8')) as Registered
  for (const site of sites) await ask('/api/registry/sites', site)
  const configured: object[] = []
  for (const [i, { device, site }] of chosen.entries()) {
    const { code } = await ask<{ code: string }>('/api/enrol-codes', { device, site, validSeconds: 3_600 })
    codes.set(device, code)
    const tax = { driver: 'taxport', dialect: 'ytsf', nozzles: [{ nozzle: '1', gun: 1 }] }
    configured.push({
      device,
      enrolCode: code,
      volume:
        i === 0
          ? [
              {
                driver: 'pulse',
                port: pulses.address,
                unit: 1,
                nozzles: [{ nozzle: '1', input: 0, pulsesPerLitre: 100 }],
              },
            ]
          : [],
      price: [i === 0 ? { ...tax, port: board.address } : { ...tax, port: `tcp://127.0.0.1:${i}` }],
    })
  }
  await collector.configure({
    uplink: platform.mqtt,
    api: platform.base,
    history: join(folder, 'history'),
    sites: configured,
  })
}

/** Number of the newest record in a spool; 0 before there is one. */
async function lastOnDisk(device: string, channel: string): Promise<number> {
  const { code, output } = await collector.command('spool', 'verify', collector.spool(device, channel))
  const line = output.split('\n').find((each) => each.startsWith('{"device"'))
  return code === 0 && line ? (JSON.parse(line) as { last: number }).last : 0
}

/** How long each live batch of a channel took from its newest record to the log, while the backlog went beside it. */
async function liveDelays(device: string, backlog: number, since: number): Promise<number[]> {
  const delays: number[] = []
  let before = ''
  for (;;) {
    const page = await ask<EntryView[]>(`/api/log/entries?type=batch&device=${device}&limit=200${before}`)
    for (const { position, receivedAt, channel, firstSeq, lastSeq } of page) {
      if (channel !== 'volume' || firstSeq === undefined || firstSeq <= backlog) continue
      const { raw } = await ask<{ raw: string }>(`/api/log/entries/${position}`)
      const line = Buffer.from(raw, 'base64')
        .toString()
        .split('\n')
        .at(1 + lastSeq! - firstSeq)!
      const { at } = JSON.parse(line) as { at: number }
      if (at > since) delays.push(receivedAt - at)
    }
    if (page.length < 200) return delays
    before = `&before=${page.at(-1)!.position}`
  }
}

/** CPU that both channel processes have used so far. */
function collectorCpuSeconds(): number {
  return ['volume', 'price'].reduce((sum, channel) => {
    const stat = readFileSync(`/proc/${collector.pidOf(channel)}/stat`, 'utf8')
    const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number)
    return sum + (user + system) / TICKS_PER_SECOND
  }, 0)
}

it('C3: a month of records is in the log within 40 s after an outage, and what happens meanwhile arrives as it happens', async () => {
  execFileSync(process.execPath, [
    SIMULATOR,
    ...['--dir', folder, '--seed', '7', '--days', String(DAYS), '--history-only'],
  ])
  const { devices } = JSON.parse(readFileSync(join(folder, 'sites.json'), 'utf8')) as Registered
  // The second site is the busiest of this county.
  const chosen = [devices[1]!, ...devices.filter((_, i) => i !== 1)].slice(0, SITES)
  const live = chosen[0]!.device
  await configure(chosen)
  // Enrolled, and cut off before anything could be sent.
  for (const [device, code] of codes) {
    const enrolled = await collector.command(
      ...['enrol', '--config', collector.configFile, '--device', device, '--code', code],
    )
    expect(enrolled.code, enrolled.output).toBe(0)
  }
  await platform.end('SIGTERM')
  collector.start()
  const backlog = new Map<string, number>()
  for (const { device } of chosen)
    for (const channel of ['volume', 'price']) {
      const lines =
        readFileSync(join(folder, 'history', `${device}.${channel}.jsonl`), 'utf8').split('\n').length - 1
      await eventually(
        `the month of ${device} ${channel} on the collector’s disk`,
        PATIENCE_SECONDS,
        () => lastOnDisk(device, channel),
        (last) => last >= lines,
      )
      backlog.set(`${device} ${channel}`, lines)
    }
  await eventually(
    'the live devices',
    PATIENCE_SECONDS,
    async () => pulses.reads,
    (reads) => reads > 2,
  )
  const records = [...backlog.values()].reduce((sum, last) => sum + last, 0)
  expect(records).toBeGreaterThan(50_000)

  await platform.start()
  let count = 1_000
  pump = setInterval(() => {
    count += 5
    placePulses(pulses, count)
  }, PULSE_STEP_MS)
  await eventually(
    'the network',
    60,
    async () => collector.log,
    (log) => log.split('connected to the platform').length > 2,
  )
  const connectedAt = Date.now()
  const cpuBefore = collectorCpuSeconds()
  await eventually(
    'the month in the log',
    PATIENCE_SECONDS,
    () => ask<ChannelView[]>('/api/channels'),
    (channels) =>
      channels.length === backlog.size &&
      channels.every(
        ({ device, channel, lastSeq, missingRecords }) =>
          missingRecords === 0 && lastSeq >= backlog.get(`${device} ${channel}`)!,
      ),
  )
  const seconds = (Date.now() - connectedAt) / 1_000
  const cpuSeconds = collectorCpuSeconds() - cpuBefore
  // A fast back-fill is over before anything has happened: the first that does is waited for.
  const delays = await eventually(
    'what happened meanwhile',
    PATIENCE_SECONDS,
    () => liveDelays(live, backlog.get(`${live} volume`)!, connectedAt),
    (found) => found.length > 0,
  )
  delays.sort((a, b) => a - b)
  const [median, late] = [delays[Math.floor(delays.length / 2)], delays[Math.floor(delays.length * 0.9)]]
  process.stdout.write(
    `back-fill of ${records} records of ${SITES} site(s): ${seconds.toFixed(1)} s, ${Math.round(records / seconds)} records/s, ` +
      `CPU of the collector ${cpuSeconds.toFixed(1)} s; ` +
      `${delays.length} live batches meanwhile, record to log: median ${median} ms, 90 % within ${late} ms\n`,
  )
  expect(cpuSeconds).toBeLessThanOrEqual(LONGEST_BACKFILL_SECONDS)
  // How long a whole county takes is the platform's figure as much as the collector's.
  if (SITES === 1) expect(seconds).toBeLessThanOrEqual(LONGEST_BACKFILL_SECONDS)
  expect(late).toBeLessThanOrEqual(LATEST_LIVE_MS)
  expect((await ask<{ byCode: unknown[] }>('/api/log/refusals')).byCode).toEqual([])
}, 900_000)
