import { availableParallelism } from 'node:os'
import type { Site } from '@oiltrail/domain'
import { planCounty } from '../../apps/simulator/src/county/county.ts'
import { type Benchmark, figure } from '../figure.ts'
import { type Outcome, playJobs } from '../score/jobs.ts'
import { STARTS_AT } from '../score/play.ts'
import type { YearPart } from '../score/year.ts'

const SEED = 1
const DAYS = 365

/** Sites of so many shares, each the same work: what a site tells grows with its tanks. The largest first, each to who has least. */
function sharedOut(sites: readonly Site[], count: number): string[][] {
  const shares = Array.from({ length: count }, () => ({ tanks: 0, sites: [] as string[] }))
  for (const { site, tanks } of sites.toSorted((a, b) => b.tanks.length - a.tanks.length)) {
    const least = shares.reduce((low, each) => (each.tanks < low.tanks ? each : low))
    least.tanks += tanks.length
    least.sites.push(site)
  }
  return shares.map((share) => share.sites)
}

/**
 * A year of the county through all rules. Rules know one site at a time (`run.test.ts`), so the sites are shared out over the
 * machine's cores; the slowest share counts.
 */
export const year: Benchmark = {
  name: 'year',
  long: true,
  async run() {
    const cores = availableParallelism()
    const shares = sharedOut(
      planCounty(SEED, STARTS_AT).sites.map(({ site }) => site),
      cores,
    )
    const parts: YearPart[] = []
    await playJobs(
      shares.map((sites) => ({ kind: 'year', seed: SEED, days: DAYS, sites })),
      cores,
      (_, outcome) => parts.push((outcome as Extract<Outcome, { kind: 'year' }>).part),
    )
    const sum = (of: (part: YearPart) => number): number => parts.reduce((total, part) => total + of(part), 0)
    const facts = sum((part) => part.facts)
    const cpuSeconds = sum((part) => part.cpuMs) / 1_000
    const seconds = Math.max(...parts.map((part) => part.ms)) / 1_000
    return [
      figure(
        'a year of the county through all rules',
        'facts/s',
        { value: facts / seconds },
        ['>=', 100_000],
        [
          `${facts} facts in ${seconds.toFixed(0)} s on ${cores} cores (${cpuSeconds.toFixed(0)} s CPU, ${(facts / cpuSeconds).toFixed(0)} facts per CPU second); ${sum((part) => part.signals)} signals`,
        ],
      ),
    ]
  },
}
