import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a line can do to those who rely on it. */
export interface Weather {
  /** Nothing gets through, and new connections are refused. */
  cut: boolean
  /** Bytes a second in each direction; undefined: as fast as it goes. */
  bytesPerSecond?: number
  /** A connection breaks after a random number of bytes up to this. */
  breaksAfterBytes?: number
}

/** A stretch of bad network between two programs: a TCP relay whose weather can change at any moment. */
export class BadLine {
  weather: Weather = { cut: false }
  private readonly sockets = new Set<Socket>()
  private readonly server: Server
  private readonly target: { host: string; port: number }
  private seed = 1

  constructor(target: string) {
    const url = new URL(target)
    this.target = { host: url.hostname, port: Number(url.port) }
    this.server = createServer((near) => this.relay(near))
  }

  /** Starts to listen; returns its address in the scheme asked for. */
  async listen(scheme: string): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done))
    return `${scheme}://127.0.0.1:${(this.server.address() as { port: number }).port}`
  }

  /** Changes the weather; a cut breaks every connection at once. */
  set(weather: Weather): void {
    this.weather = weather
    if (weather.cut) this.breakAll()
  }

  async close(): Promise<void> {
    this.breakAll()
    await new Promise<void>((done) => this.server.close(() => done()))
  }

  private breakAll(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  private relay(near: Socket): void {
    if (this.weather.cut) {
      near.destroy()
      return
    }
    const far = connect(this.target)
    // A fixed sequence instead of chance, so that a failure comes again.
    this.seed = (this.seed * 48_271) % 2_147_483_647
    let left =
      this.weather.breaksAfterBytes === undefined
        ? Number.POSITIVE_INFINITY
        : 1 + (this.seed % this.weather.breaksAfterBytes)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from)
      from.on('error', () => undefined) // A broken line is what this is for.
      from.on('close', () => {
        this.sockets.delete(from)
        to.destroy()
      })
      from.on('data', (chunk: Buffer) => {
        left -= chunk.length
        if (left < 0) {
          from.destroy()
          return
        }
        this.pass(from, to, chunk)
      })
    }
  }

  private pass(from: Socket, to: Socket, chunk: Buffer): void {
    const rate = this.weather.bytesPerSecond
    if (rate === undefined) {
      to.write(chunk)
      return
    }
    from.pause()
    setTimeout(
      () => {
        to.write(chunk)
        from.resume()
      },
      (chunk.length / rate) * 1_000,
    )
  }
}
