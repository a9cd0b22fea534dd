import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dayIndex, dayStart, type EpochMs } from '@oiltrail/kernel'
import type { CountyPlan } from '../county/plan.ts'
import { Instruments } from '../physics/instruments.ts'
import { World } from '../physics/world.ts'
import { HistoryFiles } from './files.ts'
import { Recorder } from './recorder.ts'
import { truthOf } from './truth.ts'

/** Nothing is on its way when the history ends, so that no record of it is missing. */
const QUIET_BEFORE_END_MS = 10_000

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

/**
 * Lives the days before `now`, from the midnight `days` days ago, and writes `history/`, `history.json` and `truth.json`.
 * The same plan and the same `now` give the same bytes.
 */
export function liveHistory(plan: CountyPlan, now: EpochMs, days: number, directory: string): Lived {
  const startsAt = dayStart(dayIndex(now) - days)
  const world = new World(plan, startsAt, now - QUIET_BEFORE_END_MS)
  const instruments = new Instruments(world)
  const files = new HistoryFiles(join(directory, 'history'))
  const recorder = new Recorder(world, instruments, files)
  world.advanceTo(now)
  recorder.stop()
  const records = files.close()
  for (const gauge of instruments.gauges.values()) gauge.forgetDeliveries()
  writeFileSync(join(directory, 'history.json'), `${JSON.stringify({ records, from: startsAt, to: now })}\n`)
  writeFileSync(join(directory, 'truth.json'), `${JSON.stringify(truthOf(world))}\n`)
  return { world, instruments, records }
}
