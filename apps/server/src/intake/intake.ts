import { type Clock, ok, type Problem, ProblemError, type Result, refuse, utf8Bytes } from '@oiltrail/kernel'
import type { Receipt } from '@oiltrail/protocols/uplink'
import { appendEntries, lockHead, type Store, takePositions } from '@oiltrail/store'
import type { Logger } from 'pino'
import type { LogEntry } from '../log/entry.ts'
import type { LogFeed } from '../log/feed.ts'
import { advance, checkBatch } from './check.ts'
import { type DeviceBook, type KnownDevice, readKnown } from './devices.ts'
import { batchDraft, type Claim, claimOf, deskDraft, peekClaim, receiptFor, refusalDraft } from './draft.ts'
import { Group, type Outcome, OwnershipLost } from './group.ts'
import { type BatchJob, JobQueue, type RefusalJob, type Statement, type StatementJob } from './jobs.ts'
import type { ShardOwner } from './ownership.ts'
import { RefusalMeter } from './refusals.ts'

/** A group is closed at this many records: beyond about 5,000 rows a COPY gets no cheaper a row. */
const GROUP_RECORDS = 4_000
const GROUP_BYTES = 4 * 1024 * 1024
const GROUP_ENTRIES = 2_048
/** While more waits, a group fills up this long before it is committed: fewer, larger commits. */
const GROUP_FILL_MS = 10
/** Longest the event loop is kept busy with checks before sockets get their turn. */
const SLICE_MS = 2
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2_000
/** How often the counts of refusals that were not stored one by one are looked at. */
const SUMMARY_CHECK_MS = 10_000
const NO_CLAIM: Claim = { device: '', channel: '', first: 0, last: 0, head: '' }

/** Figures for `/metrics`. Counts since the start. */
export interface IntakeFigures {
  batches: number
  records: number
  replays: number
  refusals: number
  /** Refusals answered but only counted in the log. */
  suppressed: number
  retries: number
  commits: number
  commitMs: number
  failures: number
}

/** What an intake works with. */
export interface IntakeParts {
  readonly store: Store
  readonly county: { readonly number: number; readonly code: string }
  readonly clock: Clock
  readonly feed: LogFeed
  readonly book: DeviceBook
  readonly owner: ShardOwner
  readonly log: Logger
  /** Another server owns the log now. Nothing will be stored any more. */
  readonly onLost: (problem: Problem) => void
}

type Phase = 'running' | 'recovering' | 'lost' | 'stopping'

/**
 * The one place that can say "stored" (promise 1). Takes batches and statements, checks them in order, commits them in
 * groups, one commit at a time; while a group commits, the next one is checked. Answers come after the commit.
 */
export class Intake {
  readonly figures: IntakeFigures = {
    batches: 0,
    records: 0,
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
  private group = new Group()
  private committing: Promise<void> | undefined
  private recovering: Promise<void> | undefined
  private phase: Phase = 'running'
  private wake: (() => void) | undefined
  private lastReceivedAt = 0
  private readonly pumping: Promise<void>
  private readonly summaryTimer: NodeJS.Timeout

  constructor(parts: IntakeParts) {
    this.parts = parts
    this.summaryTimer = setInterval(() => this.summarise(false), SUMMARY_CHECK_MS)
    this.summaryTimer.unref()
    this.pumping = this.pump()
  }

  /** Whether batches are being taken: false while the database is away, after a loss of ownership, and at the end. */
  get isOpen(): boolean {
    return this.phase === 'running'
  }

  get waiting(): { readonly jobs: number; readonly bytes: number } {
    return { jobs: this.queue.length, bytes: this.queue.bytes }
  }

  /** Takes a batch in and answers with its receipt, after the commit. Never throws. */
  submit(bytes: Uint8Array, peer: string): Promise<Receipt> {
    return new Promise((answer) => {
      const job: BatchJob = { kind: 'batch', bytes, peer, answer }
      const closed = this.closedProblem()
      if (closed) this.answerRetry(job, closed)
      else if (this.queue.offer(job)) this.wake?.()
      else this.answerRetry(job, { code: 'OVERLOADED', detail: 'too much is waiting already' })
    })
  }

  /** Puts on record something that was refused before it was a batch; within the limit on refusals of its peer. */
  recordRefusal(problem: Problem, bytes: Uint8Array, peer: string, device = ''): void {
    if (this.phase !== 'running') return
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
    if (this.phase === 'running') this.startRecovery('the connection that holds the ownership broke')
  }

  /** Takes nothing new, commits what waits, ends. */
  async stop(): Promise<void> {
    clearInterval(this.summaryTimer)
    if (this.phase === 'running') this.summarise(true)
    if (this.phase !== 'lost') this.phase = 'stopping'
    this.wake?.()
    await this.pumping
  }

  private closedProblem(): Problem | undefined {
    switch (this.phase) {
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
      if (this.recovering) await this.recovering
      const job = this.queue.take()
      if (!job) {
        this.commitIfDue()
        if (this.phase === 'stopping' || this.phase === 'lost') break
        await this.sleep()
        sliceStart = performance.now()
        continue
      }
      if (this.phase === 'lost') this.refuseAway(job)
      else if (job.kind === 'statement') await this.takeStatement(job)
      else {
        this.take(job)
        this.commitIfDue()
        if (this.groupIsFull()) await this.committing
      }
      if (performance.now() - sliceStart > SLICE_MS) {
        await new Promise<void>((turn) => setImmediate(turn))
        sliceStart = performance.now()
      }
    }
    await this.flush()
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

  private take(job: BatchJob | RefusalJob): void {
    try {
      if (job.kind === 'batch') this.takeBatch(job)
      else this.addRefusal(job.bytes, job.problem, job.claim, this.receivedAt(), () => undefined)
    } catch (error) {
      this.parts.log.error({ err: error }, 'a batch could not be checked')
      if (job.kind === 'batch')
        this.answerRetry(job, { code: 'INTERNAL', detail: 'the batch could not be checked' })
    }
  }

  private takeBatch(job: BatchJob): void {
    const { county, book } = this.parts
    const receivedAt = this.receivedAt()
    const checked = checkBatch(job.bytes, county.code, book)
    if (!checked.ok) {
      this.refuseBatch(job, checked.problem, receivedAt)
      return
    }
    const claim = claimOf(checked.value)
    if (checked.value.fresh.length === 0) {
      this.figures.replays++
      const problem: Problem = { code: 'REPLAYED', detail: '' }
      this.group.addReplay(claim, checked.value.channel, (outcome) =>
        this.answerBatch(job, claim, 'stored', outcome, problem),
      )
      return
    }
    this.figures.batches++
    this.figures.records += checked.value.memo.records.length
    advance(checked.value)
    this.group.add(batchDraft(county, receivedAt, job.bytes, checked.value), (outcome) =>
      this.answerBatch(job, claim, 'stored', outcome),
    )
    this.group.touch(checked.value.channel, receivedAt, checked.value.rotation)
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
    this.group.add(refusalDraft(this.parts.county, receivedAt, bytes, problem, claim), answer)
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
    const lost = outcome.error instanceof OwnershipLost
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

  private groupIsFull(): boolean {
    const { group } = this
    return (
      group.records >= GROUP_RECORDS || group.bytes >= GROUP_BYTES || group.drafts.length >= GROUP_ENTRIES
    )
  }

  private commitIfDue(): void {
    if (this.committing || this.recovering || this.group.isEmpty || this.phase === 'lost') return
    const due =
      this.queue.length === 0 ||
      this.groupIsFull() ||
      performance.now() - this.group.openedAt >= GROUP_FILL_MS
    if (due) this.startCommit()
  }

  private startCommit(): void {
    const { group } = this
    this.group = new Group()
    this.committing = this.commit(group).finally(() => {
      this.committing = undefined
      this.commitIfDue()
    })
  }

  private async commit(group: Group): Promise<void> {
    const { store, county, owner, feed } = this.parts
    const began = performance.now()
    try {
      const entries = await group.commit(store, county.number, owner.epoch)
      feed.append(entries)
      group.answerEntries(entries)
      await group.answerReplays(store, county.number)
      this.figures.commits++
      this.figures.commitMs += performance.now() - began
    } catch (error) {
      this.fail(group, error)
    }
  }

  /** Nothing of the group is known to be stored, and what was checked after it rests on it: all of it goes back. */
  private fail(group: Group, error: unknown): void {
    this.figures.failures++
    const open = this.group
    this.group = new Group()
    group.fail(error)
    open.fail(error)
    if (error instanceof OwnershipLost)
      this.lose({ code: 'SHARD_OWNED', detail: 'another server took the log' })
    else this.startRecovery(error)
  }

  private lose(problem: Problem): void {
    if (this.phase === 'lost') return
    this.phase = 'lost'
    this.parts.log.fatal({ problem }, 'the log of this county belongs to another server')
    this.wake?.()
    this.parts.onLost(problem)
  }

  private startRecovery(reason: unknown): void {
    this.parts.log.error({ err: reason }, 'nothing can be stored; reading the state of the log again')
    if (this.phase === 'running') this.phase = 'recovering'
    this.recovering ??= this.recover().finally(() => {
      this.recovering = undefined
      if (this.phase === 'recovering') this.phase = 'running'
      this.wake?.()
    })
  }

  /** Reads everything again as committed. A stopping server tries only once. */
  private async recover(): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    await this.committing
    for (;;) {
      try {
        await this.readAgain()
        return
      } catch (error) {
        this.parts.log.warn({ err: error, retryMs }, 'the database does not answer yet')
        if (this.phase === 'stopping') return this.lose({ code: 'STORE_FAILED', detail: 'no database' })
        await new Promise((wake) => setTimeout(wake, retryMs))
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      }
    }
  }

  private async readAgain(): Promise<void> {
    const { store, county, owner, feed, book } = this.parts
    if (!(await owner.holdsLock()))
      return this.lose({ code: 'SHARD_OWNED', detail: 'another server holds the log' })
    const head = await store.transaction(async (tx) => {
      // The lock waits for a commit of ours that may still be running in a cut-off backend: only then is its outcome known.
      const locked = await lockHead(tx, county.number)
      if (locked?.ownerEpoch === owner.epoch) await book.reload(tx, county.number)
      return locked
    })
    if (head?.ownerEpoch !== owner.epoch)
      return this.lose({ code: 'SHARD_OWNED', detail: 'another server took the log' })
    feed.moveTo(head.nextPosition)
  }

  private async flush(): Promise<void> {
    while (this.committing || this.recovering || !this.group.isEmpty) {
      if (!this.committing && !this.recovering) {
        if (this.phase === 'lost') {
          this.group.fail(new OwnershipLost(this.parts.county.number))
          this.group = new Group()
        } else this.startCommit()
      }
      await (this.committing ?? this.recovering)
    }
  }

  private async takeStatement(job: StatementJob): Promise<void> {
    await this.flush()
    if (this.phase === 'lost') return this.refuseAway(job)
    const receivedAt = this.receivedAt()
    const { statement } = job
    const { county, feed, book, log } = this.parts
    try {
      const done = await this.commitStatement(statement, receivedAt)
      feed.append([done.entry])
      if (statement.device !== undefined) book.replace(statement.device, done.known)
      job.answer(ok({ position: done.entry.position, receivedAt }))
    } catch (error) {
      if (error instanceof ProblemError) {
        job.answer({ ok: false, problem: error.problem })
        return
      }
      log.error({ err: error, action: statement.action }, 'a statement could not be stored')
      if (error instanceof OwnershipLost)
        this.lose({ code: 'SHARD_OWNED', detail: `county ${county.code} belongs to another server` })
      else this.startRecovery(error)
      job.answer(refuse('STORE_FAILED', 'the statement could not be stored'))
    }
  }

  private commitStatement(
    statement: Statement,
    receivedAt: number,
  ): Promise<{ entry: LogEntry; known: KnownDevice | undefined }> {
    const { store, county, owner } = this.parts
    const { action, device } = statement
    return store.transaction(async (tx) => {
      const position = await takePositions(tx, county.number, owner.epoch, 1)
      if (position === undefined) throw new OwnershipLost(county.number)
      const raw = await statement.effect(tx, receivedAt)
      const entry = { ...deskDraft(county, receivedAt, raw, action, device), position }
      await appendEntries(tx, [entry])
      if (device === undefined) return { entry, known: undefined }
      return { entry, known: (await readKnown(tx, county.number, device)).get(device) }
    })
  }

  private summarise(always: boolean): void {
    if (this.phase !== 'running') return
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
