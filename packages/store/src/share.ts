import type { Transaction } from './pool.ts'

type Reader = Pick<Transaction, 'query'>

/** What was handed on to one other platform so far. Times are epoch milliseconds, server clock. */
export interface ShareState {
  readonly target: string
  /** Everything before this position was offered. */
  readonly nextPosition: number
  readonly batches: number
  readonly statements: number
  readonly bytes: number
  readonly firstAt: number
  readonly lastAt: number
}

/** An entry that a target would not take. */
export interface ShareRefusal {
  readonly target: string
  readonly position: number
  readonly code: string
  readonly detail: string
  readonly at: number
}

/** What one step of sharing did, to be added to the state. */
export interface ShareStep {
  readonly target: string
  readonly nextPosition: number
  readonly batches: number
  readonly statements: number
  readonly bytes: number
  readonly at: number
  readonly refusals: readonly Omit<ShareRefusal, 'target' | 'at'>[]
}

/** With whom a county's log was shared, by address. */
export async function listShares(reader: Reader, county: number): Promise<ShareState[]> {
  const { rows } = await reader.query<ShareState>(
    `select target, next_position as "nextPosition", batches, statements, bytes, first_at as "firstAt", last_at as "lastAt"
     from share_target where county = $1 order by target`,
    [county],
  )
  return rows
}

/** Entries that targets would not take, oldest first, from a position on. */
export async function listShareRefusals(
  reader: Reader,
  county: number,
  target: string,
  from: number,
  limit: number,
): Promise<ShareRefusal[]> {
  const { rows } = await reader.query<ShareRefusal>(
    `select target, position, code, detail, at from share_refusal
     where county = $1 and target = $2 and position >= $3 order by position limit $4`,
    [county, target, from, limit],
  )
  return rows
}

/** The newest entries that a target would not take, newest first. */
export async function newestShareRefusals(
  reader: Reader,
  county: number,
  target: string,
  limit: number,
): Promise<ShareRefusal[]> {
  const { rows } = await reader.query<ShareRefusal>(
    `select target, position, code, detail, at from share_refusal
     where county = $1 and target = $2 order by position desc limit $3`,
    [county, target, limit],
  )
  return rows
}

/** How many entries a target would not take. */
export async function countShareRefusals(reader: Reader, county: number, target: string): Promise<number> {
  const { rows } = await reader.query<{ count: number }>(
    'select count(*) as count from share_refusal where county = $1 and target = $2',
    [county, target],
  )
  return rows[0]?.count ?? 0
}

/** Puts a step on record: cursor, sums and refusals together. */
export async function recordShare(tx: Transaction, county: number, step: ShareStep): Promise<void> {
  await tx.query(
    `insert into share_target (county, target, next_position, batches, statements, bytes, first_at, last_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7)
     on conflict (county, target) do update set
       next_position = greatest(share_target.next_position, excluded.next_position),
       batches = share_target.batches + excluded.batches, statements = share_target.statements + excluded.statements,
       bytes = share_target.bytes + excluded.bytes, last_at = excluded.last_at`,
    [county, step.target, step.nextPosition, step.batches, step.statements, step.bytes, step.at],
  )
  const { refusals } = step
  if (refusals.length === 0) return
  await tx.query(
    `insert into share_refusal (county, target, position, code, detail, at)
     select $1, $2, r.position, r.code, r.detail, $3
     from unnest($4::bigint[], $5::text[], $6::text[]) as r (position, code, detail)
     on conflict (county, target, position)
     do update set code = excluded.code, detail = excluded.detail, at = excluded.at`,
    [
      county,
      step.target,
      step.at,
      refusals.map((refusal) => refusal.position),
      refusals.map((refusal) => refusal.code),
      refusals.map((refusal) => refusal.detail),
    ],
  )
}

/** A target took an entry after all. */
export async function clearShareRefusal(
  tx: Reader,
  county: number,
  target: string,
  position: number,
): Promise<void> {
  await tx.query('delete from share_refusal where county = $1 and target = $2 and position = $3', [
    county,
    target,
    position,
  ])
}
