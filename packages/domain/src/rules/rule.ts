import type { Channel, EpochMs } from '@oiltrail/kernel'
import type { Grade } from '../registry/grades.ts'
import type { Site, Tank } from '../registry/site.ts'
import type { DerivedEvent, QuietWindow, Readable, Ref, ShownEvent, WatchEvent } from './event.ts'
import type { SettingsTable, SettingValues, Words } from './settings.ts'
import type { Subject } from './subject.ts'

/** Grades of alarms, gravest first: 特急 red, 紧急 orange, 一般 yellow, 提示 blue (domain.md "People and time limits"). */
export const ALARM_GRADES = ['red', 'orange', 'yellow', 'blue'] as const
export type AlarmGrade = (typeof ALARM_GRADES)[number]

/** Names of the grades on screen. */
export const ALARM_GRADE_WORDS: Readonly<Record<AlarmGrade, Words>> = {
  red: { zh: '特急', en: 'Critical' },
  orange: { zh: '紧急', en: 'Urgent' },
  yellow: { zh: '一般', en: 'Moderate' },
  blue: { zh: '提示', en: 'Notice' },
}

/** What a rule can say about a subject now. */
export type Verdict = 'insufficient' | 'normal' | 'attention' | 'alert'

/** One thing a rule found. Everything its sentence needs stands in `facts`, so that it can be said again in ten years. */
export interface Finding {
  readonly verdict: 'attention' | 'alert'
  /** Overrides the rule's grade when this case is graver or lighter. */
  readonly grade?: AlarmGrade
  /**
   * The cause is an event, not a condition: it is over as soon as it is stated (a totalizer went back once). Without this the
   * cause counts as present until `cleared`.
   */
  readonly momentary?: boolean
  /** The exact numbers and texts of this case, by name; units end the names. */
  readonly facts: Readonly<Record<string, number | string>>
  /** Span of time that it is about. */
  readonly from: EpochMs
  readonly to: EpochMs
  /** Records and entries that prove it, oldest first, at most `MAX_EVIDENCE`. */
  readonly evidence: readonly Ref[]
}

/** Enough to prove a case; a state must stay small. */
export const MAX_EVIDENCE = 64

/** A finding with its rule, subject and the settings that were in force: what an alarm keeps and `sentence` is given. */
export interface Raised<Key extends string = string> extends Finding {
  readonly rule: string
  readonly version: number
  readonly subject: Subject
  readonly site: string
  /** Name of the site by the registration in force. */
  readonly siteName: string
  readonly settings: SettingValues<Key>
}

/** What a step answers. */
export interface Step<State> {
  /** The next state. The same object as before means that nothing changed (and nothing is written). */
  readonly state: State
  /** Raises the alarm of this subject, or folds into the open one (count, last seen). */
  readonly finding?: Finding
  /** The cause is gone: the open alarm of this subject, if any, clears. Ignored when `finding` is given too. */
  readonly cleared?: boolean
  /** When to be woken with a `time` event. Absent keeps what was asked before, `null` takes it back. One per subject. */
  readonly wakeAt?: EpochMs | null
  /** What the rule knows of the subject now, for the rules page. Absent: as before. */
  readonly verdict?: Verdict
}

/** A nozzle as registered: which tank and grade it draws from. */
export interface NozzleLink {
  readonly nozzle: string
  readonly dispenser: string
  readonly tank: string
  readonly grade: Grade
}

/** What holds around an event: all of it as of the event's own time. */
export interface Around<Key extends string = string> {
  /** Whose state it is. */
  readonly subject: Subject
  readonly settings: SettingValues<Key>
  /** Registration in force; undefined when the site is not registered. */
  readonly site: Site | undefined
  /** Name of the site, or its code when it is not registered. */
  readonly siteName: string
  nozzle(code: string): NozzleLink | undefined
  tank(code: string): Tank | undefined
  /** Codes of the nozzles that draw from a tank. */
  nozzlesOf(tank: string): readonly string[]
  /** Declared window that covers the subject now, if any. Findings within one are suppressed by the platform anyway. */
  readonly window: QuietWindow | undefined
  /** A window, declared so far, that shares time with a span: of the site, of the subject, or of a nozzle of a tank. */
  declared(from: EpochMs, to: EpochMs): QuietWindow | undefined
}

/**
 * Whose time a rule lives by. `volume`, `price`: the facts of that channel; `both`: the slower of the two (a wake-up waits
 * until both have told what they know up to then); `log`: the server's time of receipt (for signs of life).
 * A channel that is silent for `IDLE_MS` holds nobody up.
 */
export type RuleClock = Channel | 'both' | 'log'

/** A reducer over the events of a subject: what rules and measures have in common. */
export interface Reducer<State = unknown> {
  /** Kebab-case, stable for ever. */
  readonly id: string
  /** Grows when meaning or state changes; states of another version are forgotten and begin anew. */
  readonly version: number
  readonly reads: readonly Readable[]
  /** Absent: derived from `reads` (facts of one channel, of both, or none at all: `log`). */
  readonly clock?: RuleClock
  /** Facts that fill a gap long given up: shown with `late: true`, or not shown. */
  readonly late: 'take' | 'ignore'
  /** State of a subject before its first event. */
  start(subject: Subject): State
  /** Whose state an event concerns: usually one subject, none to skip the event. */
  subjectsOf(event: ShownEvent, site: Site | undefined): readonly Subject[]
}

/**
 * Something that several rules want to know, reckoned once for all of them: instead of finding anything it tells events,
 * which rules read like facts. It runs when some rule reads what it tells.
 */
export interface Measure<State = unknown> extends Reducer<State> {
  /** Events it tells. */
  readonly tells: readonly DerivedEvent['type'][]
  step(
    state: State,
    event: ShownEvent,
    around: Around<never>,
  ): { readonly state: State; readonly told?: readonly DerivedEvent[] }
}

/**
 * An alarm rule: a reducer over the events of a subject, without clock, chance or memory of its own (promise 5).
 * `State` is plain JSON data, small (hundreds of bytes: it is stored for every subject), and never altered in place.
 */
export interface Rule<State = unknown, Key extends string = string> extends Reducer<State> {
  readonly grade: AlarmGrade
  readonly title: Words
  /** Law or standard it rests on, or `P` for our proposal; requirement ids and the number in domain.md. */
  readonly clause: Words
  /** What a duty officer should do, one or two sentences. */
  readonly advice: Words
  readonly settings: SettingsTable<Key>
  /** False for fire, tamper and seal alarms, which nobody may shelve. */
  readonly shelvable: boolean
  /**
   * False where a window, which the site itself declares, must not hide what the site may do under it: tampering, and rules of
   * days, which weigh the declared hours of a day themselves instead of those of the moment at which it is judged.
   */
  readonly hiddenByWindow?: false
  /**
   * Rules whose open alarm explains this one away at the same site (for instance the dark collector): ids. Its alarms
   * are then kept as suppressed and name the parent.
   */
  readonly suppressedBy?: readonly string[]
  step(state: State, event: WatchEvent, around: Around<Key>): Step<State>
  /** The sentence of the alarm: subject, fact, number, time. `永和加油站 3 号枪 14:02–14:31 总累增加 412.6 L,上报销售 0 L`. */
  sentence(raised: Raised<Key>, language: 'zh' | 'en'): string
}

/** Keeps a rule's own types while checking its shape; the list of rules holds rules of any state. */
export function defineRule<State, Key extends string>(rule: Rule<State, Key>): Rule<State, Key> {
  return rule
}
