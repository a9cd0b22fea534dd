import { type EpochMs, ok, type Result, refuse } from '@oiltrail/kernel'
import type { Ref } from '../rules/event.ts'
import type { AlarmGrade, Raised } from '../rules/rule.ts'
import { type Alarm, type Handling, isFinished, isOpen, type Shelf, type Suppressor } from './alarm.ts'

/** Longest an alarm may be put aside (domain.md "People and time limits"). */
export const LONGEST_SHELF_MS = 8 * 3_600_000
/** A cause still present this long after its alarm was finished raises a new one: finished must not mean silenced for ever. */
export const RENEW_AFTER_MS = 24 * 3_600_000
/** Bounds of what people write. */
export const LONGEST_NOTE = 500

/** What people do with an alarm. */
export const ALARM_ACTIONS = [
  'accept',
  'check',
  'answer',
  'close',
  'false',
  'shelve',
  'unshelve',
  'reopen',
] as const
export type AlarmAction = (typeof ALARM_ACTIONS)[number]

/**
 * From which handling an action may be taken, and where it leads; one table for server, screen and documents. `note` actions
 * need a reason. Shelving changes no handling.
 */
export const ALARM_ACTION_TABLE: Readonly<
  Record<
    AlarmAction,
    {
      readonly from: readonly Handling[]
      readonly to?: Handling
      readonly note: boolean
      readonly zh: string
      readonly en: string
    }
  >
> = {
  accept: { from: ['waiting'], to: 'accepted', note: false, zh: '签收', en: 'Accept' },
  check: { from: ['waiting', 'accepted'], to: 'checking', note: false, zh: '开始核查', en: 'Start checking' },
  answer: { from: ['accepted', 'checking'], to: 'answered', note: true, zh: '反馈', en: 'Answer' },
  close: { from: ['accepted', 'checking', 'answered'], to: 'closed', note: true, zh: '办结', en: 'Close' },
  false: {
    from: ['waiting', 'accepted', 'checking', 'answered'],
    to: 'false',
    note: true,
    zh: '误报',
    en: 'False alarm',
  },
  shelve: { from: ['waiting', 'accepted', 'checking', 'answered'], note: true, zh: '搁置', en: 'Shelve' },
  unshelve: {
    from: ['waiting', 'accepted', 'checking', 'answered'],
    note: false,
    zh: '取消搁置',
    en: 'Unshelve',
  },
  reopen: { from: ['closed', 'false'], to: 'checking', note: true, zh: '重新核查', en: 'Reopen' },
}

/** A step in an alarm's life. */
export type AlarmStep =
  | {
      readonly step: 'raised'
      readonly alarm: number
      readonly raised: Raised
      readonly grade: AlarmGrade
      readonly at: EpochMs
      readonly loggedAt: EpochMs
      readonly ref: Ref
      readonly suppressed?: Suppressor
    }
  | { readonly step: 'folded'; readonly raised: Raised; readonly grade: AlarmGrade; readonly at: EpochMs }
  | { readonly step: 'returned'; readonly raised: Raised; readonly grade: AlarmGrade; readonly at: EpochMs }
  | { readonly step: 'cleared'; readonly at: EpochMs }
  | { readonly step: 'suppressed'; readonly at: EpochMs; readonly suppressed: Suppressor }
  | { readonly step: 'released'; readonly at: EpochMs }
  /** Its cause went while it was suppressed: nobody has to look at it. */
  | { readonly step: 'settled'; readonly at: EpochMs }
  /** People had finished with it long ago and its cause is still there: a new alarm takes its place. */
  | { readonly step: 'replaced'; readonly at: EpochMs }
  | { readonly step: 'shelved'; readonly at: EpochMs; readonly shelf: Shelf }
  | { readonly step: 'unshelved'; readonly at: EpochMs; readonly actor: string }
  | {
      readonly step: 'handled'
      readonly at: EpochMs
      readonly action: AlarmAction
      readonly to: Handling
      readonly actor: string
      readonly note: string
    }

/** A finding that reaches the life of alarms. */
export interface Found {
  readonly raised: Raised
  readonly grade: AlarmGrade
  readonly at: EpochMs
  readonly loggedAt: EpochMs
  readonly ref: Ref
  /** What would explain it away now. */
  readonly suppressor?: Suppressor
}

/** What a person wants to do. */
export interface Command {
  readonly action: AlarmAction
  readonly actor: string
  readonly note: string
  /** For `shelve`. */
  readonly until?: EpochMs
  readonly at: EpochMs
}

/** Decides what a finding does to the open alarm of its cause, if there is one. `number` is the next free one. */
export function decideFound(open: Alarm | undefined, found: Found, number: number): readonly AlarmStep[] {
  const { raised, grade, at } = found
  if (!open) return [raise(found, number)]
  if (isFinished(open)) {
    if (open.active && found.loggedAt - (open.finishedAt ?? 0) < RENEW_AFTER_MS)
      return [{ step: 'folded', raised, grade, at }]
    return [{ step: 'replaced', at }, raise(found, number)]
  }
  const returns = !open.active && open.first.momentary !== true && raised.momentary !== true
  return [{ step: returns ? 'returned' : 'folded', raised, grade, at }]
}

function raise({ raised, grade, at, loggedAt, ref, suppressor }: Found, alarm: number): AlarmStep {
  return {
    step: 'raised',
    alarm,
    raised,
    grade,
    at,
    loggedAt,
    ref,
    ...(suppressor ? { suppressed: suppressor } : {}),
  }
}

/** Decides what the end of a cause does. */
export function decideCleared(open: Alarm | undefined, at: EpochMs): readonly AlarmStep[] {
  if (!open?.active) return []
  const cleared: AlarmStep = { step: 'cleared', at }
  return open.suppressed && !isFinished(open) ? [cleared, { step: 'settled', at }] : [cleared]
}

/** Decides what a suppressor that appears does to an alarm raised before it: only what nobody has touched yet is hidden. */
export function decideSuppressed(open: Alarm, suppressed: Suppressor, at: EpochMs): readonly AlarmStep[] {
  return open.suppressed || open.handling !== 'waiting' || !open.active
    ? []
    : [{ step: 'suppressed', at, suppressed }]
}

/** Decides what happens when a suppressor goes: what is still true comes into sight, the rest is settled, once. */
export function decideReleased(open: Alarm, at: EpochMs): readonly AlarmStep[] {
  if (!open.suppressed || !isOpen(open)) return []
  return open.active ? [{ step: 'released', at }] : [{ step: 'settled', at }]
}

/** Decides what a person's command does. CONFLICT when the alarm's handling does not allow it, INVALID_REQUEST for its fields. */
export function decideCommand(
  alarm: Alarm,
  command: Command,
  shelvable: boolean,
): Result<readonly AlarmStep[]> {
  const row = ALARM_ACTION_TABLE[command.action]
  const { at, action, actor } = command
  const note = command.note.trim()
  if (!row.from.includes(alarm.handling))
    return refuse('CONFLICT', `an alarm that is ${alarm.handling} cannot take ${action}`, 'action')
  if (row.note && note === '') return refuse('INVALID_REQUEST', 'a reason is needed', 'note')
  if (note.length > LONGEST_NOTE)
    return refuse('INVALID_REQUEST', `at most ${LONGEST_NOTE} characters`, 'note')
  if (action === 'shelve') {
    if (!shelvable) return refuse('FORBIDDEN', 'alarms of this rule cannot be shelved', 'action')
    const until = command.until ?? 0
    if (until <= at || until > at + LONGEST_SHELF_MS)
      return refuse('INVALID_REQUEST', 'an alarm can be shelved for at most 8 hours', 'until')
    return ok([{ step: 'shelved', at, shelf: { until, reason: note, actor } }])
  }
  if (action === 'unshelve')
    return alarm.shelf
      ? ok([{ step: 'unshelved', at, actor }])
      : refuse('CONFLICT', 'it is not shelved', 'action')
  return ok([{ step: 'handled', at, action, to: row.to!, actor, note }])
}

/** The alarm after a step. A step other than `raised` needs the alarm. */
export function evolve(alarm: Alarm | undefined, step: AlarmStep): Alarm {
  if (step.step === 'raised') return born(step)
  if (!alarm) throw new Error(`${step.step} without an alarm`)
  switch (step.step) {
    case 'folded':
      return fold(alarm, step)
    case 'returned':
      return { ...without(fold(alarm, step), 'clearedAt'), active: true, reopened: alarm.reopened + 1 }
    case 'cleared':
      return { ...alarm, active: false, clearedAt: step.at }
    case 'suppressed':
      return { ...alarm, suppressed: step.suppressed }
    case 'released':
      return without(alarm, 'suppressed')
    case 'settled':
      return { ...alarm, handling: 'closed', finishedAt: step.at }
    case 'replaced':
      return { ...alarm, active: false, clearedAt: alarm.clearedAt ?? step.at }
    case 'shelved':
      return { ...alarm, shelf: step.shelf }
    case 'unshelved':
      return without(alarm, 'shelf')
    case 'handled':
      return handle(alarm, step)
  }
}

function born(step: Extract<AlarmStep, { step: 'raised' }>): Alarm {
  const { raised, at } = step
  return {
    alarm: step.alarm,
    rule: raised.rule,
    subject: raised.subject,
    site: raised.site,
    grade: step.grade,
    first: raised,
    latest: raised,
    count: 1,
    openedAt: at,
    openedLoggedAt: step.loggedAt,
    openedRef: step.ref,
    lastSeenAt: at,
    active: raised.momentary !== true,
    ...(raised.momentary === true ? { clearedAt: at } : {}),
    handling: 'waiting',
    reopened: 0,
    ...(step.suppressed ? { suppressed: step.suppressed } : {}),
  }
}

function fold(
  alarm: Alarm,
  step: { readonly raised: Raised; readonly grade: AlarmGrade; readonly at: EpochMs },
): Alarm {
  return {
    ...alarm,
    latest: step.raised,
    grade: graver(alarm.grade, step.grade),
    count: alarm.count + 1,
    lastSeenAt: Math.max(alarm.lastSeenAt, step.at),
  }
}

const GRAVITY: Readonly<Record<AlarmGrade, number>> = { red: 0, orange: 1, yellow: 2, blue: 3 }

/** An alarm never becomes lighter by folding. */
function graver(a: AlarmGrade, b: AlarmGrade): AlarmGrade {
  return GRAVITY[a] <= GRAVITY[b] ? a : b
}

function handle(alarm: Alarm, step: Extract<AlarmStep, { step: 'handled' }>): Alarm {
  const handled = { ...without(alarm, 'finishedAt'), handling: step.to }
  return isFinished(handled) ? { ...without(handled, 'shelf'), finishedAt: step.at } : handled
}

function without<K extends 'clearedAt' | 'suppressed' | 'shelf' | 'finishedAt'>(alarm: Alarm, key: K): Alarm {
  const { [key]: _gone, ...rest } = alarm
  return rest as Alarm
}

/** Whether an alarm is before people's eyes at a moment: open, unfinished, neither suppressed nor shelved. */
export function isInSight(alarm: Alarm, now: EpochMs): boolean {
  return isOpen(alarm) && !isFinished(alarm) && !alarm.suppressed && !(alarm.shelf && alarm.shelf.until > now)
}
