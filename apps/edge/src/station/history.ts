import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { RecordedFact } from '@oiltrail/domain'
import { ok, type Result, refuse, utf8Bytes } from '@oiltrail/kernel'
import type { Logger } from 'pino'
import { MAX_FRAME_RECORDS, type StateMap } from '../spool/frame.ts'
import type { LineOf, Spool } from '../spool/spool.ts'
import { checkRecord } from './recorder.ts'

const STATE_KEY = 'history'
/** Read at once. */
const CHUNK_BYTES = 262_144
/** Commits under way: all that wait share the next fsync, which on a busy disk takes longer than building them. */
const COMMITS_AHEAD = 12
/** Complaints about single lines; the rest are counted. */
const MAX_COMPLAINTS = 20
/** A record line has at most 4,096 bytes; its number and characters of several bytes take from that. */
const MAX_LINE_CHARACTERS = 1_300

/** Key of where the history ends: totalizers by nozzle, newest deliveries by tank and loads by arm, its last moment. */
const ENDS_KEY = 'history-ends'

/** A finished load of an arm, as its meter numbers it, and the meter's totalizer after it. */
export interface LoadEnd {
  readonly batch: number
  readonly totalMillilitres: number
}

interface HistoryEnds {
  readonly at: number
  readonly totals: Record<string, number>
  readonly deliveries: Record<string, number>
  readonly loads: Record<string, LoadEnd>
}

function endsOf(spool: Spool): HistoryEnds {
  // Some spools were written before loads were kept.
  const stored = spool.state(ENDS_KEY) as unknown as Partial<HistoryEnds> | undefined
  return {
    at: stored?.at ?? 0,
    totals: { ...stored?.totals },
    deliveries: { ...stored?.deliveries },
    loads: { ...stored?.loads },
  }
}

/** Moment of the newest fact of the imported history; 0 without one. */
export function historyEnd(spool: Spool): number {
  return endsOf(spool).at
}

/** End of the newest delivery of a tank in the imported history, if there is any. */
export function historyDelivery(spool: Spool, tank: string): number | undefined {
  return endsOf(spool).deliveries[tank]
}

/** Volume totalizer of a nozzle where the imported history ends, if it has any. */
export function historyTotal(spool: Spool, nozzle: string): number | undefined {
  return endsOf(spool).totals[nozzle]
}

/** Newest load of an arm in the imported history, if there is any. */
export function historyLoad(spool: Spool, arm: string): LoadEnd | undefined {
  return endsOf(spool).loads[arm]
}

interface Progress {
  /** Bytes of the file that are in the chain. */
  readonly bytes: number
  readonly records: number
  readonly skipped: number
  readonly done: boolean
}

function progressOf(spool: Spool): Progress {
  const stored = spool.state(STATE_KEY) as Partial<Progress> | undefined
  return {
    bytes: Number(stored?.bytes ?? 0),
    records: Number(stored?.records ?? 0),
    skipped: Number(stored?.skipped ?? 0),
    done: stored?.done === true,
  }
}

/** Collects lines into commits and keeps a few of them under way. */
class Importer {
  private readonly spool: Spool
  private readonly log: Logger
  private readonly path: string
  private readonly underWay: Promise<Result<unknown>>[] = []
  private lines: LineOf[] = []
  private ends: HistoryEnds
  progress: Progress

  constructor(spool: Spool, path: string, log: Logger) {
    this.spool = spool
    this.path = path
    this.log = log
    this.progress = progressOf(spool)
    this.ends = endsOf(spool)
  }

  /** Takes one line whose end is `endsAt` bytes into the file. */
  take(text: string, endsAt: number): void {
    const checked = checkLine(text)
    const { records, skipped } = this.progress
    if (checked.ok) {
      // The line goes in as it stands, with its number in front: the cheapest way, and nothing is rewritten.
      const rest = text.slice(1)
      this.lines.push((seq) => utf8Bytes(`{"seq":${seq},${rest}`))
      this.progress = { bytes: endsAt, records: records + 1, skipped, done: false }
      const fact = checked.value
      this.ends = { ...this.ends, at: fact.at }
      if (fact.kind === 'sale' || fact.kind === 'total') this.ends.totals[fact.nozzle] = fact.totalMillilitres
      else if (fact.kind === 'delivery') this.ends.deliveries[fact.tank] = fact.at
      else if (fact.kind === 'load')
        this.ends.loads[fact.arm] = { batch: fact.batch, totalMillilitres: fact.totalMillilitres }
    } else {
      if (skipped < MAX_COMPLAINTS)
        this.log.error(
          { file: this.path, line: records + skipped + 1, problem: checked.problem },
          '历史数据行无效,已跳过 / a line of history is not valid and was skipped',
        )
      this.progress = { bytes: endsAt, records, skipped: skipped + 1, done: false }
    }
  }

  get full(): boolean {
    return this.lines.length >= MAX_FRAME_RECORDS
  }

  /** Hands the lines collected to the spool together with the progress they mean. */
  async commit(done = false): Promise<Result<void>> {
    this.progress = { ...this.progress, done }
    this.underWay.push(
      this.spool.commit(this.lines, {
        [STATE_KEY]: { ...this.progress },
        [ENDS_KEY]: this.ends as unknown as StateMap,
      }),
    )
    this.lines = []
    while (this.underWay.length > (done ? 0 : COMMITS_AHEAD)) {
      const result = await this.underWay.shift()!
      if (!result.ok) return result
    }
    return ok(undefined)
  }
}

function checkLine(text: string): Result<RecordedFact> {
  if (text.length > MAX_LINE_CHARACTERS || !text.startsWith('{"'))
    return refuse('MALFORMED', 'not a fact on one line')
  let fact: Record<string, unknown>
  try {
    fact = JSON.parse(text) as Record<string, unknown>
  } catch {
    return refuse('MALFORMED', 'not JSON')
  }
  if (fact.seq !== undefined) return refuse('MALFORMED', 'a fact of history has no sequence number')
  fact.seq = 1
  return checkRecord(fact)
}

/**
 * Appends a file of facts (`{"at":…,"kind":…}` per line, ordered by `at`) to the chain, once. Progress is committed with
 * the records, so that a kill at any moment neither loses nor doubles one. Resolves with how many records this call
 * added, undefined when there was nothing to do; refuses SPOOL_FULL.
 */
export async function importHistory(
  spool: Spool,
  path: string,
  log: Logger,
): Promise<Result<number | undefined>> {
  const before = progressOf(spool)
  if (before.done) return ok(undefined)
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  )
  if (size === undefined) return ok(undefined)
  const importer = new Importer(spool, path, log)
  let rest: Buffer = Buffer.alloc(0)
  let at = before.bytes
  const file = createReadStream(path, { start: before.bytes, highWaterMark: CHUNK_BYTES })
  for await (const chunk of file as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    let start = 0
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      at += end + 1 - start
      if (end > start) importer.take(bytes.toString('utf8', start, end), at)
      start = end + 1
      if (!importer.full) continue
      const committed = await importer.commit()
      if (!committed.ok) return committed
    }
    rest = bytes.subarray(start)
    if (rest.length > 4 * MAX_LINE_CHARACTERS) return refuse('MALFORMED', 'a line without end', path)
  }
  if (rest.length > 0) importer.take(rest.toString('utf8'), at + rest.length)
  const committed = await importer.commit(true)
  if (!committed.ok) return committed
  return ok(importer.progress.records)
}
