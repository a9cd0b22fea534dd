import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Job, Outcome } from './jobs.ts'
import type { ScoreRow } from './judge.ts'
import { type LeakScore, leakScore } from './leak.ts'
import { type HonestMonth, honestMonth } from './month.ts'
import { SCENARIOS } from './scenarios.ts'
import { leakLines, missLines, monthLines, scenarioLine, TABLE_HEAD, unregisteredLines } from './table.ts'
import { type UnregisteredScore, unregisteredScore } from './unregistered.ts'

/** Everything that was played, added up; a part that was not played is null. */
export interface Report {
  readonly rows: readonly ScoreRow[]
  readonly month: HonestMonth | null
  readonly leak: LeakScore | null
  readonly unregistered: UnregisteredScore | null
}

/** Adds up outcomes, in the order of their jobs. */
export function reportOf(jobs: readonly Job[], outcomes: readonly Outcome[]): Report {
  const rows = outcomes.flatMap((each) => (each.kind === 'scenario' ? [each.row] : []))
  const parts = outcomes.flatMap((each) => (each.kind === 'month' ? [each.part] : []))
  const leaks = outcomes.filter((each) => each.kind === 'leak')
  const counties = outcomes.filter((each) => each.kind === 'unregistered')
  const months = jobs.filter((job) => job.kind === 'month')
  return {
    rows,
    month:
      months[0] === undefined
        ? null
        : honestMonth(parts, new Set(months.map(({ seed }) => seed)).size, months[0].days),
    leak: leaks.length > 0 ? leakScore(leaks) : null,
    unregistered:
      counties.length > 0 ? unregisteredScore(counties.flatMap(({ deliveries }) => deliveries)) : null,
  }
}

/** The report in words; all of it is Markdown. */
export function reportLines({ rows, month, leak, unregistered }: Report): string[] {
  const misses = missLines(rows)
  const played = SCENARIOS.flatMap((scenario) => {
    const own = rows.filter((row) => row.scenario === scenario.name)
    return own.length > 0 ? [scenarioLine(scenario, own)] : []
  })
  const good = rows.length - misses.length
  return [
    ...(played.length > 0
      ? [
          TABLE_HEAD,
          ...played,
          '',
          `${good} of ${rows.length} ok${misses.length > 0 ? '; not ok:' : ''}`,
          ...misses,
        ]
      : []),
    ...(month ? ['', ...monthLines(month)] : []),
    ...(leak ? ['', ...leakLines(leak)] : []),
    ...(unregistered ? ['', ...unregisteredLines(unregistered)] : []),
  ]
}

/** The report as `--json` writes it. */
export function reportJson({ rows, month, leak, unregistered }: Report): string {
  const document = {
    rows: rows.map(({ scenario, seed, found, rules, secondsToAlarm, within, ok }) => {
      return { scenario, seed, found, rules, secondsToAlarm, within, ok }
    }),
    falseAlarmsPerDay: month?.falseAlarmsPerDay ?? null,
    byRule: month?.byRule ?? null,
    leak,
    unregistered,
  }
  return `${JSON.stringify(document, null, 1)}\n`
}

const BEGINS = '<!-- score: written by the command, not by hand -->'
const ENDS = '<!-- score ends -->'

/** Puts the report between its marks in a Markdown file; a file without marks is written anew. */
export function writeMarkdown(file: string, command: string, lines: readonly string[]): void {
  const day = new Date().toISOString().slice(0, 10)
  const body = [BEGINS, '', `\`${command}\`, ${day}:`, '', ...lines, '', ENDS].join('\n')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [from, to] = [text.indexOf(BEGINS), text.indexOf(ENDS)]
  writeFileSync(
    file,
    from < 0 || to < from ? `${body}\n` : text.slice(0, from) + body + text.slice(to + ENDS.length),
  )
}
