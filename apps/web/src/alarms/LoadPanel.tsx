import { BUDGET_PER_WINDOW, CRITICAL_PERCENT, FLOOD_PER_WINDOW, LOAD_WINDOW_MS } from '@oiltrail/domain'
import { HOUR_MS } from '@oiltrail/kernel'
import { Select } from 'antd'
import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { Loaded } from '../parts/Loaded.tsx'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import { Choice } from '../ui/Choice.tsx'
import { Panel } from '../ui/Panel.tsx'
import './alarms.css'
import { spanText } from './facts.ts'

type Load = Answer<'alarmLoad'>

/** Spans of which the load is told, in hours; the first is the usual one. */
export const LOAD_HOURS = ['24', '168', '720'] as const
/** Officers that can be chosen; a county has a handful on duty. */
export const OFFICERS = ['1', '2', '3', '4', '6', '8'] as const

/** Hours that share a bar, so that no span has more than about thirty. */
const HOURS_A_BAR: Readonly<Record<(typeof LOAD_HOURS)[number], number>> = { '24': 1, '168': 6, '720': 24 }

interface LoadQuestion {
  readonly hours: (typeof LOAD_HOURS)[number]
  readonly officers: (typeof OFFICERS)[number]
}

interface FigureRow {
  readonly key: string
  readonly label: string
  readonly value: string
  /** Beyond what the standard allows. */
  readonly bad: boolean
  readonly note?: string
}

function Bars({ load, hoursABar }: { load: Load; hoursABar: number }): ReactNode {
  const words = useWords()
  const bars = Array.from({ length: Math.ceil(load.hours.length / hoursABar) }, (_, i) => ({
    from: load.from + i * hoursABar * HOUR_MS,
    alarms: load.hours.slice(i * hoursABar, (i + 1) * hoursABar).reduce((sum, count) => sum + count, 0),
  }))
  const budget = (BUDGET_PER_WINDOW * load.officers * hoursABar * HOUR_MS) / LOAD_WINDOW_MS
  const top = Math.max(budget, ...bars.map((bar) => bar.alarms)) * 1.1
  return (
    <figure
      className="load-bars"
      role="img"
      aria-label={words.load.bars(formatNumber(load.seen), formatNumber(budget))}
    >
      <i className="load-budget" style={{ bottom: `${(budget / top) * 100}%` }}>
        <span className="small faint">{words.load.budgetLine(formatNumber(budget))}</span>
      </i>
      {bars.map((bar) => (
        <i
          key={bar.from}
          title={`${formatShortMoment(bar.from)}  ${words.load.alarms(formatNumber(bar.alarms))}`}
          data-over={bar.alarms > budget}
        >
          <b style={{ height: `${(bar.alarms / top) * 100}%` }} />
        </i>
      ))}
    </figure>
  )
}

/** Figures of the standard, each with the limit it is held against. */
function useFigures(load: Load): FigureRow[] {
  const words = useWords()
  const { language } = useSettings()
  const lasted = (milliseconds: number | null): string =>
    milliseconds === null ? '—' : spanText(milliseconds, language)
  const flood = FLOOD_PER_WINDOW * load.officers
  return [
    { key: 'seen', label: words.load.seen, value: formatNumber(load.seen), bad: false },
    {
      key: 'peak',
      label: words.load.peak,
      value: formatNumber(load.peak),
      bad: load.peak > flood,
      note: load.peakAt === null ? words.load.flood(flood) : formatShortMoment(load.peakAt),
    },
    {
      key: 'critical',
      label: words.load.critical,
      value: `${formatNumber(load.criticalPercent, 1)} %`,
      bad: load.criticalPercent > CRITICAL_PERCENT,
      note: `≤ ${CRITICAL_PERCENT} %`,
    },
    { key: 'stale', label: words.load.stale, value: formatNumber(load.stale), bad: load.stale > 0 },
    {
      key: 'answered',
      label: words.load.median,
      value: lasted(load.medianMs),
      bad: false,
      ...(load.p95Ms === null ? {} : { note: words.load.p95(lasted(load.p95Ms)) }),
    },
    { key: 'late', label: words.load.late, value: formatNumber(load.late), bad: load.late > 0 },
    { key: 'overdue', label: words.load.overdue, value: formatNumber(load.overdue), bad: load.overdue > 0 },
  ]
}

function LoadFigures({ load }: { load: Load }): ReactNode {
  const figures = useFigures(load)
  return (
    <dl className="load-figures">
      {figures.map(({ key, label, value, bad, note }) => (
        <div key={key}>
          <dt className="small faint">{label}</dt>
          <dd data-bad={bad}>
            {value} {note ? <span className="small faint">{note}</span> : null}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** How many alarms come before one officer and how soon they are answered, against the alarm budget (B5). */
export function LoadPanel({
  hours,
  officers,
  change,
}: LoadQuestion & { change: (changes: Readonly<Record<string, string | undefined>>) => void }): ReactNode {
  const words = useWords()
  const query = useRead('alarmLoad', {}, { hours, officers })
  const load = query.data
  const within = !load || load.perWindow <= BUDGET_PER_WINDOW
  return (
    <Panel
      title={
        load
          ? words.load.title(formatNumber(load.perWindow, 2), formatNumber(BUDGET_PER_WINDOW), within)
          : words.load.name
      }
      extra={
        <span className="load-choice">
          <Select
            size="small"
            aria-label={words.load.officers}
            value={officers}
            popupMatchSelectWidth={false}
            onChange={(value) => change({ officers: value === OFFICERS[0] ? undefined : value })}
            options={OFFICERS.map((value) => ({ value, label: words.load.officersOption(Number(value)) }))}
          />
          <Choice
            label={words.load.span}
            value={hours}
            onChange={(value) => change({ hours: value === LOAD_HOURS[0] ? undefined : value })}
            options={LOAD_HOURS.map((value) => ({ value, label: words.load.spans[value] }))}
          />
        </span>
      }
    >
      <Loaded query={query} lines={3}>
        {(answer) => (
          <div className="load">
            <Bars load={answer} hoursABar={HOURS_A_BAR[hours]} />
            <LoadFigures load={answer} />
          </div>
        )}
      </Loaded>
      <p className="small faint">{words.load.standard}</p>
    </Panel>
  )
}
