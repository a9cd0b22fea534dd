import type { Answer } from '../api/endpoints.ts'

type Setting = Answer<'rules'>[number]['settings'][number]

/** What a person typed into the fields of a rule's settings. */
export type Draft = Readonly<Record<string, string>>

/** A proposal as it can be sent, or the fields that cannot. */
export interface Proposal {
  /** Only what differs from what is in force. */
  readonly values: Readonly<Record<string, number>>
  readonly wrong: readonly string[]
}

/** A plain decimal number, also with a comma as group mark; undefined for anything else. */
export function numberOf(text: string): number | undefined {
  const plain = text.trim().replaceAll(',', '').replace('−', '-')
  return /^-?[0-9]{1,15}(\.[0-9]{1,6})?$/.test(plain) ? Number(plain) : undefined
}

/** A setting as it is read and typed: litres where millilitres would be five digits and more. */
export interface ShownUnit {
  readonly unit: string
  /** Stored numbers to one of the shown unit. */
  readonly factor: number
}

/** The unit in which a setting is typed. */
export function shownUnit({ unit, default: usual }: Pick<Setting, 'unit' | 'default'>): ShownUnit {
  return unit === 'mL' && usual >= 1_000 ? { unit: 'L', factor: 1_000 } : { unit, factor: 1 }
}

/** Reads a draft, in the units shown, against the settings and their bounds. */
export function proposalOf(settings: readonly Setting[], draft: Draft): Proposal {
  const values: Record<string, number> = {}
  const wrong: string[] = []
  for (const setting of settings) {
    const { key, value, least, most } = setting
    const text = draft[key]
    if (text === undefined) continue
    const typed = numberOf(text)
    const { factor } = shownUnit(setting)
    const number = typed === undefined ? undefined : factor === 1 ? typed : Math.round(typed * factor)
    if (number === undefined || number < least || number > most) wrong.push(key)
    else if (number !== value) values[key] = number
  }
  return { values, wrong }
}

/** Whether two proposals are the same, so that what was tried is what is put in force. */
export function sameValues(a: Proposal['values'], b: Proposal['values']): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

/** Share of alarms people called false, in per cent; undefined when there were none. */
export function falsePercent(rule: { alarms30: number; false30: number }): number | undefined {
  return rule.alarms30 > 0 ? (rule.false30 / rule.alarms30) * 100 : undefined
}
