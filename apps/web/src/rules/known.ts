import type { Answer } from '../api/endpoints.ts'

type Alarm = Answer<'alarms'>['alarms'][number]
type TrialAlarm = Answer<'trySettings'>['removed'][number]

/** What people found out about an alarm: closed as true, called false, or not judged yet. */
export type Judged = 'true' | 'false' | 'open'

/** A trial tells an alarm by its subject and time; a delay that was changed moves it by less than this. */
const SAME_WITHIN_MS = 3_600_000

/** What a proposal would do to alarms that people have judged. */
export interface KnownEffect {
  /** Judged true: still raised, and no longer. */
  readonly kept: number
  readonly missed: number
  /** Called false: no longer raised, and still. */
  readonly spared: number
  readonly repeated: number
}

function judgedOf({ handling }: Alarm): Judged {
  if (handling === 'false') return 'false'
  return handling === 'closed' ? 'true' : 'open'
}

/** The alarm that a row of a trial speaks of; the nearest in time of its subject. */
function alarmOf(row: TrialAlarm, alarms: readonly Alarm[]): Alarm | undefined {
  const distance = (alarm: Alarm): number => Math.abs(alarm.openedAt - row.at)
  return alarms
    .filter((alarm) => alarm.subject === row.subject && distance(alarm) <= SAME_WITHIN_MS)
    .sort((a, b) => distance(a) - distance(b))[0]
}

/** How people judged the alarm that a row of a trial speaks of. */
export function judgedRow(row: TrialAlarm, alarms: readonly Alarm[]): Judged {
  const alarm = alarmOf(row, alarms)
  return alarm ? judgedOf(alarm) : 'open'
}

/** Which known cases a proposal still finds and which it misses. `alarms` are those the rule raised in the span of the trial. */
export function knownEffect(removed: readonly TrialAlarm[], alarms: readonly Alarm[]): KnownEffect {
  const gone = new Set(removed.map((row) => alarmOf(row, alarms)?.alarm))
  const count = (judged: Judged, isGone: boolean): number =>
    alarms.filter((alarm) => judgedOf(alarm) === judged && gone.has(alarm.alarm) === isGone).length
  return {
    kept: count('true', false),
    missed: count('true', true),
    spared: count('false', true),
    repeated: count('false', false),
  }
}
