import { modbus } from '@oiltrail/protocols'
import ModbusClient from 'modbus-serial'
import type { PortAddress } from './address.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import { LineManners, openLine, REOPEN_PAUSE_MS, SILENCES_TO_REOPEN } from './line.ts'
import { ModbusLine } from './modbus-line.ts'

type Client = ModbusClient

/** Version of the register maps that are read (packages/protocols/README.md): a module with another is not believed. */
export const MAP_VERSION = 1

/** Real time a module may take to answer. */
const ANSWER_TIMEOUT_MS = 1_000

/** A Modbus line: TCP, RTU behind a serial server, or RTU on a serial port of the box. */
export class ModbusPort {
  private readonly address: PortAddress
  private readonly framing: 'tcp' | 'rtu'
  private client: Client | undefined
  private turn: Promise<unknown> = Promise.resolve()
  private notBefore = 0
  private lastFailure = ''
  private closed = false
  private silences = 0
  private readonly manners = new LineManners()

  constructor(address: PortAddress, framing: 'tcp' | 'rtu') {
    this.address = address
    this.framing = address.kind === 'serial' ? 'rtu' : framing
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
    await this.manners.still()
    try {
      client.setID(unit)
      const { data } = await client.readHoldingRegisters(start, length)
      this.silences = 0
      return answered(data)
    } catch (error) {
      const { message, modbusCode } = error as { message?: string; modbusCode?: number }
      const detail = String(message ?? error).slice(0, 100)
      if (!client.isOpen) {
        this.drop()
        return lost('port', 'the port was closed')
      }
      // An exception comes from a module; everything else is the lack of an answer.
      if (modbusCode !== undefined) {
        this.silences = 0
        return { ...lost('silent', detail), exception: modbusCode }
      }
      this.manners.unanswered()
      if (++this.silences >= SILENCES_TO_REOPEN && this.address.kind === 'tcp') this.drop()
      return lost('silent', detail)
    }
  }

  private async ensureOpen(): Promise<string | undefined> {
    if (this.closed) return 'closed'
    if (this.client?.isOpen) return undefined
    this.drop()
    if (performance.now() < this.notBefore) return this.lastFailure
    try {
      const line = new ModbusLine(await openLine(this.address), this.framing, this.manners)
      if (this.closed) {
        line.destroy()
        return 'closed'
      }
      const client = new ModbusClient(line)
      client.on('error', () => {})
      client.setTimeout(ANSWER_TIMEOUT_MS)
      await new Promise<void>((resolve) => client.open(() => resolve()))
      this.client = client
      return undefined
    } catch (error) {
      this.lastFailure = error instanceof Error ? error.message : String(error)
      this.notBefore = performance.now() + REOPEN_PAUSE_MS
      return this.lastFailure
    }
  }

  private drop(): void {
    const client = this.client
    this.client = undefined
    this.silences = 0
    client?.destroy(() => {})
  }

  async close(): Promise<void> {
    this.closed = true
    this.drop()
  }
}
