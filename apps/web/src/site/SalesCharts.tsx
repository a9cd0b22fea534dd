import { type AlarmGrade, GRADES } from '@oiltrail/domain'
import { DAY_MS, dayIndex, HOUR_MS } from '@oiltrail/kernel'
import { type ReactNode, useMemo } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { GradeBars, type GradeSeries } from '../charts/GradeBars.tsx'
import { type DaySpan, dateOf, dayCount, dayOf, momentsOf } from '../pages/span.ts'
import { Loaded } from '../parts/Loaded.tsx'
import { useWords } from '../settings.tsx'
import { formatLitres, hourOfDay } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'

/** Sums rows into series by grade over slots 0…count−1. */
export function seriesByGrade(
  rows: Answer<'statistics'>,
  count: number,
  slotOf: (bucket: number) => number,
): GradeSeries[] {
  return GRADES.flatMap((grade) => {
    const values = Array.from({ length: count }, () => 0)
    let any = false
    for (const row of rows) {
      const slot = slotOf(row.bucket)
      if (row.grade !== grade || slot < 0 || slot >= count) continue
      values[slot] = (values[slot] ?? 0) + row.volumeMillilitres
      any = true
    }
    return any ? [{ grade, values }] : []
  })
}

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour))
const CHART_HEIGHT = 210

function sum(rows: Answer<'statistics'>): number {
  return rows.reduce((total, row) => total + row.volumeMillilitres, 0)
}

interface SalesChartProps {
  readonly site: string
  readonly span: DaySpan
  /** Alarms of the site by their moment. */
  readonly alarms: readonly { at: number; grade: AlarmGrade }[]
}

/** The last day of the span by the hour. */
export function HourChart({ site, span, alarms }: SalesChartProps): ReactNode {
  const words = useWords()
  const { to } = momentsOf(span)
  const marks = useMemo(
    () =>
      alarms
        .filter(({ at }) => at >= to - DAY_MS && at < to)
        .map(({ at, grade }) => ({ at: String(hourOfDay(at)), grade })),
    [alarms, to],
  )
  const query = useRead(
    'statistics',
    {},
    { from: to - DAY_MS, to, bucket: 'hour', place: 'site', byGrade: 'true', kind: 'all', site },
    { refreshMs: 15_000 },
  )
  return (
    <Panel
      className="half"
      title={words.site.byHour(span.to, query.data ? formatLitres(sum(query.data)) : '—')}
    >
      <Loaded query={query}>
        {(rows) => (
          <GradeBars
            labels={HOURS}
            series={seriesByGrade(rows, 24, (bucket) => hourOfDay(bucket + HOUR_MS / 2))}
            height={CHART_HEIGHT}
            label={words.site.byHour(span.to, formatLitres(sum(rows)))}
            alarms={marks}
          />
        )}
      </Loaded>
    </Panel>
  )
}

/** The whole span by the day. */
export function DayChart({ site, span, alarms }: SalesChartProps): ReactNode {
  const words = useWords()
  const { from, to } = momentsOf(span)
  const days = dayCount(span)
  const first = dayOf(span.from) ?? 0
  const labels = useMemo(
    () => Array.from({ length: days }, (_, i) => dateOf(first + i).slice(5)),
    [days, first],
  )
  const marks = useMemo(
    () =>
      alarms
        .filter(({ at }) => at >= from && at < to)
        .map(({ at, grade }) => ({ at: dateOf(dayIndex(at)).slice(5), grade })),
    [alarms, from, to],
  )
  const query = useRead(
    'statistics',
    {},
    { from, to, bucket: 'day', place: 'site', byGrade: 'true', kind: 'all', site },
    { refreshMs: 30_000 },
  )
  const total = query.data ? sum(query.data) : 0
  const title = words.site.byDay(formatLitres(total), formatLitres(total / Math.max(1, days)))
  return (
    <Panel className="half" title={title}>
      <Loaded query={query}>
        {(rows) => (
          <GradeBars
            labels={labels}
            series={seriesByGrade(rows, days, (bucket) => dayIndex(bucket) - first)}
            height={CHART_HEIGHT}
            label={title}
            alarms={marks}
          />
        )}
      </Loaded>
    </Panel>
  )
}
