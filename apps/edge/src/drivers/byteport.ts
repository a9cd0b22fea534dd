import type { Duplex } from 'node:stream'
import type { PortAddress } from './address.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import { LineManners, openLine, REOPEN_PAUSE_MS, SILENCES_TO_REOPEN } from './line.ts'

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
  private silences = 0
  private readonly manners = new LineManners()

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
    await this.manners.still()
    if (this.line !== line) return lost('port', 'the port was closed')
    return await new Promise<Exchange<T>>((resolve) => {
      const finish = (outcome: Exchange<T>): void => {
        clearTimeout(timer)
        this.listener = undefined
        this.onClosed = undefined
        resolve(outcome)
      }
      const timer = setTimeout(() => {
        this.manners.unanswered()
        if (++this.silences >= SILENCES_TO_REOPEN && this.address.kind === 'tcp') this.drop()
        finish(lost('silent', `no answer in ${timeoutMs} ms`))
      }, timeoutMs)
      this.onClosed = (reason) => finish(lost('port', reason))
      this.listener = (bytes) => {
        const answer = listener(bytes)
        if (answer === undefined) return
        this.silences = 0
        finish(answered(answer))
      }
      line.write(request)
    })
  }

  private async ensureOpen(): Promise<string | undefined> {
    if (this.closed) return 'closed'
    if (this.line) return undefined
    if (performance.now() < this.notBefore) return this.lastFailure
    try {
      const line = await openLine(this.address)
      if (this.closed) {
        line.destroy()
        return 'closed'
      }
      this.line = line
      // Bytes that nobody asked for are noise or a late answer to a question given up: not an answer to the next.
      line.on('data', (bytes: Buffer) => {
        this.manners.heard()
        this.listener?.(bytes)
      })
      line.on('error', () => {})
      line.once('close', () => {
        if (this.line !== line) return
        this.line = undefined
        this.onClosed?.('the port was closed')
      })
      return undefined
    } catch (error) {
      this.lastFailure = error instanceof Error ? error.message : String(error)
      this.notBefore = performance.now() + REOPEN_PAUSE_MS
      return this.lastFailure
    }
  }

  /** Lets go of a line whose other end may be gone; the next question opens it anew. */
  private drop(): void {
    const { line } = this
    this.line = undefined
    this.silences = 0
    line?.destroy()
  }

  async close(): Promise<void> {
    this.closed = true
    this.line?.destroy()
  }
}
