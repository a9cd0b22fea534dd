import type { Clock, EpochMs } from '@oiltrail/kernel'
import type { Station } from '../station/station.ts'
import type { Exchange } from './exchange.ts'

/** Failures in a row before a loss is a fault: one lost answer is line noise. */
const FAILURES_TO_FAULT = 3

/** Something that is asked again and again. */
export interface Driver {
  /** Names it in self-check records: `taxport tcp://…`. */
  readonly subject: string
  /** Pause between polls, clock time. */
  readonly intervalMs: number
  /** One round. Its answer says whether the device was heard; what was heard is recorded by the driver itself. */
  poll(now: EpochMs): Promise<Exchange<unknown>>
}

/** Polls a driver at its interval, and keeps physical and logical loss apart. */
export class DriverLoop {
  private readonly driver: Driver
  private readonly station: Station
  private readonly clock: Clock
  private failures = 0
  private timer: NodeJS.Timeout | undefined
  private running: Promise<void> | undefined
  private stopped = false

  constructor(driver: Driver, station: Station, clock: Clock) {
    this.driver = driver
    this.station = station
    this.clock = clock
  }

  start(): void {
    // Spread over the interval, so that 21 sites do not ask in the same millisecond.
    this.next(Math.random() * Math.min(this.driver.intervalMs, 1_000))
  }

  private next(delayMs: number): void {
    if (this.stopped) return
    this.timer = setTimeout(() => {
      this.running = this.round()
    }, delayMs / this.clock.speed)
  }

  private async round(): Promise<void> {
    const startedAt = performance.now()
    try {
      const outcome = await this.driver.poll(this.clock.now())
      if (!this.stopped) await this.judge(outcome)
    } catch (error) {
      this.station.log.error({ err: error, driver: this.driver.subject }, '驱动出错 / a driver failed')
    }
    const spentMs = (performance.now() - startedAt) * this.clock.speed
    this.next(Math.max(0, this.driver.intervalMs - spentMs))
  }

  private async judge(outcome: Exchange<unknown>): Promise<void> {
    const { health } = this.station
    const { subject } = this.driver
    if (outcome.ok) {
      this.failures = 0
      await health.clear('driver-silent', subject)
      await health.clear('board-silent', subject)
      return
    }
    this.failures++
    if (this.failures < FAILURES_TO_FAULT) return
    if (outcome.loss === 'port') {
      await health.clear('board-silent', subject)
      if (!health.isOpen('driver-silent', subject))
        this.station.log.warn({ subject, detail: outcome.detail }, '端口不通 / the port is lost')
      await health.raise('driver-silent', subject)
      return
    }
    await health.clear('driver-silent', subject)
    if (!health.isOpen('board-silent', subject))
      this.station.log.warn({ subject, detail: outcome.detail }, '设备不应答 / the device does not answer')
    await health.raise('board-silent', subject)
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    await this.running
  }
}
