import type { Clock, EpochMs } from '@oiltrail/kernel'
import type { Logger } from 'pino'
import type { Station } from '../station/station.ts'

/** Shorter interruptions (clock time) are everyday life of a mobile network, not a fault. */
const DEBOUNCE_MS = 10_000

/** Turns the ups and downs of the connection into self-check records of every station behind it that has begun to speak. */
export class NetworkWatch {
  private readonly stations: Station[] = []
  private readonly clock: Clock
  private readonly log: Logger
  private timer: NodeJS.Timeout | undefined
  /** What stations have been told of the network; undefined while it has neither come nor failed to. */
  private state: 'up' | 'lost' | undefined

  constructor(clock: Clock, log: Logger) {
    this.clock = clock
    this.log = log
    // Not connected yet: from now on the network owes a connection.
    this.expect(clock.now())
  }

  /**
   * A station has said its first word and is told from now on; before, a record of this moment would stand in its chain
   * ahead of its history.
   */
  async join(station: Station): Promise<void> {
    this.stations.push(station)
    if (this.state === 'lost') await station.health.raise('network-lost')
    if (this.state === 'up') await station.health.clear('network-lost')
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
    this.state = 'up'
    this.each((station) => station.health.clear('network-lost'))
  }

  private expect(since: EpochMs): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.state = 'lost'
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
