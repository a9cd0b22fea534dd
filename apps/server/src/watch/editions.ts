import { dependents, editions, type Rule, type RuleEditions } from '@oiltrail/domain'
import { sha256 } from '@oiltrail/evidence/node'
import { toHex, utf8Bytes } from '@oiltrail/kernel'
import { decodeDesk } from '@oiltrail/protocols/uplink'
import type { Transaction } from '@oiltrail/store'
import type { LogEntry } from '../log/entry.ts'

/** Hex digits of a digest that name an edition: enough that none meets another by chance, and nobody gains by making them meet. */
const DIGITS = 16

/** Names of the editions by which this build judges, as `platform-started` states them. */
export function currentEditions(rules: readonly Rule[]): RuleEditions {
  return Object.fromEntries(
    editions(rules).map(({ id, text }) => [id, toHex(sha256(utf8Bytes(text))).slice(0, DIGITS)]),
  )
}

/** Whether everything is judged by the same edition. */
export function sameEditions(one: RuleEditions, other: RuleEditions): boolean {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((id) => one[id] === other[id])
}

/** The editions that an entry states, if it is one that does. */
export function editionsIn(entry: Pick<LogEntry, 'type' | 'code' | 'raw'>): RuleEditions | undefined {
  if (entry.type !== 'desk' || entry.code !== 'platform-started') return undefined
  const decoded = decodeDesk(entry.raw)
  return decoded.ok && decoded.value.action === 'platform-started' ? decoded.value.rules : undefined
}

/** Statements looked back at for the newest that names editions: those of older builds name none. */
const LOOKED_BACK = 100

/** The editions that the log of a county stated last; undefined when it names none. */
export async function newestEditions(
  tx: Pick<Transaction, 'query'>,
  county: number,
): Promise<RuleEditions | undefined> {
  // `type = 2` as in the index of desk entries.
  const { rows } = await tx.query<{ raw: Buffer }>(
    `select raw from log_entry where county = $1 and type = 2 and code = 'platform-started'
     order by position desc limit ${LOOKED_BACK}`,
    [county],
  )
  for (const { raw } of rows) {
    const found = editionsIn({ type: 'desk', code: 'platform-started', raw })
    if (found) return found
  }
  return undefined
}

/** A rule or measure by another edition of which alarms were judged. */
export interface OtherEdition {
  readonly rule: string
  /** The entry from which on this build's edition judges; undefined: it never did, or this build has no such rule. */
  readonly from: number | undefined
}

/** Follows a log from its start and tells which rules were judged by other editions than this build's. */
export class EditionHistory {
  readonly #current: RuleEditions
  /** Of each id the newest edition stated, and from where; what came before the first statement counts as judged by its editions. */
  readonly #newest = new Map<string, { edition: string | undefined; from: number }>()
  readonly #changed = new Set<string>()
  #isStated = false

  constructor(rules: readonly Rule[]) {
    this.#current = currentEditions(rules)
  }

  /** Takes one entry; entries must come in the order of the log. */
  take(entry: LogEntry): void {
    const stated = editionsIn(entry)
    if (!stated) return
    for (const id of new Set([
      ...this.#newest.keys(),
      ...Object.keys(stated),
      ...Object.keys(this.#current),
    ])) {
      const edition = stated[id]
      const before = this.#newest.get(id)
      if (edition !== this.#current[id]) this.#changed.add(id)
      if (!before || before.edition !== edition) this.#newest.set(id, { edition, from: entry.position })
    }
    this.#isStated = true
  }

  /** Rules and measures that some other edition judged, in the order of their names. A log that states none is judged by this build's. */
  others(): OtherEdition[] {
    if (!this.#isStated) return []
    return [...this.#changed].sort().map((rule) => {
      const { edition, from } = this.#newest.get(rule)!
      return { rule, from: edition !== undefined && edition === this.#current[rule] ? from : undefined }
    })
  }

  /** Everything that they may have made come out otherwise. */
  affected(rules: readonly Rule[]): ReadonlySet<string> {
    return dependents(new Set(this.others().map(({ rule }) => rule)), rules)
  }
}
