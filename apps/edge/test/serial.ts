import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestDevice } from './devices.ts'

/** An RTU request for registers: unit, function, start, count, CRC. */
const RTU_REQUEST_BYTES = 8
/** The head of a Modbus TCP frame before the unit. */
const MBAP_BYTES = 6
/** Bytes of an answer that come together; slow lines deliver them so. */
const PIECE_BYTES = 5

/** CRC-16 of Modbus RTU (polynomial A001, reflected), written from the serial line specification and not from the product. */
export function rtuCrc(bytes: Uint8Array): Buffer {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return Buffer.of(crc & 0xff, crc >> 8)
}

/**
 * A serial cable between a pseudo-terminal, which the collector opens like any serial port, and test devices on sockets.
 * The terminal is made by `script` (bsdutils, there on every Debian); its place is a link that stays when the cable is
 * pulled and put back.
 */
export class SerialCable {
  /** Path to configure. */
  readonly path: string
  /** Spoils every answer while it is set. */
  noisy = false
  private readonly folder: string
  private terminal: ChildProcess | undefined
  private readonly sockets: Socket[] = []
  private readonly connectDevices: (answer: (bytes: Buffer) => void) => (request: Buffer) => void

  private constructor(attach: SerialCable['connectDevices']) {
    this.folder = mkdtempSync(join(tmpdir(), 'cable-'))
    this.path = join(this.folder, 'ttyS0')
    this.connectDevices = attach
  }

  /** A cable to one device that speaks bytes. */
  static async toDevice(device: TestDevice): Promise<SerialCable> {
    const cable: SerialCable = new SerialCable((answer) => {
      const socket = cable.open(device, answer)
      return (request) => socket.write(request)
    })
    await cable.plug()
    return cable
  }

  /** A two-wire bus of Modbus RTU with a module at each unit. */
  static async toBus(modules: Readonly<Record<number, TestDevice>>): Promise<SerialCable> {
    const cable: SerialCable = new SerialCable((answer) => {
      const lines = new Map(
        Object.entries(modules).map(([unit, module]) => [
          Number(unit),
          cable.open(module, (frame) => {
            const body = frame.subarray(MBAP_BYTES)
            answer(Buffer.concat([body, rtuCrc(body)]))
          }),
        ]),
      )
      let waiting = Buffer.alloc(0)
      return (bytes) => {
        waiting = Buffer.concat([waiting, bytes])
        for (; waiting.length >= RTU_REQUEST_BYTES; waiting = waiting.subarray(RTU_REQUEST_BYTES)) {
          const body = waiting.subarray(0, RTU_REQUEST_BYTES - 2)
          if (!rtuCrc(body).equals(waiting.subarray(RTU_REQUEST_BYTES - 2, RTU_REQUEST_BYTES)))
            throw new Error(`a request with a wrong CRC: ${waiting.toString('hex')}`)
          lines.get(body[0]!)?.write(Buffer.concat([Buffer.of(0, 1, 0, 0, 0, body.length), body]))
        }
      }
    })
    await cable.plug()
    return cable
  }

  /** The address as a collector's configuration names it. */
  address(options = 'baud=9600&parity=none'): string {
    return `serial://${this.path}?${options}`
  }

  /** Puts the cable in: a terminal appears at the path. */
  async plug(): Promise<void> {
    const terminal = spawn('script', ['-qfec', 'tty; exec sleep 600', '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, SHELL: '/bin/sh' },
    })
    this.terminal = terminal
    const [name] = (await once(terminal.stdout, 'data')) as [Buffer]
    rmSync(this.path, { force: true })
    symlinkSync(name.toString().trim(), this.path)
    const request = this.connectDevices((bytes) => this.answer(terminal, bytes))
    terminal.stdout.on('data', request)
    terminal.stdin.on('error', () => undefined) // Pulled in the middle of an answer.
  }

  /** Pulls the cable out: the terminal hangs up and is gone. */
  async unplug(): Promise<void> {
    const { terminal } = this
    this.terminal = undefined
    for (const socket of this.sockets.splice(0)) socket.destroy()
    rmSync(this.path, { force: true })
    if (!terminal || terminal.exitCode !== null || terminal.signalCode !== null) return
    const gone = once(terminal, 'exit')
    terminal.kill('SIGKILL')
    await gone
  }

  async remove(): Promise<void> {
    await this.unplug()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private answer(terminal: ChildProcess, bytes: Buffer): void {
    const sent = Buffer.from(bytes)
    if (this.noisy) sent[sent.length - 1]! ^= 0x55
    for (let at = 0; at < sent.length; at += PIECE_BYTES)
      terminal.stdin!.write(sent.subarray(at, at + PIECE_BYTES))
  }

  private open(device: TestDevice, answer: (bytes: Buffer) => void): Socket {
    const { hostname, port } = new URL(device.address)
    const socket = connect(Number(port), hostname)
    socket.on('data', answer)
    socket.on('error', () => undefined)
    this.sockets.push(socket)
    return socket
  }
}
