import { stringify } from 'yaml'
import { PULSES_PER_LITRE } from './county/plan.ts'
import { armInput, armUnit } from './devices/modules.ts'
import type { SiteDevices } from './devices/site-devices.ts'

/** What the county cannot know by itself about the collectors that will read it. */
export interface EdgeSettings {
  readonly county: string
  /** Address of the platform's uplink and of its API. */
  readonly uplink: string
  readonly api: string
  /** Where the collectors keep spools and keys, and where their history lies. */
  readonly directory: string
  readonly history: string
  /** One-time codes by device. */
  readonly codes: Readonly<Record<string, string>>
}

/**
 * The configuration file of one edge that hosts all sites (docs/architecture.md), with the sockets as they listen now.
 * Throws when a device has no code.
 */
export function writeEdgeConfig(sites: readonly SiteDevices[], settings: EdgeSettings): string {
  return stringify({
    county: settings.county,
    uplink: settings.uplink,
    api: settings.api,
    directory: settings.directory,
    history: settings.history,
    sites: sites.map((devices) => siteConfig(devices, settings.codes)),
  })
}

function siteConfig(devices: SiteDevices, codes: Readonly<Record<string, string>>): object {
  const { device } = devices.site.plan
  const enrolCode = codes[device]
  if (!enrolCode) throw new Error(`no enrolment code for ${device}`)
  return {
    device,
    enrolCode,
    algorithm: 'SM2-SM3',
    volume: volumeDrivers(devices),
    price: priceDrivers(devices),
  }
}

function volumeDrivers(devices: SiteDevices): object[] {
  const { site } = devices
  const drivers: object[] = []
  const tapped = site.nozzles.filter((nozzle) => nozzle.plan.input !== undefined)
  if (devices.pulses && tapped.length > 0)
    drivers.push({
      driver: 'pulse',
      port: devices.pulses.address,
      unit: 1,
      nozzles: tapped.map(({ plan }) => ({
        nozzle: plan.nozzle,
        input: plan.input,
        pulsesPerLitre: PULSES_PER_LITRE,
      })),
    })
  for (const { dispenser, communication } of devices.boards.values())
    if (!dispenser.plan.tapped)
      drivers.push({
        driver: 'taxport',
        port: communication.address,
        dialect: dispenser.plan.dialect,
        nozzles: dispenser.nozzles.map(({ plan }) => ({ nozzle: plan.nozzle, gun: plan.gun })),
      })
  drivers.push({
    driver: 'gauge',
    port: devices.gauge.address,
    tanks: [...site.tanks.keys()].map((tank) => ({ tank, number: Number(tank) })),
  })
  for (const unit of new Set(site.arms.map((arm) => armUnit(arm.plan.input))))
    drivers.push({
      driver: 'arm',
      port: devices.arms!.address,
      unit,
      arms: site.arms
        .filter((arm) => armUnit(arm.plan.input) === unit)
        .map(({ plan }) => ({ arm: plan.arm, input: armInput(plan.input) })),
    })
  return drivers
}

function priceDrivers(devices: SiteDevices): object[] {
  return [...devices.boards.values()].map(({ dispenser, tax }) => ({
    driver: 'taxport',
    port: tax.address,
    dialect: dispenser.plan.dialect,
    nozzles: dispenser.nozzles.map(({ plan }) => ({ nozzle: plan.nozzle, gun: plan.gun })),
  }))
}
