import { type ReactNode, useCallback } from 'react'
import { Link, useParams } from 'react-router'
import { useNow } from '../api/clock.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { LevelLines } from '../charts/LevelLines.tsx'
import { ChannelTable, GapTable } from '../devices/tables.tsx'
import { PageHead } from '../frame/PageHead.tsx'
import { Age } from '../parts/Age.tsx'
import { Litres, Yuan } from '../parts/amounts.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { SpanPicker } from '../parts/SpanPicker.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { AlarmPanel, useAlarmMarks } from '../site/AlarmPanel.tsx'
import { DeliveryPanel, SalesPanel } from '../site/DeliveryPanel.tsx'
import { NoticePanel } from '../site/NoticePanel.tsx'
import { NozzlePanel } from '../site/NozzlePanel.tsx'
import { DayChart, HourChart } from '../site/SalesCharts.tsx'
import { TankPanel } from '../site/TankPanel.tsx'
import { formatNumber, spaced } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { StateDot } from '../ui/StateDot.tsx'
import { RunningWindows, SiteWindows } from '../windows/SiteWindows.tsx'
import { type DaySpan, momentsOf, spanOf } from './span.ts'
import { useSearch } from './useSearch.ts'

type Site = Answer<'site'>

function Header({ site }: { site: Site }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  const { summary, registration } = site
  const stock = site.tanks.reduce((sum, tank) => sum + (tank.reading?.volumeMillilitres ?? 0), 0)
  const { today } = summary
  const depot = summary.kind === 'depot'
  return (
    <Panel>
      <dl className="facts">
        <div className="fact-large">
          <dt>{depot ? words.site.todayLoaded : words.site.todayVolume}</dt>
          <dd>
            <Litres millilitres={today.volumeMillilitres} live />
          </dd>
        </div>
        {depot ? null : (
          <div className="fact-large">
            <dt>{words.site.todayAmount}</dt>
            <dd>
              <Yuan fen={today.amountFen} live />
            </dd>
            {today.unpricedSales > 0 ? (
              <dd className="small faint">{words.cockpit.unpriced(formatNumber(today.unpricedSales))}</dd>
            ) : null}
          </div>
        )}
        <div className="fact-large">
          <dt>{words.site.stockNow}</dt>
          <dd>
            <Litres millilitres={stock} live />
          </dd>
        </div>
        <div>
          <dt>{words.site.enterprise}</dt>
          <dd>{spaced(summary.enterpriseName)}</dd>
          <dd className="small faint">
            {words.site.creditCode} {summary.enterprise}
          </dd>
        </div>
        <div>
          <dt>{words.site.address}</dt>
          <dd>{county?.towns.find((town) => town.code === summary.town)?.[language] ?? summary.town}</dd>
          <dd className="small faint">
            {registration.longitude.toFixed(4)}, {registration.latitude.toFixed(4)}
          </dd>
        </div>
        {depot ? null : (
          <div>
            <dt>{words.site.board}</dt>
            <dd>
              <Litres millilitres={today.boardMillilitres} live />
            </dd>
            <dd className="small faint">
              {words.site.difference}{' '}
              {formatNumber((today.volumeMillilitres - today.boardMillilitres) / 1000, 2)} L
            </dd>
          </div>
        )}
        <div>
          <dt>{words.site.lastHeard}</dt>
          <dd>
            <Age at={summary.lastReceivedAt} />
          </dd>
        </div>
      </dl>
    </Panel>
  )
}

type Marks = ReturnType<typeof useAlarmMarks>

/** Level series of the span; holes stay holes. */
function Levels({ site, span, alarms }: { site: Site; span: DaySpan; alarms: Marks }): ReactNode {
  const words = useWords()
  const now = useNow(60_000)
  const { from, to } = momentsOf(span)
  const levels = useRead('siteLevels', { site: site.summary.site }, { from, to })
  const { tanks } = site.registration
  const capacityOf = useCallback(
    (tank: string) => tanks.find((other) => other.tank === tank)?.capacityMillilitres ?? 1,
    [tanks],
  )
  const minute = Math.floor(now / 60_000) * 60_000
  return (
    <Panel title={words.site.levels} extra={words.site.levelsNote}>
      <Loaded query={levels}>
        {(rows) =>
          rows.some((row) => row.points.length > 0) ? (
            <LevelLines
              levels={rows}
              capacityOf={capacityOf}
              from={from}
              to={Math.max(from + 1, Math.min(to, minute))}
              label={words.site.levels}
              alarms={alarms}
            />
          ) : (
            <p className="quiet">{words.empty.levels}</p>
          )
        }
      </Loaded>
    </Panel>
  )
}

/** One site: tanks, nozzles live, sales, levels, deliveries, collectors; one span for all of it. */
export function SitePage(): ReactNode {
  const words = useWords()
  const code = useParams().site ?? ''
  const [search, change] = useSearch()
  const span = spanOf(search, 'week', useNow(60_000))
  const { from, to } = momentsOf(span)
  const query = useRead('site', { site: code }, {}, { refreshMs: 15_000 })
  const sales = useRead('siteSales', { site: code }, { from, to, limit: 100 }, { refreshMs: 15_000 })
  const alarms = useAlarmMarks(code, from, to)
  const summary = query.data?.summary
  return (
    <>
      <PageHead
        title={summary ? spaced(summary.name) : code}
        crumb={<Link to={paths.sites()}>{words.sites.title}</Link>}
        aside={
          summary ? (
            <>
              <StateDot state={summary.state} word={words.state[summary.state]} />{' '}
              <span className="faint">
                {words.kind[summary.kind]} · {summary.site}
              </span>{' '}
              {summary.kind === 'station' ? (
                <Link to={paths.witnesses(code)}>{words.witness.link}</Link>
              ) : null}
            </>
          ) : null
        }
      >
        <SpanPicker span={span} presets={['today', 'week', 'month']} onChange={change} />
      </PageHead>
      <Loaded query={query} lines={16}>
        {(site) => (
          <>
            <RunningWindows site={code} />
            <AlarmPanel site={code} />
            <Header site={site} />
            <TankPanel site={site} />
            <NozzlePanel nozzles={site.nozzles} />
            <div className="columns">
              <HourChart site={code} span={span} alarms={alarms} />
              <DayChart site={code} span={span} alarms={alarms} />
            </div>
            <Levels site={site} span={span} alarms={alarms} />
            <div className="columns">
              <DeliveryPanel
                deliveries={site.deliveries.filter((d) => d.endedAt >= from && d.endedAt < to)}
              />
              <SalesPanel sales={sales.data ?? []} />
            </div>
            <NoticePanel site={code} grades={[...new Set(site.tanks.map((tank) => tank.grade))]} />
            <SiteWindows site={code} />
            <Panel title={words.site.devices}>
              <ChannelTable channels={site.channels} />
              <GapTable gaps={site.gaps} empty={words.empty.gaps} />
            </Panel>
          </>
        )}
      </Loaded>
    </>
  )
}
