import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { enrolSite, type Lane, nextBatch, type SignedBatch, testLanes } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { Sender } from '../fleet/sender.ts'
import { type Certificate, callJson, makeCertificate } from '../fleet/tls.ts'
import { eventually } from './world.ts'

/** Each test starts several servers, some of them twice. */
const SLOW = { timeout: 180_000 }

/** C5: what travels is encrypted, and the data goes on to other platforms. Real servers, real TLS. */

let folder: string
let certificate: Certificate
const platforms: Platform[] = []
let sender: Sender | undefined

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'oiltrail-tls-'))
  certificate = makeCertificate(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  await sender?.close()
  sender = undefined
  for (const platform of platforms.splice(0)) {
    await platform.end('SIGKILL')
    platform.remove()
  }
})

function platform(env: NodeJS.ProcessEnv = {}): Platform {
  const made = new Platform({ env })
  platforms.push(made)
  return made
}

/** A platform that speaks nothing but TLS. */
function encrypted(): Platform {
  return platform({
    OILTRAIL_TLS_CERT: certificate.certFile,
    OILTRAIL_TLS_KEY: certificate.keyFile,
    OILTRAIL_MQTT_PORT: 'off',
    OILTRAIL_MQTTS_PORT: '0',
  })
}

/** Wider than every record of these tests. */
const EVER = `from=${Date.now() - 30 * 86_400_000}&to=${Date.now() + 86_400_000}`

function statistics(of: Platform): Promise<{ volumeMillilitres: number; sales: number }[]> {
  const url = `${of.base}/api/statistics?${EVER}&bucket=day&place=nozzle&byGrade=true`
  return callJson(url, { ca: certificate.pem })
}

function notices(of: Platform): Promise<{ ok: boolean; notices: string[] }> {
  return callJson(`${of.base}/readyz`, { ca: certificate.pem })
}

it('C5: a collector speaks MQTT over TLS, and plain text on that port gets no answer', SLOW, async () => {
  const house = encrypted()
  await house.start()
  expect(house.mqtt).toMatch(/^mqtts:/)
  const lanes = testLanes(0)
  const token = await enrolSite(house.base, house.adminToken, 0, lanes, certificate.pem)
  sender = new Sender(house.mqtt, 'tls-test', lanes[0]!.device, token, certificate.pem)
  sender.send(nextBatch(lanes[0]!, 5, Date.now()))
  await sender.settled(20)
  expect(sender.promised.size).toBe(1)

  const first = await firstByte(new URL(house.mqtt), lanes[0]!.device, token)
  expect(first, 'a CONNACK begins with 0x20').not.toBe(0x20)
  const stranger = new Sender(house.mqtt, 'tls-stranger', lanes[0]!.device, token)
  stranger.send(nextBatch(lanes[1]!, 1, Date.now()))
  await expect(stranger.settled(2)).rejects.toThrow(/without a receipt/)
  await stranger.close()
})

/** The first byte that a port answers to an MQTT CONNECT in plain text; undefined when it only hangs up. */
function firstByte(url: URL, user: string, password: string): Promise<number | undefined> {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.of(value.length >> 8, value.length & 255), Buffer.from(value)])
  const rest = Buffer.concat([
    text('MQTT'),
    Buffer.of(4, 0xc2, 0, 60),
    text('plain'),
    text(user),
    text(password),
  ])
  return new Promise((answer) => {
    const socket = connectPlain(Number(url.port), url.hostname)
    socket.on('connect', () => socket.write(Buffer.concat([Buffer.of(0x10, rest.length), rest])))
    socket.once('data', (bytes) => {
      answer(bytes[0])
      socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => answer(undefined))
  })
}

it(
  'C5: every accepted batch is handed on over HTTPS and counts there the same; nothing waits for the other side',
  SLOW,
  async () => {
    const other = encrypted()
    await other.start()
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, `${other.adminToken}\n`, { mode: 0o600 })
    const size = async (): Promise<number> =>
      (await callJson<{ log: { size: number } }>(`${other.base}/api/overview`, { ca: certificate.pem })).log
        .size
    await other.end('SIGTERM')

    // The other platform is away: the house works all the same and says what waits.
    const house = platform({
      OILTRAIL_SHARE_URL: other.base,
      OILTRAIL_SHARE_TOKEN_FILE: tokenFile,
      OILTRAIL_SHARE_CA: certificate.certFile,
    })
    await house.start()
    const lanes: Lane[] = []
    let token = ''
    for (let i = 0; i < 3; i++) {
      const pair = testLanes(i)
      token = await enrolSite(house.base, house.adminToken, i, pair)
      lanes.push(...pair)
    }
    sender = new Sender(house.mqtt, 'share-test', lanes.at(-1)!.device, token)
    const sent: SignedBatch[] = []
    const flow = async (rounds: number): Promise<void> => {
      for (let i = 0; i < rounds; i++)
        for (const lane of lanes) {
          const batch = nextBatch(lane, 1 + ((i * 7) % 20), Date.now() - (rounds - i) * 60_000)
          sent.push(batch)
          sender!.send(batch)
        }
      await sender!.settled(30)
    }
    await flow(5)
    const waiting = await eventually(
      'a notice',
      10,
      () => notices(house),
      (ready) => ready.notices.length > 0,
    )
    expect(waiting).toMatchObject({ ok: true, notices: [expect.stringContaining('waits')] })

    await other.start()
    await flow(5)
    const equal = async (): Promise<boolean> =>
      JSON.stringify(await statistics(other)) === JSON.stringify(await statistics(house)) &&
      (await statistics(house)).reduce((sum, row) => sum + row.sales, 0) ===
        sent.reduce((sum, batch) => sum + batch.sales, 0)
    await eventually('the same statistics on both platforms', 90, equal, (same) => same)
    expect((await statistics(other)).length).toBeGreaterThan(10)
    await eventually(
      'no notices',
      5,
      () => notices(house),
      (ready) => ready.notices.length === 0,
    )

    // A crash in between: the same entry may be offered twice, and stands there once.
    await house.end('SIGKILL')
    await house.start()
    await flow(2)
    await eventually('the same statistics after a crash', 60, equal, (same) => same)
    // The size is read from the checkpoint, which follows the log by up to a second.
    await eventually('every entry once and sealed', 20, size, (seen) => seen >= sent.length + 6)
    // On a slow machine the log's own clock may have ticked in between, once a minute.
    expect(await size()).toBeLessThanOrEqual(sent.length + 6 + 2)
  },
)

it(
  'C5: what the other platform refuses is on record here and taken up again at the next start',
  SLOW,
  async () => {
    const other = encrypted()
    await other.start()
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, other.adminToken, { mode: 0o600 })
    const house = platform({
      OILTRAIL_SHARE_URL: other.base,
      OILTRAIL_SHARE_TOKEN_FILE: tokenFile,
      OILTRAIL_SHARE_CA: certificate.certFile,
    })
    await house.start()
    const pair = testLanes(0)
    const token = await enrolSite(house.base, house.adminToken, 0, pair)
    sender = new Sender(house.mqtt, 'refuse-test', pair[0]!.device, token)
    sender.send(nextBatch(pair[0]!, 3, Date.now()))
    await sender.settled(20)
    const sales = async (of: Platform): Promise<number> =>
      (await statistics(of)).reduce((sum, row) => sum + row.sales, 0)
    await eventually(
      'the first batch over there',
      20,
      () => sales(other),
      (count) => count === 3,
    )

    const { device } = pair[0]!
    const admin = { ca: certificate.pem, token: other.adminToken }
    await callJson(`${other.base}/api/devices/${device}/revoke`, { ...admin, body: { reason: 'test' } })
    sender.send(nextBatch(pair[0]!, 4, Date.now()))
    await sender.settled(20)
    const told = await eventually(
      'the refusal',
      20,
      () => notices(house),
      (ready) => ready.notices.length > 0,
    )
    expect(told).toMatchObject({ ok: true, notices: [expect.stringContaining('refused 1 entries')] })
    const metrics = await (await fetch(`${house.base}/metrics`)).text()
    expect(metrics).toMatch(/oiltrail_share_refused\{target="https:[^"]+"\} 1\n/)
    expect(await sales(other)).toBe(3)

    const statement = {
      v: 1,
      action: 'device-enrolled',
      actor: 'administrator',
      at: Date.now(),
      device,
      site: pair[0]!.site,
      keys: pair.map(({ channel, key }) => ({
        channel,
        algorithm: key.signer.algorithm,
        publicKey: Buffer.from(key.signer.publicKey).toString('base64'),
      })),
    }
    await callJson(`${other.base}/api/share/statements`, { ...admin, body: statement })
    await house.end('SIGTERM')
    await house.start()
    await eventually(
      'the refused batch over there',
      30,
      () => sales(other),
      (count) => count === 7,
    )
    await eventually(
      'no notices',
      5,
      () => notices(house),
      (ready) => ready.notices.length === 0,
    )
  },
)

it('C5: nothing is handed on to a platform whose certificate nobody vouches for', SLOW, async () => {
  const other = encrypted()
  await other.start()
  const house = platform({ OILTRAIL_SHARE_URL: other.base })
  await house.start()
  const pair = testLanes(0)
  const token = await enrolSite(house.base, house.adminToken, 0, pair)
  sender = new Sender(house.mqtt, 'untrusted-test', pair[0]!.device, token)
  sender.send(nextBatch(pair[0]!, 3, Date.now()))
  await sender.settled(20)
  const told = await eventually(
    'a notice',
    20,
    () => notices(house),
    (ready) => ready.notices.length > 0,
  )
  expect(told.notices[0]).toContain('certificate')
})
