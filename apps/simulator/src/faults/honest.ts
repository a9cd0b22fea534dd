import type { Grade, Site } from '@oiltrail/domain'
import { amountFen, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import { guidePriceFen, pricePeriod } from '../county/prices.ts'
import { type Fault, type FaultTarget, inForce } from './fault.ts'

const MINUTE_MS = 60_000
/** Winter product from a northern pipeline. */
const COLD_CELSIUS = -5
/** Three times as many customers. */
const RUSH = 3
/** A verifier draws five cans of 20 L and pours them back. */
const CAN_MILLILITRES = 20_000
const CANS = 5
const CAN_MS = 60_000

export const coldDelivery: Fault = {
  name: 'cold-delivery',
  zh: '到货油温 −5 °C(诚实)',
  en: 'Deliveries come at −5 °C (honest)',
  subject: 'none',
  begin(target) {
    const { tampering } = target.devices.site
    tampering.deliveryCelsius = COLD_CELSIUS
    return inForce(target, 'cold-delivery', () => {
      tampering.deliveryCelsius = undefined
    })
  },
}

export const priceRush: Fault = {
  name: 'price-rush',
  zh: '调价前排队抢加(诚实)',
  en: 'A rush before a price rise (honest)',
  subject: 'none',
  begin(target) {
    const { tampering } = target.devices.site
    tampering.rush = RUSH
    return inForce(target, 'price-rush', () => {
      tampering.rush = 1
    })
  },
}

/** Verification of a nozzle with test cans that are poured back, in a declared window. */
export const testCans: Fault = {
  name: 'test-cans',
  zh: '计量检定,标准罐油回罐(诚实)',
  en: 'Verification with test cans poured back into the tank (honest)',
  subject: 'nozzle',
  begin(target, at) {
    const { world, devices } = target
    for (const nozzle of target.nozzles) {
      const { tank, nozzle: code } = nozzle.plan
      const window = {
        window: `V-${devices.site.code}-${code}-${Math.floor(at / MINUTE_MS)}`,
        site: devices.site.code,
        part: `nozzle/${code}`,
        purpose: 'verification' as const,
        from: at,
        to: at + HOUR_MS,
        note: '',
      }
      world.told.stated?.(devices.site, { type: 'window', at, window })
      let from = nozzle.freeAt(at) + MINUTE_MS
      for (let can = 0; can < CANS; can++, from += 2 * CAN_MS) drawCan(target, nozzle, from)
      world.agenda.plan(from + MINUTE_MS, (now) =>
        devices.site.tanks.get(tank)!.pour(now, CANS * CAN_MILLILITRES),
      )
    }
    return inForce(target, 'test-cans', () => undefined)
  },
}

/** The nozzle is kept for the verifier: customers take another one while a fill stands in its line. */
function drawCan(
  { world, devices }: FaultTarget,
  nozzle: FaultTarget['nozzles'][number],
  from: EpochMs,
): void {
  const { priceFenPerLitre } = nozzle
  const fen = amountFen(CAN_MILLILITRES, priceFenPerLitre)
  const fill = {
    startedAt: from,
    endsAt: from + CAN_MS,
    meteredMillilitres: CAN_MILLILITRES,
    trueMillilitres: Math.round(CAN_MILLILITRES * (1 + nozzle.plan.meterError)),
    pulsedMillilitres: CAN_MILLILITRES,
    bookedMillilitres: CAN_MILLILITRES,
    bookedFen: fen,
    hidden: false,
    amountFen: fen,
    priceFenPerLitre,
  }
  nozzle.fills.push(fill)
  world.agenda.plan(fill.endsAt, () => {
    nozzle.fills.splice(nozzle.fills.indexOf(fill), 1)
    devices.site.tanks.get(nozzle.plan.tank)!.draw(fill.endsAt, fill.trueMillilitres)
    nozzle.book(fill)
    world.told.saleEnded?.(devices.site, nozzle, fill)
  })
}

function restate(target: FaultTarget, at: EpochMs, change: (site: Site) => Site): void {
  const { site } = target.devices
  target.world.told.stated?.(site, {
    type: 'registration',
    at,
    document: { ...change(site.plan.site), effectiveAt: at },
  })
}

/** The tank is emptied, cleaned and registered for 95; boards take the price of the new grade. Physics stay those of petrol. */
export const gradeSwitch: Fault = {
  name: 'grade-switch',
  zh: '油罐改装 95 号并已变更登记(诚实)',
  en: 'A tank is switched to 95 and registered so (honest)',
  subject: 'tank',
  begin(target, at) {
    const codes = new Set(target.tanks.map((tank) => tank.plan.tank))
    const grade: Grade = '95'
    const { site } = target.devices
    restate(target, at, (document) => ({
      ...document,
      tanks: document.tanks.map((tank) => (codes.has(tank.tank) ? { ...tank, grade } : tank)),
    }))
    const nozzles = site.nozzles.filter((nozzle) => codes.has(nozzle.plan.tank))
    const guide = guidePriceFen(target.world.plan.seed, grade, pricePeriod(at))
    for (const nozzle of nozzles) {
      nozzle.priceFenPerLitre = Math.max(1, guide - site.plan.discountFenPerLitre)
      target.world.told.priceSet?.(site, nozzle, at)
    }
    return inForce(target, 'grade-switch', () => undefined)
  },
}

/** A dispenser is replaced by a new one: other factory number, totalizers from zero, registered and in a declared window. */
export const dispenserReplaced: Fault = {
  name: 'dispenser-replaced',
  zh: '加油机更换并已变更登记(诚实)',
  en: 'A dispenser is replaced and registered so (honest)',
  subject: 'dispenser',
  begin(target, at) {
    const { site } = target.devices
    const replaced = new Set(target.boards.map(({ dispenser }) => dispenser.plan.dispenser))
    const window = {
      window: `M-${site.code}-${Math.floor(at / MINUTE_MS)}`,
      site: site.code,
      part: '',
      purpose: 'maintenance' as const,
      from: at,
      to: at + 2 * HOUR_MS,
      note: '',
    }
    target.world.told.stated?.(site, { type: 'window', at, window })
    const numberOf = (old: string): string => `${old.slice(0, 1)}${String(900_000_000 + old.length)}`
    restate(target, at, (document) => ({
      ...document,
      dispensers: document.dispensers.map((each) =>
        replaced.has(each.dispenser) ? { ...each, factoryNumber: numberOf(each.factoryNumber) } : each,
      ),
    }))
    for (const { dispenser } of target.boards)
      for (const nozzle of dispenser.nozzles) {
        nozzle.tampering.factoryNumber = numberOf(dispenser.plan.factoryNumber)
        nozzle.totalMillilitres = 0
        nozzle.boardMillilitres = 0
        nozzle.totalFen = 0
      }
    return inForce(target, 'dispenser-replaced', () => undefined)
  },
}
