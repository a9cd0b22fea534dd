import type { Socket } from 'node:net'

/**
 * Largest MQTT packet that is read at all: well above a batch, so that a batch that is too large gets its refusal, and
 * well below what would hurt.
 */
export const FRAME_LIMIT = 1024 * 1024

/**
 * Watches the lengths of the MQTT packets that pass (fixed header: type, then up to four bytes of length, MQTT 3.1.1
 * §2.2). The broker's parser collects a packet of any announced length, up to 256 MB; this notices before it does.
 */
export class FrameWatch {
  private readonly limit: number
  /** Bytes of the current packet still to come. */
  private rest = 0
  /** 0: at a packet's first byte; 1 to 4: at that byte of its length. */
  private place = 0
  private length = 0

  constructor(limit: number = FRAME_LIMIT) {
    this.limit = limit
  }

  /** Takes the next bytes; false when they announce a packet above the limit, or a length that is none. */
  accepts(bytes: Uint8Array): boolean {
    let at = 0
    while (at < bytes.length) {
      if (this.rest > 0) {
        const skip = Math.min(this.rest, bytes.length - at)
        this.rest -= skip
        at += skip
      } else if (this.place === 0) {
        this.place = 1
        this.length = 0
        at++
      } else {
        const byte = bytes[at++]!
        this.length += (byte & 0x7f) * 128 ** (this.place - 1)
        if (this.length > this.limit) return false
        if (byte < 0x80) {
          this.rest = this.length
          this.place = 0
        } else if (++this.place > 4) return false
      }
    }
    return true
  }
}

/** Puts a watch on everything that is read from a socket. A packet above the limit ends the connection. */
export function watchSocket(socket: Socket, onOversized: (start: Uint8Array) => void): void {
  const watch = new FrameWatch()
  const read = socket.read.bind(socket)
  socket.read = (size?: number) => {
    const chunk: unknown = read(size)
    if (!(chunk instanceof Uint8Array) || watch.accepts(chunk)) return chunk
    onOversized(chunk)
    socket.destroy()
    return null
  }
}
