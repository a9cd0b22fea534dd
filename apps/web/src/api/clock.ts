import { useEffect, useState } from 'react'

/** Clocks of two machines are taken to run at one speed unless they differ by more than this share over a measured span. */
const SPEED_TOLERANCE = 0.05
const MEASURE_MS = 4_000

interface Sample {
  readonly server: number
  readonly local: number
}

/**
 * Follows the platform's clock, which may be set apart from this machine's and, in a fast demo, runs faster.
 * Speed is measured from the answers themselves.
 */
export class ServerClock {
  private first: Sample | undefined
  private last: Sample | undefined
  private speed = 1

  /** Notes that the platform's clock showed `server` when ours showed `local`. */
  note(server: number, local: number): void {
    this.first ??= { server, local }
    const span = local - this.first.local
    if (span >= MEASURE_MS) {
      const speed = (server - this.first.server) / span
      this.speed = Math.abs(speed - 1) <= SPEED_TOLERANCE || speed <= 0 ? 1 : speed
    }
    this.last = { server, local }
  }

  now(local: number): number {
    return this.last ? this.last.server + (local - this.last.local) * this.speed : local
  }

  /** A span of the platform's time in milliseconds of this machine. */
  real(span: number): number {
    return span / this.speed
  }
}

const clock = new ServerClock()

export function noteServerTime(server: number): void {
  clock.note(server, Date.now())
}

/** The platform's time now, epoch milliseconds. */
export function serverNow(): number {
  return clock.now(Date.now())
}

/** The platform's time, renewed every `everyMs` of this machine. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
