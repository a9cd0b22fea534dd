import type { EpochMs } from '@oiltrail/kernel'
import type { Ref } from '../rules/event.ts'
import type { AlarmGrade, Raised } from '../rules/rule.ts'
import type { Words } from '../rules/settings.ts'

/** How far people have come with an alarm. */
export const HANDLINGS = ['waiting', 'accepted', 'checking', 'answered', 'closed', 'false'] as const
export type Handling = (typeof HANDLINGS)[number]

/** Names on screen: 待签收 → 已签收 → 核查中 → 已反馈 → 已办结 / 误报. */
export const HANDLING_WORDS: Readonly<Record<Handling, Words>> = {
  waiting: { zh: '待签收', en: 'Waiting' },
  accepted: { zh: '已签收', en: 'Accepted' },
  checking: { zh: '核查中', en: 'Being checked' },
  answered: { zh: '已反馈', en: 'Answered' },
  closed: { zh: '已办结', en: 'Closed' },
  false: { zh: '误报', en: 'False alarm' },
}

/** Why an alarm is kept out of sight though its cause is there. */
export type Suppressor =
  /** Another open alarm explains it (an offline collector). */
  | { readonly by: 'alarm'; readonly alarm: number; readonly rule: string }
  /** A declared maintenance or verification window covers it. */
  | { readonly by: 'window'; readonly window: string; readonly until: EpochMs }

/** Put aside by a person for a while. */
export interface Shelf {
  readonly until: EpochMs
  readonly reason: string
  readonly actor: string
}

/** One alarm: a cause (rule and subject) from its first finding until it is gone and people have finished with it. */
export interface Alarm {
  /** Number within the county, in the order in which alarms were raised. */
  readonly alarm: number
  readonly rule: string
  readonly subject: string
  readonly site: string
  readonly grade: AlarmGrade
  /** The finding that raised it, and the newest one. */
  readonly first: Raised
  readonly latest: Raised
  /** Findings so far. */
  readonly count: number
  /** Time of the first finding by its own clock, and when the platform logged it. */
  readonly openedAt: EpochMs
  readonly openedLoggedAt: EpochMs
  /** Entry of the log that raised it: with rule and subject its name across replays. */
  readonly openedRef: Ref
  readonly lastSeenAt: EpochMs
  /** Whether its cause is present. */
  readonly active: boolean
  readonly clearedAt?: EpochMs
  readonly handling: Handling
  /** When people finished with it. */
  readonly finishedAt?: EpochMs
  readonly suppressed?: Suppressor
  readonly shelf?: Shelf
  /** How often its cause came back before it was finished. */
  readonly reopened: number
}

/** Whether people have finished with it. */
export function isFinished(alarm: Alarm): boolean {
  return alarm.handling === 'closed' || alarm.handling === 'false'
}

/** At most one alarm of a cause is open: its cause is present, or people have not finished with it. */
export function isOpen(alarm: Alarm): boolean {
  return alarm.active || !isFinished(alarm)
}

/** Whether it is put aside at a moment. */
export function isShelved(alarm: Alarm, now: EpochMs): boolean {
  return alarm.shelf !== undefined && alarm.shelf.until > now
}

/** A cause in one text, for maps. */
export function causeOf(of: { readonly rule: string; readonly subject: string }): string {
  return `${of.rule} ${of.subject}`
}
