import { type ReactNode, useMemo } from 'react'
import { Link } from 'react-router'
import { AlarmLines } from '../alarms/AlarmLine.tsx'
import type { Alarm } from '../alarms/grouping.ts'
import { useRead } from '../api/queries.ts'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'

/** More stand in the list of alarms. */
const SHOWN = 3
/** Marks of more alarms than this say no more on a chart. */
const MOST_MARKS = 200

/** Alarms of a site in sight; nothing when there is none. */
export function AlarmPanel({ site }: { site: string }): ReactNode {
  const words = useWords()
  const alarms = useRead('alarms', {}, { site, limit: 100 }, { refreshMs: 30_000 }).data?.alarms ?? []
  if (alarms.length === 0) return null
  return (
    <Panel
      title={`${words.alarms.ofSite} ${formatNumber(alarms.length)}`}
      extra={<Link to={paths.alarmsOf(site)}>{words.alarms.all}</Link>}
    >
      <AlarmLines alarms={alarms.slice(0, SHOWN)} />
    </Panel>
  )
}

const NONE: readonly Alarm[] = []

/** Moments and grades of a site's alarms in a span, for its charts; what was called false is left out. */
export function useAlarmMarks(
  site: string,
  from: number,
  to: number,
): readonly { readonly at: number; readonly grade: Alarm['grade'] }[] {
  const alarms =
    useRead('alarms', {}, { state: 'all', site, from, to, limit: MOST_MARKS }, { refreshMs: 30_000 }).data
      ?.alarms ?? NONE
  return useMemo(
    () =>
      alarms
        .filter((alarm) => alarm.handling !== 'false' && !alarm.suppressed)
        .map((alarm) => ({ at: alarm.openedAt, grade: alarm.grade })),
    [alarms],
  )
}
