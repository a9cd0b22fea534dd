import type { EpochMs } from '@oiltrail/kernel'
import type { BoardPorts, SiteDevices } from '../devices/site-devices.ts'
import type { NozzleBody } from '../physics/nozzle.ts'
import type { TankBody } from '../physics/tank.ts'
import type { World } from '../physics/world.ts'

/** What a fault may be aimed at within its site. */
export type SubjectKind = 'none' | 'dispenser' | 'nozzle' | 'tank'

/** The site a fault happens to, and the parts of it that its subject names (all of them when it names none). */
export interface FaultTarget {
  readonly world: World
  readonly devices: SiteDevices
  readonly boards: readonly BoardPorts[]
  readonly nozzles: readonly NozzleBody[]
  readonly tanks: readonly TankBody[]
  /** Sends bytes to the platform's open door, as anybody can; absent where there is none. */
  readonly send?: (bytes: Uint8Array) => void
}

/** Ends a fault. Given the moment at which it ends. */
export type Undo = (at: EpochMs) => void

/** One thing that can go wrong, or that somebody does wrong, switched on by name. */
export interface Fault {
  readonly name: string
  readonly zh: string
  readonly en: string
  readonly subject: SubjectKind
  /** It concerns the collector itself or sockets, and can only be shown in histories (or only on live sockets). */
  readonly only?: 'history' | 'live'
  /** Begins the fault; what it returns ends it. */
  begin(target: FaultTarget, at: EpochMs): Undo
}

/** Notes by name that something is in force at a site; what it returns takes the note and the deed back. */
export function inForce(target: FaultTarget, name: string, undo: Undo): Undo {
  const { active } = target.devices.site.tampering
  active.add(name)
  return (at) => {
    active.delete(name)
    undo(at)
  }
}
