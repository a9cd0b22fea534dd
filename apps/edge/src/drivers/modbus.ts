import { modbus } from '@oiltrail/protocols'
import ModbusClient from 'modbus-serial'
import type { PortAddress } from './address.ts'
import { answered, type Exchange, lost } from './exchange.ts'

type Client = ModbusClient

/** Real time a module may take to answer. */
const ANSWER_TIMEOUT_MS = 1_000
const OPEN_TIMEOUT_MS = 3_000
const REOPEN_PAUSE_MS = 1_000

/** A Modbus line: TCP, RTU behind a serial server, or RTU on a serial port of the box. */
export class ModbusPort {
  private readonly address: PortAddress
  private readonly framing: 'tcp' | 'rtu'
  private client: Client | undefined
  private turn: Promise<unknown> = Promise.resolve()
  private notBefore = 0
  private lastFailure = ''
  private closed = false

  constructor(address: PortAddress, framing: 'tcp' | 'rtu') {
    this.address = address
    this.framing = framing
  }

  /** Reads one repetition of a block of holding registers. */
  async read<T>(unit: number, block: modbus.RegisterBlock<T>, index = 0): Promise<Exchange<T>> {
    const words = await this.registers(unit, modbus.blockAddress(block, index), block.length)
    if (!words.ok) return words
    const read = modbus.readBlock(block, words.value)
    return read.ok ? answered(read.value) : lost('silent', `${read.problem.where}: ${read.problem.detail}`)
  }

  /** Reads holding registers (function 03), at most 125. */
  registers(unit: number, start: number, length: number): Promise<Exchange<readonly number[]>> {
    const mine = this.turn.then(() => this.registersNow(unit, start, length))
    this.turn = mine.catch(() => undefined)
    return mine
  }

  private async registersNow(
    unit: number,
    start: number,
    length: number,
  ): Promise<Exchange<readonly number[]>> {
    const problem = await this.ensureOpen()
    const client = this.client
    if (problem !== undefined || !client) return lost('port', problem ?? 'closed')
    try {
      client.setID(unit)
      const { data } = await client.readHoldingRegisters(start, length)
      return answered(data)
    } catch (error) {
      const { message, errno, modbusCode } = error as {
        message?: string
        errno?: unknown
        modbusCode?: number
      }
      const detail = String(message ?? error).slice(0, 100)
      // An exception or a timeout comes from (or for lack of) a module; anything else from the line.
      if (modbusCode !== undefined) return { ...lost('silent', detail), exception: modbusCode }
      if (errno === 'ETIMEDOUT' && client.isOpen) return lost('silent', detail)
      if (client.isOpen && /CRC|Unexpected|Data length/i.test(detail)) return lost('silent', detail)
      this.drop()
      return lost('port', detail)
    }
  }

  private async ensureOpen(): Promise<string | undefined> {
    if (this.closed) return 'closed'
    if (this.client?.isOpen) return undefined
    this.drop()
    if (performance.now() < this.notBefore) return this.lastFailure
    const client = new ModbusClient()
    client.on('error', () => {})
    client.setTimeout(ANSWER_TIMEOUT_MS)
    let timer: NodeJS.Timeout | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no connection in ${OPEN_TIMEOUT_MS} ms`)), OPEN_TIMEOUT_MS)
      })
      await Promise.race([this.connect(client), late])
      this.client = client
      return undefined
    } catch (error) {
      this.lastFailure = error instanceof Error ? error.message : String(error)
      this.notBefore = performance.now() + REOPEN_PAUSE_MS
      client.destroy(() => {})
      return this.lastFailure
    } finally {
      clearTimeout(timer)
    }
  }

  private async connect(client: Client): Promise<void> {
    const { address } = this
    if (address.kind === 'tcp') {
      if (this.framing === 'tcp') await client.connectTCP(address.host, { port: address.port })
      else await client.connectTcpRTUBuffered(address.host, { port: address.port })
      return
    }
    const { path, baudRate, parity, dataBits, stopBits } = address
    await client.connectRTUBuffered(path, { baudRate, parity, dataBits, stopBits })
  }

  private drop(): void {
    const client = this.client
    this.client = undefined
    client?.destroy(() => {})
  }

  async close(): Promise<void> {
    this.closed = true
    this.drop()
  }
}
