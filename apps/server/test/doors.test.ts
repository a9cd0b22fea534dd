import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openAccess, readAdminToken } from '../src/access.ts'
import { readConfig } from '../src/config.ts'
import { FrameWatch } from '../src/gateway/frames.ts'
import { peekClaim } from '../src/intake/draft.ts'
import { RefusalMeter } from '../src/intake/refusals.ts'

/** An MQTT packet with a body of zeros. */
function packet(length: number): Uint8Array {
  const head = [0x30]
  let rest = length
  do {
    head.push((rest % 128) + (rest >= 128 ? 128 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  return bytes
}

/** Cuts bytes at some places. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length))
}

describe('the watch over MQTT packets', () => {
  test('lets every sequence of small packets pass, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (lengths, cuts) => {
          const watch = new FrameWatch(1_000)
          const all = Buffer.concat(lengths.map(packet))
          return pieces(all, cuts).every((piece) => watch.accepts(piece))
        },
      ),
    )
  })

  test('notices a packet above the limit before its body has come, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 4 }),
        fc.integer({ min: 1_001, max: 268_435_455 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (lengths, tooLong, cuts) => {
          const watch = new FrameWatch(1_000)
          const head = packet(0)
          const start = Buffer.concat([...lengths.map(packet), head.subarray(0, 1), lengthBytes(tooLong)])
          return pieces(start, cuts).some((piece) => !watch.accepts(piece))
        },
      ),
    )
  })

  test('refuses a length of more than four bytes', () => {
    expect(new FrameWatch().accepts(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01))).toBe(false)
  })

  test('takes junk of any kind without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
        new FrameWatch(500).accepts(junk)
      }),
    )
  })
})

function lengthBytes(length: number): Uint8Array {
  const bytes: number[] = []
  let rest = length
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Uint8Array.from(bytes)
}

describe('the claim of bytes that may be anything', () => {
  test('never fails, and names only what is well formed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (junk) => {
        const claim = peekClaim(junk)
        expect(claim.first).toBeGreaterThanOrEqual(0)
        expect(claim.last).toBeGreaterThanOrEqual(claim.first)
      }),
    )
  })

  test('reads header and trailer also when what is between them is broken', () => {
    const head = 'ab'.repeat(32)
    const text = `{"device":"520327-S1-A","channel":"price","first":7}\n\xff\xfe\n{"count":3,"head":"${head}"}\n`
    expect(peekClaim(Buffer.from(text, 'latin1'))).toEqual({
      device: '520327-S1-A',
      channel: 'price',
      first: 7,
      last: 9,
      head,
    })
  })
})

describe('the limit on refusals', () => {
  const problem = { code: 'MALFORMED', detail: '' } as const

  test('stores the first of a source, counts the rest, and comes back with time', () => {
    const meter = new RefusalMeter()
    const admit = (count: number, source: string, now: number): number =>
      Array.from({ length: count }, () => meter.admit(source, problem, now)).filter(Boolean).length
    expect(admit(100, 'noisy', 1_000)).toBe(30)
    expect(admit(3, 'quiet', 1_000)).toBe(3)
    expect(admit(100, 'noisy', 1_000 + 5 * 60_000)).toBe(5)
  })

  test('says once a minute how many it counted, of what and from whom', () => {
    const meter = new RefusalMeter()
    for (let i = 0; i < 50; i++) meter.admit('noisy', problem, 1_000)
    expect(meter.takeSummary(30_000)).toBeUndefined()
    expect(meter.takeSummary(61_000)).toMatchObject({
      suppressed: 20,
      byCode: { MALFORMED: 20 },
      bySource: [{ source: 'noisy', count: 20 }],
      from: 1_000,
      to: 61_000,
    })
    expect(meter.takeSummary(200_000)).toBeUndefined()
  })

  test('bounds a flood from ever new sources, in what is stored and in memory', () => {
    const meter = new RefusalMeter()
    let stored = 0
    for (let i = 0; i < 20_000; i++) if (meter.admit(`source ${i}`, problem, 1_000 + i)) stored++
    expect(stored).toBeLessThanOrEqual(302)
  })
})

describe('access', () => {
  test('tokens are made once, for the owner alone, and decide who reads and who administers', async () => {
    const data = await mkdtemp(join(tmpdir(), 'oiltrail-access-'))
    try {
      const open = await openAccess(data, false)
      const admin = await readAdminToken(data)
      const reader = (await readFile(join(data, 'reader-token'), 'utf8')).trim()
      expect((await stat(join(data, 'admin-token'))).mode & 0o777).toBe(0o600)
      await openAccess(data, false)
      expect(await readAdminToken(data)).toBe(admin)
      const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
      const cookie = (token: string) => ({ headers: { cookie: `a=b; oiltrail_token=${token}` } })
      expect([bearer(admin), bearer(reader), cookie(reader)].map((r) => open.mayRead(r))).toEqual([
        true,
        true,
        true,
      ])
      expect([{ headers: {} }, bearer('x'), cookie(`${reader}x`)].map((r) => open.mayRead(r))).toEqual([
        false,
        false,
        false,
      ])
      expect([bearer(admin), bearer(reader), cookie(admin)].map((r) => open.mayAdminister(r))).toEqual([
        true,
        false,
        false,
      ])
      const loopback = await openAccess(data, true)
      const asking = (host: string) => loopback.mayRead({ headers: { host } })
      expect(['127.0.0.1:8080', 'localhost:8080', 'LOCALHOST', '[::1]:80'].map(asking)).not.toContain(false)
      // A stranger's page whose name leads to this machine, and a proxy, ask by another name.
      for (const host of ['evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example', ''])
        expect(asking(host), host).toBe(false)
      expect(loopback.mayRead({ headers: { host: 'county.example', ...bearer(reader).headers } })).toBe(true)
    } finally {
      await rm(data, { recursive: true, force: true })
    }
  })
})

describe('the configuration', () => {
  const read = (flags: Record<string, string>, env: Record<string, string> = {}) =>
    readConfig(flags, env, () => 0)

  test('takes flags before variables before defaults', () => {
    expect(read({}).port).toBe(8080)
    expect(read({}, { OILTRAIL_PORT: '9000' }).port).toBe(9000)
    expect(read({ port: '0' }, { OILTRAIL_PORT: '9000' }).port).toBe(0)
    expect(read({}, { OILTRAIL_MQTT_PORT: 'off' }).mqttPort).toBeUndefined()
    expect(read({}, { DATABASE_URL: 'postgresql://x' }).databaseUrl).toBe('postgresql://x')
  })

  test('names the setting that is wrong', () => {
    for (const [flags, env, where] of [
      [{ port: '70000' }, {}, '--port'],
      [{ port: '-1' }, {}, '--port'],
      [{ county: '52' }, {}, '--county'],
      [{ 'tls-cert': 'a' }, {}, '--tls-cert'],
      [{ 'log-level': 'loud' }, {}, '--log-level'],
      [{}, { OILTRAIL_CLOCK: 'fast' }, 'OILTRAIL_CLOCK'],
    ] as const)
      expect(() => read(flags, env)).toThrow(where)
  })
})
