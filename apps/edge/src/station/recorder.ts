import { type Fact, type RecordedFact, recordSchema } from '@oiltrail/domain'
import { type EpochMs, ok, type Result, refuse, utf8Bytes } from '@oiltrail/kernel'
import { uplink } from '@oiltrail/protocols'
import type { Logger } from 'pino'
import type { StateMap } from '../spool/frame.ts'
import type { Committed, LineOf, Spool } from '../spool/spool.ts'

/** A fact and when it became true by the box's clock. */
export interface Observation {
  readonly at: EpochMs
  readonly fact: Fact
}

/** Above this the live view's `flow` records are left out: they are never summed, and sales need the room. */
const SHED_FLOW_PERCENT = 90
/** A refusal is said at most this often (real time). */
const COMPLAINT_INTERVAL_MS = 60_000

/** Writes facts of one channel of one device into its spool. */
export class Recorder {
  private readonly spool: Spool
  private readonly log: Logger
  private percentFull = 0
  private complainedAt = Number.NEGATIVE_INFINITY
  /** Facts that found no room since the spool was last relieved. */
  refused = 0

  constructor(spool: Spool, log: Logger) {
    this.spool = spool
    this.log = log
  }

  /** Tells the recorder how full its spool is. */
  noteFullness(percent: number): void {
    this.percentFull = percent
  }

  /** Driver state as last made durable. */
  state(key: string): StateMap[string] | undefined {
    return this.spool.state(key)
  }

  /**
   * Records facts and driver state as one unit; resolves when they are on disk. A fact that breaks its schema is
   * dropped with a complaint, because the platform would refuse every batch that holds it. Refuses SPOOL_FULL: then
   * neither facts nor state were kept.
   */
  async record(
    observations: readonly Observation[],
    state: StateMap = {},
    reserve = false,
  ): Promise<Result<Committed>> {
    const lines: LineOf[] = []
    for (const { at, fact } of observations) {
      if (fact.kind === 'flow' && this.percentFull >= SHED_FLOW_PERCENT) continue
      const checked = checkRecord({ seq: 1, at, ...fact })
      if (checked.ok) lines.push((seq) => utf8Bytes(JSON.stringify({ seq, at, ...fact })))
      else
        this.log.error(
          { fact, problem: checked.problem },
          '记录不合格式,已丢弃 / a record breaks its schema and was dropped',
        )
    }
    if (lines.length === 0 && Object.keys(state).length === 0)
      return ok({ first: this.spool.nextSeq, last: this.spool.nextSeq - 1 })
    const done = await this.spool.commit(lines, state, reserve)
    if (!done.ok) this.complain(lines.length, done.problem.detail)
    return done
  }

  private complain(count: number, detail: string): void {
    this.refused += count
    const now = performance.now()
    if (now - this.complainedAt < COMPLAINT_INTERVAL_MS) return
    this.complainedAt = now
    this.log.error(
      { refused: this.refused, detail },
      '本地存储已满,新数据未能保存 / the spool is full; new data is not kept',
    )
  }
}

/** Whether the platform would accept a record of this shape. */
export function checkRecord(record: RecordedFact): Result<RecordedFact> {
  const parsed = recordSchema.safeParse(record)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return refuse('MALFORMED', issue.message, issue.path.map(String).join('.'))
  }
  if (JSON.stringify(record).length + 16 > uplink.BATCH_LIMITS.lineBytes)
    return refuse('OVERSIZED', 'the record is longer than a line may be')
  return ok(record)
}
