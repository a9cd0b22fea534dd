import { respondBy } from '@oiltrail/domain'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { useNow } from '../api/clock.ts'
import { Age } from '../parts/Age.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import { GradeShape } from '../ui/GradeShape.tsx'
import './alarms.css'
import { spanText } from './facts.ts'
import type { Alarm } from './grouping.ts'

/** Why an alarm is not before people's eyes; empty when it is. */
export function QuietReason({ alarm }: { alarm: Alarm }): ReactNode {
  const words = useWords()
  const { suppressed, shelf } = alarm
  if (suppressed?.by === 'alarm')
    return (
      <Link className="small" to={paths.alarm(suppressed.alarm)}>
        {words.alarms.suppressedBy(`#${formatNumber(suppressed.alarm)}`)}
      </Link>
    )
  if (suppressed)
    return (
      <span className="small faint">{words.alarms.suppressedUntil(formatShortMoment(suppressed.until))}</span>
    )
  if (shelf)
    return <span className="small faint">{words.alarms.shelvedUntil(formatShortMoment(shelf.until))}</span>
  return null
}

/** Whether the cause is there, and how often it was seen. */
export function PresenceText({ alarm }: { alarm: Alarm }): ReactNode {
  const words = useWords()
  const times = alarm.count > 1 ? ` · ${words.alarms.times(formatNumber(alarm.count))}` : ''
  const again = alarm.reopened > 0 ? ` · ${words.alarms.reopened(alarm.reopened)}` : ''
  return (
    <>
      {alarm.active ? words.alarms.active : words.alarms.gone}
      {times}
      {again}
    </>
  )
}

/** Until when an alarm nobody has accepted has to be, or by how much that is past; nothing once somebody has. */
export function DueText({ alarm }: { alarm: Alarm }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const now = useNow(5_000)
  if (alarm.handling !== 'waiting' || !alarm.inSight) return null
  const due = respondBy(alarm.grade, alarm.openedLoggedAt)
  const text = spanText(Math.abs(due - now), language)
  return now > due ? (
    <span className="small alarm-overdue" title={formatShortMoment(due)}>
      {words.alarms.overdue(text)}
    </span>
  ) : (
    <span className="small faint" title={formatShortMoment(due)}>
      {words.alarms.dueIn(text)}
    </span>
  )
}

/** A short list of alarms: shape, sentence, age. */
export function AlarmLines({ alarms }: { alarms: readonly Alarm[] }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <ol className="alarm-lines">
      {alarms.map((alarm) => (
        <li key={alarm.alarm}>
          <span title={words.alarmGrade[alarm.grade]}>
            <GradeShape grade={alarm.grade} />
            <span className="sr-only">{words.alarmGrade[alarm.grade]}</span>
          </span>
          <Link to={paths.alarm(alarm.alarm)}>{alarm.sentence[language]}</Link>
          <span className="small faint nowrap">
            {words.handling[alarm.handling]} · <Age at={alarm.lastSeenAt} />
          </span>
        </li>
      ))}
    </ol>
  )
}
