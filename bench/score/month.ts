import { play } from './play.ts'

/** What an honest county-month costs in alarms. */
export interface HonestMonth {
  readonly falseAlarmsPerDay: number
  /** Alarms a day by rule. */
  readonly byRule: Readonly<Record<string, number>>
  readonly seeds: number
  readonly days: number
  readonly events: number
  readonly seconds: number
  /** One sentence of each rule, to see what it was about. */
  readonly examples: Readonly<Record<string, string>>
}

/** Lives all 21 sites honestly, under one seed after the other, under the eyes of all rules. */
export function honestMonth(seeds: readonly number[], days: number): HonestMonth {
  const counts: Record<string, number> = {}
  const examples: Record<string, string> = {}
  const begun = performance.now()
  let events = 0
  let alarms = 0
  for (const seed of seeds) {
    const county = play(seed)
    for (const alarm of county.run(days)) {
      alarms += 1
      counts[alarm.rule] = (counts[alarm.rule] ?? 0) + 1
      examples[alarm.rule] ??= alarm.sentence
    }
    events += county.feed.events
  }
  const lived = seeds.length * days
  const byRule = Object.fromEntries(
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([rule, count]) => [rule, Number((count / lived).toFixed(3))]),
  )
  return {
    falseAlarmsPerDay: Number((alarms / lived).toFixed(3)),
    byRule,
    seeds: seeds.length,
    days,
    events,
    seconds: (performance.now() - begun) / 1000,
    examples,
  }
}
