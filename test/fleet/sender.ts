import { BATCH_TOPIC, decodeReceipt, RECEIPT_TOPIC_PREFIX, type Receipt } from '@oiltrail/protocols/uplink'
import mqtt, { type MqttClient } from 'mqtt'
import type { SignedBatch } from './fleet.ts'

/** How long a collector waits for a receipt before it sends a batch again. */
const RESEND_AFTER_MS = 3_000

/**
 * Sends batches over MQTT until each has its receipt, through any number of lost connections: what a collector must do.
 * Receipts that say `stored` are what the platform has promised to keep.
 */
export class Sender {
  readonly promised = new Map<string, Receipt>()
  readonly refused: Receipt[] = []
  /** Codes with which the platform said that nothing was stored and asked to come again. */
  readonly retries: (string | undefined)[] = []
  private readonly waiting = new Map<string, SignedBatch>()
  private readonly client: MqttClient
  private readonly resend: NodeJS.Timeout
  private idle: (() => void)[] = []

  constructor(url: string, clientId: string, device: string, token: string, ca?: Buffer) {
    this.client = mqtt.connect(url, {
      clientId,
      username: device,
      password: token,
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 200,
      queueQoSZero: false,
      ...(ca ? { ca } : {}),
    })
    this.client.on('error', () => undefined) // the library reconnects; what was not acknowledged stays in `waiting`
    this.client.on('connect', () => {
      this.client.subscribe(`${RECEIPT_TOPIC_PREFIX}${clientId}`, { qos: 1 }, () => this.sendAll())
    })
    this.client.on('message', (_topic, payload) => this.onReceipt(payload.toString()))
    this.resend = setInterval(() => this.sendAll(), RESEND_AFTER_MS)
  }

  /** Hands a batch over; it is sent until it is answered. */
  send(batch: SignedBatch): void {
    this.waiting.set(batch.head, batch)
    if (this.client.connected) this.publish(batch)
  }

  get unanswered(): number {
    return this.waiting.size
  }

  /** Resolves when every batch has its receipt. */
  async settled(seconds: number): Promise<void> {
    if (this.waiting.size === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(
        () => fail(new Error(`${this.waiting.size} batches without a receipt after ${seconds} s`)),
        seconds * 1_000,
      )
    })
    await Promise.race([new Promise<void>((done) => this.idle.push(done)), late]).finally(() =>
      clearTimeout(timer),
    )
  }

  async close(): Promise<void> {
    clearInterval(this.resend)
    await this.client.endAsync(true)
  }

  private sendAll(): void {
    if (this.client.connected) for (const batch of this.waiting.values()) this.publish(batch)
  }

  private publish(batch: SignedBatch): void {
    this.client.publish(BATCH_TOPIC, Buffer.from(batch.bytes), { qos: 1 }, () => undefined)
  }

  private onReceipt(text: string): void {
    const receipt = decodeReceipt(text)
    if (!receipt.ok) throw new Error(`the platform sent a receipt that is none: ${receipt.problem.detail}`)
    if (receipt.value.outcome === 'retry') this.retries.push(receipt.value.code)
    if (receipt.value.outcome === 'retry' || !this.waiting.delete(receipt.value.head)) return
    if (receipt.value.outcome === 'stored') this.promised.set(receipt.value.head, receipt.value)
    else this.refused.push(receipt.value)
    if (this.waiting.size === 0) for (const done of this.idle.splice(0)) done()
  }
}
