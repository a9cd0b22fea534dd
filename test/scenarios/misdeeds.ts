import { expect } from 'vitest'
import { closeBatch, enrolSite, type Lane, type SignedBatch, testLanes } from '../fleet/fleet.ts'
import type { WatchedCounty } from './watched.ts'

/** What is done to the county in misdeeds.test.ts, and what must come of it. */

/** Something that must be found. */
export interface Expected {
  readonly what: string
  readonly site: string
  /** Any of these rules. */
  readonly rules: readonly string[]
  /** Beginning of the subject behind the site: `nozzle`, `tank/1`, `channel` … */
  readonly part?: string
  /** How many causes at least; 1 unless said otherwise. */
  readonly causes?: number
  /** County time from the order to the alarm's place in the log. */
  readonly withinMinutes: number
}

/** Orders to the simulator; docs/simulator.md. What depends on sales has three times the customers, so that it need not wait for them. */
export const ORDERS = [
  'tank-theft@S012:1',
  'leak-fast@S012:2',
  'leak-fast@S012:3',
  'price-rush@S001',
  'price-cheat@S001',
  'price-rush@S002',
  'missing-sales@S002',
  'price-rush@S003',
  'double-books@S003',
  'price-rush@S018',
  'totalizer-reset@S018+300',
  'price-rush@S019',
  'cabinet-open@S009+20~300',
  'line-cut@S009+30~900',
  'line-rewired@S010+30',
  'night-delivery@S010:1+60',
  'forged-batch@S010+200',
  'price-blind@S014',
  'unplugged@S017',
  'mains-out@S011+60~600',
  'night-delivery@S020:1+300',
  'price-rush@S020',
  'gauge-slow@S020+1800~600',
] as const

/** The hand-made collectors of {@link Cloner}. */
const CLONED = 'F00000'
const TURNED_BACK = 'F00001'

export const EXPECTED: readonly Expected[] = [
  { what: 'a cut signal line', site: 'S009', rules: ['line-cut'], part: 'nozzle', withinMinutes: 5 },
  { what: 'a rewired signal line', site: 'S010', rules: ['line-rewired'], part: 'nozzle', withinMinutes: 5 },
  { what: 'an opened cabinet', site: 'S009', rules: ['cabinet-opened'], withinMinutes: 5 },
  {
    what: 'a board that charges too much',
    site: 'S001',
    rules: ['price-mismatch'],
    causes: 3,
    withinMinutes: 50,
  },
  {
    what: 'sales kept from the tax memory',
    site: 'S002',
    rules: ['missing-sales'],
    causes: 2,
    withinMinutes: 50,
  },
  { what: 'totalizers set back', site: 'S018', rules: ['totalizer-back'], causes: 4, withinMinutes: 30 },
  {
    what: 'books rewritten by two per cent',
    site: 'S003',
    rules: ['pulses-against-board', 'cheat-signature'],
    withinMinutes: 60,
  },
  {
    what: 'S5: oil that runs in unannounced',
    site: 'S010',
    rules: ['unregistered-delivery'],
    part: 'tank/1',
    withinMinutes: 15,
  },
  {
    what: 'S5: a theft from a tank',
    site: 'S012',
    rules: ['sudden-loss'],
    part: 'tank/1',
    withinMinutes: 50,
  },
  {
    what: 'a leak of 5 L/min',
    site: 'S012',
    rules: ['sudden-loss', 'stock-balance'],
    part: 'tank/2',
    withinMinutes: 60,
  },
  {
    what: 'a blinded price channel',
    site: 'S014',
    rules: ['device-silent'],
    part: 'channel',
    withinMinutes: 15,
  },
  { what: 'C2: an unplugged box', site: 'S017', rules: ['device-silent'], causes: 2, withinMinutes: 15 },
  { what: 'a collector without current', site: 'S019', rules: ['collector-silent'], withinMinutes: 25 },
  {
    what: 'what was sold in the dark',
    site: 'S019',
    rules: ['dark-collector', 'missing-sales'],
    withinMinutes: 50,
  },
  { what: 'a forged batch', site: 'S010', rules: ['key-wrong'], withinMinutes: 10 },
  { what: 'a cloned collector', site: CLONED, rules: ['chain-broken'], withinMinutes: 5 },
  { what: 'a clock turned back', site: TURNED_BACK, rules: ['clock-turned-back'], withinMinutes: 5 },
]

/** Sites where nobody does wrong, and all that may be said of them. */
export const HONEST: Readonly<Record<string, readonly string[]>> = { S020: [], S011: ['mains-lost'] }

/** Collectors made by hand, for what never comes out of an honest one: replays, a changed order, a second copy of the box. */
export class Cloner {
  private readonly county: WatchedCounty
  private readonly cloned: Lane
  private readonly back: Lane

  private constructor(county: WatchedCounty, cloned: Lane, back: Lane) {
    this.county = county
    this.cloned = cloned
    this.back = back
  }

  static async enrolled(county: WatchedCounty): Promise<Cloner> {
    const { base, adminToken } = county.platform
    const [cloned, back] = [testLanes(0), testLanes(1)]
    await enrolSite(base, adminToken, 0, cloned)
    await enrolSite(base, adminToken, 1, back)
    return new Cloner(county, cloned[0]!, back[0]!)
  }

  /** Replays and reorders, which is nobody's fault; then writes a second history of the same numbers, and turns a clock back. */
  async misbehave(): Promise<void> {
    const batches = [1, 2, 3].map(() => this.heartbeat(this.cloned))
    for (const i of [0, 2, 1])
      expect(await this.post(batches[i]!.bytes), 'an order that changed on the way').toMatchObject({
        outcome: 'stored',
      })
    const copy = { ...this.cloned, seq: 1, head: batches[0]!.head }
    expect(await this.post(batches[1]!.bytes), 'a replay').toMatchObject({
      outcome: 'stored',
      code: 'REPLAYED',
    })
    for (let i = 0; i < 3; i++)
      expect(await this.post(this.heartbeat({ ...copy }, i).bytes), 'the copy').toMatchObject({
        outcome: 'refused',
        code: 'CHAIN_FORK',
      })
    await this.post(this.heartbeat(this.back).bytes)
    const at = this.county.clock.now()
    const stepped = { at, kind: 'health', event: 'clock-stepped', subject: '', value: -7_200_000 } as const
    expect(await this.post(closeBatch(this.back, [stepped]).bytes)).toMatchObject({ outcome: 'stored' })
  }

  private heartbeat(lane: Lane, value = 0): SignedBatch {
    const at = this.county.clock.now()
    return closeBatch(lane, [{ at, kind: 'health', event: 'heartbeat', subject: '', value }])
  }

  private async post(bytes: Uint8Array): Promise<unknown> {
    const answer = await fetch(`${this.county.platform.base}/uplink`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from(bytes),
    })
    return answer.json()
  }
}
