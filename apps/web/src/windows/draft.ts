import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import type { Body } from '../api/endpoints.ts'
import { fieldOfMoment, momentOfField } from '../site/localTime.ts'
import { GRACE_MS } from './declared.ts'

type Order = Body<'declareWindow'>
export const PURPOSES = ['maintenance', 'verification', 'cleaning', 'other'] as const

/** What is typed into the form; times as the fields hold them, in China time. */
export interface Draft {
  readonly site: string
  /** Empty for the whole site. */
  readonly part: string
  readonly purpose: (typeof PURPOSES)[number]
  readonly from: string
  readonly to: string
  readonly note: string
  readonly actor: string
}

/** Fields that can be wrong, in the order of the form, and what can be wrong with them. */
export const FIELDS = ['site', 'from', 'to', 'note', 'actor'] as const
export type Field = (typeof FIELDS)[number]
export type Fault = Field | 'order' | 'long'
export type Faults = Readonly<Partial<Record<Field, Fault>>>
export type Warning = 'day' | 'past'

/** What the platform takes; said here again, because its own constant would bring every schema into the bundle. A test compares them. */
export const LONGEST_MS = 60 * DAY_MS
/** Longer than a shift and its handing over is unusual enough to ask. */
const UNUSUAL_MS = DAY_MS

/** A form as it is first seen: two hours from now. */
export function freshDraft(site: string, actor: string, now: number): Draft {
  const [from, to] = [fieldOfMoment(now), fieldOfMoment(now + 2 * HOUR_MS)]
  return { site, part: '', purpose: 'maintenance', from, to, note: '', actor }
}

/** What has to be put right before a draft can be declared: who, where, when and why must be said. */
export function faultsOf(draft: Draft): Faults {
  const [from, to] = [momentOfField(draft.from), momentOfField(draft.to)]
  const faults: Partial<Record<Field, Fault>> = {}
  if (draft.site === '') faults.site = 'site'
  if (from === undefined) faults.from = 'from'
  if (to === undefined) faults.to = 'to'
  else if (from !== undefined && to <= from) faults.to = 'order'
  else if (from !== undefined && to - from > LONGEST_MS) faults.to = 'long'
  if (draft.note.trim() === '') faults.note = 'note'
  if (draft.actor.trim() === '') faults.actor = 'actor'
  return faults
}

/** What is allowed but ought to be thought over. */
export function warningsOf(draft: Draft, now: number): Warning[] {
  const [from, to] = [momentOfField(draft.from), momentOfField(draft.to)]
  const warnings: Warning[] = []
  if (from !== undefined && to !== undefined && to - from > UNUSUAL_MS) warnings.push('day')
  if (from !== undefined && from < now - GRACE_MS) warnings.push('past')
  return warnings
}

/** The declaration a draft stands for; undefined while it has faults. */
export function orderOf(draft: Draft): Order | undefined {
  const [from, to] = [momentOfField(draft.from), momentOfField(draft.to)]
  if (from === undefined || to === undefined || Object.keys(faultsOf(draft)).length > 0) return undefined
  const { site, part, purpose } = draft
  return { site, part, purpose, from, to, note: draft.note.trim(), actor: draft.actor.trim() }
}
