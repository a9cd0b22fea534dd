import { type ReactNode, useEffect } from 'react'
import { Link } from 'react-router'
import { GRADE_ORDER } from '../alarms/grouping.ts'
import { useNow } from '../api/clock.ts'
import type { Answer } from '../api/endpoints.ts'
import { useOverview, useRead } from '../api/queries.ts'
import '../cockpit/cockpit.css'
import { AlarmsPanel } from '../cockpit/AlarmsPanel.tsx'
import { DayCurve } from '../cockpit/DayCurve.tsx'
import { EventsPanel, SalesPanel } from '../cockpit/EventsPanel.tsx'
import { HealthPanel } from '../cockpit/HealthPanel.tsx'
import { LogStrip } from '../cockpit/LogStrip.tsx'
import { StockPanel } from '../cockpit/StockPanel.tsx'
import { TodayPanel } from '../cockpit/TodayPanel.tsx'
import { MENU } from '../frame/menu.ts'
import { CountyMap } from '../map/CountyMap.tsx'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import { AlarmCount, SoundSwitch } from '../parts/AlarmSigns.tsx'
import { FreshnessDot, StaleNotice } from '../parts/Freshness.tsx'
import { ImportProgress } from '../parts/ImportProgress.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { useSettings, useWords } from '../settings.tsx'
import { formatMoment } from '../text/format.ts'
import { applyTheme } from '../theme/tokens.ts'
import { StateDot } from '../ui/StateDot.tsx'

function Head(): ReactNode {
  const words = useWords()
  const { language, setLanguage } = useSettings()
  const now = useNow()
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  const name = county ? county[language] : words.defaultCounty
  return (
    <header className="wall-head">
      <h1>
        <span className="wall-brand">{words.product}</span>
        {words.cockpitTitle(name, county?.demo ?? false)}
      </h1>
      <nav aria-label={words.menu.label}>
        {MENU.filter((item) => item.wall).map((item) => (
          <Link key={item.key} to={item.to}>
            {words.menu[item.key]}
            {item.key === 'alarms' ? <AlarmCount /> : null}
          </Link>
        ))}
        <SoundSwitch />
        <button
          type="button"
          title={words.languageHint}
          onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
        >
          {words.language}
        </button>
      </nav>
      <time>{formatMoment(now)}</time>
      <FreshnessDot />
    </header>
  )
}

function Legend({ count }: { count: number }): ReactNode {
  const words = useWords()
  return (
    <p className="map-legend small soft">
      <span>{words.cockpit.allSites(count)}</span>
      <StateDot state="ok" word={words.state.ok} />
      <StateDot state="attention" word={words.state.attention} />
      <StateDot state="offline" word={words.state.offline} />
      <StateDot state="unknown" word={words.state.unknown} />
      <span>
        ● {words.cockpit.station} ■ {words.cockpit.depot}
      </span>
      {GRADE_ORDER.map((grade) => (
        <AlarmGradeTag key={grade} grade={grade} />
      ))}
      <span className="faint">{words.cockpit.schematic}</span>
    </p>
  )
}

const NO_PLACES: Answer<'alarmPlaces'> = []

/** The county on the wall: is anything wrong, what was sold, what is there, and the log that proves it. */
export function CockpitPage(): ReactNode {
  const overview = useOverview()
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  const places = useRead('alarmPlaces', {}, {}, { refreshMs: 30_000 }).data ?? NO_PLACES
  const words = useWords()
  useEffect(() => applyTheme('wall'), [])
  useEffect(() => {
    document.title = `${words.menu.monitor} · ${words.product}`
  }, [words])
  return (
    <div className="wall">
      <Head />
      <StaleNotice />
      <ImportProgress />
      <Loaded query={overview} lines={14}>
        {(data) => (
          <>
            <main className="wall-main">
              <div className="wall-column">
                <TodayPanel overview={data} />
                <DayCurve overview={data} />
                <StockPanel stock={data.stock} />
              </div>
              <div className="wall-map">
                <CountyMap sites={data.sites} towns={county?.towns ?? []} alarms={places} />
                <Legend count={data.sites.length} />
              </div>
              <div className="wall-column">
                <AlarmsPanel />
                <HealthPanel overview={data} />
                <EventsPanel latest={data.latest} />
                <SalesPanel sites={data.sites} />
              </div>
            </main>
            <LogStrip log={data.log} />
          </>
        )}
      </Loaded>
    </div>
  )
}
