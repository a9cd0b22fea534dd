import { type Clock, ok, type Problem, ProblemError, type Result, refuse } from '@oiltrail/kernel'
import { appendEntries, lockHead, type Store, takePositions } from '@oiltrail/store'
import type { Logger } from 'pino'
import type { LogEntry } from '../log/entry.ts'
import type { LogFeed } from '../log/feed.ts'
import { type DeviceBook, type KnownDevice, readKnown } from './devices.ts'
import { deskDraft } from './draft.ts'
import { Group, OwnershipLost } from './group.ts'
import type { Statement } from './jobs.ts'
import type { ShardOwner } from './ownership.ts'

/** A group is closed at this many records: beyond about 5,000 rows a COPY gets no cheaper a row. */
const GROUP_RECORDS = 4_000
const GROUP_BYTES = 4 * 1024 * 1024
const GROUP_ENTRIES = 2_048
/** At full load a group fills up this long before it is committed: fewer, larger commits. */
const GROUP_FILL_MS = 25
/**
 * So much waits at full load only. With less the group is committed at once: what comes while it is being committed makes
 * the next one, and nobody waits for company.
 */
const FULL_LOAD_WAITING = 16
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2_000

/** What intake works with. */
export interface IntakeParts {
  readonly store: Store
  readonly county: { readonly number: number; readonly code: string }
  readonly clock: Clock
  readonly feed: LogFeed
  readonly book: DeviceBook
  readonly owner: ShardOwner
  readonly log: Logger
  /** Threads that check signatures ahead; 0 checks everything in this one. */
  readonly verifiers: number
  /** Another server owns the log now, or the database is gone for good. Nothing will be stored any more. */
  readonly onLost: (problem: Problem) => void
}

/** Figures of the writer, since the start. */
export interface WriterFigures {
  commits: number
  /** From the start of a commit to its last answer. */
  commitMs: number
  failures: number
}

/** `recovering`: nothing can be stored until the log has been read again. `lost`: never again. */
export type Phase = 'running' | 'recovering' | 'lost' | 'stopping'

/**
 * The only writer of a county's log: collects checked entries into a group, commits one group at a time, and finds its
 * feet again after a failure. What was checked rests on what is being committed, so a failed commit takes all of it back.
 */
export class LogWriter {
  private readonly parts: IntakeParts
  private readonly figures: WriterFigures
  private readonly onChange: () => void
  private current = new Group()
  private commitInWork: Promise<void> | undefined
  private recovery: Promise<void> | undefined
  private state: Phase = 'running'

  /** Counts into `figures`. `onChange` is called when the phase changes and when a commit has ended. */
  constructor(parts: IntakeParts, figures: WriterFigures, onChange: () => void) {
    this.parts = parts
    this.figures = figures
    this.onChange = onChange
  }

  get phase(): Phase {
    return this.state
  }

  /** The group that checked entries go into. */
  get group(): Group {
    return this.current
  }

  /** Resolves when the commit in work, if any, has ended. */
  get committing(): Promise<void> | undefined {
    return this.commitInWork
  }

  /** Resolves when the log has been read again; undefined when nothing is wrong. */
  get recovering(): Promise<void> | undefined {
    return this.recovery
  }

  get groupIsFull(): boolean {
    const { current } = this
    return (
      current.records >= GROUP_RECORDS ||
      current.bytes >= GROUP_BYTES ||
      current.drafts.length >= GROUP_ENTRIES
    )
  }

  /** Begins to commit the group if nothing else is being committed and, while much waits (`waiting`), it has had time to fill. */
  commitIfDue(waiting: number): void {
    if (this.commitInWork || this.recovery || this.current.isEmpty || this.state === 'lost') return
    const due =
      waiting < FULL_LOAD_WAITING ||
      this.groupIsFull ||
      performance.now() - this.current.openedAt >= GROUP_FILL_MS
    if (due) this.startCommit()
  }

  /** Commits everything that was checked; resolves when nothing is in work any more. */
  async flush(): Promise<void> {
    while (this.commitInWork || this.recovery || !this.current.isEmpty) {
      if (this.state === 'lost' && !this.commitInWork && !this.recovery) {
        this.current.fail(new OwnershipLost(this.parts.county.number))
        this.current = new Group()
        return
      }
      if (!this.commitInWork && !this.recovery) this.startCommit()
      await (this.commitInWork ?? this.recovery)
    }
  }

  /** Takes no part in recovering any more than once: the server is to end. */
  beginStop(): void {
    if (this.state !== 'lost') this.state = 'stopping'
    this.onChange()
  }

  /** The connection that holds the ownership broke: looks whether we still own the log. */
  doubtOwnership(): void {
    if (this.state === 'running')
      this.startRecovery(new Error('the connection that holds the ownership broke'))
  }

  /** Commits a statement by itself, after everything before it. */
  async commitStatement(
    statement: Statement,
    receivedAt: number,
  ): Promise<Result<{ position: number; receivedAt: number }>> {
    const { feed, book, log, county } = this.parts
    try {
      const done = await this.writeStatement(statement, receivedAt)
      feed.append([done.entry])
      if (statement.device !== undefined) book.replace(statement.device, done.known)
      return ok({ position: done.entry.position, receivedAt })
    } catch (error) {
      if (error instanceof ProblemError) return { ok: false, problem: error.problem }
      log.error({ err: error, action: statement.action }, 'a statement could not be stored')
      this.figures.failures++
      if (error instanceof OwnershipLost) this.lose(`county ${county.code} belongs to another server`)
      else this.startRecovery(error)
      return refuse('STORE_FAILED', 'the statement could not be stored')
    }
  }

  private writeStatement(
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

  private startCommit(): void {
    const group = this.current
    this.current = new Group()
    this.commitInWork = this.commit(group).finally(() => {
      this.commitInWork = undefined
      this.onChange()
    })
  }

  private async commit(group: Group): Promise<void> {
    const { store, county, owner, feed } = this.parts
    const began = performance.now()
    try {
      const entries = await group.commit(store, county.number, owner.epoch, feed.nextPosition)
      feed.append(entries)
      group.answerEntries(entries)
      await group.answerReplays(store, county.number)
      this.figures.commits++
      this.figures.commitMs += performance.now() - began
    } catch (error) {
      this.figures.failures++
      group.fail(error)
      if (error instanceof OwnershipLost) this.lose('another server took the log')
      else this.startRecovery(error)
    }
  }

  private lose(detail: string): void {
    if (this.state === 'lost') return
    this.state = 'lost'
    this.takeBack(new OwnershipLost(this.parts.county.number))
    const problem: Problem = { code: 'SHARD_OWNED', detail }
    this.parts.log.fatal({ problem }, 'nothing can be written to the log any more')
    this.onChange()
    this.parts.onLost(problem)
  }

  /** What was checked and is not being committed yet rests on memory that will be read anew. */
  private takeBack(reason: unknown): void {
    const open = this.current
    this.current = new Group()
    open.fail(reason)
  }

  private startRecovery(reason: unknown): void {
    this.parts.log.error({ err: reason }, 'nothing can be stored; reading the state of the log again')
    this.takeBack(reason)
    if (this.state === 'running') this.state = 'recovering'
    this.recovery ??= this.recover().finally(() => {
      this.recovery = undefined
      if (this.state === 'recovering') this.state = 'running'
      this.onChange()
    })
  }

  /** Reads everything again as committed. A server that is to end gives up at once. */
  private async recover(): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    await this.commitInWork
    for (;;) {
      try {
        await this.readAgain()
        return
      } catch (error) {
        this.parts.log.warn({ err: error, retryMs }, 'the database does not answer yet')
        if (this.state === 'stopping') return this.lose('the database did not answer before the end')
        await new Promise((wake) => setTimeout(wake, retryMs))
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      }
    }
  }

  private async readAgain(): Promise<void> {
    const { store, county, owner, feed, book } = this.parts
    if (!(await owner.holdsLock())) return this.lose('another server holds the log')
    const head = await store.transaction(async (tx) => {
      // The lock waits for a commit of ours that may still be running in a cut-off backend: only then is its outcome known.
      const locked = await lockHead(tx, county.number)
      if (locked?.ownerEpoch === owner.epoch) await book.reload(tx, county.number)
      return locked
    })
    if (head?.ownerEpoch !== owner.epoch) return this.lose('another server took the log')
    feed.moveTo(head.nextPosition)
  }
}
