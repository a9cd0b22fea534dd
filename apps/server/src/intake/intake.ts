import { type Problem, type Result, utf8Bytes } from '@oiltrail/kernel'
import type { Receipt } from '@oiltrail/protocols/uplink'
import { advance, type CheckedBatch, checkBatch, claimedKey } from './check.ts'
import type { KnownKey } from './devices.ts'
import { batchDraft, type Claim, claimOf, peekClaim, receiptFor, refusalDraft } from './draft.ts'
import { type Outcome, OwnershipLost } from './group.ts'
import { type BatchJob, JobQueue, type RefusalJob, type Statement, type StatementJob } from './jobs.ts'
import { lookUp } from './overlap.ts'
import { RefusalMeter } from './refusals.ts'
import { Verifiers } from './verifiers.ts'
import { type IntakeParts, LogWriter, type WriterFigures } from './writer.ts'

/** Longest the event loop is kept busy with checks before sockets get their turn. */
const SLICE_MS = 2
/** How often the counts of refusals that were not stored one by one are looked at. */
const SUMMARY_CHECK_MS = 10_000
const NO_CLAIM: Claim = { device: '', channel: '', first: 0, last: 0, head: '' }

/** Figures for `/metrics`. Counts since the start. */
export interface IntakeFigures extends WriterFigures {
  batches: number
  records: number
  /** Batches whose chain and signature a verifier thread had found good before their turn came. */
  verifiedAhead: number
  replays: number
  refusals: number
  /** Refusals answered but only counted in the log. */
  suppressed: number
  retries: number
}

/**
 * The one place that can say "stored" (promise 1). Takes batches and statements, checks them in order, commits them in
 * groups, one commit at a time; while a group commits, the next one is checked. Answers come after the commit.
 */
export class Intake {
  readonly figures: IntakeFigures = {
    batches: 0,
    records: 0,
    verifiedAhead: 0,
    replays: 0,
    refusals: 0,
    suppressed: 0,
    retries: 0,
    commits: 0,
    commitMs: 0,
    failures: 0,
  }
  private readonly parts: IntakeParts
  private readonly queue = new JobQueue()
  private readonly meter = new RefusalMeter()
  private readonly writer: LogWriter
  private readonly verifiers: Verifiers
  private wake: (() => void) | undefined
  private lastReceivedAt = 0
  private readonly pumping: Promise<void>
  private readonly summaryTimer: NodeJS.Timeout

  constructor(parts: IntakeParts) {
    this.parts = parts
    this.writer = new LogWriter(parts, this.figures, () => {
      this.writer.commitIfDue(this.queue.length)
      this.wake?.()
    })
    const { county, book } = parts
    const keyOf = (bytes: Uint8Array): KnownKey | undefined => claimedKey(bytes, county.code, book)
    this.verifiers = new Verifiers(parts.verifiers, keyOf, parts.log)
    this.summaryTimer = setInterval(() => this.summarise(false), SUMMARY_CHECK_MS)
    this.summaryTimer.unref()
    this.pumping = this.pump()
  }

  /** Whether batches are being taken: false while the database is away, after a loss of ownership, and at the end. */
  get isOpen(): boolean {
    return this.writer.phase === 'running'
  }

  get waiting(): { readonly jobs: number; readonly bytes: number } {
    return { jobs: this.queue.length, bytes: this.queue.bytes }
  }

  /** Takes a batch in and answers with its receipt, after the commit. Never throws. */
  submit(bytes: Uint8Array, peer: string): Promise<Receipt> {
    return new Promise((answer) => {
      const closed = this.closedProblem()
      // What comes when nothing waits is checked at once, here: a thread would only make it later.
      const ahead = !closed && this.queue.length > 0
      const ticket = ahead ? this.verifiers.offer(bytes) : undefined
      const job: BatchJob = { kind: 'batch', bytes, peer, answer, ticket }
      if (closed) this.answerRetry(job, closed)
      else if (this.queue.offer(job)) this.wake?.()
      else this.answerRetry(job, { code: 'OVERLOADED', detail: 'too much is waiting already' })
    })
  }

  /** Puts on record something that was refused before it was a batch; within the limit on refusals of its peer. */
  recordRefusal(problem: Problem, bytes: Uint8Array, peer: string, device = ''): void {
    if (this.writer.phase !== 'running') return
    if (!this.meter.admit(`${peer} ${device}`, problem, this.parts.clock.now())) {
      this.figures.suppressed++
      return
    }
    this.queue.offer({ kind: 'refusal', bytes, problem, claim: { ...NO_CLAIM, device } })
    this.wake?.()
  }

  /** Appends a statement to the log together with its effect on the authority tables. */
  state(statement: Statement): Promise<Result<{ position: number; receivedAt: number }>> {
    return new Promise((answer) => {
      const closed = this.closedProblem()
      if (closed) answer({ ok: false, problem: closed })
      else {
        this.queue.offer({ kind: 'statement', statement, answer })
        this.wake?.()
      }
    })
  }

  /** The connection that holds the ownership broke: looks whether we still own the log. */
  doubtOwnership(): void {
    this.writer.doubtOwnership()
  }

  /** Takes nothing new, commits what waits, ends. */
  async stop(): Promise<void> {
    clearInterval(this.summaryTimer)
    this.summarise(true)
    this.writer.beginStop()
    await this.pumping
    await this.verifiers.stop()
  }

  private closedProblem(): Problem | undefined {
    switch (this.writer.phase) {
      case 'running':
        return undefined
      case 'recovering':
        return { code: 'STORE_FAILED', detail: 'the database does not answer' }
      case 'lost':
        return { code: 'SHARD_OWNED', detail: 'this server no longer owns the log' }
      case 'stopping':
        return { code: 'OVERLOADED', detail: 'the server is stopping' }
    }
  }

  private async pump(): Promise<void> {
    let sliceStart = performance.now()
    for (;;) {
      if (this.writer.recovering) await this.writer.recovering
      const job = this.queue.take()
      if (!job) {
        this.writer.commitIfDue(this.queue.length)
        if (this.writer.phase === 'stopping' || this.writer.phase === 'lost') break
        await this.sleep()
        sliceStart = performance.now()
        continue
      }
      if (this.writer.phase === 'lost') this.refuseAway(job)
      else if (job.kind === 'statement') await this.takeStatement(job)
      else {
        const ticket = job.kind === 'batch' ? job.ticket : undefined
        const verified = ticket && (await this.verifiers.claim(ticket))
        // While we waited for the thread a commit may have failed; what this batch rests on must be read again first.
        if (this.writer.recovering) await this.writer.recovering
        if (verified) this.figures.verifiedAhead++
        const checking = this.take(job, verified)
        if (checking) await checking
        this.writer.commitIfDue(this.queue.length)
        if (this.writer.groupIsFull) await this.writer.committing
      }
      if (performance.now() - sliceStart > SLICE_MS) {
        await new Promise<void>((turn) => setImmediate(turn))
        sliceStart = performance.now()
      }
    }
    await this.writer.flush()
  }

  private sleep(): Promise<void> {
    return new Promise((wake) => {
      if (this.queue.length > 0) wake()
      else
        this.wake = () => {
          this.wake = undefined
          wake()
        }
    })
  }

  private receivedAt(): number {
    // Positions and times rise together, also when the machine's clock is set back.
    this.lastReceivedAt = Math.max(this.lastReceivedAt, this.parts.clock.now())
    return this.lastReceivedAt
  }

  private take(job: BatchJob | RefusalJob, verified: KnownKey | undefined): Promise<void> | undefined {
    try {
      if (job.kind === 'batch') return this.takeBatch(job, verified)
      this.addRefusal(job.bytes, job.problem, job.claim, this.receivedAt(), () => undefined)
    } catch (error) {
      this.failToCheck(job, error)
    }
    return undefined
  }

  private failToCheck(job: BatchJob | RefusalJob, error: unknown): void {
    this.parts.log.error({ err: error }, 'a batch could not be checked')
    if (job.kind === 'batch')
      this.answerRetry(job, { code: 'INTERNAL', detail: 'the batch could not be checked' })
  }

  private takeBatch(job: BatchJob, verified: KnownKey | undefined): Promise<void> | undefined {
    const { county, book } = this.parts
    const receivedAt = this.receivedAt()
    const checked = checkBatch(job.bytes, county.code, book, verified)
    if (!checked.ok) this.refuseBatch(job, checked.problem, receivedAt)
    else if (checked.value.fresh.length === 0) this.addReplay(job, checked.value)
    else if (checked.value.endsInside)
      return this.takeOverlap(job, checked.value).catch((error) => this.failToCheck(job, error))
    else this.addBatch(job, checked.value, receivedAt)
    return undefined
  }

  private addBatch(job: BatchJob, checked: CheckedBatch, receivedAt: number): void {
    const claim = claimOf(checked)
    this.figures.batches++
    this.figures.records += checked.memo.records.length
    const draft = batchDraft(this.parts.county, receivedAt, job.bytes, checked)
    advance(checked)
    this.writer.group.add(draft, (outcome) => this.answerBatch(job, claim, 'stored', outcome))
    this.writer.group.touch(checked.channel, receivedAt, checked.rotation)
  }

  private addReplay(job: BatchJob, checked: CheckedBatch): void {
    const claim = claimOf(checked)
    this.figures.replays++
    this.writer.group.addReplay(claim, checked.channel, (outcome) => {
      if (outcome.kind === 'forked') this.refuseFork(job, claim)
      else this.answerBatch(job, claim, 'stored', outcome, { code: 'REPLAYED', detail: '' })
    })
  }

  /** A batch that fills a hole and goes on into what is known: rare, so it may wait until the log can be asked. */
  private async takeOverlap(job: BatchJob, checked: CheckedBatch): Promise<void> {
    const { store, county, book } = this.parts
    await this.writer.flush()
    const { device, channel } = checked.channel
    const [recorded] = await lookUp(store, county.number, [{ ...claimOf(checked), device, channel }])
    if (!recorded?.same) {
      this.refuseFork(job, claimOf(checked))
      return
    }
    // Memory may have been read anew meanwhile.
    const again = checkBatch(job.bytes, county.code, book)
    if (!again.ok) this.refuseBatch(job, again.problem, this.receivedAt())
    else if (again.value.fresh.length === 0) this.addReplay(job, again.value)
    else this.addBatch(job, again.value, this.receivedAt())
  }

  private refuseFork(job: BatchJob, claim: Claim): void {
    const detail = `record ${claim.last} is in the log with another hash`
    this.refuseBatch(job, { code: 'CHAIN_FORK', detail, where: `seq ${claim.last}` }, this.receivedAt())
  }

  private refuseBatch(job: BatchJob, problem: Problem, receivedAt: number): void {
    const claim = peekClaim(job.bytes)
    this.figures.refusals++
    if (!this.meter.admit(`${job.peer} ${claim.device}`, problem, receivedAt)) {
      this.figures.suppressed++
      job.answer(receiptFor(claim, 'refused', -1, receivedAt, problem))
      return
    }
    this.addRefusal(job.bytes, problem, claim, receivedAt, (outcome) =>
      this.answerBatch(job, claim, 'refused', outcome, problem),
    )
  }

  private addRefusal(
    bytes: Uint8Array,
    problem: Problem,
    claim: Claim,
    receivedAt: number,
    answer: (outcome: Outcome) => void,
  ): void {
    this.writer.group.add(refusalDraft(this.parts.county, receivedAt, bytes, problem, claim), answer)
  }

  private answerBatch(
    job: BatchJob,
    claim: Claim,
    committed: 'stored' | 'refused',
    outcome: Outcome,
    problem?: Problem,
  ): void {
    const at = this.parts.clock.now()
    if (outcome.kind === 'committed') {
      job.answer(receiptFor(claim, committed, outcome.position, at, problem))
      return
    }
    this.figures.retries++
    const lost = outcome.kind === 'failed' && outcome.error instanceof OwnershipLost
    const detail = lost ? 'this server no longer owns the log' : 'the commit failed'
    job.answer(receiptFor(claim, 'retry', -1, at, { code: lost ? 'SHARD_OWNED' : 'STORE_FAILED', detail }))
  }

  private answerRetry(job: BatchJob, problem: Problem): void {
    this.figures.retries++
    job.answer(receiptFor(peekClaim(job.bytes), 'retry', -1, this.parts.clock.now(), problem))
  }

  private refuseAway(job: BatchJob | RefusalJob | StatementJob): void {
    const problem: Problem = { code: 'SHARD_OWNED', detail: 'this server no longer owns the log' }
    if (job.kind === 'batch') this.answerRetry(job, problem)
    else if (job.kind === 'statement') job.answer({ ok: false, problem })
  }

  private async takeStatement(job: StatementJob): Promise<void> {
    await this.writer.flush()
    if (this.writer.phase === 'lost') this.refuseAway(job)
    else job.answer(await this.writer.commitStatement(job.statement, this.receivedAt()))
  }

  private summarise(always: boolean): void {
    if (this.writer.phase !== 'running') return
    const summary = this.meter.takeSummary(this.parts.clock.now(), always)
    if (!summary) return
    const problem: Problem = {
      code: 'TOO_MANY_REQUESTS',
      detail: `${summary.suppressed} refusals were counted, not stored`,
    }
    this.queue.offer({
      kind: 'refusal',
      bytes: utf8Bytes(JSON.stringify(summary)),
      problem,
      claim: NO_CLAIM,
    })
    this.wake?.()
  }
}
