import { type EpochMs, ok, type Result, refuse } from '@oiltrail/kernel'
import type { SiteDevices } from '../devices/site-devices.ts'
import type { SiteBody } from '../physics/site.ts'
import type { World } from '../physics/world.ts'
import type { Fault, FaultTarget, Undo } from './fault.ts'
import { FAULTS } from './registry.ts'

/** `name@site[:subject][+delaySeconds[~durationSeconds]]`; without a delay at once, without a duration until taken back. */
export interface FaultOrder {
  readonly fault: Fault
  readonly site: string
  readonly subject: string | undefined
  readonly delaySeconds: number
  readonly durationSeconds: number | undefined
}

/** A fault that waits for its time or is in force. */
export interface StandingFault {
  readonly id: number
  readonly text: string
  readonly beginsAt: EpochMs
  readonly endsAt: EpochMs | undefined
  readonly state: 'waiting' | 'active'
}

/** More orders at one time are a mistake of a test. */
const MOST_STANDING = 1_000
/** Thirty days: in a history rules may have to learn for weeks before something happens. */
const LONGEST_SECONDS = 2_592_000
const PATTERN = /^([a-z-]{1,40})@([A-Z0-9]{1,16})(?::([A-Z0-9]{1,8}))?(?:\+([0-9]{1,7})(?:~([0-9]{1,7}))?)?$/

/** Reads the text of an order. Refuses INVALID_REQUEST for its form, NOT_FOUND for an unknown name. */
export function parseFault(text: string): Result<FaultOrder> {
  const match = PATTERN.exec(text)
  if (!match)
    return refuse(
      'INVALID_REQUEST',
      `a fault reads name@site[:subject][+delaySeconds[~durationSeconds]], for example board-silent@S003:2+10~60; it reads ${text.slice(0, 80)}`,
    )
  const fault = FAULTS.find(({ name }) => name === match[1])
  if (!fault)
    return refuse('NOT_FOUND', `no fault ${match[1]}; there are ${FAULTS.map(({ name }) => name).join(', ')}`)
  const delaySeconds = Number(match[4] ?? 0)
  const durationSeconds = match[5] === undefined ? undefined : Number(match[5])
  if (delaySeconds > LONGEST_SECONDS || (durationSeconds ?? 0) > LONGEST_SECONDS)
    return refuse('INVALID_REQUEST', `at most ${LONGEST_SECONDS} seconds`)
  return ok({ fault, site: match[2]!, subject: match[3], delaySeconds, durationSeconds })
}

interface Standing {
  readonly id: number
  readonly text: string
  readonly beginsAt: EpochMs
  readonly endsAt: EpochMs | undefined
  readonly site: string
  undo: Undo | undefined
}

/** The county that faults happen to: on its sockets, or in a history that is being lived. */
export interface FaultCounty {
  readonly world: World
  readonly mode: 'live' | 'history'
  site(code: string): SiteDevices | undefined
  /** Lives to now and returns it. */
  present(): EpochMs
  /** The platform's open door (`POST /uplink`). */
  send?(bytes: Uint8Array): void
  /** Something at a site has begun or ended. */
  changed?(site: SiteBody, at: EpochMs): void
}

/** Where faults are ordered and taken back. Times are those of the county's clock. */
export class FaultDesk {
  private readonly county: FaultCounty
  private readonly standing = new Map<number, Standing>()
  private ordered = 0

  constructor(county: FaultCounty) {
    this.county = county
  }

  /** Orders a fault. Refuses NOT_FOUND for an unknown site or subject, TOO_MANY_REQUESTS, and what {@link parseFault} refuses. */
  order(text: string): Result<StandingFault> {
    const parsed = parseFault(text)
    if (!parsed.ok) return parsed
    const order = parsed.value
    const target = this.targetOf(order)
    if (!target.ok) return target
    if (this.standing.size >= MOST_STANDING)
      return refuse('TOO_MANY_REQUESTS', `${MOST_STANDING} faults stand already`)
    const now = this.county.present()
    const beginsAt = now + order.delaySeconds * 1000
    const endsAt = order.durationSeconds === undefined ? undefined : beginsAt + order.durationSeconds * 1000
    this.ordered += 1
    const entry: Standing = { id: this.ordered, text, beginsAt, endsAt, undo: undefined, site: order.site }
    this.standing.set(entry.id, entry)
    const begin = (at: EpochMs): void => {
      if (!this.standing.has(entry.id)) return
      entry.undo = order.fault.begin(target.value, at)
      this.county.changed?.(target.value.devices.site, at)
    }
    if (beginsAt <= now) begin(now)
    else this.county.world.agenda.plan(beginsAt, begin)
    if (endsAt !== undefined) this.county.world.agenda.plan(endsAt, (at) => this.end(entry.id, at))
    return ok(present(entry))
  }

  /** Takes a fault back, whether it has begun or not. Refuses NOT_FOUND. */
  cancel(id: number): Result<StandingFault> {
    const entry = this.standing.get(id)
    if (!entry) return refuse('NOT_FOUND', `no fault ${id}`)
    const state = present(entry)
    this.end(id, this.county.present())
    return ok(state)
  }

  /** Faults that wait or are in force, in the order in which they were ordered. */
  list(): StandingFault[] {
    return [...this.standing.values()].map(present)
  }

  private end(id: number, at: EpochMs): void {
    const entry = this.standing.get(id)
    if (!entry) return
    this.standing.delete(id)
    if (!entry.undo) return
    entry.undo(at)
    const devices = this.county.site(entry.site)
    if (devices) this.county.changed?.(devices.site, at)
  }

  private targetOf(order: FaultOrder): Result<FaultTarget> {
    const { world, mode } = this.county
    const door = this.county.send && { send: (bytes: Uint8Array) => this.county.send?.(bytes) }
    const devices = this.county.site(order.site)
    if (!devices) return refuse('NOT_FOUND', `no site ${order.site}`, 'site')
    const { subject, fault } = order
    if (fault.only && fault.only !== mode)
      return refuse('INVALID_REQUEST', `${fault.name} works in ${fault.only} mode only`, 'fault')
    const all = [...devices.boards.values()]
    const allTanks = [...devices.site.tanks.values()]
    if (subject === undefined)
      return ok({ world, devices, boards: all, nozzles: devices.site.nozzles, tanks: allTanks, ...door })
    if (fault.subject === 'none')
      return refuse('INVALID_REQUEST', `${fault.name} concerns a whole site`, 'subject')
    const boards = all.filter(({ dispenser }) => dispenser.plan.dispenser === subject)
    const nozzles = devices.site.nozzles.filter(({ plan }) => plan.nozzle === subject)
    const tanks = allTanks.filter(({ plan }) => plan.tank === subject)
    if ({ dispenser: boards, nozzle: nozzles, tank: tanks }[fault.subject].length === 0)
      return refuse('NOT_FOUND', `site ${order.site} has no ${fault.subject} ${subject}`, 'subject')
    return ok({ world, devices, boards, nozzles, tanks, ...door })
  }
}

function present(entry: Standing): StandingFault {
  const { id, text, beginsAt, endsAt } = entry
  return { id, text, beginsAt, endsAt, state: entry.undo ? 'active' : 'waiting' }
}
