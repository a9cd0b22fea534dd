import type { Clock } from '@oiltrail/kernel'
import type { Store } from '@oiltrail/store'
import type { Logger } from 'pino'
import type { Desk } from './desk/desk.ts'
import type { ShareCourier } from './share/courier.ts'
import type { WatchOffice } from './watch/office.ts'

/** What the HTTP interface is given: the parts of a running server it may see. `serve.ts` builds it. */
export interface ServerContext {
  readonly store: Store
  /** The county's code as an integer, as the tables hold it, and as its six digits. */
  readonly county: number
  readonly countyCode: string
  readonly clock: Clock
  readonly log: Logger
  /** Where the people's statements enter the log. */
  readonly desk: Desk
  /** Alarms, rules, notices: what people state about them. */
  readonly watch: WatchOffice
  /** Position the next log entry will take, as last committed. */
  nextPosition(): number
  /** Next position of a follower by its name, as last committed; undefined for an unknown name. */
  followerPosition(name: string): number | undefined
  /** Who hands the log on to other platforms, one for each. */
  readonly couriers: readonly ShareCourier[]
  /** Whether this server was started by the demo. */
  readonly demo: boolean
  /** Who may do what, by the request's headers and address. */
  readonly access: Access
}

/** Answers whether a request may read or administer. */
export interface Access {
  /** Reading is open on a loopback-only server; otherwise a reader's or administrator's token is needed. */
  mayRead(request: AccessRequest): boolean
  /** Only with the administrator's token as `Authorization: Bearer …`. */
  mayAdminister(request: AccessRequest): boolean
}

/** The part of an HTTP request that decides about access. */
export interface AccessRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}
