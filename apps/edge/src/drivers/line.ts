import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SerialPort } from 'serialport'
import type { PortAddress } from './address.ts'

/** Real time to open a port. */
const OPEN_TIMEOUT_MS = 3_000
/** A serial server whose power was cut leaves a half-open connection behind. */
const KEEPALIVE_MS = 30_000

/** A port that could not be opened is not tried again sooner than this (real time). */
export const REOPEN_PAUSE_MS = 1_000
/**
 * So many questions in a row without an answer, and a connection is made anew: a connection whose other end is gone looks
 * like a device that says nothing, and only opening tells them apart.
 */
export const SILENCES_TO_REOPEN = 3
/** After an answer the line has to be still for so long (real time) before the next question: some devices say things twice. */
export const STILL_MS = 30
/** After a question without an answer, its answer may still come for so long (real time); it must not pass for the next one's. */
export const LATE_ANSWER_MS = 400

/** Opens the line at an address; rejects with the reason. */
export function openLine(address: PortAddress): Promise<Duplex> {
  return address.kind === 'tcp' ? openTcp(address) : openSerial(address)
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
      socket.setKeepAlive(true, KEEPALIVE_MS)
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

/** Knows when a line may be spoken to again. */
export class LineManners {
  private heardAt = Number.NEGATIVE_INFINITY
  private lateUntil = Number.NEGATIVE_INFINITY

  /** Bytes came, asked for or not. */
  heard(): void {
    this.heardAt = performance.now()
  }

  /** A question got no answer. */
  unanswered(): void {
    this.lateUntil = performance.now() + LATE_ANSWER_MS
  }

  /** Resolves once the line is still and no late answer is to be expected. A device that never stops is not waited for. */
  async still(): Promise<void> {
    const patience = performance.now() + LATE_ANSWER_MS
    for (;;) {
      const now = performance.now()
      const waitMs = Math.max(this.lateUntil, Math.min(this.heardAt + STILL_MS, patience)) - now
      if (waitMs <= 0) return
      await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)))
    }
  }
}
