import type { ScoreRow } from './judge.ts'
import type { LeakScore } from './leak.ts'
import type { HonestMonth } from './month.ts'
import type { Scenario } from './scenarios.ts'
import type { UnregisteredScore } from './unregistered.ts'

/** Seconds as people read them. */
export function shortTime(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–'
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${(seconds / 3_600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} d`
}

function medianOf(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}

/** Rules that spoke, the most frequent first, with how often of all seeds. */
function rulesOf(rows: readonly ScoreRow[]): string {
  const counts = new Map<string, number>()
  for (const { rules } of rows) for (const rule of rules) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([rule, count]) => (count === rows.length ? rule : `${rule} ${count}/${rows.length}`))
    .join(', ')
}

/** One line of the table: a scenario over all seeds. */
export function scenarioLine(scenario: Scenario, rows: readonly ScoreRow[]): string {
  const good = rows.filter(({ ok }) => ok).length
  const times = rows.flatMap(({ secondsToAlarm }) => (secondsToAlarm === null ? [] : [secondsToAlarm]))
  const within =
    scenario.withinSeconds > 0 && scenario.rules.length > 0 ? shortTime(scenario.withinSeconds) : '–'
  const median = shortTime(medianOf(times))
  const slowest = times.length > 0 ? shortTime(Math.max(...times)) : '–'
  const mark = good === rows.length ? 'ok' : 'MISS'
  return `| ${scenario.name} | ${scenario.zh} | ${scenario.kind} | ${good}/${rows.length} | ${median} | ${slowest} | ${within} | ${mark} | ${rulesOf(rows)} |`
}

export const TABLE_HEAD = `| scenario | 情形 | kind | ok/seeds | median | slowest | within | | rules |
|---|---|---|---|---|---|---|---|---|`

/** Seeds that failed, each with what was said or that nothing was. */
export function missLines(rows: readonly ScoreRow[]): string[] {
  return rows
    .filter(({ ok }) => !ok)
    .map(({ scenario, seed, found, secondsToAlarm, sentence }) => {
      const what = sentence === '' ? 'nothing was said' : sentence
      return `- ${scenario}, seed ${seed}: ${found ? `late (${shortTime(secondsToAlarm)})` : 'missed'} — ${what}`
    })
}

export function monthLines(month: HonestMonth): string[] {
  const { falseAlarmsPerDay, byRule, seeds, days, events, seconds, examples } = month
  const mark = falseAlarmsPerDay <= 2 ? 'ok' : 'MISS'
  return [
    `Honest county: ${falseAlarmsPerDay} alarms a day in all 21 sites (goal ≤ 2, ${mark}; ${seeds} seed(s), ${days} days, ${events} events, ${seconds.toFixed(0)} CPU s with the simulation)`,
    ...Object.entries(byRule).map(([rule, perDay]) => `- ${rule}: ${perDay} a day — ${examples[rule]}`),
  ]
}

export function leakLines({
  figures,
  smallestLitresPerHour,
  monthlyRuleLitresPerHour,
  ok,
}: LeakScore): string[] {
  const smaller =
    smallestLitresPerHour === null ? '–' : (monthlyRuleLitresPerHour / smallestLitresPerHour).toFixed(1)
  return [
    `Leaks over 30 days, rule \`leak\` (goal: 0.757 L/h found in ≥ 95 %, false ≤ 5 %, smallest ≥ 3 × smaller than 1 % + 492 L: ${ok ? 'ok' : 'MISS'})`,
    ...figures.map(({ litresPerHour, tankMonths, found }) => {
      const share = ((100 * found) / Math.max(tankMonths, 1)).toFixed(1)
      const what = litresPerHour === 0 ? 'no loss, false alarms' : `${litresPerHour} L/h, found`
      return `- ${what}: ${found} of ${tankMonths} tank-months (${share} %)`
    }),
    `- smallest of these found in 95 %: ${smallestLitresPerHour ?? 'none'} L/h; 1 % + 492 L a month finds ${monthlyRuleLitresPerHour} L/h in 95 % of the same tank-months: ${smaller} × as much`,
  ]
}

export function unregisteredLines(score: UnregisteredScore): string[] {
  const { deliveries, withinHour, medianSeconds, slowestSeconds, ok } = score
  const share = ((100 * withinHour) / Math.max(deliveries, 1)).toFixed(1)
  return [
    `Unregistered deliveries of 200 L (goal: ≥ 99 % within 1 h, ${ok ? 'ok' : 'MISS'}): ${withinHour} of ${deliveries} (${share} %), median ${shortTime(medianSeconds)}, slowest ${shortTime(slowestSeconds)}`,
  ]
}
