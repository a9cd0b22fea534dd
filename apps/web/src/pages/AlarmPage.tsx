import { type ReactNode, useMemo } from 'react'
import { Link, useParams } from 'react-router'
import { ActionsPanel } from '../alarms/ActionsPanel.tsx'
import { AlarmLines, DueText, PresenceText, QuietReason } from '../alarms/AlarmLine.tsx'
import '../alarms/alarms.css'
import { EvidencePanel } from '../alarms/EvidencePanel.tsx'
import { LanesChart } from '../alarms/LanesChart.tsx'
import { lanesOf, MOST_LINES } from '../alarms/lanes.ts'
import { FactsPanel, WhyPanel } from '../alarms/WhyPanel.tsx'
import type { Answer } from '../api/endpoints.ts'
import { useOverview, useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { CountyMap } from '../map/CountyMap.tsx'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatMoment, formatNumber, spaced } from '../text/format.ts'
import { GradeShape } from '../ui/GradeShape.tsx'
import { Panel } from '../ui/Panel.tsx'

type Detail = Answer<'alarm'>

function Sentence({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <Panel>
      <div className="alarm-sentence">
        <GradeShape grade={alarm.grade} />
        <p>{alarm.sentence[language]}</p>
        <p className="soft">
          {words.alarmGrade[alarm.grade]} · {words.handling[alarm.handling]} <DueText alarm={alarm} /> ·{' '}
          <PresenceText alarm={alarm} /> · {words.alarms.opened} {formatMoment(alarm.openedAt)} ·{' '}
          {words.alarms.lastSeen} {formatMoment(alarm.lastSeenAt)} <QuietReason alarm={alarm} />
        </p>
      </div>
    </Panel>
  )
}

function Axis({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  const series = useRead(
    'alarmSeries',
    { alarm: alarm.alarm },
    {},
    { refreshMs: alarm.active ? 15_000 : false },
  )
  const crowded = useMemo(
    () => (series.data ? lanesOf(series.data).find((lane) => lane.all > MOST_LINES) : undefined),
    [series.data],
  )
  const span = { from: alarm.first.from, to: alarm.active ? alarm.lastSeenAt : alarm.latest.to }
  return (
    <Panel title={words.alarm.axis} extra={words.alarm.axisNote}>
      <Loaded query={series} lines={10}>
        {(data) => <LanesChart series={data} span={span} label={words.alarm.axis} />}
      </Loaded>
      {crowded ? <p className="small faint">{words.alarm.onlyLargest(MOST_LINES, crowded.all)}</p> : null}
    </Panel>
  )
}

function History({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  return (
    <Panel title={words.alarm.history}>
      <ol className="history-list">
        {alarm.history.map((step, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps have no name of their own and are never reordered
          <li key={`${step.position}.${i}`}>
            <time className="faint nowrap">{formatMoment(step.at).slice(5)}</time>
            <span>
              {words.alarm.step[step.what] ?? step.what}
              {step.actor ? <span className="soft"> · {step.actor}</span> : null}
              {step.note ? <span>「{step.note}」</span> : null}
            </span>
            <Link className="small" to={paths.entry(step.position)}>
              #{formatNumber(step.position)}
            </Link>
          </li>
        ))}
      </ol>
    </Panel>
  )
}

function Place({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  const overview = useOverview().data
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  // The platform's own alarms have no place.
  if (!overview || alarm.site === '') return null
  return (
    <Panel
      title={words.alarm.place}
      extra={<Link to={paths.site(alarm.site)}>{spaced(alarm.siteName)}</Link>}
    >
      <div className="alarm-place">
        <CountyMap
          sites={overview.sites}
          towns={county?.towns ?? []}
          alarms={[{ site: alarm.site, grade: alarm.grade, alarms: 1 }]}
          quiet
        />
      </div>
    </Panel>
  )
}

function Advice({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <Panel title={words.alarm.advice} className="alarm-advice">
      <p>{alarm.advice[language]}</p>
      {alarm.children.length > 0 ? (
        <p className="small soft">
          {words.alarm.children(alarm.children.length)}:{' '}
          {alarm.children.map((child) => (
            <Link key={child} to={paths.alarm(child)}>
              {' '}
              #{formatNumber(child)}
            </Link>
          ))}
        </p>
      ) : null}
    </Panel>
  )
}

function Similar({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  return (
    <Panel title={words.alarm.similar}>
      {alarm.similar.length > 0 ? (
        <AlarmLines alarms={alarm.similar} />
      ) : (
        <p className="soft">{words.alarm.noSimilar}</p>
      )}
    </Panel>
  )
}

/** One alarm: what happened, what to do, why it fired, everything on one axis of time, the proof, and what came before. */
export function AlarmPage(): ReactNode {
  const words = useWords()
  const text = useParams().alarm ?? ''
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : -1
  const query = useRead('alarm', { alarm: number }, {}, { refreshMs: 15_000 })
  return (
    <>
      <PageHead
        title={words.alarms.number(number >= 0 ? formatNumber(number) : text)}
        crumb={<Link to={paths.alarms()}>{words.alarms.title}</Link>}
        aside={query.data ? <AlarmGradeTag grade={query.data.grade} /> : null}
      />
      <Loaded query={query} lines={16}>
        {(alarm) => (
          <>
            <Sentence alarm={alarm} />
            <Advice alarm={alarm} />
            <ActionsPanel alarm={alarm} />
            <Axis alarm={alarm} />
            <div className="columns">
              <WhyPanel alarm={alarm} />
              <FactsPanel alarm={alarm} />
            </div>
            <div className="alarm-foot">
              <div>
                <EvidencePanel evidence={alarm.latest.evidence} />
                <History alarm={alarm} />
                <Similar alarm={alarm} />
              </div>
              <Place alarm={alarm} />
            </div>
          </>
        )}
      </Loaded>
    </>
  )
}
