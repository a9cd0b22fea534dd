import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestDevice } from './devices.ts'
import { rtuCrc } from './serial.ts'

/** What a bad line or a bad device does to answers. */
export const MISCHIEFS = [
  'cut',
  'cut-and-hang-up',
  'slow',
  'noise-before',
  'noise-between',
  'doubled',
  'echo',
  'late',
  'very-late',
  'bit-turned',
  'answer-before-last',
  'flood',
  'nonsense',
] as const
/** Through which everything can still be read. */
export const BORNE: ReadonlySet<Mischief> = new Set(['slow', 'noise-between', 'doubled', 'echo'])
export type Mischief = (typeof MISCHIEFS)[number]

/** An RTU request for registers: unit, function, start, count, CRC. */
const RTU_REQUEST_BYTES = 8
const MBAP_BYTES = 6
/** Beyond every time-out of a port: the answer comes when the next question has been asked. */
const LATE_MS = 1_100
const VERY_LATE_MS = 2_600
const BYTE_PAUSE_MS = 2
const FLOOD_BYTES = 200_000

/** Sits on the wire between the collector and a device, and spoils answers while it is told to. */
export class Saboteur {
  mischief: Mischief | undefined
  address = ''
  /** Answers that passed while there was mischief. */
  spoilt = 0
  private readonly target: URL
  private readonly rtu: boolean
  private server: Server | undefined
  private readonly sockets = new Set<Socket>()
  private previous: Buffer | undefined
  private seed: number

  /** `rtu`: the device speaks Modbus TCP, the collector sees an RTU bus behind a serial server. */
  constructor(device: TestDevice, options: { rtu?: boolean; seed?: number } = {}) {
    this.target = new URL(device.address)
    this.rtu = options.rtu ?? false
    this.seed = options.seed ?? 7
  }

  async start(): Promise<this> {
    const server = createServer((socket) => this.bridge(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.address = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`
    this.server = server
    return this
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()))
  }

  private bridge(collector: Socket): void {
    const device = connect(Number(this.target.port), this.target.hostname)
    for (const socket of [collector, device]) {
      this.sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.sockets.delete(socket)
        collector.destroy()
        device.destroy()
      })
    }
    let waiting = Buffer.alloc(0)
    collector.on('data', (bytes: Buffer) => {
      if (this.mischief === 'echo') collector.write(bytes)
      if (!this.rtu) {
        device.write(bytes)
        return
      }
      waiting = Buffer.concat([waiting, bytes])
      for (; waiting.length >= RTU_REQUEST_BYTES; waiting = waiting.subarray(RTU_REQUEST_BYTES)) {
        const body = waiting.subarray(0, RTU_REQUEST_BYTES - 2)
        if (!rtuCrc(body).equals(waiting.subarray(RTU_REQUEST_BYTES - 2, RTU_REQUEST_BYTES)))
          throw new Error(`not Modbus RTU: ${waiting.toString('hex')}`)
        device.write(Buffer.concat([Buffer.of(0, 1, 0, 0, 0, body.length), body]))
      }
    })
    device.on('data', (bytes: Buffer) => {
      const body = bytes.subarray(MBAP_BYTES)
      void this.pass(this.rtu ? Buffer.concat([body, rtuCrc(body)]) : bytes, collector)
    })
  }

  private async pass(answer: Buffer, to: Socket): Promise<void> {
    const { mischief, previous } = this
    this.previous = answer
    if (mischief !== undefined) this.spoilt++
    if (mischief === undefined || mischief === 'echo') {
      to.write(answer)
      return
    }
    const at = 1 + this.random(answer.length - 1)
    if (mischief === 'cut' || mischief === 'cut-and-hang-up') {
      to.write(answer.subarray(0, at))
      if (mischief === 'cut-and-hang-up') to.end()
    } else if (mischief === 'slow')
      for (const byte of answer) {
        to.write(Buffer.of(byte))
        await sleep(BYTE_PAUSE_MS)
      }
    else if (mischief === 'noise-before') to.write(Buffer.concat([this.noise(20), answer]))
    else if (mischief === 'noise-between') {
      to.write(answer)
      await sleep(5)
      to.write(this.noise(20))
    } else if (mischief === 'doubled') to.write(Buffer.concat([answer, answer]))
    else if (mischief === 'late' || mischief === 'very-late') {
      await sleep(mischief === 'late' ? LATE_MS : VERY_LATE_MS)
      to.write(answer)
    } else if (mischief === 'bit-turned') {
      const turned = Buffer.from(answer)
      turned[at]! ^= 1 << this.random(8)
      to.write(turned)
    } else if (mischief === 'answer-before-last') to.write(previous ?? this.noise(10))
    else if (mischief === 'flood') to.write(this.noise(FLOOD_BYTES))
    else to.write(this.noise(answer.length))
  }

  private noise(most: number): Buffer {
    return Buffer.from(Array.from({ length: 1 + this.random(most) }, () => this.random(256)))
  }

  /** 0 … below − 1; the same every time (Lehmer's generator). */
  private random(below: number): number {
    this.seed = (this.seed * 48_271) % 2_147_483_647
    return below <= 1 ? 0 : this.seed % below
  }
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}
