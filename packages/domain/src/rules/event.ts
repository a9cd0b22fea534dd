import type { CentiCelsius, Channel, EpochMs, ProblemCode } from '@oiltrail/kernel'
import type { FactKind, RecordedFact } from '../facts/index.ts'
import type { TankDayResult } from '../measure/tank-day.ts'
import type { TankMoment, TankPoint } from '../measure/tank-track.ts'
import type { Grade } from '../registry/grades.ts'
import type { Site, Tank } from '../registry/site.ts'
import type { Subject } from './subject.ts'
import type { Withdrawal } from './withdrawal.ts'

/** Where in the log something stands: the entry's position, and the record's number in its channel (0: the entry itself). */
export interface Ref {
  readonly position: number
  readonly seq: number
}

interface EventBase {
  /** When it happened, by the collector's clock for facts, else by the server's. */
  readonly at: EpochMs
  /** When the platform logged it (time of receipt). */
  readonly loggedAt: EpochMs
  readonly ref: Ref
  /** Site code; empty when it belongs to no registered site. */
  readonly site: string
  readonly device?: string
  readonly channel?: Channel
}

/**
 * A believed record. Facts of one channel come in the order of its chain: what arrives ahead of a gap waits until the gap
 * is filled or given up. The two channels of a site are not aligned with each other.
 */
export interface FactEvent extends EventBase {
  readonly type: 'fact'
  readonly fact: RecordedFact
  /** It fills a gap that had been given up: facts with a higher number were seen before. Only for rules with `late: 'take'`. */
  readonly late: boolean
  readonly device: string
  readonly channel: Channel
}

/** A batch of a channel was accepted (at its receipt, whatever its records say): a sign of life. */
export interface HeardEvent extends EventBase {
  readonly type: 'heard'
  readonly device: string
  readonly channel: Channel
  readonly firstSeq: number
  readonly lastSeq: number
}

/** Something was refused at the door: bad signature, broken chain, unknown key, forged or malformed batch. */
export interface RefusalEvent extends EventBase {
  readonly type: 'refusal'
  readonly code: ProblemCode
}

/** One record of an accepted batch that cannot be believed (`CLOCK_FUTURE`, `UNKNOWN_SUBJECT` …). */
export interface RefusedRecordEvent extends EventBase {
  readonly type: 'refused-record'
  readonly code: ProblemCode
  readonly kind: FactKind
  readonly device: string
  readonly channel: Channel
}

/** A hole in a channel appeared, was filled, or is waited for no longer (ordered facts go on behind it). */
export interface GapEvent extends EventBase {
  readonly type: 'gap-opened' | 'gap-filled' | 'gap-passed'
  readonly device: string
  readonly channel: Channel
  readonly firstSeq: number
  readonly lastSeq: number
}

/** A collector was enrolled (again) or revoked. */
export interface DeviceEvent extends EventBase {
  readonly type: 'device'
  readonly action: 'enrolled' | 'revoked'
  readonly device: string
}

/** A registered delivery: who brings what, how much, when. */
export interface DeliveryNotice {
  readonly notice: string
  readonly site: string
  readonly grade: Grade
  /** Tank it goes into, when known beforehand. */
  readonly tank?: string
  /** At 20 °C, as on the depot's slip (GB/T 19779), unless a temperature is stated. */
  readonly volumeMillilitres: number
  /** Temperature at which the volume was measured; absent: the volume is at 20 °C. */
  readonly temperatureCentiCelsius?: CentiCelsius
  readonly expectedAt: EpochMs
  readonly supplier: string
  readonly plate?: string
  readonly document?: string
}

export interface NoticeEvent extends EventBase {
  readonly type: 'notice'
  readonly notice: DeliveryNotice
}

/** A declared maintenance or verification window: findings within it are suppressed and name it. */
export interface QuietWindow {
  readonly window: string
  readonly site: string
  /** Part of the site, as in a subject (`nozzle/3`, `tank/1`); empty for all of it. */
  readonly part: string
  readonly purpose: 'maintenance' | 'verification' | 'cleaning' | 'other'
  readonly from: EpochMs
  readonly to: EpochMs
  readonly note: string
}

export interface WindowEvent extends EventBase {
  readonly type: 'window'
  readonly window: QuietWindow
}

/**
 * Somebody took back what was stated by mistake. A notice no longer covers what came or comes under it; a window no longer hides
 * from this moment on.
 */
export interface WithdrawalEvent extends EventBase {
  readonly type: 'withdrawal'
  readonly withdrawal: Withdrawal
}

/** A registration of the site was stated; it holds from its own `effectiveAt`. */
export interface RegistrationEvent extends EventBase {
  readonly type: 'registration'
  readonly document: Site
}

/** The moment a rule asked to be woken at has come (`at` is that moment). Goes only to the subject that asked. */
export interface TimeEvent extends EventBase {
  readonly type: 'time'
}

/**
 * A reading of a tank's gauge has settled: every sale and load under way at its moment is stated. Not logged: reckoned from
 * facts by the measure `tank-point`, once for all rules of tanks.
 */
export interface TankPointEvent extends EventBase {
  readonly type: 'tank-point'
  readonly subject: Subject
  /** The tank as registered at that moment. */
  readonly tank: Tank
  /** `point.at` is the moment of the reading; `at` of the event that of the fact that settled it. */
  readonly point: TankPoint
  /** What it held lately, two hours or more, oldest first; the newest is this reading. */
  readonly recent: readonly TankMoment[]
  /** Standard deviation of one reading of this tank, millilitres. */
  readonly deviationMillilitres: number
  /** The stretch of quiet hours that this reading ended, if any. */
  readonly done: TankDayResult | null
}

/** Events that measures reckon from others. */
export type DerivedEvent = TankPointEvent

/** Everything a rule can be shown. */
export type WatchEvent =
  | FactEvent
  | HeardEvent
  | RefusalEvent
  | RefusedRecordEvent
  | GapEvent
  | DeviceEvent
  | NoticeEvent
  | WindowEvent
  | WithdrawalEvent
  | RegistrationEvent
  | DerivedEvent
  | TimeEvent

/** What a rule names in `reads`: kinds of fact and types of event. Time needs no naming. */
export type Readable = FactKind | Exclude<WatchEvent['type'], 'fact' | 'time'>

/** What the log gives: everything but time and what is reckoned. */
export type LoggedEvent = Exclude<WatchEvent, TimeEvent | DerivedEvent>
/** Everything that is shown to whoever reads it; time goes only to the one who asked. */
export type ShownEvent = Exclude<WatchEvent, TimeEvent>

/** Under which name rules ask for an event. */
export function readableOf(event: ShownEvent): Readable {
  return event.type === 'fact' ? event.fact.kind : event.type
}
