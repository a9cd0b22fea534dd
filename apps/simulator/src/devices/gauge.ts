import type { EpochMs } from '@oiltrail/kernel'
import {
  CommandDecoder,
  deliveries,
  type Inventory,
  inventory,
  lastDelivery,
  readCommand,
  systemAlarms,
  type TankDeliveries,
  tankAlarms,
  writeUnknownCommand,
} from '@oiltrail/protocols/tls350'
import type { Gauge, GaugeReading, SeenDelivery } from '../physics/gauge.ts'
import type { SiteBody } from '../physics/site.ts'
import type { SiteConditions } from './conditions.ts'
import type { Listener } from './port.ts'

/** A command without a line end is complete when the line has been silent for this long. */
const SILENCE_MS = 100
/** Alarm types of a tank, as the console numbers them (packages/protocols, TANK_ALARMS). */
const HIGH_WATER = 3
const LOW_PRODUCT = 5
const HIGH_PRODUCT = 7
const DELIVERY_NEEDED = 11
const HIGH_WATER_MILLIMETRES = 60
const LOW_SHARE = 0.1
const NEEDED_SHARE = 0.18

/** What a site's gauge console says. `present` lives the world to now first. */
export function gaugeListener(
  site: SiteBody,
  gauge: Gauge,
  conditions: SiteConditions,
  present: () => EpochMs,
): Listener {
  return (send) => {
    const decoder = new CommandDecoder()
    const timers = new Set<NodeJS.Timeout>()
    const later = (delayMs: number, act: () => void): NodeJS.Timeout => {
      const timer = setTimeout(() => {
        timers.delete(timer)
        act()
      }, delayMs)
      timers.add(timer)
      return timer
    }
    let silence: NodeJS.Timeout | undefined
    const handle = (text: string): void => {
      if (!conditions.mains || conditions.gauge.silent) return
      const answer = (): void => send(consoleAnswer(text, site, gauge, present()))
      if (conditions.gauge.delayMs > 0) later(conditions.gauge.delayMs, answer)
      else answer()
    }
    return {
      receive(bytes) {
        if (silence) clearTimeout(silence)
        for (const event of decoder.feed(bytes)) if (event.ok) handle(event.value)
        if (decoder.pendingBytes > 0)
          silence = later(SILENCE_MS, () => {
            for (const event of decoder.finish()) if (event.ok) handle(event.value)
          })
      },
      close() {
        for (const timer of timers) clearTimeout(timer)
      },
    }
  }
}

/** Bytes of the console's answer to the text of one command. */
function consoleAnswer(text: string, site: SiteBody, gauge: Gauge, at: EpochMs): Uint8Array {
  const command = readCommand(text)
  if (!command.ok) return writeUnknownCommand()
  const { tank, functionCode } = command.value
  const tanks = [...site.tanks.keys()].filter((code) => tank === 0 || Number(code) === tank)
  if (tanks.length === 0) return writeUnknownCommand()
  const report = <T>(items: readonly T[]): { tank: number; consoleAt: EpochMs; items: readonly T[] } => ({
    tank,
    consoleAt: at,
    items,
  })
  switch (functionCode) {
    case inventory.functionCode:
      return inventory.writeAnswer(report(tanks.map((code) => inventoryOf(code, gauge.read(code, at)))))
    case deliveries.functionCode:
      return deliveries.writeAnswer(report(tanks.map((code) => deliveriesOf(code, gauge.deliveries(code)))))
    case lastDelivery.functionCode:
      return lastDelivery.writeAnswer(
        report(tanks.map((code) => deliveriesOf(code, gauge.deliveries(code).slice(0, 1)))),
      )
    case tankAlarms.functionCode:
      return tankAlarms.writeAnswer(
        report(
          tanks.map((code) => ({ tank: Number(code), types: alarmsOf(site, code, gauge.read(code, at)) })),
        ),
      )
    case systemAlarms.functionCode:
      return systemAlarms.writeAnswer(
        report(
          tanks.flatMap((code) =>
            alarmsOf(site, code, gauge.read(code, at)).map((type) => ({
              category: 2,
              type,
              number: Number(code),
            })),
          ),
        ),
      )
    default:
      return writeUnknownCommand()
  }
}

/** Products are named by letters in the order of the tanks' numbers: A, B, C … */
function productOf(tank: string): string {
  return String.fromCharCode(64 + Math.min(Number(tank), 26))
}

function inventoryOf(tank: string, reading: GaugeReading): Inventory {
  return {
    tank: Number(tank),
    product: productOf(tank),
    statusBits: reading.delivering ? 1 : 0,
    floats: {
      named: {
        volume: reading.volumeLitres,
        correctedVolume: reading.correctedLitres,
        ullage: reading.ullageLitres,
        height: reading.heightMillimetres,
        water: reading.waterMillimetres,
        temperature: reading.celsius,
        waterVolume: reading.waterLitres,
      },
      more: [],
    },
  }
}

function deliveriesOf(tank: string, seen: readonly SeenDelivery[]): TankDeliveries {
  return {
    tank: Number(tank),
    product: productOf(tank),
    deliveries: seen.map(({ startedAt, endedAt, start, end }) => ({
      startedAt,
      endedAt,
      floats: {
        named: {
          startVolume: start.volumeLitres,
          startCorrectedVolume: start.correctedLitres,
          startWater: start.waterMillimetres,
          startTemperature: start.celsius,
          endVolume: end.volumeLitres,
          endCorrectedVolume: end.correctedLitres,
          endWater: end.waterMillimetres,
          endTemperature: end.celsius,
          startHeight: start.heightMillimetres,
          endHeight: end.heightMillimetres,
        },
        more: [],
      },
    })),
  }
}

function alarmsOf(site: SiteBody, tank: string, reading: GaugeReading): number[] {
  const plan = site.tanks.get(tank)!.plan
  const millilitres = reading.volumeLitres * 1000
  const alarms: number[] = []
  if (reading.waterMillimetres > HIGH_WATER_MILLIMETRES) alarms.push(HIGH_WATER)
  if (millilitres < plan.capacityMillilitres * LOW_SHARE) alarms.push(LOW_PRODUCT)
  if (millilitres > plan.safeFillMillilitres) alarms.push(HIGH_PRODUCT)
  if (millilitres < plan.capacityMillilitres * NEEDED_SHARE) alarms.push(DELIVERY_NEEDED)
  return alarms
}
