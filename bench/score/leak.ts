import { ruleById, subjectParts } from '@oiltrail/domain'
import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import { play, STARTS_AT } from './play.ts'

/** Losses that are tried, L/h: none, small ones, and the one that EPA 40 CFR 280 asks for (0.2 gallons). */
export const LEAK_LITRES_PER_HOUR = [0, 0.25, 0.3, 0.35, 0.757] as const
export const LEAK_DAYS = 30
/** Gauges of collectors are read more often; this is what a history holds. */
const LEVEL_EVERY_MS = 15 * 60_000
/** A leak runs steadily; it is taken out of the tank this often. */
const DRIP_MS = 15 * 60_000

/** One tank over a month. */
export interface TankMonth {
  readonly found: boolean
  /** What the monthly rule of EPA 40 CFR 280.43 allows it to lose: 1 % of what it sold and 492 L, as L/h. */
  readonly monthlyLitresPerHour: number
}

/** Every tank of every station of a county loses as much, for a month, under the eyes of rule `leak`. */
export function leakCounty(seed: number, litresPerHour: number): TankMonth[] {
  const found = new Set<string>()
  const county = play(seed, {
    rules: [ruleById('leak')!],
    levelEveryMs: LEVEL_EVERY_MS,
    tell: (signal) => {
      if (signal.type === 'found') found.add(signal.raised.subject)
    },
  })
  const { world } = county.staged
  const tanks = world.sites
    .filter(({ plan }) => plan.site.kind === 'station')
    .flatMap((site) =>
      [...site.tanks.values()].map((tank) => ({ tank, subject: `${site.code}/tank/${tank.plan.tank}` })),
    )
  const drip = (at: number): void => {
    for (const { tank } of tanks) tank.lose(at, (litresPerHour * 1_000 * DRIP_MS) / HOUR_MS)
    world.agenda.plan(at + DRIP_MS, drip)
  }
  if (litresPerHour > 0) world.agenda.plan(STARTS_AT + DRIP_MS, drip)
  county.run(LEAK_DAYS)
  const hours = (LEAK_DAYS * DAY_MS) / HOUR_MS
  return tanks.map(({ tank, subject }) => ({
    found: found.has(subject) && subjectParts(subject).kind === 'tank',
    monthlyLitresPerHour: (tank.ledger.sold20 / 1_000 / 100 + 492) / hours,
  }))
}

/** Probability of detection at one loss. */
export interface LeakFigure {
  readonly litresPerHour: number
  readonly tankMonths: number
  readonly found: number
}

export interface LeakScore {
  /** By loss; at 0 `found` counts false alarms. */
  readonly figures: readonly LeakFigure[]
  /** The smallest loss of those tried that is found in 95 % of tank-months; null when none is. */
  readonly smallestLitresPerHour: number | null
  /** The loss that the monthly rule finds in 95 % of the same tank-months, if nothing else were uncertain. */
  readonly monthlyRuleLitresPerHour: number
  readonly ok: boolean
}

const DETECTED = 0.95
const FALSE_ALARMS = 0.05
const TIMES_SMALLER = 3
const ASKED_LITRES_PER_HOUR = 0.757

/** Adds counties up by the loss of each. */
export function leakScore(
  played: readonly { litresPerHour: number; tanks: readonly TankMonth[] }[],
): LeakScore {
  const figures = LEAK_LITRES_PER_HOUR.map((litresPerHour) => {
    const tanks = played.filter((each) => each.litresPerHour === litresPerHour).flatMap((each) => each.tanks)
    return { litresPerHour, tankMonths: tanks.length, found: tanks.filter(({ found }) => found).length }
  })
  const shareAt = (each: LeakFigure): number => each.found / Math.max(each.tankMonths, 1)
  const smallest = figures.find((each) => each.litresPerHour > 0 && shareAt(each) >= DETECTED)
  const monthly = played
    .filter((each) => each.litresPerHour === 0)
    .flatMap((each) => each.tanks.map(({ monthlyLitresPerHour }) => monthlyLitresPerHour))
    .sort((a, b) => a - b)
  const monthlyRuleLitresPerHour = monthly[Math.ceil(monthly.length * DETECTED) - 1] ?? 0
  const asked = figures.find((each) => each.litresPerHour === ASKED_LITRES_PER_HOUR)
  const smallestLitresPerHour = smallest?.litresPerHour ?? null
  return {
    figures,
    smallestLitresPerHour,
    monthlyRuleLitresPerHour: Number(monthlyRuleLitresPerHour.toFixed(3)),
    ok:
      asked !== undefined &&
      shareAt(asked) >= DETECTED &&
      shareAt(figures[0]!) <= FALSE_ALARMS &&
      smallestLitresPerHour !== null &&
      monthlyRuleLitresPerHour >= TIMES_SMALLER * smallestLitresPerHour,
  }
}
