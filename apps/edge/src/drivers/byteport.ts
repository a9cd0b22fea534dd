import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SerialPort } from 'serialport'
import type { PortAddress } from './address.ts'
import { answered, type Exchange, lost } from './exchange.ts'

/** Real time to open a port. */
const OPEN_TIMEOUT_MS = 3_000
/** A port that could not be opened is not tried again sooner than this (real time). */
const REOPEN_PAUSE_MS = 1_000

/** Looks at bytes as they come; returns the answer once it is whole. */
export type Listener<T> = (bytes: Uint8Array) => T | undefined

/** A line to one or more devices that speak when asked. Requests of several drivers wait for each other. */
export class BytePort {
  private readonly address: PortAddress
  private line: Duplex | undefined
  private listener: ((bytes: Uint8Array) => void) | undefined
  private onClosed: ((reason: string) => void) | undefined
  private turn: Promise<unknown> = Promise.resolve()
  private notBefore = 0
  private lastFailure = ''
  private closed = false

  constructor(address: PortAddress) {
    this.address = address
  }

  /** Sends a request and listens until the answer is whole or `timeoutMs` (real time) has passed. */
  exchange<T>(request: Uint8Array, listener: Listener<T>, timeoutMs: number): Promise<Exchange<T>> {
    const mine = this.turn.then(() => this.exchangeNow(request, listener, timeoutMs))
    this.turn = mine.catch(() => undefined)
    return mine
  }

  private async exchangeNow<T>(
    request: Uint8Array,
    listener: Listener<T>,
    timeoutMs: number,
  ): Promise<Exchange<T>> {
    const problem = await this.ensureOpen()
    const line = this.line
    if (problem !== undefined || !line) return lost('port', problem ?? 'closed')
    return await new Promise<Exchange<T>>((resolve) => {
      const finish = (outcome: Exchange<T>): void => {
        clearTimeout(timer)
        this.listener = undefined
        this.onClosed = undefined
        resolve(outcome)
      }
      const timer = setTimeout(() => finish(lost('silent', `no answer in ${timeoutMs} ms`)), timeoutMs)
      this.onClosed = (reason) => finish(lost('port', reason))
      this.listener = (bytes) => {
        const answer = listener(bytes)
        if (answer !== undefined) finish(answered(answer))
      }
      line.write(request)
    })
  }

  private async ensureOpen(): Promise<string | undefined> {
    if (this.closed) return 'closed'
    if (this.line) return undefined
    if (performance.now() < this.notBefore) return this.lastFailure
    try {
      const line = this.address.kind === 'tcp' ? await openTcp(this.address) : await openSerial(this.address)
      if (this.closed) {
        line.destroy()
        return 'closed'
      }
      this.line = line
      // Bytes that nobody asked for are noise or a late answer to a question given up: not an answer to the next.
      line.on('data', (bytes: Buffer) => this.listener?.(bytes))
      line.on('error', () => {})
      line.once('close', () => {
        if (this.line === line) this.line = undefined
        this.onClosed?.('the port was closed')
      })
      return undefined
    } catch (error) {
      this.lastFailure = error instanceof Error ? error.message : String(error)
      this.notBefore = performance.now() + REOPEN_PAUSE_MS
      return this.lastFailure
    }
  }

  async close(): Promise<void> {
    this.closed = true
    this.line?.destroy()
  }
}

function openTcp(address: Extract<PortAddress, { kind: 'tcp' }>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port, noDelay: true })
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection in ${OPEN_TIMEOUT_MS} ms`)),
      OPEN_TIMEOUT_MS,
    )
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      // A serial server whose power was cut leaves a half-open connection behind.
      socket.setKeepAlive(true, 30_000)
      resolve(socket)
    })
    const fail = (error: Error): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    socket.once('error', fail)
  })
}

function openSerial(address: Extract<PortAddress, { kind: 'serial' }>): Promise<Duplex> {
  const { path, baudRate, parity, dataBits, stopBits } = address
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate, parity, dataBits, stopBits, autoOpen: false })
    port.open((error) => {
      if (error) reject(error)
      else resolve(port)
    })
  })
}
