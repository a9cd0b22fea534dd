import type { Problem, Result } from '@oiltrail/kernel'
import type { Receipt } from '@oiltrail/protocols/uplink'
import type { Transaction } from '@oiltrail/store'
import type { Claim } from './draft.ts'
import type { Ticket } from './verifiers.ts'

/** What waits for intake. */
export type Job = BatchJob | RefusalJob | StatementJob

/** A batch as it came. */
export interface BatchJob {
  readonly kind: 'batch'
  readonly bytes: Uint8Array
  /** Who handed it over: a device's connection or an address. For the limit on refusals. */
  readonly peer: string
  readonly answer: (receipt: Receipt) => void
  /** Its place in the line of the verifier threads, when it has one. */
  readonly ticket?: Ticket | undefined
}

/** Something that was refused before it was a batch: a connection, or a summary of refusals. */
export interface RefusalJob {
  readonly kind: 'refusal'
  readonly bytes: Uint8Array
  readonly problem: Problem
  readonly claim: Claim
}

/** A statement of a person or tool; becomes a log entry of its own transaction. */
export interface Statement {
  readonly action: string
  /** The device it is about, if any. */
  readonly device?: string
  /**
   * Writes the authority tables and returns the bytes of the entry, when its turn has come. A `ProblemError` refuses the
   * statement; nothing is then stored.
   */
  effect(tx: Transaction, receivedAt: number): Promise<Uint8Array>
}

export interface StatementJob {
  readonly kind: 'statement'
  readonly statement: Statement
  readonly answer: (result: Result<{ position: number; receivedAt: number }>) => void
}

/** Batches that may wait; beyond, senders are told to come back. */
const MOST_WAITING = 8_192
/** Bytes that may wait. A connection stops being read while its batches wait, so only many connections come here. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024

/** Bounded queue in front of intake, first come first served. */
export class JobQueue {
  private jobs: (Job | undefined)[] = []
  private start = 0
  bytes = 0

  get length(): number {
    return this.jobs.length - this.start
  }

  /** Takes a job in; false when the queue is full. Statements of people are always taken: they are few. */
  offer(job: Job): boolean {
    const bytes = job.kind === 'statement' ? 0 : job.bytes.length
    if (job.kind !== 'statement' && (this.length >= MOST_WAITING || this.bytes + bytes > MOST_WAITING_BYTES))
      return false
    this.jobs.push(job)
    this.bytes += bytes
    return true
  }

  take(): Job | undefined {
    const job = this.jobs[this.start]
    if (!job) return undefined
    this.jobs[this.start++] = undefined
    if (this.start > this.jobs.length / 2) {
      this.jobs = this.jobs.slice(this.start)
      this.start = 0
    }
    if (job.kind !== 'statement') this.bytes -= job.bytes.length
    return job
  }
}
