import type { Query } from '../api/endpoints.ts'
import { oneOf } from '../pages/useSearch.ts'

export const ALARM_STATES = ['sight', 'open', 'suppressed', 'shelved', 'finished', 'all'] as const
export const ALARM_GRADE_CHOICES = ['', 'red', 'orange', 'yellow', 'blue'] as const
export const HANDLING_CHOICES = [
  '',
  'waiting',
  'accepted',
  'checking',
  'answered',
  'closed',
  'false',
] as const

/** One page of the list: more than a screen, so that causes have their alarms beside them. */
export const PAGE_ALARMS = 100

/** What the address of the list asks for. Anything it does not understand counts as absent. */
export interface AlarmQuestion {
  readonly state: (typeof ALARM_STATES)[number]
  readonly grade: (typeof ALARM_GRADE_CHOICES)[number]
  readonly handling: (typeof HANDLING_CHOICES)[number]
  readonly site: string
  readonly rule: string
  readonly before: string
}

function fitting(text: string | null, pattern: RegExp): string {
  return text !== null && pattern.test(text) ? text : ''
}

/** Reads the filter of the list from its address. */
export function alarmQuestionOf(search: URLSearchParams): AlarmQuestion {
  return {
    state: oneOf(search.get('state'), ALARM_STATES),
    grade: oneOf(search.get('grade'), ALARM_GRADE_CHOICES),
    handling: oneOf(search.get('handling'), HANDLING_CHOICES),
    site: fitting(search.get('site'), /^[A-Z0-9]{1,16}$/),
    rule: fitting(search.get('rule'), /^[a-z0-9-]{1,40}$/),
    before: fitting(search.get('before'), /^[0-9]{1,9}$/),
  }
}

/** The call that answers it. */
export function alarmQueryOf(question: AlarmQuestion): Query<'alarms'> {
  const { state, grade, handling, site, rule, before } = question
  return {
    state,
    limit: PAGE_ALARMS,
    ...(grade ? { grade } : {}),
    ...(handling ? { handling } : {}),
    ...(site ? { site } : {}),
    ...(rule ? { rule } : {}),
    ...(before ? { before } : {}),
  }
}

/** Whether anything but the usual is asked for. */
export function isFiltered({ state, grade, handling, site, rule, before }: AlarmQuestion): boolean {
  return state !== 'sight' || [grade, handling, site, rule, before].some((part) => part !== '')
}
