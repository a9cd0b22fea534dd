import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RULES } from '@oiltrail/domain'
import type { Algorithm, Signer } from '@oiltrail/evidence'
import { generateKeyPair, suites } from '@oiltrail/evidence/node'
import type { Channel } from '@oiltrail/kernel'
import { fromHex, toBase64, toHex, utf8Bytes } from '@oiltrail/kernel'
import {
  BATCH_TOPIC,
  decodeReceipt,
  encodeBatch,
  enrolProofBytes,
  RECEIPT_TOPIC_PREFIX,
  type Receipt,
} from '@oiltrail/protocols/uplink'
import { type TestDatabase, testDatabase } from '@oiltrail/store/testing'
import mqtt, { type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { readConfig } from '../src/config.ts'
import { type RunningServer, type ServeHooks, startServer } from '../src/serve.ts'

export const COUNTY = '520327'
export const GENESIS_HEX = '0'.repeat(64)

/** A server on a database of its own, with a folder of its own. */
export interface Stand {
  readonly database: TestDatabase
  readonly data: string
  readonly server: RunningServer
  /** Starts another server on the same database and folder. */
  again(hooks?: ServeHooks): Promise<RunningServer>
  /** Enrols a device with fresh keys for both channels. */
  enrol(device: string, algorithm?: Algorithm): Promise<Collector>
  close(): Promise<void>
}

/** How a stand is opened: the hooks of its server, its clock instead of this machine's, and further options of `serve`. */
export type StandOptions = ServeHooks & {
  readonly clock?: () => number
  readonly options?: Readonly<Record<string, string>>
}

export async function openStand({ clock = Date.now, options, ...hooks }: StandOptions = {}): Promise<Stand> {
  const database = await testDatabase()
  const data = await mkdtemp(join(tmpdir(), 'oiltrail-server-'))
  const flags = {
    port: '0',
    'mqtt-port': '0',
    data,
    'database-url': database.url,
    'log-level': 'silent',
    ...options,
  }
  const config = readConfig(flags, {}, clock)
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' }, pino.destination(2))
  const start = (more: ServeHooks = {}): Promise<RunningServer> =>
    startServer(config, log, { verifiers: 0, rules: RULES, ...more })
  const server = await start(hooks)
  return {
    database,
    data,
    server,
    again: start,
    enrol: (device, algorithm = 'Ed25519') => enrolCollector(server, device, algorithm),
    async close() {
      await server.stop()
      await database.close()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** The answer to one publish, or that the connection broke first. */
export type Answer = Receipt | 'disconnected'

/** One chain of records with its signer: what a collector's channel is. */
export class Chain {
  readonly device: string
  readonly channel: Channel
  signer: Signer
  readonly lines: Uint8Array[] = []
  /** Hex hash before record `i + 1`. */
  readonly hashes: string[] = [GENESIS_HEX]

  constructor(device: string, channel: Channel, signer: Signer) {
    this.device = device
    this.channel = channel
    this.signer = signer
  }

  /** Appends records; `seq` is given to them. */
  write(...records: readonly Record<string, unknown>[]): this {
    const suite = suites[this.signer.algorithm]
    for (const record of records) {
      const line = utf8Bytes(JSON.stringify({ seq: this.lines.length + 1, ...record }))
      this.lines.push(line)
      this.hashes.push(toHex(suite.hash(fromHex(this.hashes.at(-1)!)!, line)))
    }
    return this
  }

  /** Appends a number of plausible records. */
  fill(count: number): this {
    for (let i = 0; i < count; i++)
      this.write({ at: 1_795_413_932_120 + i, kind: 'health', event: 'heartbeat', subject: '', value: i })
    return this
  }

  /** The signed batch of records `first` to `last`. */
  batch(first: number, last: number, signer: Signer = this.signer): Uint8Array {
    return encodeBatch(
      {
        county: COUNTY,
        device: this.device,
        channel: this.channel,
        first,
        before: this.hashes[first - 1]!,
        head: this.hashes[last]!,
        lines: this.lines.slice(first - 1, last),
      },
      signer,
    )
  }
}

/** An enrolled device. */
export class Collector {
  readonly device: string
  readonly token: string
  readonly volume: Chain
  readonly price: Chain
  private readonly mqttUrl: string
  private client: MqttClient | undefined
  private readonly waiting: { readonly head: string; readonly give: (answer: Answer) => void }[] = []

  constructor(device: string, token: string, volume: Chain, price: Chain, mqttUrl: string) {
    this.device = device
    this.token = token
    this.volume = volume
    this.price = price
    this.mqttUrl = mqttUrl
  }

  /** Connects and subscribes to the receipts. */
  async connect(clientId: string = `test-${this.device}`): Promise<MqttClient> {
    const client = await connectMqtt(this.mqttUrl, clientId, this.device, this.token)
    this.client = client
    await client.subscribeAsync(`${RECEIPT_TOPIC_PREFIX}${clientId}`, { qos: 1 })
    client.on('message', (_topic, payload) => {
      const receipt = decodeReceipt(payload.toString())
      if (!receipt.ok) throw new Error(receipt.problem.detail)
      const of = this.waiting.findIndex((sent) => sent.head === receipt.value.head)
      this.waiting.splice(of, 1)[0]?.give(receipt.value)
    })
    client.on('close', () => {
      if (this.client === client) this.client = undefined
      for (const sent of this.waiting.splice(0)) sent.give('disconnected')
    })
    return client
  }

  /** Publishes bytes and waits for the receipt that names their head. */
  async send(bytes: Uint8Array): Promise<Answer> {
    const client = this.client ?? (await this.connect())
    const answer = new Promise<Answer>((give) => this.waiting.push({ head: headOf(bytes), give }))
    client.publish(BATCH_TOPIC, Buffer.from(bytes), { qos: 1 }, () => undefined)
    return answer
  }

  async close(): Promise<void> {
    await this.client?.endAsync(true)
    this.client = undefined
  }
}

/** The head that a batch's trailer names; empty for anything else. */
function headOf(bytes: Uint8Array): string {
  return /"head":"([0-9a-f]{64})","sig":"[^"]*"\}\n$/.exec(Buffer.from(bytes).toString('latin1'))?.[1] ?? ''
}

/** An MQTT client that does not reconnect; rejects when it is not let in. */
export async function connectMqtt(
  url: string,
  clientId: string,
  username: string,
  password: string,
): Promise<MqttClient> {
  const client = mqtt.connect(url, {
    clientId,
    username,
    password,
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
  })
  await new Promise<void>((connected, failed) => {
    client.once('connect', () => connected())
    client.once('error', failed)
    client.once('close', () => failed(new Error('closed before it was connected')))
  })
  client.on('error', () => undefined)
  return client
}

/** Enrols through the desk of a server. */
export async function enrolCollector(
  server: RunningServer,
  device: string,
  algorithm: Algorithm,
): Promise<Collector> {
  const { desk } = server.context
  const site = device.split('-')[1]!
  const issued = await desk.issueEnrolCode({ device, site, validSeconds: 600 })
  if (!issued.ok) throw new Error(issued.problem.detail)
  const { code } = issued.value
  const signers = { volume: generateKeyPair(algorithm).signer, price: generateKeyPair(algorithm).signer }
  const keys = (['volume', 'price'] as const).map((channel) => ({
    channel,
    algorithm,
    publicKey: toBase64(signers[channel].publicKey),
    proof: toBase64(signers[channel].sign(enrolProofBytes(code, device, channel))),
  }))
  const enrolled = await desk.enrol({ code, device, keys })
  if (!enrolled.ok) throw new Error(enrolled.problem.detail)
  return new Collector(
    device,
    enrolled.value.token,
    new Chain(device, 'volume', signers.volume),
    new Chain(device, 'price', signers.price),
    server.mqttUrl!,
  )
}

/** Rows of the log, without the bytes. */
export async function logRows(stand: Stand): Promise<
  {
    position: number
    type: number
    device: string | null
    first_seq: number | null
    last_seq: number | null
    code: string | null
  }[]
> {
  const { rows } = await stand.database.store.pool.query(
    'select position, type, device, first_seq, last_seq, code from log_entry order by position',
  )
  return rows
}

/** Waits until a condition holds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 15,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${seconds} s`)
    await new Promise((wake) => setTimeout(wake, 20))
  }
}
