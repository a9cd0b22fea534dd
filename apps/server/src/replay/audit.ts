import type { Rule } from '@oiltrail/domain'
import type { NoteKey } from '@oiltrail/evidence'
import { readEntries, readHead, type Store, type Transaction } from '@oiltrail/store'
import { replayWatch, type WatchReplay } from '../watch/replay.ts'
import { LogAuditor } from './entries.ts'
import { type Finding, Findings } from './findings.ts'
import { auditKeys } from './keys.ts'
import { type ReplayReport, replay } from './replay.ts'
import { auditSeal, type SealReport } from './tree.ts'

/** Entries read at once. */
const READ = { entries: 500, bytes: 8 * 1024 * 1024 }

/** What an audit looked at and found. */
export interface AuditReport {
  /** Length of the log as its head says. */
  readonly entries: number
  readonly batches: number
  readonly seal: SealReport
  readonly views: ReplayReport
  /** Alarms, their steps, rule states and what people set. */
  readonly watch: WatchReplay
  readonly findingCount: number
  readonly findings: readonly Finding[]
}

/** How an audit is made. */
export interface AuditOptions {
  /** Keys that must have signed every checkpoint; without them the notes are only compared with the tree. */
  readonly vkeys?: readonly NoteKey[]
  /** Rules that raised the alarms; all rules of this version when left out. */
  readonly rules?: readonly Rule[]
  readonly onProgress?: (step: 'log' | 'views', done: number, of: number) => void
}

/**
 * Re-derives everything from the raw bytes and names what somebody altered, removed or inserted in the database: raw bytes →
 * signature and chain → leaf → tile → checkpoint → its signature; and raw bytes → every row of every view, every
 * alarm and every step of its life.
 */
export async function audit(store: Store, county: number, options: AuditOptions = {}): Promise<AuditReport> {
  const findings = new Findings()
  const log = await store.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    await tx.query('set local statement_timeout = 0')
    return auditLog(tx, county, findings, options)
  })
  const views = await replay(store, county, (done, of) => options.onProgress?.('views', done, of))
  const watch = await replayWatch(store, county, options.rules)
  return {
    ...log,
    views,
    watch,
    findingCount: findings.count + views.findingCount + watch.findingCount,
    findings: [...findings.list, ...views.findings, ...watch.findings],
  }
}

async function auditLog(
  tx: Transaction,
  county: number,
  findings: Findings,
  options: AuditOptions,
): Promise<Pick<AuditReport, 'entries' | 'batches' | 'seal'>> {
  const head = (await readHead(tx, county))?.nextPosition ?? 0
  await auditPositions(tx, county, head, findings)
  await auditCursors(tx, county, head, findings)
  const auditor = new LogAuditor(county, findings)
  const leaves: (Uint8Array | undefined)[] = []
  const seal = await auditSeal(
    tx,
    county,
    options.vkeys ?? [],
    findings,
    async (from, to) => {
      leaves.length = 0
      for (let next = from; next < to; ) {
        const entries = await readEntries(tx, county, next, {
          ...READ,
          entries: Math.min(READ.entries, to - next),
        })
        for (const entry of entries) leaves[entry.position - from] = auditor.take(entry)
        next = entries.length === 0 ? Math.min(to, next + READ.entries) : entries.at(-1)!.position + 1
      }
      options.onProgress?.('log', to, head)
      return leaves
    },
    head,
  )
  await auditKeys(tx, county, auditor.keys, findings)
  return { entries: head, batches: auditor.batches, seal }
}

/** The log is one sequence without a hole, from 0 to its head. */
async function auditPositions(
  tx: Transaction,
  county: number,
  head: number,
  findings: Findings,
): Promise<void> {
  const { rows: holes } = await tx.query<{ first: number; last: number }>(
    `select before + 1 as first, position - 1 as last from (
       select position, lag(position, 1, -1::int8) over (order by position) as before from (
         select position from log_entry where county = $1 and position >= 0 and position < $2 union all select $2
       ) p
     ) q where position > before + 1 order by 1 limit 100`,
    [county, head],
  )
  for (const { first, last } of holes)
    findings.add(
      'removed',
      'log_entry',
      first === last ? `position ${first}` : `positions ${first} to ${last}`,
      'the log has no entry there',
    )
  const { rows: beyond } = await tx.query<{ position: number }>(
    'select position from log_entry where county = $1 and (position < 0 or position >= $2) order by position limit 100',
    [county, head],
  )
  for (const { position } of beyond)
    findings.add('inserted', 'log_entry', `position ${position}`, `the log ends before position ${head}`)
}

/** No follower has seen more than there is: a cursor set ahead would make it skip what comes next. */
async function auditCursors(
  tx: Transaction,
  county: number,
  head: number,
  findings: Findings,
): Promise<void> {
  const { rows } = await tx.query<{ follower: string; next: number }>(
    'select follower, next_position as next from follower_cursor where county = $1 and next_position > $2 order by 1',
    [county, head],
  )
  for (const { follower, next } of rows)
    findings.add(
      'altered',
      'follower_cursor',
      `follower ${follower}`,
      `it stands at ${next}, the log ends before position ${head}`,
    )
}
