import type { Fact, Site } from '@oiltrail/domain'
import { creditCodeCheck } from '@oiltrail/domain'
import type { Algorithm } from '@oiltrail/evidence'
import { type GeneratedKey, generateKeyPair, suites } from '@oiltrail/evidence/node'
import { type Channel, fromHex, toBase64, toHex, utf8Bytes } from '@oiltrail/kernel'
import { encodeBatch, enrolProofBytes } from '@oiltrail/protocols/uplink'
import { callJson } from './tls.ts'

/**
 * Collectors written from docs/formats/uplink.md alone, for tests that drive a real server from outside: they share the
 * codec of the format with the product, but neither spool nor uplink of `apps/edge`.
 */

/** One channel of one device and the place its chain has reached. */
export interface Lane {
  readonly device: string
  readonly site: string
  readonly channel: Channel
  readonly key: GeneratedKey
  seq: number
  head: string
  /** The nozzles' totalizers, so that sales add up. */
  readonly totalsMillilitres: number[]
}

/** A signed batch, and what it says in sum. */
export interface SignedBatch {
  readonly lane: Lane
  readonly first: number
  readonly last: number
  readonly head: string
  readonly bytes: Uint8Array
  readonly sales: number
  readonly volumeMillilitres: number
}

export const NOZZLES_PER_SITE = 6
/** Totalizers of a site that has sold nothing. */
export const NO_TOTALS: readonly number[] = new Array<number>(NOZZLES_PER_SITE).fill(0)

/** Registration of the n-th test site; its enterprise's code belongs to area 000000, where none exists. */
export function testSite(index: number, county = '520327'): Site {
  const code = `91000000M${String(Math.floor(index / 3)).padStart(8, '0')}`
  const nozzles = Array.from({ length: NOZZLES_PER_SITE }, (_, n) => ({
    nozzle: String(n + 1),
    tank: `T${(n % 3) + 1}`,
  }))
  return {
    site: `F${String(index).padStart(5, '0')}`,
    name: `测试站${index}`,
    kind: 'station',
    enterprise: { code: code + creditCodeCheck(code), name: `模拟企业${Math.floor(index / 3)}` },
    town: `${county}${['001', '002', '101', '104'][index % 4]}`,
    longitude: 107.55 + (index % 30) / 100,
    latitude: 27.6 + (index % 60) / 100,
    tanks: (['92', '95', '0'] as const).map((grade, t) => ({
      tank: `T${t + 1}`,
      grade,
      capacityMillilitres: 30_000_000,
      safeFillMillilitres: 28_500_000,
      diameterMillimetres: 2_400,
    })),
    dispensers: [
      { dispenser: 'D1', maker: '模拟厂', model: 'M1', factoryNumber: '1', nozzles: nozzles.slice(0, 3) },
      { dispenser: 'D2', maker: '模拟厂', model: 'M1', factoryNumber: '2', nozzles: nozzles.slice(3) },
    ],
    arms: [],
    effectiveAt: 0,
  }
}

/** The two lanes of the n-th site's collector, with fresh keys. */
export function testLanes(index: number, algorithm: Algorithm = 'SM2-SM3', county = '520327'): Lane[] {
  const site = testSite(index, county).site
  return (['volume', 'price'] as const).map((channel) => ({
    device: `${county}-${site}-A`,
    site,
    channel,
    key: generateKeyPair(algorithm),
    seq: 0,
    head: '0'.repeat(64),
    totalsMillilitres: NO_TOTALS.slice(),
  }))
}

/** Closes a batch of given facts over the lane's chain. */
export function closeBatch(lane: Lane, facts: readonly (Fact & { at: number })[]): SignedBatch {
  const suite = suites[lane.key.signer.algorithm]
  const before = lane.head
  const first = lane.seq + 1
  const lines: Uint8Array[] = []
  let hash = fromHex(before)!
  let sales = 0
  let volumeMillilitres = 0
  for (const fact of facts) {
    const { at, kind, ...rest } = fact
    lane.seq++
    const line = utf8Bytes(JSON.stringify({ seq: lane.seq, at, kind, ...rest }))
    hash = suite.hash(hash, line)
    lines.push(line)
    if (fact.kind === 'sale') {
      sales++
      volumeMillilitres += fact.volumeMillilitres
    }
  }
  lane.head = toHex(hash)
  const county = lane.device.slice(0, 6)
  const bytes = encodeBatch(
    { county, device: lane.device, channel: lane.channel, first, before, head: lane.head, lines },
    lane.key.signer,
  )
  return { lane, first, last: lane.seq, head: lane.head, bytes, sales, volumeMillilitres }
}

/** A batch of `count` sales (volume lane) or prices (price lane), one second apart, the last one at `at`. */
export function nextBatch(lane: Lane, count: number, at: number): SignedBatch {
  const facts = Array.from({ length: count }, (_, i): Fact & { at: number } => {
    const moment = at - (count - 1 - i) * 1_000
    const place = (lane.seq + i) % NOZZLES_PER_SITE
    const nozzle = String(place + 1)
    if (lane.channel === 'price')
      return { at: moment, kind: 'price', nozzle, priceFenPerLitre: 700 + ((lane.seq + i) % 90) }
    const volumeMillilitres = 10 * (500 + ((lane.seq * 7_919 + i * 104_729) % 5_000))
    lane.totalsMillilitres[place]! += volumeMillilitres
    return {
      at: moment,
      kind: 'sale',
      nozzle,
      volumeMillilitres,
      totalMillilitres: lane.totalsMillilitres[place]!,
      startedAt: moment - 40_000,
      source: 'board',
    }
  })
  return closeBatch(lane, facts)
}

/** The public keys of a collector with its proofs that it has the private ones, for `POST /api/enrol`. */
export function enrolKeys(code: string, lanes: readonly Lane[]) {
  return lanes.map(({ device, channel, key }) => ({
    channel,
    algorithm: key.signer.algorithm,
    publicKey: toBase64(key.signer.publicKey),
    proof: toBase64(key.signer.sign(enrolProofBytes(code, device, channel))),
  }))
}

/** Registers the n-th site and enrols its collector over HTTP(S); returns the MQTT password. */
export async function enrolSite(
  base: string,
  adminToken: string,
  index: number,
  lanes: readonly Lane[],
  ca?: Buffer,
): Promise<string> {
  const post = <T>(path: string, body: unknown, token?: string): Promise<T> =>
    callJson<T>(`${base}${path}`, { body, ca, ...(token === undefined ? {} : { token }) })
  const site = testSite(index, lanes[0]!.device.slice(0, 6))
  await post('/api/registry/sites', site, adminToken)
  const device = lanes[0]!.device
  const { code } = await post<{ code: string }>(
    '/api/enrol-codes',
    { device, site: site.site, validSeconds: 3_600 },
    adminToken,
  )
  const { token } = await post<{ token: string }>('/api/enrol', {
    code,
    device,
    keys: enrolKeys(code, lanes),
  })
  return token
}
