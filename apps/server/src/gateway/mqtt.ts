import { timingSafeEqual } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { sha256 } from '@oiltrail/evidence/node'
import { DEVICE_PATTERN, type Problem, utf8Bytes } from '@oiltrail/kernel'
import { BATCH_TOPIC, RECEIPT_TOPIC_PREFIX, type Receipt } from '@oiltrail/protocols/uplink'
import { Aedes, type Client, type ConnectPacket, type PublishPacket } from 'aedes'
import type { Logger } from 'pino'
import type { DeviceBook } from '../intake/devices.ts'
import type { Intake } from '../intake/intake.ts'
import { watchSocket } from './frames.ts'

/** Connections at once. One connection may carry the batches of many devices. */
const MOST_CONNECTIONS = 4_000
/** Connections that have not authenticated yet are given this long. */
const CONNECT_TIMEOUT_MS = 10_000
/** A client that does not read its receipts is let go. */
const DRAIN_TIMEOUT_MS = 30_000
/** A dead peer is noticed by TCP also when the client asked for no keep-alive. */
const TCP_KEEPALIVE_MS = 60_000
/** What may be read ahead from a connection while its earlier batches are being committed. */
const READ_AHEAD_BYTES = 256 * 1024
/** After a `retry` the connection is closed without PUBACK; not at once, so that a failing platform is not stormed. */
const RETRY_CLOSE_MS = 500
const CLIENT_ID = /^[A-Za-z0-9-]{1,64}$/
const REJECTED_IDENTIFIER = 2
const BAD_CREDENTIAL = 4
const LONGEST_NAME = 64

/** What the MQTT gateway works with. */
export interface MqttParts {
  readonly intake: Intake
  readonly book: DeviceBook
  readonly log: Logger
}

/** Certificate and private key, PEM. */
export interface TlsFiles {
  readonly cert: Buffer
  readonly key: Buffer
}

interface Sender {
  readonly device: string
  readonly tokenHash: Uint8Array
  readonly peer: string
}

/**
 * Passes nothing on: what comes in is for intake alone, and receipts go straight to their client. Without this every batch
 * would be offered to subscribers that cannot exist. (aedes publishes to tell other brokers of a cluster; we have none.)
 */
class Mouth extends Aedes {
  override publish(_packet: unknown, client: unknown, done?: (error?: Error) => void): void {
    const answer = (typeof client === 'function' ? client : done) as typeof done
    answer?.()
  }
}

/**
 * The MQTT 3.1.1 mouth of the uplink (docs/formats/uplink.md §5). It knows connections and credentials; a batch it only
 * hands on. PUBACK waits for the commit, because aedes asks for permission before it acknowledges.
 */
export class MqttGateway {
  private readonly parts: MqttParts
  private readonly broker: Aedes
  private readonly servers: Server[] = []
  private readonly sockets = new Set<Socket>()
  private readonly senders = new WeakMap<Client, Sender>()
  /** Who uses a client id now. Nobody may push another device's connection out by taking its id. */
  private readonly idHolders = new Map<string, { client: Client; device: string }>()

  constructor(parts: MqttParts) {
    this.parts = parts
    this.broker = new Mouth({
      connectTimeout: CONNECT_TIMEOUT_MS,
      drainTimeout: DRAIN_TIMEOUT_MS,
      maxClientsIdLength: LONGEST_NAME,
      maxTopicLevels: 8,
      preConnect: (_client, packet, done) => done(null, cleanSession(packet)),
      authenticate: (client, user, password, done) => {
        const refused = this.authenticate(client, user, password)
        if (!refused) done(null, true)
        else done(Object.assign(new Error(refused.problem.code), { returnCode: refused.returnCode }), false)
      },
      authorizePublish: (client, packet, done) => {
        this.receive(client, packet).then(
          () => done(null),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        )
      },
      authorizeSubscribe: (client, subscription, done) =>
        done(null, subscription.topic === `${RECEIPT_TOPIC_PREFIX}${client.id}` ? subscription : null),
    })
    this.broker.on('clientError', (client, error) =>
      parts.log.debug({ client: client.id, err: error.message }, 'mqtt connection ended'),
    )
    this.broker.on('connectionError', (_client, error) =>
      parts.log.debug({ err: error.message }, 'mqtt connection refused'),
    )
  }

  get connections(): number {
    return this.sockets.size
  }

  /** Listens; returns the port (that given, or the one the system chose for 0). */
  async listen(port: number, host: string, tls?: TlsFiles): Promise<number> {
    if (this.servers.length === 0) await this.broker.listen()
    const take = (socket: Socket): void => this.take(socket)
    const server = tls
      ? createTlsServer({ ...tls, minVersion: 'TLSv1.2', handshakeTimeout: CONNECT_TIMEOUT_MS }, take)
      : createServer({ highWaterMark: READ_AHEAD_BYTES, noDelay: true }, take)
    server.maxConnections = MOST_CONNECTIONS
    server.on('tlsClientError', (error: Error) => this.parts.log.debug({ err: error.message }, 'tls failed'))
    await new Promise<void>((listening, failed) => {
      server.once('error', failed)
      server.listen(port, host, listening)
    })
    this.servers.push(server)
    const address = server.address()
    return typeof address === 'object' && address ? address.port : port
  }

  /** Takes no more connections. Those that are open stay until `close`, for their receipts. */
  stopListening(): void {
    for (const server of this.servers) server.close()
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.stopListening()
    await new Promise<void>((closed) => this.broker.close(closed))
    for (const socket of this.sockets) socket.destroy()
  }

  private take(socket: Socket): void {
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
    const peer = socket.remoteAddress ?? 'unknown'
    watchSocket(socket, (start) =>
      this.parts.intake.recordRefusal(
        { code: 'OVERSIZED', detail: 'an MQTT packet above 1 MiB was announced' },
        start.subarray(0, 1_024),
        peer,
      ),
    )
    this.broker.handle(socket)
  }

  private authenticate(
    client: Client,
    user: string | undefined,
    password: Buffer | undefined,
  ): { readonly problem: Problem; readonly returnCode: number } | undefined {
    const peer = (client.conn as Socket).remoteAddress ?? 'unknown'
    const device = (user ?? '').slice(0, LONGEST_NAME)
    const refuse = (problem: Problem, returnCode: number) => {
      const connect = { v: 1, connect: device, clientId: client.id?.slice(0, LONGEST_NAME), peer }
      // What is no device's name stands in the raw bytes alone: the log's columns could not even keep it (NUL).
      const named = DEVICE_PATTERN.test(device) ? device : ''
      this.parts.intake.recordRefusal(problem, utf8Bytes(JSON.stringify(connect)), peer, named)
      return { problem, returnCode }
    }
    const known = this.parts.book.get(device)
    if (!known) return refuse({ code: 'UNKNOWN_DEVICE', detail: 'at MQTT CONNECT' }, BAD_CREDENTIAL)
    if (!password || !timingSafeEqual(sha256(password), known.tokenHash))
      return refuse({ code: 'BAD_CREDENTIAL', detail: 'at MQTT CONNECT' }, BAD_CREDENTIAL)
    const holder = this.idHolders.get(client.id)
    if (!CLIENT_ID.test(client.id) || (holder && holder.device !== device))
      return refuse(
        { code: 'INVALID_REQUEST', detail: 'client id not allowed or in use by another device' },
        REJECTED_IDENTIFIER,
      )
    const { id } = client
    this.idHolders.set(id, { client, device })
    // The socket's own end: aedes tells of those alone that had been let in completely.
    const leave = (): void => {
      if (this.idHolders.get(id)?.client === client) this.idHolders.delete(id)
    }
    if (client.conn.destroyed) leave()
    else client.conn.once('close', leave)
    this.senders.set(client, { device, tokenHash: known.tokenHash, peer: `${device}@${peer}` })
    return undefined
  }

  private async receive(client: Client | null, packet: PublishPacket): Promise<void> {
    const sender = client ? this.senders.get(client) : undefined
    if (!client || !sender) throw new Error('only authenticated clients publish')
    if (packet.topic !== BATCH_TOPIC) throw new Error(`nothing may be published to this topic`)
    if (packet.qos === 2) throw new Error('batches travel with QoS 1')
    // A device that was revoked, or enrolled anew, since it connected.
    if (this.parts.book.get(sender.device)?.tokenHash !== sender.tokenHash && !this.stillValid(sender))
      throw new Error('the credential is no longer valid')
    const receipt = await this.parts.intake.submit(packet.payload as Buffer, sender.peer)
    this.sendReceipt(client, receipt)
    if (receipt.outcome !== 'retry') return
    await new Promise((wake) => setTimeout(wake, RETRY_CLOSE_MS))
    throw new Error(`${receipt.code}: nothing was stored`)
  }

  private stillValid(sender: Sender): boolean {
    const known = this.parts.book.get(sender.device)
    return known !== undefined && timingSafeEqual(known.tokenHash, sender.tokenHash)
  }

  private sendReceipt(client: Client, receipt: Receipt): void {
    if (client.closed) return
    client.publish(
      {
        cmd: 'publish',
        topic: `${RECEIPT_TOPIC_PREFIX}${client.id}`,
        payload: JSON.stringify(receipt),
        qos: 0,
        dup: false,
        retain: false,
      },
      // A receipt that does not arrive is given again when the batch is sent again. aedes calls this without asking
      // whether it is there, whatever its types say.
      () => undefined,
    )
  }
}

/**
 * Sessions are not kept: what was not acknowledged is sent again, and receipts are given again for what is in the log.
 * Wills are not published.
 */
function cleanSession(packet: ConnectPacket): boolean {
  packet.clean = true
  delete packet.will
  return true
}
