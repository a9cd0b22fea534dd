import type { EpochMs } from '@oiltrail/kernel'
import type { Gauge } from '../physics/gauge.ts'
import type { DispenserBody, SiteBody } from '../physics/site.ts'
import { type SiteConditions, soundConditions } from './conditions.ts'
import { gaugeListener } from './gauge.ts'
import { modbusListener } from './modbus.ts'
import { armImage, pulseImage } from './modules.ts'
import { DevicePort } from './port.ts'
import { boardListener } from './taxport.ts'

/** A board offers its port twice: tax-control port (税控口) and communication port (通讯口). */
export interface BoardPorts {
  readonly dispenser: DispenserBody
  readonly tax: DevicePort
  readonly communication: DevicePort
}

/** All devices of one site on their sockets, and what is wrong with them. */
export interface SiteDevices {
  readonly site: SiteBody
  readonly conditions: SiteConditions
  readonly boards: ReadonlyMap<string, BoardPorts>
  readonly gauge: DevicePort
  /** Pulse module with the contacts of the collector's box; a depot has none. */
  readonly pulses: DevicePort | undefined
  /** Batch meters of the arms; stations have none. */
  readonly arms: DevicePort | undefined
}

/** What the devices of all sites share. */
export interface DeviceContext {
  readonly startsAt: EpochMs
  /** Lives the world to the clock's now and returns it. */
  readonly present: () => EpochMs
}

/** Makes the devices of a site; nothing listens yet. */
export function makeSiteDevices(site: SiteBody, gauge: Gauge, context: DeviceContext): SiteDevices {
  const { present, startsAt } = context
  const conditions = soundConditions(
    site.dispensers.map((dispenser) => dispenser.plan.dispenser),
    site.nozzles.map((nozzle) => nozzle.plan.nozzle),
  )
  return {
    site,
    conditions,
    boards: new Map(
      site.dispensers.map((dispenser) => [
        dispenser.plan.dispenser,
        {
          dispenser,
          tax: new DevicePort(boardListener(dispenser, conditions, present)),
          communication: new DevicePort(boardListener(dispenser, conditions, present)),
        },
      ]),
    ),
    gauge: new DevicePort(gaugeListener(site, gauge, conditions, present)),
    pulses:
      site.nozzles.length > 0
        ? new DevicePort(
            modbusListener((unit) =>
              unit === 1 ? pulseImage(site, conditions, startsAt, present()) : undefined,
            ),
          )
        : undefined,
    arms:
      site.arms.length > 0
        ? new DevicePort(
            modbusListener((unit) =>
              conditions.mains && !conditions.arms.silent ? armImage(site, unit, present()) : undefined,
            ),
          )
        : undefined,
  }
}

/** Every socket of a site. */
export function portsOf(devices: SiteDevices): DevicePort[] {
  const boards = [...devices.boards.values()].flatMap(({ tax, communication }) => [tax, communication])
  return [...boards, devices.gauge, devices.pulses, devices.arms].filter((port) => port !== undefined)
}
