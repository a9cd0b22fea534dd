import type { Rule } from './rule.ts'

/** Every alarm rule, in the order in which they see an event. A new rule is its file, its table of cases, and one line here. */
export const RULES: readonly Rule[] = []

/** The rule of an id. */
export function ruleById(id: string): Rule | undefined {
  return RULES.find((rule) => rule.id === id)
}
