import { RULES } from './list.ts'
import { MEASURES } from './measures.ts'
import type { Measure, Rule } from './rule.ts'

/** What a rule or measure declares, apart from its code; two builds that judge by the same declaration say the same here. */
export interface Edition {
  readonly id: string
  /** Canonical JSON: fields and settings in the order of their names, so that its digest is that of the declaration. */
  readonly text: string
}

/** Fields that decide when something is found, of whom, and how an alarm lives. Words for people decide nothing. */
const DECIDING = [
  'version',
  'reads',
  'clock',
  'late',
  'tells',
  'grade',
  'shelvable',
  'hiddenByWindow',
  'suppressedBy',
] as const

/**
 * The edition of a rule or measure: its declared `version`, what it reads and when, and its settings with defaults and
 * bounds. Code that changed without its `version` does not show.
 */
export function editionOf(reducer: Rule | Measure): Edition {
  const declared = reducer as Partial<Record<(typeof DECIDING)[number] | 'settings', unknown>>
  const fields = DECIDING.map((name) => [name, declared[name]] as const)
  const settings = Object.entries('settings' in reducer ? reducer.settings : {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { unit, value, least, most, effective }]) => [key, unit, value, least, most, effective])
  return {
    id: reducer.id,
    text: JSON.stringify({
      ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
      settings,
    }),
  }
}

/** Editions of everything that judges in this build, measures first, in the order of the registries. */
export function editions(
  rules: readonly Rule[] = RULES,
  measures: readonly Measure[] = MEASURES,
): readonly Edition[] {
  return [...measures, ...rules].map(editionOf)
}

/**
 * Everything whose alarms or states may come out otherwise when these ids are judged by another edition: they themselves,
 * rules that read what a changed measure tells, and rules whose alarms those of a changed rule suppress.
 */
export function dependents(
  changed: ReadonlySet<string>,
  rules: readonly Rule[] = RULES,
  measures: readonly Measure[] = MEASURES,
): ReadonlySet<string> {
  const all = new Set(changed)
  const told = new Set<string>(measures.filter(({ id }) => changed.has(id)).flatMap(({ tells }) => tells))
  for (const { id, reads } of rules) if (reads.some((event) => told.has(event))) all.add(id)
  // What is suppressed can suppress in turn: until nothing is added.
  for (let before = -1; before !== all.size; ) {
    before = all.size
    for (const { id, suppressedBy = [] } of rules)
      if (suppressedBy.some((other) => all.has(other))) all.add(id)
  }
  return all
}
