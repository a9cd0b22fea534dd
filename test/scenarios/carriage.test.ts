import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { enrolSite, nextBatch, type SignedBatch, testLanes, testSite } from '../fleet/fleet.ts'
import { Foreigner, haveMosquitto, mosquittoArguments } from '../fleet/foreigner.ts'
import { Platform } from '../fleet/platform.ts'
import { Sender } from '../fleet/sender.ts'
import { type Authority, callJson, makeAuthority } from '../fleet/tls.ts'
import { eventually } from './world.ts'

/** Peers that are not ours, over TLS under an authority that only this house knows. */

const folder = mkdtempSync(join(tmpdir(), 'oiltrail-peers-'))
const FOREIGN = 3
let authority: Authority
let platform: Platform
let sender: Sender

beforeAll(async () => {
  expect(haveMosquitto(), 'mosquitto-clients must be installed / 请安装 mosquitto-clients').toBe(true)
  authority = makeAuthority(folder)
  platform = new Platform({
    env: {
      OILTRAIL_TLS_CERT: authority.certFile,
      OILTRAIL_TLS_KEY: authority.keyFile,
      OILTRAIL_MQTT_PORT: 'off',
      OILTRAIL_MQTTS_PORT: '0',
    },
  })
  await platform.start()
}, 120_000)

afterAll(async () => {
  await sender?.close()
  await platform?.end('SIGKILL')
  platform?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const ask = <T>(path: string, body?: unknown): Promise<T> =>
  callJson<T>(`${platform.base}${path}`, { body, token: platform.adminToken, ca: authority.pem })

it('Z4 C5: another maker’s collector, made of openssl and mosquitto from the format’s text alone, is enrolled, believed and counted', async () => {
  const site = testSite(FOREIGN)
  const device = `520327-${site.site}-A`
  await ask('/api/registry/sites', site)
  const { code } = await ask<{ code: string }>('/api/enrol-codes', {
    device,
    site: site.site,
    validSeconds: 600,
  })
  const volume = new Foreigner(folder, device, 'volume')
  const price = new Foreigner(folder, device, 'price')
  await Foreigner.enrol(platform.base, authority.pem, code, [volume, price])

  const at = Date.now() - 60_000
  const prices = price.batch([{ at: at - 3_600_000, kind: 'price', nozzle: '1', priceFenPerLitre: 753 }])
  expect(await price.publish(platform.mqtt, authority.caFile, prices)).toMatchObject({
    outcome: 'stored',
    last: 1,
  })
  const sold = {
    at,
    kind: 'sale',
    nozzle: '1',
    volumeMillilitres: 32_450,
    totalMillilitres: 998_877_660,
    startedAt: at - 52_000,
    source: 'pulse',
    pulses: 3_245,
  }
  const sales = volume.batch([
    sold,
    { at: at + 1, kind: 'health', event: 'heartbeat', subject: '', value: 0 },
  ])
  const receipt = await volume.publish(platform.mqtt, authority.caFile, sales)
  expect(receipt).toMatchObject({ v: 1, outcome: 'stored', device, channel: 'volume', first: 1, last: 2 })
  expect(await volume.publish(platform.mqtt, authority.caFile, sales), 'sent again').toMatchObject({
    outcome: 'stored',
    code: 'REPLAYED',
    position: receipt.position,
  })
  const counted = await eventually(
    'the sale',
    20,
    () => ask<{ amountFen?: number }[]>(`/api/sites/${site.site}/sales?from=${at - 1_000}&to=${at + 1_000}`),
    (rows) => rows[0]?.amountFen !== undefined,
  )
  // 32.45 L × 7.53 yuan
  expect(counted).toMatchObject([{ volumeMillilitres: 32_450, priceFenPerLitre: 753, amountFen: 24_435 }])

  const forged = Buffer.from(
    volume
      .batch([{ ...sold, at: at + 2_000 }])
      .toString()
      .replace('32450', '32451'),
  )
  expect(await volume.publish(platform.mqtt, authority.caFile, forged)).toMatchObject({ outcome: 'refused' })
}, 60_000)

it('C5 Z2: publishers of garbage, strangers and floods disturb nobody: every batch of an honest collector is answered meanwhile', async () => {
  const lanes = testLanes(0, 'Ed25519')
  const token = await enrolSite(platform.base, platform.adminToken, 0, lanes, authority.pem)
  sender = new Sender(platform.mqtt, 'honest', lanes[0]!.device, token, authority.pem)
  const sent: SignedBatch[] = []
  const flow = setInterval(() => {
    const batch = nextBatch(lanes[sent.length % 2]!, 5, Date.now())
    sent.push(batch)
    sender.send(batch)
  }, 40)
  try {
    const garbage = join(folder, 'garbage')
    for (const [i, bytes] of [17, 4_096, 262_144, 300_000].entries()) {
      writeFileSync(garbage, i === 1 ? 'x'.repeat(bytes) : randomBytes(bytes))
      const { device } = lanes[0]!
      // Enrolled, but it talks nonsense; a stranger; one who wants to be heard as somebody else’s receipt.
      await mosquitto([
        '-f',
        garbage,
        ...mosquittoArguments(platform.mqtt, authority.caFile, `g${i}`, device, token),
      ])
      expect(
        await mosquitto([
          '-f',
          garbage,
          ...mosquittoArguments(platform.mqtt, authority.caFile, `s${i}`, device, 'no'),
        ]),
      ).not.toBe(0)
      await mosquitto([
        ...['-m', '{"v":1,"outcome":"refused"}', '-t', 'oiltrail/v1/receipt/honest'],
        ...mosquittoArguments(platform.mqtt, authority.caFile, `f${i}`, device, token).slice(0, -2),
      ])
      await rawGarbage(randomBytes(bytes))
    }
  } finally {
    clearInterval(flow)
  }
  await sender.settled(20)
  expect(sent.length).toBeGreaterThan(3)
  expect(sender.promised.size).toBe(sent.length)
  expect([sender.refused, sender.retries]).toEqual([[], []])
  // What comes too often is counted, and stated in a summary a little later.
  await eventually(
    'the nonsense on record',
    30,
    () => ask<{ byCode: { code: string; batches: number }[] }>('/api/log/refusals'),
    ({ byCode }) => (byCode.find(({ code }) => code === 'MALFORMED')?.batches ?? 0) >= 3,
  )
}, 90_000)

/** Runs mosquitto_pub; resolves with its exit code. */
function mosquitto(args: readonly string[]): Promise<number | string | null | undefined> {
  return new Promise((done) => {
    execFile('mosquitto_pub', args, { timeout: 10_000 }, (error) => done(error ? error.code : 0))
  })
}

/** Bytes that are neither TLS nor MQTT, straight into the port. */
function rawGarbage(bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(platform.mqtt)
  return new Promise((done) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    socket.on('error', () => undefined) // Being thrown out is what it asks for.
    socket.on('close', () => done())
    socket.resume()
  })
}
