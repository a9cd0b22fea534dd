import { RULES, type Rule } from '@oiltrail/domain'
import type { NoteKey } from '@oiltrail/evidence'
import { readEntries, readHead, type Store, type Transaction } from '@oiltrail/store'
import { replayWatch, type WatchReplay } from '../watch/replay.ts'
import { LogAuditor } from './entries.ts'
import { type Finding, Findings, readable } from './findings.ts'
import { auditLives } from './lives.ts'
import { type ReplayReport, readLogEnd, replay } from './replay.ts'
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
  /** Alarms that other editions of the rules raised, of which only form and bonds to the log were checked. */
  readonly lives: number
  readonly findingCount: number
  readonly findings: readonly Finding[]
}

/** How an audit is made. */
export interface AuditOptions {
  /** Keys that must have signed every checkpoint; without them the notes are only compared with the tree. */
  readonly vkeys?: readonly NoteKey[]
  /** A signed checkpoint that somebody kept outside the house: the log must still begin with what it covers. */
  readonly older?: string
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
  findings.addAll(views.findings, views.findingCount)
  const watch = await replayWatch(store, county, options.rules)
  findings.addAll(watch.findings, watch.findingCount)
  const { notCompared, others } = watch
  const of = { notCompared, others, rules: options.rules ?? RULES }
  const lives = notCompared.length === 0 ? 0 : await auditLives(store, county, of, findings)
  return { ...log, views, watch, lives, findingCount: findings.count, findings: findings.list }
}

async function auditLog(
  tx: Transaction,
  county: number,
  findings: Findings,
  options: AuditOptions,
): Promise<Pick<AuditReport, 'entries' | 'batches' | 'seal'>> {
  const head = (await readable(findings, 'log_head', () => readHead(tx, county)))?.nextPosition ?? 0
  await auditPositions(tx, county, head, findings)
  await auditNumbers(tx, county, findings)
  await auditCursors(tx, county, head, findings)
  const auditor = new LogAuditor(findings)
  // A head that was set far ahead must not make us look for ever.
  const end = Math.min(head, await readLogEnd(tx, county))
  const seal = await readable(findings, 'log_entry, tile, checkpoint', () =>
    auditSeal(
      tx,
      county,
      { vkeys: options.vkeys ?? [], ...(options.older === undefined ? {} : { older: options.older }) },
      findings,
      async (from, to) => {
        const leaves = await readLeavesOf(tx, county, from, to, auditor)
        options.onProgress?.('log', to, end)
        return leaves
      },
      end,
    ),
  )
  await readable(findings, 'device, device_key, stream', () =>
    auditor.authority.compare(tx, county, findings),
  )
  const nothing = { sealed: 0, signed: 0, tiles: 0, checkpoints: 0 }
  return { entries: end, batches: auditor.batches, seal: seal ?? nothing }
}

/** Leaves of positions `from ≤ p < to`, each entry having been checked. */
async function readLeavesOf(
  tx: Transaction,
  county: number,
  from: number,
  to: number,
  auditor: LogAuditor,
): Promise<readonly (Uint8Array | undefined)[]> {
  const leaves: (Uint8Array | undefined)[] = []
  for (let next = from; next < to; ) {
    const limits = { ...READ, entries: Math.min(READ.entries, to - next) }
    const entries = await readEntries(tx, county, next, limits)
    for (const entry of entries) leaves[entry.position - from] = auditor.take(entry)
    next = entries.length === 0 ? Math.min(to, next + READ.entries) : entries.at(-1)!.position + 1
  }
  return leaves
}

/** Entries whose numbers no program of ours can have written, nor read: they are named here, since nothing else can. */
async function auditNumbers(tx: Transaction, county: number, findings: Findings): Promise<void> {
  const numbers = ['received_at', 'first_seq', 'last_seq', 'made_from', 'made_to']
  const { rows } = await tx.query<{ position: string }>(
    `select position::text as position from log_entry
     where county = $1 and (${numbers.map((name) => `abs(${name}::numeric) > $2`).join(' or ')}) order by 1 limit 100`,
    [county, Number.MAX_SAFE_INTEGER],
  )
  for (const { position } of rows)
    findings.add('altered', 'log_entry', `position ${position}`, 'it holds a number beyond 2^53')
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
  const { rows: beyond } = await tx.query<{ position: string }>(
    'select position::text as position from log_entry where county = $1 and (position < 0 or position >= $2) order by log_entry.position limit 100',
    [county, head],
  )
  for (const { position } of beyond)
    findings.add('inserted', 'log_entry', `position ${position}`, `the log ends before position ${head}`)
}

/** Nobody has followed the log further than it goes: a cursor set ahead would make it skip what comes next. */
async function auditCursors(
  tx: Transaction,
  county: number,
  head: number,
  findings: Findings,
): Promise<void> {
  for (const [table, name] of [
    ['follower_cursor', 'follower'],
    ['share_target', 'target'],
  ] as const) {
    const { rows } = await tx.query<{ name: string; next: string }>(
      `select ${name} as name, next_position::text as next from ${table}
       where county = $1 and next_position not between 0 and $2 order by 1`,
      [county, head],
    )
    for (const row of rows)
      findings.add(
        'altered',
        table,
        `${name} ${row.name}`,
        `it stands at ${row.next}, the log ends before position ${head}`,
      )
  }
}
