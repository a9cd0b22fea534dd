import type { Clock, EpochMs } from '@oiltrail/kernel'
import type { Logger } from 'pino'
import type { Station } from '../station/station.ts'

/** Shorter interruptions (clock time) are everyday life of a mobile network, not a fault. */
const DEBOUNCE_MS = 10_000

/** Turns the ups and downs of the connection into self-check records of every station behind it. */
export class NetworkWatch {
  private readonly stations: readonly Station[]
  private readonly clock: Clock
  private readonly log: Logger
  private timer: NodeJS.Timeout | undefined

  constructor(stations: readonly Station[], clock: Clock, log: Logger) {
    this.stations = stations
    this.clock = clock
    this.log = log
    // Not connected yet: from now on the network owes a connection.
    this.expect(clock.now())
  }

  note(up: boolean, reason: string): void {
    this.log.info(
      { up, reason },
      up ? '已连接平台 / connected to the platform' : '与平台断开 / disconnected from the platform',
    )
    if (!up) {
      this.expect(this.clock.now())
      return
    }
    clearTimeout(this.timer)
    this.timer = undefined
    this.each((station) => station.health.clear('network-lost'))
  }

  private expect(since: EpochMs): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.each((station) => station.health.raise('network-lost', '', undefined, since))
    }, DEBOUNCE_MS / this.clock.speed)
  }

  private each(act: (station: Station) => Promise<void>): void {
    Promise.all(this.stations.map(act)).catch((error: unknown) =>
      this.log.error({ err: error }, '网络自检未能记录 / a network self-check was not recorded'),
    )
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }
}
