import { randomBytes } from 'node:crypto'
import { uplink } from '@oiltrail/protocols'
import mqtt, { type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import { readAuthority } from './authority.ts'
import { type Carrier, type CarrierEvents, type Credential, reconnectPauseMs } from './carrier.ts'
import { FailureLog } from './failure.ts'

const CONNECT_TIMEOUT_MS = 10_000
const KEEPALIVE_SECONDS = 30
/** A receipt is about 300 bytes; `detail` may add some. */
const MAX_RECEIPT_BYTES = 8_192

/** Batches over MQTT 3.1.1, QoS 1. Each connection is a new client: what to send again is the spool's business alone. */
export class MqttCarrier implements Carrier {
  private readonly url: string
  private readonly caFile: string | undefined
  private readonly credential: () => Credential | undefined
  private readonly log: Logger
  private readonly failures: FailureLog
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
    /** PEM file of the platform's authority; the public ones when absent. */
    caFile?: string | undefined
    /** Asked at each connection; undefined while no device of the box is enrolled. */
    credential: () => Credential | undefined
    log: Logger
  }) {
    this.url = options.url
    this.caFile = options.caFile
    this.credential = options.credential
    this.log = options.log
    this.failures = new FailureLog(options.log, options.url)
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
    const authority = this.caFile === undefined ? undefined : readAuthority(this.caFile)
    if (authority && !authority.ok) {
      this.failures.failed(new Error(authority.problem.detail))
      this.again(authority.problem.detail)
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
      ...(authority ? { ca: [authority.value] } : {}),
    })
    this.client = client
    const topic = `${uplink.RECEIPT_TOPIC_PREFIX}${this.clientId}`
    let failure: unknown = new Error('closed')
    client.on('connect', () => {
      client.subscribe(topic, { qos: 1 }, (error, granted) => {
        if (this.client !== client) return
        if (error || !granted?.[0] || granted[0].qos > 1) {
          failure = new Error('receipts were not granted')
          client.end(true)
          return
        }
        this.attempt = 0
        this.ready = true
        this.failures.succeeded()
        this.events?.up()
      })
    })
    client.on('message', (name, payload) => {
      if (this.client === client && name === topic && payload.length <= MAX_RECEIPT_BYTES)
        this.events?.receipt(payload.toString('utf8'))
    })
    client.on('error', (error) => {
      failure = error
    })
    client.on('close', () => {
      if (this.client !== client) return
      this.client = undefined
      client.end(true)
      this.lost(failure)
    })
  }

  private lost(failure: unknown): void {
    const was = this.ready
    const reason = failure instanceof Error ? failure.message : String(failure)
    this.ready = false
    if (was) this.events?.down(reason)
    else if (!this.stopped) this.failures.failed(failure)
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
