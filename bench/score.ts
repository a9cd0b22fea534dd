import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { judge, type ScoreRow } from './score/judge.ts'
import { honestMonth } from './score/month.ts'
import { SCENARIOS } from './score/scenarios.ts'
import { missLines, monthLines, scenarioLine, TABLE_HEAD } from './score/table.ts'

/**
 * The score (requirement B2): known thefts and frauds, and honest things that look like them, against all rules; and what
 * an honest county-month costs in false alarms. Pure: histories of the simulator, events, rules; no server.
 *
 *   --seeds N        seeds 1…N for every scenario (3)      --only TEXT    scenarios whose name holds TEXT
 *   --month-days N   days of the honest county (30), 0 for none   --month-seeds N   its seeds (1)
 *   --json FILE      {rows: [{scenario, seed, found, rules, secondsToAlarm, within, ok}], falseAlarmsPerDay, byRule}
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    only: { type: 'string' },
    'month-days': { type: 'string', default: '30' },
    'month-seeds': { type: 'string', default: '1' },
    json: { type: 'string' },
  },
})

const MOST_SEEDS = 1_000

function whole(name: 'seeds' | 'month-days' | 'month-seeds'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 0 || value > MOST_SEEDS) {
    process.stderr.write(
      `score: --${name} must be a whole number up to ${MOST_SEEDS} / 参数 --${name} 无效\n`,
    )
    process.exit(2)
  }
  return value
}

const seeds = Array.from({ length: whole('seeds') }, (_, i) => i + 1)
const rows: ScoreRow[] = []
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

say(TABLE_HEAD)
for (const scenario of SCENARIOS) {
  if (values.only !== undefined && !scenario.name.includes(values.only)) continue
  const played = seeds.map((seed) => judge(scenario, seed))
  rows.push(...played)
  say(scenarioLine(scenario, played))
}
const misses = missLines(rows)
say(`\n${rows.filter(({ ok }) => ok).length} of ${rows.length} ok${misses.length > 0 ? '; not ok:' : ''}`)
for (const line of misses) say(line)

const days = whole('month-days')
const monthSeeds = Array.from({ length: whole('month-seeds') }, (_, i) => i + 1)
const month = days > 0 && monthSeeds.length > 0 ? honestMonth(monthSeeds, days) : undefined
if (month) for (const line of ['', ...monthLines(month)]) say(line)

if (values.json !== undefined) {
  const { falseAlarmsPerDay = null, byRule = null } = month ?? {}
  writeFileSync(
    values.json,
    `${JSON.stringify(
      {
        rows: rows.map(({ scenario, seed, found, rules, secondsToAlarm, within, ok }) => ({
          scenario,
          seed,
          found,
          rules,
          secondsToAlarm,
          within,
          ok,
        })),
        falseAlarmsPerDay,
        byRule,
      },
      null,
      1,
    )}\n`,
  )
}
