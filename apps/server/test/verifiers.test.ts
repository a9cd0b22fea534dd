import { generateKeyPair } from '@oiltrail/evidence/node'
import { toBase64, utf8Bytes } from '@oiltrail/kernel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, Chain, type Collector, logRows, openStand, type Stand } from './stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand({ verifiers: 1 })
})
afterAll(() => stand.close())

async function connected(device: string): Promise<Collector> {
  const collector = await stand.enrol(device, 'SM2-SM3')
  await collector.connect()
  return collector
}

const code = (answer: Answer): string =>
  answer === 'disconnected' ? answer : (answer.code ?? answer.outcome)

/** Sends in one burst; the thread must have had a hand in it, or the test proves nothing. */
async function burst(collector: Collector, batches: readonly Uint8Array[]): Promise<string[]> {
  const before = stand.server.intake.figures.verifiedAhead
  const answers = await Promise.all(batches.map((bytes) => collector.send(bytes)))
  expect(stand.server.intake.figures.verifiedAhead).toBeGreaterThan(before)
  return answers.map(code)
}

describe('with a thread that checks signatures ahead', () => {
  test('a long burst of one chain is stored once and in order', async () => {
    const collector = await connected('520327-S001-A')
    collector.volume.fill(600)
    const batches = Array.from({ length: 60 }, (_, i) => collector.volume.batch(10 * i + 1, 10 * i + 10))
    expect(await burst(collector, batches)).toEqual(batches.map(() => 'stored'))
    const rows = (await logRows(stand)).filter((row) => row.device === collector.device && row.type === 0)
    expect(rows.map((row) => row.first_seq)).toEqual(batches.map((_, i) => 10 * i + 1))
    await collector.close()
  })

  test('what is wrong inside a burst is refused under its own code, and nothing forged gets through', async () => {
    const collector = await connected('520327-S002-A')
    const { volume, price } = collector
    volume.fill(200)
    const other = new Chain(collector.device, 'volume', volume.signer)
    other.write({ at: 1, kind: 'health', event: 'started', subject: 'clone' }).fill(9)
    const good = (i: number): Uint8Array => volume.batch(10 * i + 1, 10 * i + 10)
    const altered = replace(good(6), '"value":65', '"value":66')
    const unsigned = replace(good(7), '"first":71', '"first":81')
    const answers = await burst(collector, [
      good(0),
      good(1),
      altered,
      unsigned,
      other.batch(1, 10),
      utf8Bytes('junk\n'),
      volume.batch(21, 30, price.signer),
      volume.batch(21, 30, generateKeyPair('SM2-SM3').signer),
      ...Array.from({ length: 18 }, (_, i) => good(i + 2)),
    ])
    expect(answers).toEqual([
      'stored',
      'stored',
      'CHAIN_BROKEN',
      'BAD_SIGNATURE',
      'CHAIN_FORK',
      'MALFORMED',
      'UNKNOWN_KEY',
      'UNKNOWN_KEY',
      ...Array.from({ length: 18 }, () => 'stored'),
    ])
    await collector.close()
  })

  test('a key announced in the burst signs the rest of it, and the old one no more', async () => {
    const collector = await connected('520327-S003-A')
    const { volume } = collector
    const old = volume.signer
    const fresh = generateKeyPair('SM2-SM3').signer
    volume.fill(39)
    volume.write({ at: 9, kind: 'key', algorithm: 'SM2-SM3', publicKey: toBase64(fresh.publicKey) })
    volume.fill(60)
    const part = (i: number, signer = i < 4 ? old : fresh): Uint8Array =>
      volume.batch(10 * i + 1, 10 * i + 10, signer)
    const answers = await burst(collector, [
      ...[0, 1, 2, 3].map((i) => part(i)),
      part(4, old),
      ...[4, 5, 6, 7, 8, 9].map((i) => part(i)),
    ])
    expect(answers).toEqual([
      ...Array.from({ length: 4 }, () => 'stored'),
      'UNKNOWN_KEY',
      ...Array.from({ length: 6 }, () => 'stored'),
    ])
    await collector.close()
  })
})

function replace(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = new TextDecoder().decode(bytes)
  if (!text.includes(from)) throw new Error(`${from} is not in the batch`)
  return utf8Bytes(text.replace(from, to))
}
