import type { Books, Rule, Signal } from '@oiltrail/domain'
import { DAY_MS, type EpochMs } from '@oiltrail/kernel'

/** An alarm as a duty officer would have met it. */
export interface ScoredAlarm {
  readonly rule: string
  readonly subject: string
  readonly site: string
  readonly verdict: 'attention' | 'alert'
  /** When it was raised, by the log's clock. */
  readonly loggedAt: EpochMs
  readonly sentence: string
  readonly evidence: number
}

/** A cause that is an event folds into the alarm before it for this long: it is still on somebody's desk. */
const FOLD_MS = DAY_MS

/**
 * Folds signals into alarms as the platform does: one open alarm per rule and subject, none within a declared window, none
 * while a rule that explains it stands at the same site.
 */
export class Ledger {
  readonly alarms: ScoredAlarm[] = []
  private readonly open = new Map<string, EpochMs>()
  private readonly parents = new Map<string, Set<string>>()
  private readonly rules: ReadonlyMap<string, Rule>
  private readonly books: Books

  constructor(rules: readonly Rule[], books: Books) {
    this.rules = new Map(rules.map((rule) => [rule.id, rule]))
    this.books = books
  }

  take(signal: Signal): void {
    const id = signal.type === 'found' ? signal.raised.rule : signal.rule
    const subject = signal.type === 'found' ? signal.raised.subject : signal.subject
    const cause = `${id} ${subject}`
    if (signal.type === 'cleared') {
      this.open.delete(cause)
      this.parents.get(`${id} ${subject.split('/')[0]}`)?.delete(subject)
      return
    }
    const { raised, loggedAt } = signal
    const openUntil = this.open.get(cause)
    this.open.set(cause, raised.momentary ? loggedAt + FOLD_MS : Number.POSITIVE_INFINITY)
    if (!raised.momentary) {
      const name = `${id} ${raised.site}`
      const subjects = this.parents.get(name) ?? new Set()
      this.parents.set(name, subjects.add(subject))
    }
    const graver =
      raised.verdict === 'alert' &&
      !this.alarms.some((each) => each.rule === id && each.subject === subject && each.verdict === 'alert')
    if (openUntil !== undefined && loggedAt < openUntil && !graver) return
    const rule = this.rules.get(id)
    if (rule?.hiddenByWindow !== false && this.books.windows.covering(subject, signal.at)) return
    if (rule?.suppressedBy?.some((parent) => (this.parents.get(`${parent} ${raised.site}`)?.size ?? 0) > 0))
      return
    this.alarms.push({
      rule: id,
      subject,
      site: raised.site,
      verdict: raised.verdict,
      loggedAt,
      sentence: rule ? rule.sentence(raised, 'zh') : String(raised.facts.message),
      evidence: raised.evidence.length,
    })
  }
}
