import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
import { testSite } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { callJson } from '../fleet/tls.ts'
import { eventually } from '../scenarios/world.ts'

/** The real collector before the real server over TLS, under an authority that only this house knows. */

const SITE = testSite(0)
const DEVICE = `520327-${SITE.site}-A`
const MILLILITRES_PER_PULSE = 10
/** An outage is long enough to see that nothing gets through, and that the collector tried. */
const PATIENCE_SECONDS = 60

let program: string
let folder: string
let platform: Platform
let collector: TestCollector
let board: TestBoard
let pulses: TestModule
let pulseCount: number

beforeAll(async () => {
  program = await bundleCollector()
})
afterAll(() => rmSync(dirname(program), { recursive: true, force: true }))

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oiltrail-tls-'))
  board = await testBoard('ytsf', [1])
  pulses = await testModule(144)
  pulseCount = 40_000
  placePulses(pulses, pulseCount)
  placeBox(pulses)
  collector = await TestCollector.make(program)
})

afterEach(async () => {
  await collector.remove()
  await platform?.end('SIGKILL')
  platform?.remove()
  await board.unplug()
  await pulses.unplug()
  rmSync(folder, { recursive: true, force: true })
})

const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** An authority of its own; returns the file that its clients need. */
function authority(name: string): string {
  openssl(
    ...['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
  )
  return join(folder, `${name}.pem`)
}

/** Puts a certificate where the server looks for it: for `host`, by `by`, running out in so many days. */
function certify(by: string, host = 'IP:127.0.0.1', days = 2): void {
  writeFileSync(join(folder, 'names'), `subjectAltName=${host}\n`)
  openssl('req', ...NEW_KEY, '-subj', '/CN=platform', '-keyout', 'server.key', '-out', 'server.csr')
  openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'],
    ...['-days', String(days), '-extfile', 'names', '-out', 'server.pem'],
  )
}

async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  await new Promise((closed) => server.close(closed))
  return String(port)
}

async function startPlatform(): Promise<void> {
  platform = new Platform({
    env: {
      OILTRAIL_TLS_CERT: join(folder, 'server.pem'),
      OILTRAIL_TLS_KEY: join(folder, 'server.key'),
      OILTRAIL_MQTT_PORT: 'off',
      OILTRAIL_MQTTS_PORT: await freePort(),
    },
  })
  await platform.start()
}

/** What a person asks of the platform, who trusts whatever certificate it shows at the moment. */
const ask = <T>(path: string, body?: unknown): Promise<T> =>
  callJson<T>(`${platform.base}${path}`, {
    body,
    token: platform.adminToken,
    ca: readFileSync(join(folder, 'house.pem')),
  })

async function enrolCode(): Promise<string> {
  await ask('/api/registry/sites', SITE)
  const { code } = await ask<{ code: string }>('/api/enrol-codes', {
    device: DEVICE,
    site: SITE.site,
    validSeconds: 3_600,
  })
  return code
}

async function configure(uplink: 'mqtts' | 'https', ca: string, code: string): Promise<void> {
  await collector.configure({
    uplink: uplink === 'mqtts' ? platform.mqtt : platform.base,
    api: platform.base,
    ca,
    sites: [
      {
        device: DEVICE,
        enrolCode: code,
        volume: [
          {
            driver: 'pulse',
            port: pulses.address,
            unit: 1,
            nozzles: [{ nozzle: '1', input: 0, pulsesPerLitre: 100 }],
          },
        ],
        price: [
          { driver: 'taxport', port: board.address, dialect: 'ytsf', nozzles: [{ nozzle: '1', gun: 1 }] },
        ],
      },
    ],
  })
}

/** Starts the collector; what flows from now on must be on record, for it has looked at the counter. */
async function start(): Promise<void> {
  const { reads } = pulses
  collector.start()
  await eventually(
    'a first look',
    PATIENCE_SECONDS,
    async () => pulses.reads,
    (now) => now >= reads + 2,
  )
}

/** Five litres flow and are hung up. */
async function sell(): Promise<void> {
  for (let step = 0; step < 10; step++) {
    pulseCount += 50
    placePulses(pulses, pulseCount)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Records of the volume channel on the collector's own disk. */
async function kept(): Promise<number> {
  const report = await collector.command('spool', 'verify', collector.spool(DEVICE, 'volume'))
  expect(report.code, report.output).toBe(0)
  return (
    JSON.parse(report.output.split('\n').find((line) => line.startsWith('{"device"'))!) as { last: number }
  ).last
}

async function sold(): Promise<number> {
  const span = `from=${Date.now() - 86_400_000}&to=${Date.now() + 3_600_000}`
  const rows = await ask<{ volumeMillilitres: number }[]>(`/api/statistics?${span}&bucket=all&place=nozzle`)
  return rows[0]?.volumeMillilitres ?? 0
}

const said = (from: number, words: string): Promise<string> =>
  eventually(
    words,
    PATIENCE_SECONDS,
    async () => collector.log.slice(from),
    (log) => log.includes(words),
  )

/** The platform comes back with another certificate. */
async function recertify(by: string, host?: string, days?: number): Promise<void> {
  await platform.end('SIGTERM')
  certify(by, host, days)
  await platform.start()
}

it.each(['mqtts', 'https'] as const)(
  'Z4 C3: over %s a platform that cannot prove itself gets nothing, the log says why, and all arrives once it can',
  async (uplink) => {
    const house = authority('house')
    const stranger = authority('stranger')
    certify('house')
    await startPlatform()
    const code = await enrolCode()

    // Configured with the wrong authority: not even enrolled.
    await configure(uplink, stranger, code)
    await start()
    await said(0, '不是由所配置的 CA 签发')
    expect(collector.log).toContain('not by the configured authority')
    await sell()
    await eventually('records on disk', PATIENCE_SECONDS, kept, (last) => last >= 3)
    expect(await collector.stop()).toBe(0)
    expect(await sold()).toBe(0)

    // Mended in the file: everything arrives, what was kept as well.
    await configure(uplink, house, code)
    await start()
    await sell()
    await eventually('both sales', PATIENCE_SECONDS, sold, (volume) => volume === 2 * 5_000)

    // An enrolled collector, and a platform whose certificate has gone bad.
    for (const [by, host, days, words] of [
      ['house', 'IP:127.0.0.1', -1, '证书已过期'],
      ['house', 'DNS:elsewhere.invalid', 2, '不是发给此主机名的'],
      ['stranger', 'IP:127.0.0.1', 2, '不是由所配置的 CA 签发'],
    ] as const) {
      const from = collector.log.length
      expect(await collector.stop()).toBe(0)
      await recertify(by, host, days)
      await start()
      await said(from, words)
    }
    const before = await kept()
    await sell()
    await eventually('a third sale on disk', PATIENCE_SECONDS, kept, (last) => last > before)
    // It is renewed while the collector runs.
    const from = collector.log.length
    await recertify('house')
    await said(from, 'connected to the platform')
    await eventually('all sales', PATIENCE_SECONDS, sold, (volume) => volume === 3 * 5_000)
    const view = await ask<{ channels: { openGaps?: number }[]; nozzles: { totalMillilitres?: number }[] }>(
      `/api/sites/${SITE.site}`,
    )
    expect(view.channels.map(({ openGaps }) => openGaps ?? 0)).toEqual([0, 0])
    expect(view.nozzles[0]!.totalMillilitres).toBe(pulseCount * MILLILITRES_PER_PULSE)
    const refusals = await ask<{ byCode: unknown[] }>('/api/log/refusals')
    expect(refusals.byCode).toEqual([])
    // Tokens and codes stay out of the log, whatever goes wrong.
    expect(collector.log).not.toContain(code)
  },
  300_000,
)
