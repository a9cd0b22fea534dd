import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { planCounty } from '../apps/simulator/src/county/county.ts'
import { type Job, type Outcome, playJobs } from './score/jobs.ts'
import { LEAK_LITRES_PER_HOUR } from './score/leak.ts'
import { STARTS_AT } from './score/play.ts'
import { reportJson, reportLines, reportOf, writeMarkdown } from './score/report.ts'
import { SCENARIOS } from './score/scenarios.ts'

/**
 * The score (requirement B2): known thefts and frauds, and honest things that look like them, against all rules; what an
 * honest county-month costs in false alarms; how small a leak and how soon an unregistered delivery is found. Pure:
 * histories of the simulator, events, rules; no server.
 *
 *   --seeds N        so many seeds for every scenario (3)      --only TEXT    scenarios whose name holds TEXT, and nothing else
 *   --first-seed N   the first seed of all, the others follow (1): counties that no rule was written beside
 *   --month-days N   days of the honest county (30), 0 for none   --month-seeds N   its seeds (2), in winter, summer, spring and autumn in turn
 *   --leak-seeds N   counties of some 100 tanks that all leak (2), 0 for none
 *   --unregistered-seeds N   counties with deliveries nobody announced (1), 0 for none
 *   --jobs N         processes (one a core)
 *   --json FILE      {rows: [{scenario, seed, found, rules, secondsToAlarm, within, ok}], falseAlarmsPerDay, byRule, leak, unregistered}
 *   --markdown FILE  puts the tables between the marks of docs/score.md, or into a new file
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    only: { type: 'string' },
    'first-seed': { type: 'string', default: '1' },
    'month-days': { type: 'string', default: '30' },
    'month-seeds': { type: 'string', default: '2' },
    'leak-seeds': { type: 'string', default: '2' },
    'unregistered-seeds': { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
})

const MOST = 1_000
/** A county is watched in so many parts, for processes to share. */
const MONTH_PARTS = 4

type Count =
  | 'seeds'
  | 'first-seed'
  | 'month-days'
  | 'month-seeds'
  | 'leak-seeds'
  | 'unregistered-seeds'
  | 'jobs'

function whole(name: Count): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 0 || value > MOST) {
    process.stderr.write(`score: --${name} must be a whole number up to ${MOST} / 参数 --${name} 无效\n`)
    process.exit(2)
  }
  return value
}

const seedsOf = (name: Count): number[] =>
  Array.from({ length: whole(name) }, (_, i) => whole('first-seed') + i)

function jobsOf(): Job[] {
  const { only } = values
  const jobs: Job[] = SCENARIOS.filter(({ name }) => only === undefined || name.includes(only)).flatMap(
    ({ name }) => seedsOf('seeds').map((seed) => ({ kind: 'scenario' as const, scenario: name, seed })),
  )
  if (only !== undefined) return jobs
  const days = whole('month-days')
  if (days > 0)
    for (const seed of seedsOf('month-seeds')) {
      const sites = planCounty(seed, STARTS_AT).sites.map(({ site }) => site.site)
      for (let part = 0; part < MONTH_PARTS; part++)
        jobs.push({ kind: 'month', seed, days, sites: sites.filter((_, i) => i % MONTH_PARTS === part) })
    }
  for (const seed of seedsOf('leak-seeds'))
    for (const litresPerHour of LEAK_LITRES_PER_HOUR) jobs.push({ kind: 'leak', seed, litresPerHour })
  for (const seed of seedsOf('unregistered-seeds')) jobs.push({ kind: 'unregistered', seed })
  return jobs
}

const jobs = jobsOf()
const outcomes: Outcome[] = []
let played = 0
await playJobs(jobs, Math.max(1, whole('jobs')), (index, outcome) => {
  outcomes[index] = outcome
  played += 1
  if (process.stderr.isTTY) process.stderr.write(`\r${played} of ${jobs.length} `)
})
if (process.stderr.isTTY) process.stderr.write('\r')

const report = reportOf(jobs, outcomes)
const lines = reportLines(report)
process.stdout.write(`${lines.join('\n')}\n`)
if (values.json !== undefined) writeFileSync(values.json, reportJson(report))
if (values.markdown !== undefined) {
  const files = ['--json', '--markdown']
  const given = process.argv
    .slice(2)
    .filter((arg, i, all) => ![arg, all[i - 1]].some((each) => files.includes(each ?? '')))
  writeMarkdown(values.markdown, ['npm run score --', ...given].join(' '), lines)
}
