import { type TankDay, takeDay } from '../measure/tank-day.ts'
import {
  NO_TRACK,
  readingDeviation,
  type TankMoment,
  type TankTrack,
  trackFact,
} from '../measure/tank-track.ts'
import type { TankPointEvent } from './event.ts'
import type { Measure } from './rule.ts'
import { subjectParts } from './subject.ts'
import { tankSubject } from './subjects-of.ts'

interface State {
  readonly track: TankTrack
  readonly day: TankDay | null
  readonly recent: readonly TankMoment[]
}

/** Readings kept: four hours, since they settle no faster than every ten minutes; no rule of minutes looks further back. */
const MOST_RECENT = 24

/** What every tank held beside what was drawn from it, reading by reading, and its quiet hours: the ground of all rules of tanks. */
export const tankPoint: Measure<State> = {
  id: 'tank-point',
  version: 2,
  reads: ['level', 'sale', 'total', 'load'],
  tells: ['tank-point'],
  late: 'ignore',
  subjectsOf: tankSubject,
  start: () => ({ track: NO_TRACK, day: null, recent: [] }),
  step(before, event, around) {
    if (event.type !== 'fact') return { state: before }
    const { subject } = around
    const tank = around.tank(subjectParts(subject).code)
    if (!tank) return { state: before }
    const { track, points } = trackFact(before.track, event.fact, event.ref, tank)
    if (points.length === 0) return { state: { track, day: before.day, recent: before.recent } }
    const { at, loggedAt, ref, site } = event
    let { day, recent } = before
    const told: TankPointEvent[] = []
    for (const point of points) {
      const deviationMillilitres = readingDeviation(tank, point.v20)
      const step = takeDay(day, point, deviationMillilitres)
      day = step.day
      const { at: readAt, held, v20 } = point
      recent = [
        ...(recent.length < MOST_RECENT ? recent : recent.slice(1)),
        { at: readAt, held, v20, ref: point.ref },
      ]
      told.push({
        type: 'tank-point',
        at,
        loggedAt,
        ref,
        site,
        subject,
        tank,
        point,
        recent,
        deviationMillilitres,
        done: step.done,
      })
    }
    return { state: { track, day, recent }, told }
  },
}
