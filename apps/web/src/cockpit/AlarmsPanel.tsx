import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { type Alarm, GRADE_ORDER, gravestFirst } from '../alarms/grouping.ts'
import { useNow } from '../api/clock.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import { NEWEST, useNewestAlarms } from '../parts/AlarmSigns.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatDate, formatShortMoment, formatTime } from '../text/format.ts'
import { GradeShape } from '../ui/GradeShape.tsx'
import { useHeld } from '../ui/useHeld.ts'

/** The time of day for today, the date before it for any other day. */
function momentOf(at: number, today: string): string {
  return formatDate(at) === today ? formatTime(at).slice(0, 5) : formatShortMoment(at)
}

/** The gravest alarms in sight first, then the newest. */
function useToldAlarms(answer: Answer<'alarms'> | undefined): readonly Alarm[] {
  const gravest = GRADE_ORDER.find((grade) => (answer?.counts[grade] ?? 0) > 0)
  const query = { grade: gravest, limit: NEWEST }
  const grave = useRead('alarms', {}, query, { refreshMs: 30_000, enabled: gravest !== undefined }).data
  // While another grade becomes the gravest, the answer of the one before is still shown.
  const those = grave?.alarms.filter(({ grade }) => grade === gravest) ?? []
  return gravestFirst(those, answer?.alarms ?? [], NEWEST)
}

/** Is something wrong: alarms in sight by grade, and the gravest and newest of them as sentences. */
export function AlarmsPanel(): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const today = formatDate(useNow(60_000))
  const answer = useNewestAlarms()
  const { shown, hold } = useHeld(useToldAlarms(answer))
  if (!answer) return null
  return (
    <section className="wall-block wall-first" {...hold}>
      <h2>{words.alarms.cockpitTitle}</h2>
      <ul className="wall-grades">
        {GRADE_ORDER.map((grade) => (
          <li key={grade}>
            <Link to={`${paths.alarms()}?grade=${grade}`}>
              <AlarmGradeTag grade={grade} count={answer.counts[grade]} />
            </Link>
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p className="soft">{words.alarms.none}</p> : null}
      <ol className="wall-alarms">
        {shown.map((alarm) => (
          <li key={alarm.alarm}>
            <GradeShape grade={alarm.grade} />
            <Link to={paths.alarm(alarm.alarm)} title={alarm.sentence[language]}>
              {alarm.sentence[language]}
            </Link>
            <time className="small faint nowrap">{momentOf(alarm.lastSeenAt, today)}</time>
          </li>
        ))}
      </ol>
    </section>
  )
}
