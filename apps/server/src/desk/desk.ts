import type { ChartDecision, Site } from '@oiltrail/domain'
import type { Result } from '@oiltrail/kernel'
import type { DeskEntry, EnrolAnswer, EnrolRequest } from '@oiltrail/protocols/uplink'

/**
 * The second mouth of the log: what people and administrators' tools state. Every statement is a log entry, committed
 * before the answer. Refusals carry catalogue codes; `STORE_FAILED` and `OVERLOADED` mean that nothing was stored.
 */
export interface Desk {
  /** Registers a site or a change of it. INVALID_REQUEST when its town is not of this county. */
  registerSite(actor: string, site: Site): Promise<Result<{ position: number }>>
  /** Issues a one-time enrolment code. Only its hash is kept. INVALID_REQUEST when device and site do not agree. */
  issueEnrolCode(order: EnrolCodeOrder): Promise<Result<{ code: string; expiresAt: number }>>
  /**
   * Redeems a code. The same device with the same code and keys gets the same answer again as long as the code holds, in case
   * the first was lost; it changes nothing and is not stated twice. ENROL_CODE_INVALID, BAD_SIGNATURE (proof of possession),
   * INVALID_REQUEST, CONFLICT (another hash).
   */
  enrol(request: EnrolRequest): Promise<Result<EnrolAnswer>>
  /**
   * Takes over what the desk of another platform stated, so that batches handed on by it are believed here. A collector
   * enrolled so may sign but has no token: it does not connect by itself. Refuses like the statement made here.
   */
  takeStatement(statement: DeskEntry): Promise<Result<{ position: number }>>
  /**
   * States what a person decided about a proposed tank chart, and why. INVALID_REQUEST for a chart that does not rise, or
   * one that would hold from before it was decided: what was balanced stays balanced.
   */
  decideChart(actor: string, decision: ChartDecision, reason: string): Promise<Result<{ position: number }>>
  /** Refuses everything a device sends from now on. NOT_FOUND when it is not enrolled. */
  revokeDevice(actor: string, device: string, reason: string): Promise<Result<{ position: number }>>
}

/** For which device a code is issued, and for how long it holds. */
export interface EnrolCodeOrder {
  readonly device: string
  readonly site: string
  readonly validSeconds: number
}
