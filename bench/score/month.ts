import type { ScoredAlarm } from './alarms.ts'
import { play, SEASONS } from './play.ts'

/** A part of an honest county lived under one seed: some of its sites. */
export interface HonestPart {
  readonly alarms: readonly ScoredAlarm[]
  readonly events: number
  readonly seconds: number
}

/** What honest county-months cost in alarms. */
export interface HonestMonth {
  readonly falseAlarmsPerDay: number
  /** Alarms a day by rule. */
  readonly byRule: Readonly<Record<string, number>>
  readonly seeds: number
  readonly days: number
  readonly events: number
  /** Processor time, simulation included. */
  readonly seconds: number
  /** One sentence of each rule, to see what it was about. */
  readonly examples: Readonly<Record<string, string>>
}

/** The whole county is lived, some sites (all by default) are watched by all rules. Seeds take the seasons in turn. */
export function honestPart(seed: number, days: number, sites?: readonly string[]): HonestPart {
  const begun = process.cpuUsage()
  const startsAt = SEASONS[(seed - 1) % SEASONS.length]!
  const county = play(seed, { startsAt, ...(sites === undefined ? {} : { watched: sites }) })
  const alarms = county.run(days)
  const { user, system } = process.cpuUsage(begun)
  return { alarms, events: county.feed.events, seconds: (user + system) / 1e6 }
}

/** Adds the parts of all seeds up. */
export function honestMonth(parts: readonly HonestPart[], seeds: number, days: number): HonestMonth {
  const counts: Record<string, number> = {}
  const examples: Record<string, string> = {}
  const alarms = parts.flatMap((part) => part.alarms)
  for (const { rule, sentence } of alarms) {
    counts[rule] = (counts[rule] ?? 0) + 1
    examples[rule] ??= sentence
  }
  const lived = seeds * days
  const byRule = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([rule, count]) => [rule, Number((count / lived).toFixed(3))])
  return {
    falseAlarmsPerDay: Number((alarms.length / lived).toFixed(3)),
    byRule: Object.fromEntries(byRule),
    seeds,
    days,
    events: parts.reduce((sum, { events }) => sum + events, 0),
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
    examples,
  }
}
