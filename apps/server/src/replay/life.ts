import {
  ALARM_ACTION_TABLE,
  ALARM_ACTIONS,
  ALARM_GRADES,
  type AlarmAction,
  HANDLINGS,
  type Handling,
  MAX_EVIDENCE,
  RULE_FAILED,
  subjectParts,
} from '@oiltrail/domain'
import { z } from 'zod'

/*
 * One alarm of a rule that judged by another edition: nobody can say again whether it was rightly raised, but it still has to
 * agree with itself, with its steps, and with what can happen to an alarm at all (domain/alarms/life.ts).
 */

const whole = z.int()
const ref = z.strictObject({ position: whole.min(0), seq: whole.min(0) })
const finding = z.strictObject({
  verdict: z.enum(['attention', 'alert']),
  grade: z.enum(ALARM_GRADES).optional(),
  momentary: z.boolean().optional(),
  // JSON has no infinity: it was written as null.
  facts: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  from: z.number(),
  to: z.number(),
  evidence: z.array(ref).max(MAX_EVIDENCE),
  rule: z.string(),
  version: whole,
  subject: z.string(),
  site: z.string(),
  siteName: z.string(),
  settings: z.record(z.string(), z.number()),
})

/** The document of an alarm as it was stored. */
export const storedAlarm = z.strictObject({
  alarm: whole.min(1),
  rule: z.string(),
  subject: z.string(),
  site: z.string(),
  grade: z.enum(ALARM_GRADES),
  first: finding,
  latest: finding,
  count: whole.min(1),
  openedAt: z.number(),
  openedLoggedAt: z.number(),
  openedRef: ref,
  lastSeenAt: z.number(),
  active: z.boolean(),
  clearedAt: z.number().optional(),
  handling: z.enum(HANDLINGS),
  finishedAt: z.number().optional(),
  suppressed: z
    .discriminatedUnion('by', [
      z.strictObject({ by: z.literal('alarm'), alarm: whole, rule: z.string() }),
      z.strictObject({ by: z.literal('window'), window: z.string(), until: z.number() }),
    ])
    .optional(),
  shelf: z.strictObject({ until: z.number(), reason: z.string(), actor: z.string() }).optional(),
  reopened: whole.min(0),
})
export type StoredAlarm = z.infer<typeof storedAlarm>

/** A row of `alarm` without its sentences. */
export interface LifeRow {
  readonly alarm: number
  readonly rule: string
  readonly subject: string
  readonly site: string
  readonly grade: number
  readonly handling: string
  readonly active: boolean
  readonly open: boolean
  readonly suppressed: boolean
  readonly opened_at: number
  readonly opened_logged_at: number
  readonly opened_position: number
  readonly last_seen_at: number
  readonly count: number
  readonly shelved_until: number | null
  readonly document: unknown
}

/** A row of `alarm_step`. */
export interface StepRow {
  readonly alarm: number
  readonly step: number
  readonly position: number
  readonly at: number
  readonly what: string
  readonly actor: string
  readonly note: string
}

/** What stands in the columns of an alarm, by its document. */
function columnsOf(of: StoredAlarm): Omit<LifeRow, 'document'> {
  const isFinished = of.handling === 'closed' || of.handling === 'false'
  return {
    alarm: of.alarm,
    rule: of.rule,
    subject: of.subject,
    site: of.site,
    grade: ALARM_GRADES.indexOf(of.grade),
    handling: of.handling,
    active: of.active,
    open: of.active || !isFinished,
    suppressed: of.suppressed !== undefined,
    opened_at: of.openedAt,
    opened_logged_at: of.openedLoggedAt,
    opened_position: of.openedRef.position,
    last_seen_at: of.lastSeenAt,
    count: of.count,
    shelved_until: isFinished ? null : (of.shelf?.until ?? null),
  }
}

/** Faults of an alarm by itself, and its document when that can be read. */
export function rowFaults(row: LifeRow): { readonly document?: StoredAlarm; readonly faults: string[] } {
  const parsed = storedAlarm.safeParse(row.document)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return { faults: [`its document is no alarm: ${issue.path.join('.')} ${issue.message}`] }
  }
  const document = parsed.data
  const expected = columnsOf(document)
  const faults = (Object.keys(expected) as (keyof typeof expected)[])
    .filter((column) => row[column] !== expected[column])
    .map((column) => `${column} is ${String(row[column])}, its document says ${String(expected[column])}`)
  const { first, latest, rule, subject, site, count, reopened } = document
  for (const each of [first, latest])
    if (each.rule !== rule || each.subject !== subject || each.site !== site)
      faults.push(`a finding of ${each.rule} ${each.subject} is no finding of this alarm`)
  // The platform's own alarm is about a rule, and belongs to no site.
  if (site !== (rule === RULE_FAILED.id ? '' : subjectParts(subject).site))
    faults.push(`${subject} does not stand at ${site}`)
  if (count === 1 && JSON.stringify(first) !== JSON.stringify(latest))
    faults.push('it was found once, but its newest finding is not its first')
  if (count < 1 + reopened) faults.push(`it came back ${reopened} times, but was found ${count} times`)
  if (document.lastSeenAt < document.openedAt) faults.push('it was last seen before it was first')
  return { document, faults }
}

/** How far a life has come, as its steps tell. */
interface Course {
  active: boolean
  handling: Handling
  suppressed: boolean
  shelved: boolean
  reopened: number
}

function isFinished({ handling }: Course): boolean {
  return handling === 'closed' || handling === 'false'
}

/** Steps that no person takes: whether the course allows them, and what they make of it. */
const OWN_STEPS: Readonly<
  Record<string, { readonly may: (course: Course) => boolean; readonly take: (course: Course) => void }>
> = {
  cleared: { may: (course) => course.active, take: (course) => Object.assign(course, { active: false }) },
  returned: {
    may: (course) => !course.active && !isFinished(course),
    take: (course) => Object.assign(course, { active: true, reopened: course.reopened + 1 }),
  },
  suppressed: {
    may: (course) => !course.suppressed && course.active && course.handling === 'waiting',
    take: (course) => Object.assign(course, { suppressed: true }),
  },
  released: {
    may: (course) => course.suppressed && course.active,
    take: (course) => Object.assign(course, { suppressed: false }),
  },
  settled: {
    may: (course) => course.suppressed && !course.active,
    take: (course) => Object.assign(course, { handling: 'closed' }),
  },
  replaced: { may: isFinished, take: (course) => Object.assign(course, { active: false }) },
}

/** The step that an action of a person is written as. */
export function stepOf(action: AlarmAction): string {
  return action === 'shelve' ? 'shelved' : action === 'unshelve' ? 'unshelved' : action
}

const ACTION_OF: ReadonlyMap<string, AlarmAction> = new Map(
  ALARM_ACTIONS.map((action) => [stepOf(action), action]),
)

/** Whether a step is one that a person took. */
export function isOfPerson(step: StepRow): boolean {
  return ACTION_OF.has(step.what)
}

function takePerson(course: Course, action: AlarmAction): boolean {
  const { from, to } = ALARM_ACTION_TABLE[action]
  if (!from.includes(course.handling) || (action === 'unshelve' && !course.shelved)) return false
  if (action === 'shelve') course.shelved = true
  else if (action === 'unshelve') course.shelved = false
  else course.handling = to!
  if (isFinished(course)) course.shelved = false
  return true
}

function takeStep(course: Course, { what, actor }: StepRow): boolean {
  const action = ACTION_OF.get(what)
  if (action) return takePerson(course, action)
  const own = OWN_STEPS[what]
  if (!own || actor !== '' || !own.may(course)) return false
  own.take(course)
  return true
}

/** Faults of the steps of an alarm: each must be possible after those before, and together they lead to where the alarm stands. */
export function courseFaults(document: StoredAlarm, steps: readonly StepRow[]): string[] {
  const [raised, ...later] = steps
  if (raised?.step !== 1 || raised.what !== 'raised') return ['its first step, raised, is not there']
  const { openedRef, openedAt, first } = document
  if (raised.position !== openedRef.position || raised.at !== openedAt || raised.actor !== '')
    return ['its first step is of another entry, moment or person than the alarm']
  const course: Course = {
    active: first.momentary !== true,
    handling: 'waiting',
    suppressed: raised.note !== '',
    shelved: false,
    reopened: 0,
  }
  for (const [i, step] of later.entries()) {
    if (step.step !== i + 2) return [`step ${i + 2} is not there`]
    if (!takeStep(course, step)) return [`step ${step.step}, ${step.what}, cannot follow what is before it`]
  }
  const stands: Course = {
    active: document.active,
    handling: document.handling,
    suppressed: document.suppressed !== undefined,
    shelved: document.shelf !== undefined,
    reopened: document.reopened,
  }
  return (Object.keys(course) as (keyof Course)[])
    .filter((name) => course[name] !== stands[name])
    .map((name) => `${name} is ${String(stands[name])}, its steps lead to ${String(course[name])}`)
}

/** What a person stated about an alarm, from the log. */
export interface Handled {
  readonly position: number
  /** Time of receipt, by which the step counts. */
  readonly at: number
  readonly action: AlarmAction
  readonly actor: string
  readonly note: string
}

/** What is wrong with a step of a person, by what the log has at its position; undefined when it is what was stated. */
export function personFault(step: StepRow, stated: Handled | undefined): string | undefined {
  if (!stated) return `step ${step.step}, ${step.what}: nobody stated it at position ${step.position}`
  const note = stated.action === 'unshelve' ? '' : stated.note.trim()
  const same =
    stepOf(stated.action) === step.what &&
    stated.actor === step.actor &&
    stated.at === step.at &&
    note === step.note
  return same
    ? undefined
    : `step ${step.step} is ${step.what} of ${step.actor} at ${step.at} (${step.note}), the log has ${stated.action} of ${stated.actor} at ${stated.at} (${note})`
}

/**
 * A statement that must have become a step of this alarm and did not: by the steps before it, its action was allowed. Undefined
 * as well when that cannot be told: an alarm may have been settled unseen in between, and the log does not say when.
 */
export function missedStatement(steps: readonly StepRow[], stated: Handled): string | undefined {
  const { action, position } = stated
  const { from, note } = ALARM_ACTION_TABLE[action]
  if (action === 'unshelve' || action === 'shelve' || action === 'reopen') return undefined
  if (steps.some(({ what }) => what === 'settled') || (note && stated.note.trim() === '')) return undefined
  const taken = steps.filter((step) => isOfPerson(step))
  if (taken.some((step) => step.position === position)) return undefined
  const course: Course = { active: true, handling: 'waiting', suppressed: false, shelved: false, reopened: 0 }
  for (const step of taken.filter((each) => each.position < position))
    takePerson(course, ACTION_OF.get(step.what)!)
  return from.includes(course.handling)
    ? `${stated.actor} stated ${action} at position ${position}, and it was allowed: its step is not there`
    : undefined
}
