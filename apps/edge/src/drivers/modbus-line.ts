import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { LineManners } from './line.ts'

const READ_REGISTERS = 0x03
const EXCEPTION = 0x80
/** Unit, function, byte count before the registers; CRC behind them. */
const HEAD_BYTES = 3
const CRC_BYTES = 2
/** Transaction, protocol and length before the unit of a Modbus TCP frame. */
const MBAP_BYTES = 6
/** Two of the longest frames: what is older is noise. */
const MOST_KEPT_BYTES = 600

/** What a question waits for. */
interface Question {
  readonly unit: number
  readonly registers: number
  readonly transaction: number
}

/**
 * A line as the Modbus library wants its ports, for RTU and for Modbus TCP. The library's own ports keep what is left of a
 * broken answer and take it for the beginning of the next, believe a byte count before it is checked, and speak Modbus TCP
 * to an RTU bus behind a serial server. Here only a whole answer to the question that is open is handed over, wherever in
 * the bytes it begins: unit, function, byte count and CRC, or transaction, must be its own.
 */
export class ModbusLine extends EventEmitter {
  /** Set by the library. */
  _transactionIdRead = 1
  _transactionIdWrite = 1
  private readonly line: Duplex
  private readonly framing: 'tcp' | 'rtu'
  private readonly manners: LineManners
  private kept: Buffer = Buffer.alloc(0)
  private question: Question | undefined
  private transaction = 0
  isOpen = true

  constructor(line: Duplex, framing: 'tcp' | 'rtu', manners: LineManners) {
    super()
    this.line = line
    this.framing = framing
    this.manners = manners
    line.on('data', (bytes: Buffer) => this.hear(bytes))
    line.on('error', () => {})
    line.once('close', () => {
      this.isOpen = false
      this.question = undefined
      this.emit('close')
    })
  }

  open(done: (error?: Error) => void): void {
    done()
  }

  close(done: () => void): void {
    this.destroy()
    done()
  }

  destroy(): void {
    this.isOpen = false
    this.line.destroy()
  }

  /** Sends a request of the library: an RTU frame with its CRC. */
  write(frame: Buffer): void {
    this.transaction = (this.transaction + 1) & 0xffff
    this.kept = Buffer.alloc(0)
    this.question = { unit: frame[0]!, registers: frame.readUInt16BE(4), transaction: this.transaction }
    if (this.framing === 'rtu') this.line.write(frame)
    else {
      const body = frame.subarray(0, -CRC_BYTES)
      this.line.write(Buffer.concat([mbap(this.transaction, body.length), body]))
    }
  }

  private hear(bytes: Buffer): void {
    this.manners.heard()
    const { question } = this
    if (!question) return
    this.kept = Buffer.concat([this.kept, bytes]).subarray(-MOST_KEPT_BYTES)
    const body = this.answerTo(question)
    if (!body) return
    this.question = undefined
    this.emit('data', Buffer.concat([body, crcOf(body)]))
  }

  /** The answer, from unit to the last register, if it is there. */
  private answerTo(question: Question): Buffer | undefined {
    const rtu = this.framing === 'rtu'
    const overhead = rtu ? 0 : MBAP_BYTES
    for (let at = overhead; at + HEAD_BYTES <= this.kept.length; at++) {
      const code = this.kept[at + 1]!
      const length = HEAD_BYTES + (code === READ_REGISTERS ? 2 * question.registers : 0)
      const isAnswer = code === READ_REGISTERS && this.kept[at + 2] === 2 * question.registers
      if (this.kept[at] !== question.unit || !(isAnswer || code === (EXCEPTION | READ_REGISTERS))) continue
      const end = at + length + (rtu ? CRC_BYTES : 0)
      if (end > this.kept.length) continue
      const body = this.kept.subarray(at, at + length)
      const proof = rtu ? this.kept.subarray(at + length, end) : this.kept.subarray(at - MBAP_BYTES, at)
      if (proof.equals(rtu ? crcOf(body) : mbap(question.transaction, length))) return body
    }
    return undefined
  }
}

function mbap(transaction: number, length: number): Buffer {
  const head = Buffer.alloc(MBAP_BYTES)
  head.writeUInt16BE(transaction, 0)
  head.writeUInt16BE(length, 4)
  return head
}

/** CRC-16 of Modbus RTU, low byte first (Modbus over Serial Line V1.02 §6.2.2). */
function crcOf(bytes: Uint8Array): Buffer {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  }
  return Buffer.of(crc & 0xff, crc >>> 8)
}
