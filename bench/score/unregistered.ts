import { ruleById } from '@oiltrail/domain'
import { DAY_MS, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import { play, STARTS_AT } from './play.ts'

const VOLUME_MILLILITRES = 200_000
const LASTS_MS = 20 * 60_000
export const UNREGISTERED_DAYS = 15
/** Every tank again and again, at another hour each time; a day and more apart, so that alarms do not fold. */
const EVERY_MS = 29 * HOUR_MS
/** Days without, to begin with. */
const FIRST_MS = DAY_MS
/** A delivery that was announced explains another one beside it: whoever unloads then is told by quantity, by other rules. */
const BESIDE_NOTICE_MS = 3 * HOUR_MS
/** Fuller than this a tank takes no more. */
const FULL_SHARE = 0.9

/** One delivery that nobody announced. */
export interface Unannounced {
  readonly seconds: number | null
}

export interface UnregisteredScore {
  readonly deliveries: number
  readonly withinHour: number
  readonly medianSeconds: number | null
  readonly slowestSeconds: number | null
  readonly ok: boolean
}

/** 200 L run into every tank of every station of a county, again and again; how soon rule `unregistered-delivery` says so. */
export function unannouncedCounty(seed: number): Unannounced[] {
  const found = new Map<string, EpochMs[]>()
  const announced = new Map<string, EpochMs[]>()
  const county = play(seed, {
    rules: [ruleById('unregistered-delivery')!],
    tell: (signal) => {
      if (signal.type !== 'found') return
      const { subject } = signal.raised
      found.set(subject, [...(found.get(subject) ?? []), signal.loggedAt])
    },
  })
  const { world } = county.staged
  const ends = STARTS_AT + UNREGISTERED_DAYS * DAY_MS
  const begun: { subject: string; at: EpochMs }[] = []
  world.witnesses.push({
    inflowStarting: (site, tank, inflow) => {
      if (inflow.volume20 === VOLUME_MILLILITRES) return
      const subject = `${site.code}/tank/${tank.plan.tank}`
      announced.set(subject, [...(announced.get(subject) ?? []), inflow.startedAt, inflow.endsAt])
    },
  })
  for (const site of world.sites.filter(({ plan }) => plan.site.kind === 'station'))
    for (const [i, tank] of [...site.tanks.values()].entries()) {
      const subject = `${site.code}/tank/${tank.plan.tank}`
      const run = (at: EpochMs): void => {
        const { celsius, millilitres } = site.tankMoment(tank.plan.tank, at)
        const full = millilitres > tank.plan.capacityMillilitres * FULL_SHARE
        if (!tank.inflow && !full) {
          const span = { startedAt: at, endsAt: at + LASTS_MS }
          world.logistics.receiveUnannounced(site, tank, { ...span, volume20: VOLUME_MILLILITRES, celsius })
          begun.push({ subject, at })
        }
        if (at + EVERY_MS < ends - HOUR_MS) world.agenda.plan(at + EVERY_MS, run)
      }
      world.agenda.plan(STARTS_AT + FIRST_MS + i * 2 * HOUR_MS, run)
    }
  county.run(UNREGISTERED_DAYS)
  return begun
    .filter(
      ({ subject, at }) =>
        !(announced.get(subject) ?? []).some((each) => Math.abs(each - at) < BESIDE_NOTICE_MS),
    )
    .map(({ subject, at }) => {
      const first = found.get(subject)?.find((each) => each >= at)
      return { seconds: first === undefined || first >= at + EVERY_MS ? null : (first - at) / 1_000 }
    })
}

const WITHIN_SECONDS = 3_600
const FOUND_SHARE = 0.99

export function unregisteredScore(all: readonly Unannounced[]): UnregisteredScore {
  const times = all.flatMap(({ seconds }) => (seconds === null ? [] : [seconds])).sort((a, b) => a - b)
  const withinHour = times.filter((seconds) => seconds <= WITHIN_SECONDS).length
  return {
    deliveries: all.length,
    withinHour,
    medianSeconds: times[Math.floor((times.length - 1) / 2)] ?? null,
    slowestSeconds: times.at(-1) ?? null,
    ok: all.length > 0 && withinHour >= FOUND_SHARE * all.length,
  }
}
