import type { Channel } from '@oiltrail/kernel'
import type { DriverConfig } from '../config/schema.ts'
import type { Station } from '../station/station.ts'
import { ArmDriver } from './arm.ts'
import { BoardPriceDriver } from './board-price.ts'
import { BoardVolumeDriver } from './board-volume.ts'
import { GaugeDriver } from './gauge.ts'
import type { Driver } from './loop.ts'
import type { PortPool } from './ports.ts'
import { PulseDriver } from './pulse.ts'

function driverOf(config: DriverConfig, station: Station, channel: Channel, ports: PortPool): Driver {
  switch (config.driver) {
    case 'pulse':
      return new PulseDriver(config, station, ports)
    case 'taxport':
      return channel === 'volume'
        ? new BoardVolumeDriver(config, station, ports)
        : new BoardPriceDriver(config, station, ports)
    case 'gauge':
      return new GaugeDriver(config, station, ports)
    case 'arm':
      return new ArmDriver(config, station, ports)
  }
}

/** The drivers that a site's configuration names for a channel. A new kind is a schema, a class and a line here. */
export function driversOf(station: Station, channel: Channel, ports: PortPool): Driver[] {
  return station.site[channel].map((config) => driverOf(config, station, channel, ports))
}
