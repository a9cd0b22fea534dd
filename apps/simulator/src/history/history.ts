import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dayIndex, dayStart, type EpochMs } from '@oiltrail/kernel'
import type { CountyPlan } from '../county/plan.ts'
import { Instruments } from '../physics/instruments.ts'
import { liveUntil, World } from '../physics/world.ts'
import { HistoryFiles } from './files.ts'
import { Recorder } from './recorder.ts'
import { truthOf } from './truth.ts'

/** Nothing is under way when the history ends, nor until collectors have read the live devices for the first time. */
const QUIET_BEFORE_MS = 10_000
const QUIET_AFTER_MS = 60_000
/** However fast the clock runs, a county is not quiet for longer. */
const LONGEST_QUIET_MS = 30 * 60_000

/** A county that has lived until `now`. */
export interface Lived {
  readonly world: World
  readonly instruments: Instruments
  readonly records: number
}

/** Writes `sites.json`: the registrations, and which device belongs to which site. */
export function writeSites(plan: CountyPlan, directory: string): void {
  mkdirSync(directory, { recursive: true })
  const sites = plan.sites.map((site) => site.site)
  const devices = plan.sites.map((site) => ({ device: site.device, site: site.site.site }))
  writeFileSync(join(directory, 'sites.json'), `${JSON.stringify({ sites, devices }, null, 1)}\n`)
}

/** What identifies a history: equal values, equal bytes. */
export interface HistoryOptions {
  readonly now: EpochMs
  readonly days: number
  /** Speed of the clock that live will run on: collectors need their start-up time in real seconds. */
  readonly speed: number
}

/**
 * Lives the days before `now`, from the midnight `days` days ago, and writes `history/`, `history.json`, `truth.json` and
 * `statements.jsonl` (deliveries announced, windows declared, registrations changed: what a desk would have logged).
 * The same plan and options give the same bytes; a history that is there already is lived again but not written again.
 */
export async function liveHistory(
  plan: CountyPlan,
  options: HistoryOptions,
  directory: string,
): Promise<Lived> {
  const { now, days, speed } = options
  const startsAt = dayStart(dayIndex(now) - days)
  const quietMs = Math.min(QUIET_AFTER_MS * speed, LONGEST_QUIET_MS)
  const world = new World(plan, startsAt, { from: now - QUIET_BEFORE_MS, until: now + quietMs })
  const instruments = new Instruments(world)
  const statements: string[] = []
  world.witnesses.push({
    stated: (_site, statement) => {
      if (world.now < now) statements.push(`${JSON.stringify(statement)}\n`)
    },
  })
  const identity = { seed: plan.seed, days, from: startsAt, to: now, quietMs }
  const known = knownRecords(directory, identity)
  const records = known ?? (await record(world, instruments, now, join(directory, 'history')))
  await liveUntil(world, () => now)
  for (const gauge of instruments.gauges.values()) gauge.forgetDeliveries()
  if (known === undefined) {
    writeFileSync(join(directory, 'statements.jsonl'), statements.join(''))
    writeFileSync(join(directory, 'truth.json'), `${JSON.stringify(truthOf(world))}\n`)
    writeFileSync(join(directory, 'history.json'), `${JSON.stringify({ records, ...identity })}\n`)
  }
  return { world, instruments, records }
}

async function record(
  world: World,
  instruments: Instruments,
  now: EpochMs,
  directory: string,
): Promise<number> {
  const files = new HistoryFiles(directory)
  const recorder = new Recorder(world, instruments, files)
  await liveUntil(world, () => now)
  recorder.stop()
  return files.close()
}

/** How many records the folder's history has, if it is the one asked for. It is written last, so it vouches for the rest. */
function knownRecords(directory: string, identity: Readonly<Record<string, number>>): number | undefined {
  const path = join(directory, 'history.json')
  if (!existsSync(path)) return undefined
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    const same = Object.entries(identity).every(([name, value]) => found[name] === value)
    return same && typeof found.records === 'number' ? found.records : undefined
  } catch {
    return undefined
  }
}
