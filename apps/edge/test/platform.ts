import { createServer as createHttp } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { admitSpan, type RecordedFact, recordSchema, type StreamState } from '@oiltrail/domain'
import { suites } from '@oiltrail/evidence/node'
import { fromBase64, ok, type Problem, refuse, toHex } from '@oiltrail/kernel'
import { uplink } from '@oiltrail/protocols'
import { Aedes } from 'aedes'

/** What a platform of the tests knows of one channel of one device. */
export interface ReceivedStream {
  state: StreamState
  readonly records: Map<number, RecordedFact>
}

/**
 * The other end of the uplink, for tests of the collector alone: the format's own checks in memory behind a real broker.
 */
export class TestPlatform {
  readonly streams = new Map<string, ReceivedStream>()
  readonly refusals: Problem[] = []
  /** Receipts held back, by outcome, for as long as it is set. */
  answer: ((batch: uplink.BatchHeader) => 'stored' | 'retry' | 'refused' | 'nothing') | undefined
  /** Batches in the order they came. */
  readonly arrivals: { device: string; channel: string; first: number; count: number; at: number }[] = []
  readonly codes = new Set<string>()
  private readonly keys = new Map<string, { algorithm: uplink.BatchHeader['alg']; publicKey: Uint8Array }>()
  private readonly sockets = new Set<Socket>()
  private broker: Aedes | undefined
  private mqtt: Server | undefined
  private web: ReturnType<typeof createHttp> | undefined
  private port = 0
  private webPort = 0

  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }
  get webUrl(): string {
    return `http://127.0.0.1:${this.webPort}`
  }

  async start(): Promise<void> {
    this.web = createHttp((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const body = Buffer.concat(parts)
        const [status, answer] = this.serve(request.url ?? '', body)
        response.writeHead(status, { 'content-type': 'application/json' }).end(answer)
      })
    })
    await new Promise<void>((resolve) => this.web!.listen(0, '127.0.0.1', resolve))
    this.webPort = (this.web.address() as { port: number }).port
    await this.connect()
  }

  /** The network comes back. */
  async connect(): Promise<void> {
    const broker = await Aedes.createBroker()
    broker.authenticate = (_client, user, password, done) =>
      done(null, password?.toString() === `token-${user}`)
    broker.authorizePublish = (client, packet, done) => {
      const receipt = this.receive(Buffer.from(packet.payload))
      if (receipt && client)
        broker.publish(
          {
            cmd: 'publish',
            topic: `${uplink.RECEIPT_TOPIC_PREFIX}${client.id}`,
            payload: Buffer.from(JSON.stringify(receipt)),
            qos: 1,
            retain: false,
            dup: false,
          },
          () => {},
        )
      done(null)
    }
    const server = createServer((socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
      socket.on('error', () => {})
      broker.handle(socket)
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as { port: number }).port
    this.broker = broker
    this.mqtt = server
  }

  /** The network is cut: nothing listens, all connections break. */
  async cut(): Promise<void> {
    const { broker, mqtt } = this
    this.mqtt = undefined
    this.broker = undefined
    for (const socket of this.sockets) socket.destroy()
    if (mqtt) await new Promise<void>((resolve) => mqtt.close(() => resolve()))
    if (broker) await new Promise<void>((resolve) => broker.close(() => resolve()))
  }

  async stop(): Promise<void> {
    await this.cut()
    this.web?.closeAllConnections()
    await new Promise<void>((resolve) => (this.web ? this.web.close(() => resolve()) : resolve()))
  }

  /** Facts of a stream in the order of their numbers. */
  facts(device: string, channel: string): RecordedFact[] {
    const stream = this.streams.get(`${device} ${channel}`)
    return [...(stream?.records.values() ?? [])].sort((a, b) => a.seq - b.seq)
  }

  private serve(path: string, body: Buffer): [number, string] {
    if (path === '/healthz') return [200, '{"ok":true}']
    return path === '/uplink' ? this.post(body) : this.enrol(body)
  }

  private post(body: Buffer): [number, string] {
    const receipt = this.receive(body)
    return receipt ? [200, JSON.stringify(receipt)] : [503, '']
  }

  private enrol(body: Buffer): [number, string] {
    const request = JSON.parse(body.toString()) as uplink.EnrolRequest
    if (!this.codes.delete(request.code))
      return [403, JSON.stringify({ code: 'ENROL_CODE_INVALID', detail: 'used' })]
    for (const { channel, algorithm, publicKey, proof } of request.keys) {
      const key = fromBase64(publicKey)!
      const verifier = suites[algorithm].verifier(key)
      const message = uplink.enrolProofBytes(request.code, request.device, channel)
      if (!verifier.ok || !verifier.value(message, fromBase64(proof)!))
        return [403, '{"code":"BAD_SIGNATURE"}']
      this.learn(request.device, channel, algorithm, key)
    }
    const { device } = request
    return [
      200,
      JSON.stringify({
        county: device.slice(0, 6),
        device,
        token: `token-${device}`,
        serverTime: Date.now(),
      }),
    ]
  }

  private learn(
    device: string,
    channel: string,
    algorithm: uplink.BatchHeader['alg'],
    publicKey: Uint8Array,
  ): void {
    const id = toHex(suites.Ed25519.hash(publicKey)).slice(0, 16)
    this.keys.set(`${device} ${channel} ${id}`, { algorithm, publicKey })
  }

  private receive(bytes: Buffer): uplink.Receipt | undefined {
    const verified = uplink.verifyBatch(
      bytes,
      ({ device, channel, key }) => {
        const known = this.keys.get(`${device} ${channel} ${key}`)
        return known ? ok(known) : refuse('UNKNOWN_KEY', key)
      },
      suites,
    )
    const shape = uplink.decodeBatch(bytes)
    if (!shape.ok) {
      this.refusals.push(shape.problem)
      return undefined
    }
    const { header, lines, head } = shape.value
    const { device, channel, first } = header
    this.arrivals.push({ device, channel, first, count: lines.length, at: performance.now() })
    const wanted = this.answer?.(header) ?? 'stored'
    if (wanted === 'nothing') return undefined
    const base = {
      v: 1,
      device,
      channel,
      first,
      last: first + lines.length - 1,
      head,
      position: -1,
      at: Date.now(),
    } as const
    if (wanted === 'retry') return { ...base, outcome: 'retry', code: 'OVERLOADED' }
    const problem =
      wanted === 'refused'
        ? { code: 'CHAIN_FORK' as const, detail: 'as the test wants' }
        : verified.ok
          ? this.store(verified.value)
          : verified.problem
    if (!problem) return { ...base, outcome: 'stored', position: 1 }
    this.refusals.push(problem)
    return { ...base, outcome: 'refused', code: problem.code, detail: problem.detail }
  }

  private store({ batch, hashes }: uplink.VerifiedBatch): Problem | undefined {
    const { device, channel, first, before } = batch.header
    const name = `${device} ${channel}`
    const stream = this.streams.get(name) ?? { state: [], records: new Map<number, RecordedFact>() }
    const last = first + batch.lines.length - 1
    const admitted = admitSpan(stream.state, {
      first,
      last,
      before,
      hashAt: (seq) => toHex(hashes[seq - first]!),
    })
    if (!admitted.ok) return admitted.problem
    const records: RecordedFact[] = []
    for (const [i, line] of batch.lines.entries()) {
      const parsed = recordSchema.safeParse(JSON.parse(Buffer.from(line).toString()))
      if (!parsed.success || parsed.data.seq !== first + i)
        return { code: 'MALFORMED', detail: Buffer.from(line).toString() }
      records.push(parsed.data)
    }
    for (const record of records) {
      stream.records.set(record.seq, record)
      if (record.kind === 'key') this.learn(device, channel, record.algorithm, fromBase64(record.publicKey)!)
    }
    stream.state = admitted.value.state
    this.streams.set(name, stream)
    return undefined
  }
}
