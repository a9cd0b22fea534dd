import type { EpochMs } from '@oiltrail/kernel'
import type { CountyPlan } from '../county/plan.ts'
import { makeSiteDevices, type SiteDevices } from '../devices/site-devices.ts'
import { FaultDesk } from '../faults/desk.ts'
import { Instruments } from '../physics/instruments.ts'
import type { SiteBody } from '../physics/site.ts'
import { World } from '../physics/world.ts'
import type { RecordSink } from './files.ts'
import { Recorder, type RecorderOptions } from './recorder.ts'

/** A history in which things go wrong: a county without sockets, its collectors, and a desk for faults and misdeeds. */
export interface StagedHistory {
  readonly world: World
  readonly instruments: Instruments
  readonly desk: FaultDesk
  readonly recorder: Recorder
  /** Devices that never listen, with the conditions that faults change. */
  devices(code: string): SiteDevices | undefined
}

/**
 * Sets a county at a midnight. The caller orders faults and moves `world` on; `sink` gets what collectors record meanwhile.
 * A plan may hold a depot and only those stations that matter: each draws from chances of its own.
 */
export function stageHistory(
  plan: CountyPlan,
  startsAt: EpochMs,
  sink: RecordSink,
  options: Omit<RecorderOptions, 'conditionsOf' | 'sites'> & {
    readonly sites?: readonly string[]
    readonly changed?: (site: SiteBody, at: EpochMs) => void
  } = {},
): StagedHistory {
  const world = new World(plan, startsAt)
  const instruments = new Instruments(world)
  const present = (): EpochMs => world.now
  const devices = new Map(
    world.sites.map((site) => [
      site.code,
      makeSiteDevices(site, instruments.gauge(site), { startsAt, present }),
    ]),
  )
  const { sites, changed, ...rest } = options
  const recorder = new Recorder(world, instruments, sink, {
    ...rest,
    conditionsOf: (site) => devices.get(site.code)?.conditions,
    ...(sites === undefined ? {} : { sites: world.sites.filter(({ code }) => sites.includes(code)) }),
  })
  const desk = new FaultDesk({
    world,
    mode: 'history',
    site: (code) => devices.get(code),
    present,
    changed: (site, at) => {
      recorder.changed(site, at)
      changed?.(site, at)
    },
  })
  return { world, instruments, desk, recorder, devices: (code) => devices.get(code) }
}
