import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BATCH_TOPIC, decodeReceipt, RECEIPT_TOPIC_PREFIX, type Receipt } from '@oiltrail/protocols/uplink'
import type { SignedBatch } from '../test/fleet/fleet.ts'
import type { World } from './world.ts'

/** Batches that each connection has on the wire. */
const WINDOW = 64
/** Types of MQTT 3.1.1 packets in the upper half of their first byte. */
const CONNECT = 0x10
const CONNACK = 2
const PUBLISH = 3
const SUBSCRIBE = 0x82
const SUBACK = 9
const PUBLISH_QOS_1 = 0x32
const LAST_PACKET_ID = 0xffff

/** Who connects, and the one topic it listens to. */
export interface Login {
  readonly clientId: string
  readonly username: string
  readonly password: string
  readonly topic: string
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** First byte and remaining length of a packet (MQTT 3.1.1 §2.2). */
function fixedHeader(first: number, length: number): Buffer {
  const bytes = [first]
  let rest = length
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}

function packet(first: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([fixedHeader(first, length), ...parts])
}

/**
 * One MQTT connection that does nothing but publish batches and read receipts. The senders of a county are thousands of
 * boxes with processors of their own; here they share two cores with the platform, so they must cost as little as can be:
 * an MQTT library takes five times as much.
 */
export class MqttLane {
  private readonly socket: Socket
  private readonly onPacket: (type: number, body: Buffer) => void
  private rest: Buffer = Buffer.alloc(0)
  private packetId = 0

  private constructor(socket: Socket, onPacket: (type: number, body: Buffer) => void) {
    this.socket = socket
    this.onPacket = onPacket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.read(chunk))
  }

  /** Connects and subscribes to one topic, whose messages must come with QoS 0. */
  static async open(address: string, login: Login, onMessage: (payload: string) => void): Promise<MqttLane> {
    const { hostname, port } = new URL(address)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new Promise((ready, failed) => {
      const lane = new MqttLane(socket, (type, body) => {
        if (type === CONNACK) {
          if (body[1] !== 0) failed(new Error(`the connection is refused with code ${body[1]}`))
          lane.write(packet(SUBSCRIBE, lane.nextId(), text(login.topic), Buffer.from([0])))
        } else if (type === SUBACK) ready(lane)
        else if (type === PUBLISH) onMessage(body.toString('utf8', 2 + body.readUInt16BE(0)))
      })
      socket.once('error', failed)
      // Protocol level 4, user name and password, clean session, no keep-alive (MQTT 3.1.1 §3.1.2).
      const variable = Buffer.concat([text('MQTT'), Buffer.from([4, 0xc2, 0, 0])])
      lane.write(packet(CONNECT, variable, text(login.clientId), text(login.username), text(login.password)))
    })
  }

  private write(...parts: readonly Uint8Array[]): void {
    this.socket.cork()
    for (const part of parts) this.socket.write(part)
    // What one turn of the loop publishes leaves in one write.
    process.nextTick(() => this.socket.uncork())
  }

  /** Publishes with QoS 1. */
  publish(topic: string, batch: Uint8Array): void {
    const head = Buffer.concat([text(topic), this.nextId()])
    this.write(fixedHeader(PUBLISH_QOS_1, head.length + batch.length), head, batch)
  }

  private nextId(): Buffer {
    this.packetId = this.packetId === LAST_PACKET_ID ? 1 : this.packetId + 1
    return Buffer.from([this.packetId >> 8, this.packetId & 0xff])
  }

  end(): void {
    this.socket.destroy()
  }

  private read(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let at = 0
    for (;;) {
      let length = 0
      let place = at + 1
      while (place < bytes.length) {
        length += (bytes[place]! & 0x7f) * 128 ** (place - at - 1)
        if (bytes[place++]! < 0x80) break
      }
      const whole = place > at + 1 && bytes[place - 1]! < 0x80 && place + length <= bytes.length
      if (!whole) break
      this.onPacket(bytes[at]! >> 4, bytes.subarray(place, place + length))
      at = place + length
    }
    this.rest = bytes.subarray(at)
  }
}

/**
 * Collects this process's garbage now, so that it is not collected while something is measured: a sender that stands still
 * for 15 ms would be taken for a slow platform, and thousands of boxes do not share one heap.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

/** MQTT connections that carry prepared batches as fast as receipts come. */
export class Load {
  private readonly lanes: MqttLane[] = []
  private readonly waiting = new Map<string, (receipt: Receipt) => void>()

  static async connect(world: World, connections: number): Promise<Load> {
    const load = new Load()
    for (let i = 0; i < connections; i++) {
      const clientId = `bench-${i}`
      const topic = `${RECEIPT_TOPIC_PREFIX}${clientId}`
      const login = { clientId, username: world.device, password: world.token, topic }
      load.lanes.push(await MqttLane.open(world.platform.mqtt, login, (payload) => load.onReceipt(payload)))
    }
    return load
  }

  /** Sends one batch; resolves with its receipt. */
  send(batch: SignedBatch, connection = 0): Promise<Receipt> {
    return new Promise((done) => {
      this.waiting.set(`${batch.lane.device} ${batch.lane.channel} ${batch.head}`, done)
      this.lanes[connection]!.publish(BATCH_TOPIC, batch.bytes)
    })
  }

  /** Sends all, a window on each connection; resolves with the highest position when every one is stored. */
  async sendAll(batches: readonly SignedBatch[]): Promise<number> {
    let next = 0
    let highest = -1
    const worker = async (connection: number): Promise<void> => {
      for (let batch = batches[next++]; batch; batch = batches[next++]) {
        const receipt = await this.send(batch, connection)
        if (receipt.outcome !== 'stored')
          throw new Error(`a good batch was not stored: ${JSON.stringify(receipt)}`)
        highest = Math.max(highest, receipt.position)
      }
    }
    await Promise.all(
      Array.from({ length: WINDOW * this.lanes.length }, (_, i) => worker(i % this.lanes.length)),
    )
    return highest
  }

  async close(): Promise<void> {
    for (const lane of this.lanes) lane.end()
  }

  private onReceipt(payload: string): void {
    const receipt = decodeReceipt(payload)
    if (!receipt.ok) throw new Error(`the platform sent a receipt that is none: ${receipt.problem.detail}`)
    const { device, channel, head } = receipt.value // chains of two devices that say the same have the same head
    const name = `${device} ${channel} ${head}`
    const done = this.waiting.get(name)
    this.waiting.delete(name)
    done?.(receipt.value)
  }
}
