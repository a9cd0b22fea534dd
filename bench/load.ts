import type { Socket } from 'node:net'
import { BATCH_TOPIC, decodeReceipt, RECEIPT_TOPIC_PREFIX, type Receipt } from '@oiltrail/protocols/uplink'
import mqtt, { type MqttClient } from 'mqtt'
import type { SignedBatch } from '../test/fleet/fleet.ts'
import type { World } from './world.ts'

/** Batches that each connection has on the wire, as a collector's window. */
const WINDOW = 32

/** The same bytes as a Buffer, which the MQTT library insists on. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** MQTT connections that carry prepared batches as fast as receipts come. */
export class Load {
  private readonly clients: MqttClient[]
  private readonly waiting = new Map<string, (receipt: Receipt) => void>()

  private constructor(clients: MqttClient[]) {
    this.clients = clients
  }

  static async connect(world: World, connections: number): Promise<Load> {
    const load = new Load([])
    for (let i = 0; i < connections; i++) {
      const clientId = `bench-${i}`
      const client = await mqtt.connectAsync(world.platform.mqtt, {
        clientId,
        username: world.device,
        password: world.token,
        protocolVersion: 4,
        reconnectPeriod: 0,
      })
      ;(client.stream as Socket).setNoDelay(true)
      client.on('message', (_topic, payload) => load.onReceipt(payload.toString()))
      await client.subscribeAsync(`${RECEIPT_TOPIC_PREFIX}${clientId}`, { qos: 1 })
      load.clients.push(client)
    }
    return load
  }

  /** Sends one batch; resolves with its receipt. */
  send(batch: SignedBatch, connection = 0): Promise<Receipt> {
    return new Promise((done) => {
      this.waiting.set(`${batch.lane.device} ${batch.lane.channel} ${batch.head}`, done)
      this.clients[connection]!.publish(BATCH_TOPIC, bufferOf(batch.bytes), { qos: 1 })
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
      Array.from({ length: WINDOW * this.clients.length }, (_, i) => worker(i % this.clients.length)),
    )
    return highest
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.endAsync(true)))
  }

  private onReceipt(text: string): void {
    const receipt = decodeReceipt(text)
    if (!receipt.ok) throw new Error(`the platform sent a receipt that is none: ${receipt.problem.detail}`)
    const { device, channel, head } = receipt.value // chains of two devices that say the same have the same head
    const name = `${device} ${channel} ${head}`
    const done = this.waiting.get(name)
    this.waiting.delete(name)
    done?.(receipt.value)
  }
}
