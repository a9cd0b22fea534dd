import { generateKeyPair, keyIdOf } from '@oiltrail/evidence/node'
import { toBase64, utf8Bytes } from '@oiltrail/kernel'
import { BATCH_LIMITS, BATCH_TOPIC } from '@oiltrail/protocols/uplink'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Answer,
  Chain,
  type Collector,
  connectMqtt,
  logRows,
  openStand,
  type Stand,
  until,
} from './stand.ts'

let stand: Stand
let honest: Collector

beforeAll(async () => {
  stand = await openStand()
  honest = await stand.enrol('520327-S001-A', 'SM2-SM3')
  await honest.connect()
})
afterAll(async () => {
  await honest.close()
  await stand.close()
})

function code(answer: Answer): string | undefined {
  return answer === 'disconnected' ? answer : (answer.code ?? answer.outcome)
}

/** The honest device is unharmed whatever happened before: its next batch is stored over its old connection. */
async function honestStillStores(): Promise<void> {
  const first = honest.volume.lines.length + 1
  honest.volume.fill(3)
  expect(await honest.send(honest.volume.batch(first, first + 2))).toMatchObject({
    outcome: 'stored',
    first,
    last: first + 2,
    head: honest.volume.hashes[first + 2],
  })
}

describe('a batch over MQTT', () => {
  test('is in the database with its bytes when its receipt comes', async () => {
    const bytes = honest.volume.fill(50).batch(1, 50)
    const receipt = await honest.send(bytes)
    expect(receipt).toMatchObject({ outcome: 'stored', device: honest.device, channel: 'volume', first: 1 })
    if (receipt === 'disconnected') throw new Error('no receipt')
    const { rows } = await stand.database.store.pool.query(
      'select raw, first_seq, last_seq from log_entry where position = $1',
      [receipt.position],
    )
    expect(rows).toEqual([{ raw: Buffer.from(bytes), first_seq: 1, last_seq: 50 }])
  })

  test('is acknowledged by MQTT itself only after the commit', async () => {
    const client = await honest.connect('test-puback')
    const first = honest.volume.lines.length + 1
    const bytes = honest.volume.fill(1).batch(first, first)
    await client.publishAsync(BATCH_TOPIC, Buffer.from(bytes), { qos: 1 })
    const { rows } = await stand.database.store.pool.query(
      'select count(*) as stored from log_entry where device = $1 and first_seq = $2 and type = 0',
      [honest.device, first],
    )
    expect(rows).toEqual([{ stored: 1 }])
  })

  test('sent again gets the position of the first time and adds nothing', async () => {
    const before = (await logRows(stand)).length
    const receipt = await honest.send(honest.volume.batch(1, 50))
    const again = await honest.send(honest.volume.batch(1, 50))
    expect(receipt).toMatchObject({ outcome: 'stored', code: 'REPLAYED' })
    expect(again).toMatchObject({ position: (receipt as { position: number }).position })
    expect(await logRows(stand)).toHaveLength(before)
  })

  test('whose boundaries moved is answered with the position of its first record', async () => {
    const rows = await logRows(stand)
    const holder = rows.find((row) => row.type === 0 && row.first_seq === 1)!
    expect(await honest.send(honest.volume.batch(20, 51))).toMatchObject({
      code: 'REPLAYED',
      position: holder.position,
    })
    expect(await logRows(stand)).toHaveLength(rows.length)
  })

  test('chained to the one before it in the same burst is stored without waiting for its receipt', async () => {
    const first = honest.volume.lines.length + 1
    honest.volume.fill(40)
    const answers = await Promise.all(
      [0, 1, 2, 3].map((i) => honest.send(honest.volume.batch(first + i * 10, first + i * 10 + 9))),
    )
    expect(answers.map(code)).toEqual(['stored', 'stored', 'stored', 'stored'])
  })

  test('doubled inside one burst is stored once', async () => {
    const first = honest.volume.lines.length + 1
    const bytes = honest.volume.fill(5).batch(first, first + 4)
    const answers = await Promise.all([honest.send(bytes), honest.send(bytes), honest.send(bytes)])
    expect(answers.map(code).sort()).toEqual(['REPLAYED', 'REPLAYED', 'stored'])
    expect(new Set(answers.map((answer) => (answer as { position: number }).position)).size).toBe(1)
    expect((await logRows(stand)).filter((row) => row.first_seq === first)).toHaveLength(1)
  })

  test('over HTTP gets its receipt as the answer, with the status of its outcome', async () => {
    const first = honest.volume.lines.length + 1
    const post = (bytes: Uint8Array) =>
      fetch(`${stand.server.url}/uplink`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.from(bytes),
      })
    const stored = await post(honest.volume.fill(2).batch(first, first + 1))
    expect(stored.status).toBe(200)
    expect(await stored.json()).toMatchObject({ outcome: 'stored', first })
    const refused = await post(utf8Bytes('not a batch\n'))
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ outcome: 'refused', code: 'MALFORMED' })
    const far = await post(new Uint8Array(BATCH_LIMITS.bytes * 3))
    expect(far.status).toBe(413)
    await honestStillStores()
  })
})

describe('a gap', () => {
  test('stays open until the back-fill meets both its sides', async () => {
    const collector = await stand.enrol('520327-S002-A')
    collector.price.fill(30)
    expect(code(await collector.send(collector.price.batch(21, 30)))).toBe('stored')
    const forged = new Chain(collector.device, 'price', collector.price.signer).fill(20)
    forged.write({ at: 1, kind: 'health', event: 'heartbeat', subject: 'another history' })
    expect(code(await collector.send(forged.batch(11, 20)))).toBe('stored')
    const wrongSide = new Chain(collector.device, 'price', collector.price.signer)
    wrongSide.write({ at: 5, kind: 'health', event: 'started', subject: '' }).fill(9)
    expect(code(await collector.send(wrongSide.batch(1, 10)))).toBe('CHAIN_BROKEN')
    expect(code(await collector.send(collector.price.batch(1, 10)))).toBe('stored')
    const { rows } = await stand.database.store.pool.query('select islands from stream where device = $1', [
      collector.device,
    ])
    expect(rows[0].islands).toMatchObject([{ first: 1, last: 30 }])
    await collector.close()
  })

  test('more often than a broken collector could make them is refused', async () => {
    const collector = await stand.enrol('520327-S003-A')
    collector.price.fill(200)
    const answers: Answer[] = []
    for (let i = 0; i < 66; i++)
      answers.push(await collector.send(collector.price.batch(2 * i + 2, 2 * i + 2)))
    expect(answers.filter((answer) => code(answer) === 'stored')).toHaveLength(64)
    expect(code(answers.at(-1)!)).toBe('TOO_MANY_GAPS')
    await collector.close()
  })
})

describe('what is refused is on record under its own code, and honest devices go on', () => {
  const cases: readonly {
    readonly what: string
    readonly code: string
    readonly bytes: (collector: Collector) => Uint8Array
  }[] = [
    { what: 'junk', code: 'MALFORMED', bytes: () => utf8Bytes('{"v":1}\nxx\n{}\n') },
    { what: 'too large', code: 'OVERSIZED', bytes: () => new Uint8Array(BATCH_LIMITS.bytes + 1).fill(65) },
    {
      what: 'another version',
      code: 'UNSUPPORTED_VERSION',
      bytes: (c) => replace(c.volume.fill(1).batch(1, 1), '"v":1', '"v":2'),
    },
    {
      what: 'a device nobody enrolled',
      code: 'UNKNOWN_DEVICE',
      bytes: (c) => new Chain('520327-S999-Z', 'volume', c.volume.signer).fill(1).batch(1, 1),
    },
    {
      what: 'another county',
      code: 'UNKNOWN_DEVICE',
      bytes: (c) => replace(c.volume.fill(1).batch(1, 1), '"county":"520327"', '"county":"520328"'),
    },
    {
      what: 'a key nobody enrolled',
      code: 'UNKNOWN_KEY',
      bytes: (c) => c.volume.fill(1).batch(1, 1, generateKeyPair('Ed25519').signer),
    },
    {
      what: 'the key of the other channel',
      code: 'UNKNOWN_KEY',
      bytes: (c) => c.volume.fill(1).batch(1, 1, c.price.signer),
    },
    {
      what: 'an altered record',
      code: 'CHAIN_BROKEN',
      bytes: (c) => replace(c.volume.fill(2).batch(1, 2), '"value":0', '"value":9'),
    },
    {
      what: 'a header altered after signing',
      code: 'BAD_SIGNATURE',
      bytes: (c) => replace(c.volume.fill(1).batch(1, 1), '"first":1', '"first":7'),
    },
    {
      what: 'a first record that follows something',
      code: 'CHAIN_BROKEN',
      bytes: (c) => {
        c.volume.hashes[0] = 'ab'.repeat(32)
        return c.volume.fill(1).batch(1, 1)
      },
    },
    {
      what: 'an unknown kind',
      code: 'UNKNOWN_KIND',
      bytes: (c) => c.volume.write({ at: 1, kind: 'weather' }).batch(1, 1),
    },
    {
      what: 'a field that does not belong',
      code: 'MALFORMED',
      bytes: (c) =>
        c.volume.write({ at: 1, kind: 'health', event: 'started', subject: '', colour: 'red' }).batch(1, 1),
    },
    {
      what: 'a sequence number inside that lies',
      code: 'MALFORMED',
      bytes: (c) =>
        c.volume.write({ seq: 5, at: 1, kind: 'health', event: 'started', subject: '' }).batch(1, 1),
    },
    {
      what: 'a key record that is not the last',
      code: 'MALFORMED',
      bytes: (c) => {
        const publicKey = toBase64(generateKeyPair('Ed25519').signer.publicKey)
        return c.volume.write({ at: 1, kind: 'key', algorithm: 'Ed25519', publicKey }).fill(1).batch(1, 2)
      },
    },
    {
      what: 'a key with another hash',
      code: 'MALFORMED',
      bytes: (c) => {
        const publicKey = toBase64(generateKeyPair('SM2-SM3').signer.publicKey)
        return c.volume.write({ at: 1, kind: 'key', algorithm: 'SM2-SM3', publicKey }).batch(1, 1)
      },
    },
  ]
  for (const [i, row] of cases.entries())
    test(`${row.what}: ${row.code}`, async () => {
      const collector = await stand.enrol(`520327-R${i}-A`)
      const bytes = row.bytes(collector)
      const receipt = await collector.send(bytes)
      expect(receipt).toMatchObject({ outcome: 'refused', code: row.code })
      const { rows } = await stand.database.store.pool.query(
        'select type, code, raw from log_entry where position = $1',
        [(receipt as { position: number }).position],
      )
      expect(rows).toEqual([{ type: 1, code: row.code, raw: Buffer.from(bytes).subarray(0, 65_536) }])
      await honestStillStores()
      await collector.close()
    })

  test('two histories of one record: CHAIN_FORK', async () => {
    const collector = await stand.enrol('520327-F1-A')
    expect(code(await collector.send(collector.volume.fill(5).batch(1, 5)))).toBe('stored')
    const clone = new Chain(collector.device, 'volume', collector.volume.signer)
    clone.write({ at: 7, kind: 'health', event: 'started', subject: 'clone' }).fill(4)
    expect(code(await collector.send(clone.batch(1, 5)))).toBe('CHAIN_FORK')
    await collector.close()
  })

  test('a flood is answered one by one but stored only in sum', async () => {
    const collector = await stand.enrol('520327-F2-A')
    await collector.connect()
    const before = (await logRows(stand)).length
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => collector.send(utf8Bytes(`junk ${i}\n`))),
    )
    expect(answers.every((answer) => code(answer) === 'MALFORMED')).toBe(true)
    const stored = (await logRows(stand)).length - before
    expect(stored).toBe(30)
    expect(answers.filter((answer) => (answer as { position: number }).position === -1)).toHaveLength(170)
    await honestStillStores()
    await collector.close()
  })
})

describe('keys', () => {
  test('change where a key record says so, for the old and the new key', async () => {
    const collector = await stand.enrol('520327-K1-A')
    await collector.connect()
    const { volume } = collector
    const old = volume.signer
    const fresh = generateKeyPair('Ed25519').signer
    volume.fill(3)
    volume.write({ at: 9, kind: 'key', algorithm: 'Ed25519', publicKey: toBase64(fresh.publicKey) })
    volume.fill(4)
    expect(code(await collector.send(volume.batch(5, 6, fresh)))).toBe('UNKNOWN_KEY')
    // In one burst: the announcement, and a batch that rests on it before anything is committed.
    const answers = await Promise.all([
      collector.send(volume.batch(1, 4, old)),
      collector.send(volume.batch(5, 6, fresh)),
    ])
    expect(answers.map(code)).toEqual(['stored', 'stored'])
    expect(code(await collector.send(volume.batch(7, 8, old)))).toBe('UNKNOWN_KEY')
    expect(code(await collector.send(volume.batch(1, 4, old)))).toBe('REPLAYED')
    const { rows } = await stand.database.store.pool.query(
      `select key_id, from_seq, to_seq from device_key where device = $1 and channel = 0 order by from_seq`,
      [collector.device],
    )
    expect(rows).toEqual([
      { key_id: keyIdOf(old.publicKey), from_seq: 1, to_seq: 5 },
      { key_id: keyIdOf(fresh.publicKey), from_seq: 5, to_seq: null },
    ])
    await collector.close()
  })
})

describe('connections', () => {
  test('of unknown devices and with wrong tokens are refused and on record', async () => {
    const url = stand.server.mqttUrl!
    await expect(connectMqtt(url, 'stranger', '520327-S777-A', 'x')).rejects.toThrow(/refused/i)
    await expect(connectMqtt(url, 'thief', honest.device, 'x')).rejects.toThrow(/refused/i)
    await until('both refusals on record', async () => {
      const codes = (await logRows(stand)).filter((row) => row.type === 1).map((row) => row.code)
      return codes.includes('BAD_CREDENTIAL') && codes.includes('UNKNOWN_DEVICE')
    })
    await honestStillStores()
  })

  test('cannot push out another device by taking its client id', async () => {
    const other = await stand.enrol('520327-S005-A')
    const url = stand.server.mqttUrl!
    await expect(connectMqtt(url, 'test-puback', other.device, other.token)).rejects.toThrow(/refused/i)
    await honestStillStores()
  })

  test('get only their own receipts', async () => {
    const other = await stand.enrol('520327-S006-A')
    const client = await connectMqtt(stand.server.mqttUrl!, 'listener', other.device, other.token)
    const heard: string[] = []
    client.on('message', (topic) => heard.push(topic))
    for (const topic of [
      '#',
      'oiltrail/v1/receipt/+',
      'oiltrail/v1/batch',
      'oiltrail/v1/receipt/test-puback',
    ])
      await client.subscribeAsync(topic, { qos: 0 }).catch(() => undefined)
    await honestStillStores()
    expect(heard).toEqual([])
    await client.endAsync(true)
  })

  test('of a revoked device end at its next batch', async () => {
    const collector = await stand.enrol('520327-S007-A')
    expect(code(await collector.send(collector.volume.fill(1).batch(1, 1)))).toBe('stored')
    const revoked = await stand.server.context.desk.revokeDevice('tester', collector.device, 'stolen')
    expect(revoked.ok).toBe(true)
    expect(await collector.send(collector.volume.fill(1).batch(2, 2))).toBe('disconnected')
    await expect(
      connectMqtt(stand.server.mqttUrl!, 'back', collector.device, collector.token),
    ).rejects.toThrow(/refused/i)
    await honestStillStores()
  })

  test('that announce a packet beyond all bounds are cut before it is read', async () => {
    const collector = await stand.enrol('520327-S008-A')
    expect(await collector.send(new Uint8Array(3 * 1024 * 1024))).toBe('disconnected')
    await until('the refusal on record', async () =>
      (await logRows(stand)).some((row) => row.code === 'OVERSIZED'),
    )
    await honestStillStores()
  })
})

function replace(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = new TextDecoder().decode(bytes)
  if (!text.includes(from)) throw new Error(`${from} is not in the batch`)
  return utf8Bytes(text.replace(from, to))
}
