import type { Clock } from '@oiltrail/kernel'
import type { Logger } from 'pino'
import { ClockWatch } from './clockwatch.ts'
import type { Station } from './station.ts'

/** Each channel says this often that it is alive (clock time): online means heard of within three of these. */
const HEARTBEAT_MS = 60_000
/** State key of the last heartbeat's time: until then this process is known to have lived. */
export const ALIVE_KEY = 'alive'
/** How often clock, spool and key requests are looked at (real time). */
const LOOK_MS = 1_000
const SPOOL_LOOK_MS = 10_000
const KEY_LOOK_MS = 5_000
/** Fullness at which the spool complains, and at which it is content again. */
const NEARLY_FULL_PERCENT = 80
const RELIEVED_PERCENT = 60

/** What a box watches in itself: its clock, the room in its spools, requests for new keys; and its heartbeat. */
export class StationWatch {
  private readonly stations: readonly Station[]
  private readonly clock: Clock
  private readonly log: Logger
  private readonly wall: ClockWatch
  private timer: NodeJS.Timeout | undefined
  private looking = false
  private heartbeatAt: number
  private spoolsAt = 0
  private keysAt = 0

  constructor(stations: readonly Station[], clock: Clock, log: Logger) {
    this.stations = stations
    this.clock = clock
    this.log = log
    this.wall = new ClockWatch(
      () => Date.now(),
      () => performance.now(),
    )
    this.heartbeatAt = performance.now()
  }

  start(): void {
    this.timer = setInterval(() => {
      if (this.looking) return
      this.looking = true
      void this.look()
        .catch((error: unknown) => this.log.error({ err: error }, '自检出错 / the self-check failed'))
        .finally(() => {
          this.looking = false
        })
    }, LOOK_MS / Math.min(this.clock.speed, 10))
  }

  private async look(): Promise<void> {
    const now = performance.now()
    const steppedMs = this.wall.look()
    if (steppedMs !== undefined)
      await this.each((station) => station.health.note('clock-stepped', '', steppedMs))
    // By the monotonic clock: a stepped wall clock must neither flood nor silence the heartbeat.
    if ((now - this.heartbeatAt) * this.clock.speed >= HEARTBEAT_MS) {
      this.heartbeatAt = now
      await this.each((station) => heartbeat(station))
    }
    if (now - this.spoolsAt >= SPOOL_LOOK_MS) {
      this.spoolsAt = now
      await this.each((station) => lookAtSpool(station))
    }
    if (now - this.keysAt >= KEY_LOOK_MS) {
      this.keysAt = now
      await this.each((station) => this.lookForKey(station))
    }
  }

  private async each(act: (station: Station) => Promise<void>): Promise<void> {
    await Promise.all(this.stations.map(act))
  }

  private async lookForKey(station: Station): Promise<void> {
    const taken = await station.keys.takeSuccessor((fact, state) =>
      station.recorder.record([{ at: this.clock.now(), fact }], state, true),
    )
    if (!taken.ok)
      station.log.error({ problem: taken.problem }, '密钥更换未成功 / the key could not be changed')
    else if (taken.value) station.log.info({ key: taken.value }, '密钥已更换 / the key was changed')
  }

  stop(): void {
    clearInterval(this.timer)
  }
}

/** One heartbeat record, with the number of records that await a receipt. */
async function heartbeat(station: Station): Promise<void> {
  const at = station.clock.now()
  const value = station.spool.unsentCount
  await station.recorder.record(
    [{ at, fact: { kind: 'health', event: 'heartbeat', subject: '', value } }],
    { [ALIVE_KEY]: at },
    true,
  )
}

/** Complains about a spool that is nearly full, and says how much was refused once there is room again. */
export async function lookAtSpool(station: Station): Promise<void> {
  const percent = await station.spool.percentFull()
  station.recorder.noteFullness(percent)
  if (percent >= NEARLY_FULL_PERCENT) await station.health.raise('spool-nearly-full', '', percent)
  else if (percent <= RELIEVED_PERCENT && station.health.isOpen('spool-nearly-full')) {
    await station.health.clear('spool-nearly-full', '', station.recorder.refused)
    station.recorder.refused = 0
  }
}
