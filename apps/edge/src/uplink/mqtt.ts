import { randomBytes } from 'node:crypto'
import { uplink } from '@oiltrail/protocols'
import mqtt, { type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import { type Carrier, type CarrierEvents, type Credential, reconnectPauseMs } from './carrier.ts'

const CONNECT_TIMEOUT_MS = 10_000
const KEEPALIVE_SECONDS = 30
/** A receipt is about 300 bytes; `detail` may add some. */
const MAX_RECEIPT_BYTES = 8_192

/** Batches over MQTT 3.1.1, QoS 1. Each connection is a new client: what to send again is the spool's business alone. */
export class MqttCarrier implements Carrier {
  private readonly url: string
  private readonly ca: Buffer | undefined
  private readonly credential: () => Credential | undefined
  private readonly log: Logger
  /** Receipts go to a topic of this name; random, so that nobody else waits for them there. */
  private readonly clientId: string
  private client: MqttClient | undefined
  private events: CarrierEvents | undefined
  private attempt = 0
  private ready = false
  private stopped = false
  private timer: NodeJS.Timeout | undefined

  constructor(options: {
    url: string
    channel: string
    ca?: Buffer | undefined
    /** Asked at each connection; undefined while no device of the box is enrolled. */
    credential: () => Credential | undefined
    log: Logger
  }) {
    this.url = options.url
    this.ca = options.ca
    this.credential = options.credential
    this.log = options.log
    this.clientId = `edge-${options.channel}-${randomBytes(8).toString('hex')}`
  }

  start(events: CarrierEvents): void {
    this.events = events
    this.connect()
  }

  private connect(): void {
    const credential = this.credential()
    if (!credential) {
      this.again('not enrolled')
      return
    }
    const client = mqtt.connect(this.url, {
      protocolVersion: 4,
      clean: true,
      clientId: this.clientId,
      username: credential.device,
      password: credential.token,
      keepalive: KEEPALIVE_SECONDS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      ...(this.ca ? { ca: [this.ca] } : {}),
    })
    this.client = client
    const topic = `${uplink.RECEIPT_TOPIC_PREFIX}${this.clientId}`
    let reason = 'closed'
    client.on('connect', () => {
      client.subscribe(topic, { qos: 1 }, (error, granted) => {
        if (this.client !== client) return
        if (error || !granted?.[0] || granted[0].qos > 1) {
          reason = 'receipts were not granted'
          client.end(true)
          return
        }
        this.attempt = 0
        this.ready = true
        this.events?.up()
      })
    })
    client.on('message', (name, payload) => {
      if (this.client === client && name === topic && payload.length <= MAX_RECEIPT_BYTES)
        this.events?.receipt(payload.toString('utf8'))
    })
    client.on('error', (error) => {
      reason = error.message
    })
    client.on('close', () => {
      if (this.client !== client) return
      this.client = undefined
      client.end(true)
      this.lost(reason)
    })
  }

  private lost(reason: string): void {
    const was = this.ready
    this.ready = false
    if (was) this.events?.down(reason)
    this.again(reason)
  }

  private again(reason: string): void {
    if (this.stopped) return
    const pauseMs = reconnectPauseMs(this.attempt++, Math.random())
    this.log.debug({ reason, pauseMs }, 'uplink down')
    this.timer = setTimeout(() => this.connect(), pauseMs)
  }

  send(batch: Uint8Array): void {
    // An error here means that the connection is going; `close` follows and tells.
    this.client?.publish(uplink.BATCH_TOPIC, batch as Buffer, { qos: 1 }, () => {})
  }

  reset(reason: string): void {
    this.log.warn({ reason }, '上行连接重建 / the uplink connection is made anew')
    this.client?.stream.destroy()
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    const client = this.client
    this.client = undefined
    if (client) await client.endAsync(!this.ready)
  }
}
