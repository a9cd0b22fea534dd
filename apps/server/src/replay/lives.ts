import { causeOf, RULE_FAILED, type Rule } from '@oiltrail/domain'
import { decodeDesk } from '@oiltrail/protocols/uplink'
import { readCursor, type Store, type Transaction } from '@oiltrail/store'
import type { OtherEdition } from '../watch/editions.ts'
import { type Findings, readable } from './findings.ts'
import {
  courseFaults,
  type Handled,
  isOfPerson,
  type LifeRow,
  missedStatement,
  personFault,
  rowFaults,
  type StepRow,
  type StoredAlarm,
} from './life.ts'
import { readLogEnd } from './replay.ts'

/** Alarms looked at together. */
const TOGETHER = 500
/** Findings of one kind that are named one by one. */
const MOST_NAMED = 500
/** Characters of a detail: a stored text may be of any length. */
const LONGEST_DETAIL = 500

/** Alarms that cannot be raised again: of what they are, and by what they were judged. */
export interface OfOtherEditions {
  /** Ids of everything that is not compared. */
  readonly notCompared: readonly string[]
  readonly others: readonly OtherEdition[]
  /** The rules of this build. */
  readonly rules: readonly Rule[]
}

/**
 * What can be checked of alarms that another edition of the rules raised: each agrees with itself, its steps lead to where it
 * stands, what people did stands in the log and the other way round, its evidence is there, and no number is missing. Whether it
 * was rightly raised, what it says, and whether the newest ones are all there, only that edition could tell. One snapshot,
 * read-only. Returns how many alarms it looked at.
 */
export async function auditLives(
  store: Pick<Store, 'transaction'>,
  county: number,
  of: OfOtherEditions,
  findings: Findings,
): Promise<number> {
  // Outside of the transaction: what a statement cannot read ends it.
  const looked = await readable(findings, 'alarm, alarm_step', () =>
    store.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only')
      await tx.query('set local statement_timeout = 0')
      return new LivesAuditor(tx, county, of, findings).run()
    }),
  )
  return looked ?? 0
}

interface EntryRow {
  readonly position: number
  readonly type: number
  readonly device: string | null
  readonly first_seq: number | null
  readonly last_seq: number | null
  readonly received_at: number
}

/** What is known of the log about a group of alarms. */
interface Known {
  readonly steps: ReadonlyMap<number, readonly StepRow[]>
  readonly entries: ReadonlyMap<number, EntryRow>
  readonly rules: ReadonlyMap<number, string>
}

/** Statements of people about causes, by their position. */
type StatedByCause = ReadonlyMap<string, ReadonlyMap<number, Handled & { readonly opened: number }>>

/** Rows of `alarm` (as `a`) that are not compared; `$2` are the ids. */
const CONCERNED = `(a.rule = any($2) or (a.rule = '${RULE_FAILED.id}' and a.subject = any($2)))`

class LivesAuditor {
  readonly #tx: Transaction
  readonly #county: number
  readonly #ids: readonly string[]
  readonly #from: ReadonlyMap<string, number>
  readonly #versions: ReadonlyMap<string, number>
  readonly #findings: Findings
  /** Position before which the watch has followed the log. */
  #end = 0
  #sites: ReadonlyMap<string, ReadonlySet<string>> = new Map()

  constructor(tx: Transaction, county: number, of: OfOtherEditions, findings: Findings) {
    this.#tx = tx
    this.#county = county
    this.#ids = of.notCompared
    this.#versions = new Map(of.rules.map(({ id, version }) => [id, version]))
    this.#from = new Map(
      of.others.flatMap(({ rule, from }): [string, number][] => (from === undefined ? [] : [[rule, from]])),
    )
    this.#findings = findings
  }

  async run(): Promise<number> {
    this.#end = Math.min(
      await readCursor(this.#tx, this.#county, 'watch'),
      await readLogEnd(this.#tx, this.#county),
    )
    await this.#auditNumbers()
    const { stated, sites } = await this.#readStatements()
    this.#sites = sites
    const left = new Map([...stated].map(([cause, list]) => [cause, new Set(list.keys())]))
    let looked = 0
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const rows = await this.#readAlarms(after)
      if (rows.length === 0) break
      const known = await this.#readKnown(rows)
      for (const row of rows) this.#auditLife(row, known, stated, left)
      looked += rows.length
      after = rows.at(-1)!.alarm
    }
    for (const [cause, positions] of left)
      for (const position of positions) {
        const { actor, action, opened } = stated.get(cause)!.get(position)!
        const detail = `the log has ${action} of ${actor} at position ${position}, the table has no such alarm`
        this.#name('removed', `${cause}, opened_position ${opened}`, detail)
      }
    return looked
  }

  #name(tampering: 'altered' | 'removed' | 'inserted', key: string, detail: string): void {
    this.#findings.add(tampering, 'alarm', key.slice(0, LONGEST_DETAIL), detail.slice(0, LONGEST_DETAIL))
  }

  /** Numbers are given from 1 on, one after the other, as the clock of the log goes on; alarms are never deleted. */
  async #auditNumbers(): Promise<void> {
    const { rows } = await this.#tx.query<{ alarm: number; before: number; isLate: boolean }>(
      `select alarm, before, "isLate" from (
         select alarm, lag(alarm, 1, 0) over w as before, lag(opened_logged_at) over w > opened_logged_at as "isLate"
         from alarm where county = $1 window w as (order by alarm)
       ) n where alarm - before > 1 or alarm < 1 or "isLate" order by alarm limit ${MOST_NAMED}`,
      [this.#county],
    )
    for (const { alarm, before, isLate } of rows) {
      if (alarm < 1) this.#name('inserted', `alarm ${alarm}`, 'numbers begin with 1')
      else if (alarm - before > 1)
        this.#name(
          'removed',
          `alarm ${before + 1}${alarm - before > 2 ? ` to ${alarm - 1}` : ''}`,
          'numbers are given one after the other, and the table has nothing there',
        )
      if (isLate) this.#name('altered', `alarm ${alarm}`, `it was logged before alarm ${before}`)
    }
  }

  /** What people did with alarms of these rules, and the sites for which each device was ever enrolled. */
  async #readStatements(): Promise<{
    stated: StatedByCause
    sites: ReadonlyMap<string, ReadonlySet<string>>
  }> {
    const stated = new Map<string, Map<number, Handled & { readonly opened: number }>>()
    const sites = new Map<string, Set<string>>()
    // `type = 2` as in the index of desk entries.
    const { rows } = await this.#tx.query<{ position: number; at: number; raw: Buffer }>(
      `select position, received_at as at, raw from log_entry where county = $1 and type = 2
       and code in ('alarm-handled', 'device-enrolled') and position < $2 order by position`,
      [this.#county, this.#end],
    )
    for (const { position, at, raw } of rows) {
      const decoded = decodeDesk(raw)
      if (!decoded.ok) continue
      const desk = decoded.value
      if (desk.action === 'device-enrolled')
        sites.set(desk.device, (sites.get(desk.device) ?? new Set()).add(desk.site))
      if (desk.action !== 'alarm-handled' || !this.#concerns(desk.alarm)) continue
      const { do: action, actor, note, alarm } = desk
      const ofCause = stated.get(causeOf(alarm)) ?? new Map()
      stated.set(
        causeOf(alarm),
        ofCause.set(position, { position, at, action, actor, note, opened: alarm.position }),
      )
    }
    return { stated, sites }
  }

  #concerns({ rule, subject }: { readonly rule: string; readonly subject: string }): boolean {
    return this.#ids.includes(rule) || (rule === RULE_FAILED.id && this.#ids.includes(subject))
  }

  async #readAlarms(after: number): Promise<readonly LifeRow[]> {
    const { rows } = await this.#tx.query<LifeRow>(
      `select alarm, rule, subject, site, grade, handling, active, open, suppressed, opened_at, opened_logged_at,
         opened_position, last_seen_at, count, shelved_until, document
       from alarm a where county = $1 and ${CONCERNED} and alarm > $3::int8 order by alarm limit ${TOGETHER}`,
      [this.#county, this.#ids, after],
    )
    return rows
  }

  async #readKnown(rows: readonly LifeRow[]): Promise<Known> {
    const documents = rows.flatMap((row) => rowFaults(row).document ?? [])
    const positions = documents.flatMap(({ first, latest, openedRef }) =>
      [openedRef, ...first.evidence, ...latest.evidence].map(({ position }) => position),
    )
    const { rows: entries } = await this.#tx.query<EntryRow>(
      `select position, type, device, first_seq, last_seq, received_at from log_entry
       where county = $1 and position = any($2) and position < $3`,
      [this.#county, [...new Set(positions)], this.#end],
    )
    const { rows: steps } = await this.#tx.query<StepRow>(
      `select alarm, step, position, at, what, actor, note from alarm_step
       where county = $1 and alarm = any($2) order by alarm, step`,
      [this.#county, rows.map(({ alarm }) => alarm)],
    )
    const parents = documents.flatMap(({ suppressed }) =>
      suppressed?.by === 'alarm' ? [suppressed.alarm] : [],
    )
    const { rows: rules } = await this.#tx.query<{ alarm: number; rule: string }>(
      'select alarm, rule from alarm where county = $1 and alarm = any($2)',
      [this.#county, parents],
    )
    const ofAlarm = new Map<number, StepRow[]>(rows.map(({ alarm }) => [alarm, []]))
    for (const step of steps) ofAlarm.get(step.alarm)!.push(step)
    return {
      steps: ofAlarm,
      entries: new Map(entries.map((entry) => [entry.position, entry])),
      rules: new Map(rules.map(({ alarm, rule }) => [alarm, rule])),
    }
  }

  /** Looks at one alarm; takes the statements that name it out of `left`. */
  #auditLife(row: LifeRow, known: Known, stated: StatedByCause, left: Map<string, Set<number>>): void {
    const { document, faults } = rowFaults(row)
    const steps = known.steps.get(row.alarm) ?? []
    const ofCause = stated.get(causeOf(row))
    if (document) {
      faults.push(...courseFaults(document, steps), ...this.#logFaults(document, known))
      const { suppressed } = document
      if (suppressed?.by === 'alarm' && known.rules.get(suppressed.alarm) !== suppressed.rule)
        faults.push(`alarm ${suppressed.alarm}, which is to explain it, is not of ${suppressed.rule}`)
    }
    for (const step of steps) {
      if (step.position < 0 || step.position >= this.#end)
        faults.push(`step ${step.step} names an entry that was not followed`)
      const fault = isOfPerson(step) ? personFault(step, ofCause?.get(step.position)) : undefined
      if (fault) faults.push(fault)
    }
    for (const statement of ofCause?.values() ?? []) {
      if (statement.opened !== row.opened_position) continue
      left.get(causeOf(row))!.delete(statement.position)
      const fault = missedStatement(steps, statement)
      if (fault) faults.push(fault)
    }
    if (faults.length > 0) this.#name('altered', `alarm ${row.alarm}, ${causeOf(row)}`, faults.join('; '))
  }

  /** Faults of what an alarm says about the log. */
  #logFaults(document: StoredAlarm, { entries }: Known): string[] {
    const { openedRef, openedLoggedAt, first, latest, site, rule } = document
    const faults: string[] = []
    for (const ref of [openedRef, ...first.evidence, ...latest.evidence]) {
      const entry = entries.get(ref.position)
      const name = `${ref.position}.${ref.seq}`
      if (!entry) faults.push(`position ${ref.position}, which it names, was not followed`)
      else if (ref.seq > 0 && !(entry.type === 0 && holds(entry, ref.seq)))
        faults.push(`record ${name}, which it names, is not there`)
      else if (ref.seq > 0 && this.#sites.get(entry.device ?? '')?.has(site) === false)
        faults.push(`record ${name}, which it names, is of another site`)
    }
    const late = [openedRef, ...first.evidence].find(
      ({ position }) => (entries.get(position)?.received_at ?? 0) > openedLoggedAt,
    )
    if (late) faults.push(`position ${late.position} was received after the alarm was logged`)
    const from = this.#from.get(rule) ?? Number.POSITIVE_INFINITY
    if (openedRef.position >= from && first.version !== this.#versions.get(rule))
      faults.push(`version ${first.version} of its rule did not judge at position ${openedRef.position}`)
    return [...new Set(faults)]
  }
}

function holds({ first_seq, last_seq }: EntryRow, seq: number): boolean {
  return first_seq !== null && last_seq !== null && seq >= first_seq && seq <= last_seq
}
