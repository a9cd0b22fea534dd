import { availableParallelism } from 'node:os'
import type { Site } from '@oiltrail/domain'
import { planCounty } from '../../apps/simulator/src/county/county.ts'
import { type Benchmark, figure } from '../figure.ts'
import { type Outcome, playJobs } from '../score/jobs.ts'
import { STARTS_AT } from '../score/play.ts'
import type { YearPart } from '../score/year.ts'

const SEED = 1
const DAYS = 365

/** The sites one by one, those with most tanks first: what a site tells grows with them, and the short work comes last. */
function largestFirst(sites: readonly Site[]): string[] {
  return sites.toSorted((a, b) => b.tanks.length - a.tanks.length).map(({ site }) => site)
}

/** Seconds until the last process had done its sites. */
function longestSeconds(parts: readonly YearPart[]): number {
  const ms = new Map<number, number>()
  for (const part of parts) ms.set(part.process, (ms.get(part.process) ?? 0) + part.ms)
  return Math.max(...ms.values()) / 1_000
}

/**
 * A year of the county through all rules. Rules know one site at a time (`run.test.ts`), so each core takes site after site;
 * the core that ends last counts.
 */
export const year: Benchmark = {
  name: 'year',
  long: true,
  async run() {
    const cores = availableParallelism()
    const sites = largestFirst(planCounty(SEED, STARTS_AT).sites.map(({ site }) => site))
    const parts: YearPart[] = []
    await playJobs(
      sites.map((site) => ({ kind: 'year', seed: SEED, days: DAYS, sites: [site] })),
      cores,
      (_, outcome) => parts.push((outcome as Extract<Outcome, { kind: 'year' }>).part),
    )
    const sum = (of: (part: YearPart) => number): number => parts.reduce((total, part) => total + of(part), 0)
    const facts = sum((part) => part.facts)
    const cpuSeconds = sum((part) => part.cpuMs) / 1_000
    const seconds = longestSeconds(parts)
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
