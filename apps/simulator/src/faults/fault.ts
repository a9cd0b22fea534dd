import type { EpochMs } from '@oiltrail/kernel'
import type { BoardPorts, SiteDevices } from '../devices/site-devices.ts'
import type { NozzleBody } from '../physics/nozzle.ts'

/** What a fault may be aimed at within its site. */
export type SubjectKind = 'none' | 'dispenser' | 'nozzle'

/** The site a fault happens to, and the parts of it that its subject names (all of them when it names none). */
export interface FaultTarget {
  readonly devices: SiteDevices
  readonly boards: readonly BoardPorts[]
  readonly nozzles: readonly NozzleBody[]
}

/** Ends a fault. Given the moment at which it ends. */
export type Undo = (at: EpochMs) => void

/** One thing that can go wrong, switched on by name. */
export interface Fault {
  readonly name: string
  readonly zh: string
  readonly en: string
  readonly subject: SubjectKind
  /** Begins the fault; what it returns ends it. */
  begin(target: FaultTarget, at: EpochMs): Undo
}
