import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suites } from '@oiltrail/evidence/node'
import { toHex, utf8Bytes } from '@oiltrail/kernel'
import { uplink as format } from '@oiltrail/protocols'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensureIdentity } from '../keys/identity.ts'
import { KeyRing } from '../keys/keyring.ts'
import { Spool } from '../spool/spool.ts'
import type { Carrier, CarrierEvents } from './carrier.ts'
import { Uplink } from './uplink.ts'

const DEVICE = '520327-S001-A'
const log = pino({ level: 'silent' })

/** A line to the platform whose receipts the test gives by hand. */
class HandCarrier implements Carrier {
  events!: CarrierEvents
  sent: format.Batch[] = []
  resets = 0

  start(events: CarrierEvents): void {
    this.events = events
  }
  send(bytes: Uint8Array): void {
    const batch = format.decodeBatch(bytes)
    if (!batch.ok) throw new Error(batch.problem.detail)
    this.sent.push(batch.value)
  }
  reset(): void {
    this.resets++
  }
  stop(): Promise<void> {
    return Promise.resolve()
  }
  answer(batch: format.Batch, outcome: format.Receipt['outcome'], code?: format.Receipt['code']): void {
    const { device, channel, first } = batch.header
    const last = first + batch.lines.length - 1
    const receipt = { v: 1, outcome, device, channel, first, last, head: batch.head, position: 1, at: 1 }
    this.events.receipt(JSON.stringify(code ? { ...receipt, code } : receipt))
  }
  /** First and last record of each batch sent since the last look. */
  look(): [number, number][] {
    return this.sent
      .splice(0)
      .map((batch) => [batch.header.first, batch.header.first + batch.lines.length - 1])
  }
}

let folder: string
let spool: Spool
let carrier: HandCarrier
let uplink: Uplink
const network: boolean[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uplink-'))
  const opened = await Spool.open({
    directory: join(folder, 'spool'),
    device: DEVICE,
    channel: 'volume',
    algorithm: 'Ed25519',
    hash: suites.Ed25519.hash,
    maxBytes: 16_777_216,
    groupDelayMs: 0,
    onFatal: (error) => {
      throw error
    },
  })
  const identity = await ensureIdentity(folder, DEVICE, 'Ed25519')
  if (!opened.ok || !identity.ok) throw new Error('cannot begin')
  spool = opened.value
  const keys = await KeyRing.load(folder, identity.value, 'volume', spool)
  if (!keys.ok) throw new Error(keys.problem.detail)
  carrier = new HandCarrier()
  const stream = {
    county: '520327',
    device: DEVICE,
    channel: 'volume',
    spool,
    keys: keys.value,
    enrolled: () => true,
  } as const
  uplink = new Uplink({ streams: [stream], carrier, log, onNetwork: (up) => network.push(up) })
  uplink.start()
})

afterEach(async () => {
  await uplink.stop(0)
  await spool.close()
  await rm(folder, { recursive: true })
})

async function record(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 500)
    await spool.commit(
      Array.from({ length: Math.min(left, 500) }, () => (seq: number) => utf8Bytes(`{"seq":${seq}}`)),
    )
}

/** Waits until this many batches have been sent and not been looked at; a busy machine may take a while. */
async function sent(count: number): Promise<void> {
  await vi.waitUntil(() => carrier.sent.length >= count, { timeout: 10_000, interval: 5 })
}
/** Long enough that something wrongly sent would be there. */
const settle = (ms = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('the uplink', () => {
  it('sends a live record at once, signed and chained, and forgets it only with its receipt', async () => {
    carrier.events.up()
    await record(1)
    await sent(1)
    const [batch] = carrier.sent
    expect(batch?.lines.map((line) => Buffer.from(line).toString())).toEqual(['{"seq":1}'])
    expect(batch?.head).toBe(toHex(suites.Ed25519.hash(new Uint8Array(32), utf8Bytes('{"seq":1}'))))
    expect(spool.unsentCount).toBe(1)
    carrier.answer(batch!, 'stored')
    expect(spool.unsentCount).toBe(0)
  })

  it('sends live records beside a backlog, which takes at most 24 of the 32 places, oldest first', async () => {
    await record(10_000)
    carrier.events.up()
    await sent(24)
    await settle()
    const backlog = carrier.sent.splice(0)
    expect(backlog.length).toBe(24)
    expect(backlog[0]?.header.first).toBe(1)
    expect(backlog.at(-1)?.header.first).toBe(23 * 250 + 1)
    await record(3)
    await sent(1)
    expect(carrier.look()).toEqual([[10_001, 10_003]])
    carrier.answer(backlog[5]!, 'stored')
    await sent(1)
    expect(carrier.look()).toEqual([[6_001, 6_250]])
  })

  it('sends a short backlog and what follows in one order, without a gap', async () => {
    await record(120)
    carrier.events.up()
    await record(2)
    await sent(1)
    expect(carrier.look()[0]).toEqual([1, 100])
  })

  it('sends again after a loss of the connection what has no receipt, and nothing else', async () => {
    await record(150)
    carrier.events.up()
    await sent(2)
    const first = carrier.sent.splice(0)
    carrier.answer(first[0]!, 'stored')
    carrier.events.down('cut')
    carrier.answer(first[1]!, 'stored')
    expect(spool.unsentCount).toBe(50)
    await settle()
    expect(carrier.look()).toEqual([])
    carrier.events.up()
    await sent(1)
    expect(carrier.look()).toEqual([[101, 150]])
    expect(network.slice(-3)).toEqual([true, false, true])
  })

  it('waits after "retry" and sends the same again', async () => {
    carrier.events.up()
    await record(2)
    await sent(1)
    const [batch] = carrier.sent.splice(0)
    carrier.answer(batch!, 'retry', 'OVERLOADED')
    await settle(50)
    expect(carrier.look()).toEqual([])
    await sent(1)
    expect(carrier.look()).toEqual([[1, 2]])
  })

  it('keeps refused records and pauses, instead of filling the log of the county with refusals', async () => {
    carrier.events.up()
    await record(2)
    await sent(1)
    carrier.answer(carrier.sent.splice(0)[0]!, 'refused', 'CHAIN_FORK')
    await record(5)
    await settle(400)
    expect(carrier.look()).toEqual([])
    expect(spool.unsentCount).toBe(7)
  })

  it('ignores receipts of other batches and malformed ones', async () => {
    carrier.events.up()
    await record(1)
    await sent(1)
    const [batch] = carrier.sent
    carrier.answer({ ...batch!, head: 'f'.repeat(64) }, 'stored')
    carrier.answer({ ...batch!, header: { ...batch!.header, device: '520327-S002-A' } }, 'stored')
    carrier.answer({ ...batch!, header: { ...batch!.header, channel: 'price' } }, 'stored')
    for (const text of ['', '{', 'null', '{"v":1}', '{"v":2}']) carrier.events.receipt(text)
    expect(spool.unsentCount).toBe(1)
  })

  it('makes no more holes than a platform bears: beyond 32 it sends oldest first only', async () => {
    await record(700)
    for (let i = 0; i < 40; i++) spool.acknowledge(300 + i * 10, 300 + i * 10)
    carrier.events.up()
    await record(1)
    await sent(1)
    expect(carrier.look()[0]).toEqual([1, 250])
  })
})
