import { type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import { type Fault, type FaultTarget, inForce } from './fault.ts'

const MINUTE_MS = 60_000
/** The leak that gauges of class I must find (EPA 40 CFR 280): 0.2 gallons an hour. */
const SLOW_LEAK_PER_HOUR = 757
const FAST_LEAK_PER_HOUR = 5_000 * 60
/** A pump in a manhole takes 600 L in twenty minutes. */
const THEFT_PER_HOUR = 1_800_000
const THEFT_MS = 20 * MINUTE_MS
const NIGHT_DELIVERY_20 = 5_000_000
const NIGHT_DELIVERY_MS = 20 * MINUTE_MS
/** Three per cent were pumped off on the way. */
const SHORT_SHARE = 0.97
/** Half of a small lorry's tank: the least that must be found. */
const SMALL_DELIVERY_20 = 200_000

/** Loses oil every minute until it is stopped; fractions of a millilitre are carried. */
function drain(
  target: FaultTarget,
  at: EpochMs,
  perHour: number,
  untilAt = Number.POSITIVE_INFINITY,
): () => void {
  let over = false
  let carry = 0
  const tick = (now: EpochMs): void => {
    if (over || now > untilAt) return
    carry += (perHour * MINUTE_MS) / HOUR_MS
    const whole = Math.floor(carry)
    carry -= whole
    for (const tank of target.tanks) tank.lose(now, whole)
    target.world.agenda.plan(now + MINUTE_MS, tick)
  }
  target.world.agenda.plan(at + MINUTE_MS, tick)
  return () => {
    over = true
  }
}

function leak(name: string, perHour: number, zh: string, en: string): Fault {
  return {
    name,
    zh,
    en,
    subject: 'tank',
    begin(target, at) {
      return inForce(target, name, drain(target, at, perHour))
    },
  }
}

export const leakSlow: Fault = leak(
  'leak-slow',
  SLOW_LEAK_PER_HOUR,
  '油罐每小时渗漏 0.757 L',
  'A tank leaks 0.757 L an hour',
)
export const leakFast: Fault = leak(
  'leak-fast',
  FAST_LEAK_PER_HOUR,
  '油罐每分钟泄漏 5 L',
  'A tank leaks 5 L a minute',
)

export const tankTheft: Fault = {
  name: 'tank-theft',
  zh: '二十分钟内从罐中抽走 600 L',
  en: '600 L are pumped out of a tank in twenty minutes',
  subject: 'tank',
  begin(target, at) {
    return inForce(target, 'tank-theft', drain(target, at, THEFT_PER_HOUR, at + THEFT_MS))
  },
}

function unannounced(name: string, volume20: number, zh: string, en: string): Fault {
  return {
    name,
    zh,
    en,
    subject: 'tank',
    begin(target, at) {
      for (const tank of target.tanks) {
        const { celsius } = target.devices.site.tankMoment(tank.plan.tank, at)
        target.world.logistics.receiveUnannounced(target.devices.site, tank, {
          startedAt: at,
          endsAt: at + NIGHT_DELIVERY_MS,
          volume20,
          celsius,
        })
      }
      return inForce(target, name, () => undefined)
    },
  }
}

export const nightDelivery: Fault = unannounced(
  'night-delivery',
  NIGHT_DELIVERY_20,
  '未预报的卸油 5,000 L',
  'An unregistered delivery of 5,000 L',
)
export const smallDelivery: Fault = unannounced(
  'small-delivery',
  SMALL_DELIVERY_20,
  '未预报的卸油 200 L',
  'An unregistered delivery of 200 L',
)

export const shortDelivery: Fault = {
  name: 'short-delivery',
  zh: '到货比预报少 3 %',
  en: 'Deliveries run 3 % short of their notices',
  subject: 'none',
  begin(target) {
    const { tampering } = target.devices.site
    tampering.deliveredShare = SHORT_SHARE
    return inForce(target, 'short-delivery', () => {
      tampering.deliveredShare = 1
    })
  },
}
