import { createServer, type Server, type Socket } from 'node:net'

/** A serial server or module has few connections; more than this from loopback is a mistake. */
const MOST_CONNECTIONS = 8

/** One conversation with whoever connected: gets bytes, answers through `send`. */
export interface Conversation {
  receive(bytes: Uint8Array): void
  close?(): void
}

/** Makes the device's side of one connection. */
export type Listener = (send: (bytes: Uint8Array) => void) => Conversation

/** A device's socket on loopback: opens on a free port once, and can be closed and opened again on the same one. */
export class DevicePort {
  private readonly listener: Listener
  private readonly sockets = new Set<Socket>()
  private server: Server | undefined
  private number = 0

  constructor(listener: Listener) {
    this.listener = listener
  }

  /** The TCP port; 0 before the first opening. */
  get port(): number {
    return this.number
  }

  /** Whether somebody can connect now. */
  get listening(): boolean {
    return this.server !== undefined
  }

  /** `tcp://127.0.0.1:<port>` for a collector's configuration. */
  get address(): string {
    return `tcp://127.0.0.1:${this.number}`
  }

  /** Begins to listen. Rejects when the port is taken. */
  async open(): Promise<void> {
    if (this.server) return
    const server = createServer((socket) => this.accept(socket))
    server.maxConnections = MOST_CONNECTIONS
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.number, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a device port must be a TCP port')
    this.number = address.port
    this.server = server
  }

  /** Stops listening and breaks all connections. */
  async close(): Promise<void> {
    const server = this.server
    this.server = undefined
    for (const socket of this.sockets) socket.destroy()
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket)
    socket.setNoDelay(true)
    const conversation = this.listener((bytes) => {
      if (!socket.destroyed) socket.write(bytes)
    })
    socket.on('data', (bytes) => conversation.receive(bytes))
    // A collector that vanishes is everyday life of a device.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.sockets.delete(socket)
      conversation.close?.()
    })
  }
}
