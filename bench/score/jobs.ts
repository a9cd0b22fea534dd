import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { judge, type ScoreRow } from './judge.ts'
import { leakCounty, type TankMonth } from './leak.ts'
import { type HonestPart, honestPart } from './month.ts'
import { SCENARIOS } from './scenarios.ts'
import { type Unannounced, unannouncedCounty } from './unregistered.ts'
import { type YearPart, yearPart } from './year.ts'

/** One piece of the score, which depends on nothing else: any process may play it. */
export type Job =
  | { readonly kind: 'scenario'; readonly scenario: string; readonly seed: number }
  | {
      readonly kind: 'month'
      readonly seed: number
      readonly days: number
      readonly sites: readonly string[]
    }
  | { readonly kind: 'leak'; readonly seed: number; readonly litresPerHour: number }
  | { readonly kind: 'unregistered'; readonly seed: number }
  | { readonly kind: 'year'; readonly seed: number; readonly days: number; readonly sites: readonly string[] }

/** What a job led to, by its kind. */
export type Outcome =
  | { readonly kind: 'scenario'; readonly row: ScoreRow }
  | { readonly kind: 'month'; readonly part: HonestPart }
  | { readonly kind: 'leak'; readonly litresPerHour: number; readonly tanks: readonly TankMonth[] }
  | { readonly kind: 'unregistered'; readonly deliveries: readonly Unannounced[] }
  | { readonly kind: 'year'; readonly part: YearPart }

/** Plays one job in this process. */
export function playJob(job: Job): Outcome {
  switch (job.kind) {
    case 'scenario': {
      const scenario = SCENARIOS.find(({ name }) => name === job.scenario)
      if (!scenario) throw new Error(`there is no scenario ${job.scenario}`)
      return { kind: job.kind, row: judge(scenario, job.seed) }
    }
    case 'month':
      return { kind: job.kind, part: honestPart(job.seed, job.days, job.sites) }
    case 'leak':
      return {
        kind: job.kind,
        litresPerHour: job.litresPerHour,
        tanks: leakCounty(job.seed, job.litresPerHour),
      }
    case 'unregistered':
      return { kind: job.kind, deliveries: unannouncedCounty(job.seed) }
    case 'year':
      return { kind: job.kind, part: yearPart(job.seed, job.days, job.sites) }
  }
}

/** The program of a worker process: takes a job, answers its outcome, until it is told no more. */
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
/** TypeScript is read by tsx, whatever this process is run by. */
const WORKER_OPTIONS = {
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
  execArgv: ['--import', 'tsx'],
}

/** Plays jobs in so many processes; outcomes come in the order of the jobs. `done` is told each as it comes. */
export async function playJobs(
  jobs: readonly Job[],
  processes: number,
  done: (index: number, outcome: Outcome) => void,
): Promise<void> {
  let next = 0
  const workers: ChildProcess[] = []
  const serve = (worker: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      let at = -1
      const give = (): void => {
        at = next++
        if (at < jobs.length) worker.send(jobs[at]!)
        else {
          worker.disconnect()
          resolve()
        }
      }
      worker.on('message', (outcome) => {
        done(at, outcome as Outcome)
        give()
      })
      worker.on('error', reject)
      worker.on('exit', (code) => {
        if (code !== 0)
          reject(new Error(`a worker ended with ${code} while playing ${JSON.stringify(jobs[at])}`))
      })
      give()
    })
  try {
    for (let i = 0; i < Math.min(processes, jobs.length); i++) workers.push(fork(WORKER, [], WORKER_OPTIONS))
    await Promise.all(workers.map(serve))
  } finally {
    for (const worker of workers) worker.kill()
  }
}
