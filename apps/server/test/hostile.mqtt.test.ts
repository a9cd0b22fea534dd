import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Collector, logRows, openStand, type Stand, until } from './stand.ts'

/** Packets of MQTT 3.1.1 made by hand, since no client library makes the wrong ones. */

let stand: Stand
let collector: Collector
beforeAll(async () => {
  stand = await openStand()
  collector = await stand.enrol('520327-S001-A')
})
afterAll(async () => {
  await collector.close()
  await stand.close()
})

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

function packet(type: number, ...parts: readonly (Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as Buffer)))
  const head = [type]
  let rest = body.length
  do {
    const digit = rest % 128
    rest = Math.floor(rest / 128)
    head.push(rest > 0 ? digit | 128 : digit)
  } while (rest > 0)
  return Buffer.concat([Buffer.from(head), body])
}

const KEEP_ALIVE = [0, 30]
function connectAs(clientId: string, user: string, password: string, level = 4): Buffer {
  const flags = 0xc2 // user name, password, clean session
  const properties = level === 5 ? [0] : []
  const head = [level, flags, ...KEEP_ALIVE, ...properties]
  return packet(0x10, text('MQTT'), head, text(clientId), text(user), text(password))
}
const publish = (type: number, topic: string, id: readonly number[] = [0, 1]): Buffer =>
  packet(type, text(topic), type & 6 ? id : [], Buffer.from('junk'))
const subscribe = (topic: string, qos = 1): Buffer => packet(0x82, [0, 1], text(topic), [qos])

/** What the server answers to bytes, as hex, until `expected` has come or the connection ended. */
async function exchange(bytes: Buffer, expected: string): Promise<string> {
  const { hostname, port } = new URL(stand.server.mqttUrl!)
  const socket = connect(Number(port), hostname, () => socket.write(bytes))
  let answer = ''
  let ended = false
  socket.on('data', (data) => {
    answer += data.toString('hex')
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    ended = true
  })
  await until('an answer', () => ended || (expected !== '' && answer.startsWith(expected)))
  socket.destroy()
  return ended ? `${answer} closed` : answer
}

const CONNECTED = '20020000'
const REFUSED_SUBSCRIPTION = '9003000180'

describe('strange packets (C5, Z2)', () => {
  test.each<[string, () => Buffer, string]>([
    ['a user name with NUL', () => connectAs('a', '520327\0', 'x'), '20020004'],
    ['an endless user name', () => connectAs('a', '站'.repeat(20_000), 'x'), '20020004'],
    ['a client id with NUL', () => mine('a\0b'), '20020002'],
    ['no client id', () => mine(''), '20020002'],
    ['MQTT 5', () => mine('a', 5), '20020001'],
    ['an unknown version', () => mine('a', 9), ''],
    ['a second CONNECT', () => after(mine('b')), CONNECTED],
    ['PUBLISH before CONNECT', () => publish(0x32, 'oiltrail/v1/batch'), ''],
    ['QoS 2', () => after(publish(0x34, 'oiltrail/v1/batch')), CONNECTED],
    ['another topic', () => after(publish(0x32, 'oiltrail/v1/receipt/other')), CONNECTED],
    ['a topic of the broker', () => after(publish(0x32, '$SYS/broker')), CONNECTED],
    ['a topic with a wildcard', () => after(publish(0x32, 'oiltrail/#')), CONNECTED],
    ['a topic of 60 KB', () => after(publish(0x32, 'a/'.repeat(30_000))), CONNECTED],
    ['SUBSCRIBE to nothing', () => after(packet(0x82, [0, 1])), CONNECTED],
    ['CONNACK from a client', () => after(packet(0x20, [0, 0])), CONNECTED],
    ['a packet of no type', () => packet(0x00, [0, 0]), ''],
  ])('%s: refused, and the connection ends', async (_what, bytes, answer) => {
    expect(await exchange(bytes(), 'never')).toBe(`${answer} closed`)
  })

  test.each(['#', '+/+/+', '$SYS/#', 'oiltrail/v1/#', 'oiltrail/v1/receipt/+', 'oiltrail/v1/receipt/other'])(
    'nobody may subscribe to %s',
    async (topic) => {
      const expected = CONNECTED + REFUSED_SUBSCRIPTION
      expect(await exchange(after(subscribe(topic)), expected)).toBe(expected)
    },
  )

  test('a retained batch is answered and never told to anybody', async () => {
    await exchange(after(publish(0x33, 'oiltrail/v1/batch')), `${CONNECTED}40020001`)
    const pong = 'd000'
    const listener = await exchange(
      after(Buffer.concat([subscribe('#'), packet(0xc0)])),
      `${CONNECTED}${REFUSED_SUBSCRIPTION}${pong}`,
    )
    expect(listener).toBe(`${CONNECTED}${REFUSED_SUBSCRIPTION}${pong}`)
  })

  test('a client id is free again however its connection ended, also in the middle of CONNECT', async () => {
    const { hostname, port } = new URL(stand.server.mqttUrl!)
    const other = await stand.enrol('520327-S002-A')
    for (let i = 0; i < 20; i++) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      await new Promise((sent) => socket.write(mine(`brief-${i}`), sent))
      if (i % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
    await until('nobody is connected', async () => {
      const metrics = await (await fetch(`${stand.server.url}/metrics`)).text()
      return /^oiltrail_mqtt_connections 0$/m.test(metrics)
    })
    for (let i = 0; i < 20; i++)
      expect(await exchange(connectAs(`brief-${i}`, other.device, other.token), CONNECTED)).toBe(CONNECTED)
  })

  test('afterwards every refused connection is on record, and honest batches were never asked to come again', async () => {
    await collector.connect()
    const before = stand.server.context.nextPosition()
    collector.volume.fill(20)
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await exchange(connectAs('a', `520327-\0${i}`, 'x'), '20020004')
        return collector.send(collector.volume.batch(i + 1, i + 1))
      }),
    )
    for (const answer of answers) expect(answer).toMatchObject({ outcome: 'stored' })
    await until('all is on record', () => stand.server.context.nextPosition() >= before + 40)
    const rows = (await logRows(stand)).slice(before)
    expect(rows.filter(({ code }) => code === 'UNKNOWN_DEVICE')).toHaveLength(20)
    expect(rows.every(({ device }) => device === null || device === collector.device)).toBe(true)
  })
})

function mine(clientId: string, level = 4): Buffer {
  return connectAs(clientId, collector.device, collector.token, level)
}

/** A packet behind a good CONNECT. */
function after(next: Buffer): Buffer {
  return Buffer.concat([mine('hand-made'), next])
}
