import type { Play } from './cases.ts'
import type { DerivedEvent } from './event.ts'
import { RULE_FAILED } from './failed.ts'
import { RULES } from './list.ts'
import { MEASURES } from './measures.ts'
import type { Measure, Rule } from './rule.ts'
import { RuleEngine, type Signal } from './run.ts'

/** Numbers this large are moments and counts: whole. */
const WHOLE_FROM = 1e9
/** Below this a difference of two sums is what rounding left of nothing. */
const NOTHING_BELOW = 1e-6
/** Digits that every machine agrees on: the last ones of logarithms and roots are the library's own. */
const DIGITS = 9

function rounded(value: number): number {
  if (Number.isSafeInteger(value)) return value
  if (Math.abs(value) >= WHOLE_FROM) return Math.round(value)
  return Math.abs(value) < NOTHING_BELOW ? 0 : Number(value.toPrecision(DIGITS))
}

/** JSON that does not depend on the machine nor on the order of fields. Versions are left out: they are declared, not done. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part === 'number') return rounded(part)
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part
    const fields = Object.entries(part).filter(([name]) => name !== 'version')
    return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function authorOf(signal: Signal): string {
  if (signal.type === 'cleared') return signal.rule === RULE_FAILED.id ? signal.subject : signal.rule
  const { rule, subject } = signal.raised
  return rule === RULE_FAILED.id ? subject : rule
}

/** Hears what measures tell, and finds nothing itself. */
function listener(hear: (event: DerivedEvent) => void): Rule {
  return {
    ...RULE_FAILED,
    id: 'listener',
    reads: MEASURES.flatMap(({ tells }) => tells),
    subjectsOf: (event) => ('subject' in event ? [event.subject] : []),
    step: (state, event) => {
      if ('subject' in event) hear(event)
      return { state }
    },
  }
}

/**
 * All that rules and measures did in a play, in canonical text by their ids: signals (or what was told), then the states in
 * which they ended. Measures are named when one of the rules reads what they tell.
 */
export function behaviourOf(
  rules: readonly Rule[],
  { events, books, until }: Play,
): ReadonlyMap<string, string> {
  const reads = new Set(rules.flatMap((rule) => rule.reads))
  const measures = MEASURES.filter(({ tells }) => tells.some((name) => reads.has(name)))
  const done = new Map<string, string[]>([...rules, ...measures].map(({ id }) => [id, []]))
  const all =
    measures.length === 0
      ? rules
      : [
          ...rules,
          listener((event) => {
            const measure = measures.find(({ tells }) => tells.includes(event.type))
            // What it held lately was told by the events before.
            done.get(measure!.id)!.push(canonical({ ...event, recent: event.recent.length }))
          }),
        ]
  const engine = new RuleEngine(all, books, (signal) => done.get(authorOf(signal))?.push(canonical(signal)))
  for (const event of events) engine.take(event)
  if (until !== undefined) engine.tick(until, 0)
  for (const state of engine.states()) done.get(state.rule)?.push(canonical(state))
  return new Map([...done].map(([id, lines]) => [id, lines.join('\n')]))
}

/** What is kept of a rule or measure: its declaration, and what it did in each play, as digests. */
export interface Kept {
  readonly version: number
  /** Digest of its edition (`editionOf`): with it, it may have changed what it does. */
  readonly edition: string
  /** What it did, by the digest of what it was shown: a play more or less is no other behaviour. */
  readonly did: Readonly<Record<string, string>>
}
export type Golden = Readonly<Record<string, Kept>>

/** Differences of what is done now from what is kept. */
export interface Drift {
  /** Ids that do otherwise in the same play, by the same edition and with no measure of another edition to blame. */
  readonly silent: readonly string[]
  /** Ids whose version went down. */
  readonly lowered: readonly string[]
  /** Ids of which something has to be written anew. */
  readonly stale: readonly string[]
}

/** Compares. A rule may blame a measure whose events it reads. */
export function driftOf(
  kept: Golden,
  now: Golden,
  rules: readonly Pick<Rule, 'id' | 'reads'>[] = RULES,
  measures: readonly Pick<Measure, 'id' | 'tells'>[] = MEASURES,
): Drift {
  const isOther = (id: string): boolean => kept[id] !== undefined && kept[id].edition !== now[id]?.edition
  const excused = new Set<string>(measures.filter(({ id }) => isOther(id)).flatMap(({ tells }) => tells))
  const blames = (id: string): boolean =>
    rules.find((rule) => rule.id === id)?.reads.some((event) => excused.has(event)) ?? false
  const ids = [...new Set([...Object.keys(kept), ...Object.keys(now)])].sort()
  const doesOtherwise = (id: string): boolean => {
    const before = kept[id]?.did ?? {}
    return Object.entries(now[id]?.did ?? {}).some(
      ([play, did]) => before[play] !== undefined && before[play] !== did,
    )
  }
  return {
    silent: ids.filter((id) => doesOtherwise(id) && !isOther(id) && !blames(id)),
    lowered: ids.filter((id) => kept[id] && now[id] && now[id].version < kept[id].version),
    stale: ids.filter((id) => written(kept[id]) !== written(now[id])),
  }
}

function written(kept: Kept | undefined): string {
  return kept === undefined ? '' : `${kept.version} ${canonical(kept)}`
}
