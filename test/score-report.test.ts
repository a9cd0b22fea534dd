import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Job, type Outcome, playJob, playJobs } from '../bench/score/jobs.ts'
import { leakScore } from '../bench/score/leak.ts'
import { reportJson, reportLines, reportOf, writeMarkdown } from '../bench/score/report.ts'
import { unregisteredScore } from '../bench/score/unregistered.ts'

const folder = mkdtempSync(join(tmpdir(), 'score-'))
afterAll(() => rmSync(folder, { recursive: true }))

const tank = (found: boolean) => ({ found, monthlyLitresPerHour: 1.2 })
const tanks = (found: number, of = 100) => Array.from({ length: of }, (_, i) => tank(i < found))

/** Two of each sort, cheap ones. */
const JOBS: readonly Job[] = [
  { kind: 'scenario', scenario: 'replayed', seed: 1 },
  { kind: 'scenario', scenario: 'altered', seed: 2 },
  { kind: 'month', seed: 1, days: 1, sites: ['S001'] },
]

describe('report of the score (B2)', () => {
  it('is the same from one process or from two', async () => {
    const here = JOBS.map(playJob)
    const there: Outcome[] = []
    await playJobs(JOBS, 2, (index, outcome) => {
      there[index] = outcome
    })
    const bare = (outcomes: readonly Outcome[]): string =>
      JSON.stringify(outcomes).replaceAll(/"seconds":[0-9.]+/g, '')
    expect(bare(there)).toBe(bare(here))
    const report = JSON.parse(reportJson(reportOf(JOBS, there)))
    expect(report.rows.map(({ scenario, ok }: { scenario: string; ok: boolean }) => [scenario, ok])).toEqual([
      ['replayed', true],
      ['altered', true],
    ])
    expect(report).toMatchObject({ falseAlarmsPerDay: 0, byRule: {}, leak: null, unregistered: null })
    expect(reportLines(reportOf(JOBS, there)).join('\n')).toContain('2 of 2 ok')
  }, 60_000)

  it('a job that fails ends the run instead of missing in it', async () => {
    const unknown: Job = { kind: 'scenario', scenario: 'no such thing', seed: 1 }
    await expect(playJobs([unknown], 1, () => undefined)).rejects.toThrow('no such thing')
  }, 60_000)

  it.each([
    ['all found, none false', 100, 95, 0, true],
    ['one in twenty false', 100, 95, 5, true],
    ['too many false', 100, 95, 6, false],
    ['the asked loss missed too often', 94, 95, 0, false],
    ['no small loss found often enough', 100, 94, 0, false],
  ])('leaks: %s', (_what, asked, small, wrong, ok) => {
    const score = leakScore([
      { litresPerHour: 0, tanks: tanks(wrong) },
      { litresPerHour: 0.3, tanks: tanks(small) },
      { litresPerHour: 0.757, tanks: tanks(asked) },
    ])
    expect(score).toMatchObject({ ok, monthlyRuleLitresPerHour: 1.2 })
  })

  it('deliveries that were never found count as late', () => {
    const found = Array.from({ length: 99 }, () => ({ seconds: 3_600 }))
    expect(unregisteredScore([...found, { seconds: null }])).toMatchObject({ withinHour: 99, ok: true })
    expect(unregisteredScore([...found, { seconds: 3_601 }, { seconds: null }])).toMatchObject({ ok: false })
    expect(unregisteredScore([])).toMatchObject({ ok: false })
  })

  it('replaces its own tables in a document and nothing else', () => {
    const file = join(folder, 'score.md')
    writeMarkdown(file, 'npm run score', ['| a |'])
    writeFileSync(file, `# Head\n\n${readFileSync(file, 'utf8')}\nTail\n`)
    writeMarkdown(file, 'npm run score -- --seeds 2', ['| b |'])
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/^# Head\n\n<!--[\s\S]*--seeds 2[\s\S]*\| b \|[\s\S]*-->\n\nTail\n$/)
    expect(text).not.toContain('| a |')
  })
})
