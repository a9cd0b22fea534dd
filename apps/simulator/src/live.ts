import type { Clock, EpochMs } from '@oiltrail/kernel'
import { makeSiteDevices, portsOf, type SiteDevices } from './devices/site-devices.ts'
import type { Instruments } from './physics/instruments.ts'
import type { Statement } from './physics/tampering.ts'
import { liveUntil, type World } from './physics/world.ts'

/** The world moves on at least this often, so that a late reader never waits for hours of it. */
const HEARTBEAT_MS = 1_000

/** Ten days of announced deliveries; whoever reads them does so every minute. */
const MOST_STATEMENTS = 1_000

/** The county on its sockets: devices answer from the physical state at the clock's now. */
export class LiveCounty {
  readonly world: World
  readonly mode = 'live'
  readonly instruments: Instruments
  readonly sites: readonly SiteDevices[]
  /** What was stated to the authority since the county went live, oldest first; the newest {@link MOST_STATEMENTS}. */
  readonly statements: Statement[] = []
  private readonly clock: Clock
  private heartbeat: NodeJS.Timeout | undefined

  constructor(world: World, instruments: Instruments, clock: Clock) {
    this.world = world
    this.instruments = instruments
    this.clock = clock
    const startsAt = world.now
    world.witnesses.push({
      stated: (_site, statement) => {
        this.statements.push(statement)
        if (this.statements.length > MOST_STATEMENTS) this.statements.shift()
      },
    })
    this.sites = world.sites.map((site) =>
      makeSiteDevices(site, instruments.gauge(site), { startsAt, present: () => this.present() }),
    )
  }

  /** Lives the world to the clock's now. A clock that was set back stops time until it has caught up. */
  present(): EpochMs {
    const now = this.clock.now()
    this.world.advanceTo(now)
    return Math.max(now, this.world.now)
  }

  site(code: string): SiteDevices | undefined {
    return this.sites.find((devices) => devices.site.code === code)
  }

  /** Lives until now and opens every socket. Rejects when one cannot be opened. */
  async start(): Promise<void> {
    await liveUntil(this.world, () => this.clock.now())
    for (const devices of this.sites) await Promise.all(portsOf(devices).map((port) => port.open()))
    this.heartbeat = setInterval(() => this.present(), HEARTBEAT_MS)
  }

  /** Closes every socket. */
  async stop(): Promise<void> {
    if (this.heartbeat) clearInterval(this.heartbeat)
    await Promise.all(this.sites.flatMap((devices) => portsOf(devices).map((port) => port.close())))
  }
}
