import { Input, Select } from 'antd'
import type { ReactNode } from 'react'
import { Link, useNavigate } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Age } from '../parts/Age.tsx'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import { Litres, Yuan } from '../parts/amounts.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber, spaced } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { Bar } from '../ui/Bar.tsx'
import { Panel } from '../ui/Panel.tsx'
import { StateDot } from '../ui/StateDot.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { oneOf, useSearch } from './useSearch.ts'

type Site = Answer<'sites'>[number]

const STATES = ['', 'ok', 'attention', 'offline', 'unknown'] as const
const KINDS = ['', 'station', 'depot'] as const

type Place = Answer<'alarmPlaces'>[number]

/** Alarms in sight of a site by their gravest grade, with the way to them. */
function SiteAlarms({ place }: { place: Place | undefined }): ReactNode {
  if (!place) return <span className="faint">—</span>
  return (
    <Link to={paths.alarmsOf(place.site)} onClick={(event) => event.stopPropagation()}>
      <AlarmGradeTag grade={place.grade} count={place.alarms} />
    </Link>
  )
}

function SiteAlarmSum({ places }: { places: readonly Place[] }): ReactNode {
  return formatNumber(places.reduce((sum, place) => sum + place.alarms, 0))
}

/** Who and where a site is, and its state. */
function siteColumns(
  words: Words,
  townName: (code: string) => string,
  count: number,
  alarms: ReadonlyMap<string, Place>,
): Column<Site>[] {
  return [
    {
      key: 'site',
      title: words.sites.site,
      cell: (site) => <Link to={paths.site(site.site)}>{spaced(site.name)}</Link>,
      total: words.sites.count(count),
    },
    {
      key: 'state',
      title: words.sites.state,
      cell: (site) => <StateDot state={site.state} word={words.state[site.state]} />,
    },
    {
      key: 'alarms',
      title: words.alarms.title,
      cell: (site) => <SiteAlarms place={alarms.get(site.site)} />,
      total: <SiteAlarmSum places={[...alarms.values()]} />,
    },
    { key: 'kind', title: words.sites.kind, wideOnly: true, cell: (site) => words.kind[site.kind] },
    { key: 'town', title: words.sites.town, wideOnly: true, cell: (site) => townName(site.town) },
    {
      key: 'enterprise',
      title: words.sites.enterprise,
      wideOnly: true,
      cell: (site) => <span className="soft">{spaced(site.enterpriseName)}</span>,
    },
  ]
}

/** What it sold today and what lies in its tanks. */
function figureColumns(words: Words, rows: readonly Site[]): Column<Site>[] {
  const sum = (of: (site: Site) => number): number => rows.reduce((total, site) => total + of(site), 0)
  // What a depot loads is sold again at a station, so it is not added to the sales.
  const sold = (of: (site: Site) => number): number => sum((site) => (site.kind === 'station' ? of(site) : 0))
  const stock = sum((site) => site.stockMillilitres)
  return [
    {
      key: 'volume',
      title: words.sites.todayVolume,
      right: true,
      cell: (site) => (
        <>
          {site.kind === 'depot' ? <span className="small faint">{words.sites.loaded} </span> : null}
          <Litres millilitres={site.today.volumeMillilitres} live />
        </>
      ),
      total: <Litres millilitres={sold((site) => site.today.volumeMillilitres)} live />,
    },
    {
      key: 'amount',
      title: words.sites.todayAmount,
      right: true,
      cell: (site) =>
        site.kind === 'depot' ? <span className="faint">—</span> : <Yuan fen={site.today.amountFen} live />,
      total: <Yuan fen={sum((site) => site.today.amountFen)} live />,
    },
    {
      key: 'sales',
      title: words.sites.todaySales,
      right: true,
      cell: (site) => formatNumber(site.today.sales),
      total: formatNumber(sold((site) => site.today.sales)),
    },
    {
      key: 'stock',
      title: words.sites.stock,
      right: true,
      cell: (site) => (
        <>
          <Litres millilitres={site.stockMillilitres} />
          <Bar share={site.capacityMillilitres > 0 ? site.stockMillilitres / site.capacityMillilitres : 0} />
        </>
      ),
      total: (
        <>
          <Litres millilitres={stock} />
          <span className="bar-place" />
        </>
      ),
    },
    {
      key: 'heard',
      title: words.sites.lastHeard,
      right: true,
      cell: (site) => <Age at={site.lastReceivedAt} />,
    },
  ]
}

/** What of the list is asked for, as it stands in the address. */
interface SiteQuestion {
  readonly state: (typeof STATES)[number]
  readonly kind: (typeof KINDS)[number]
  readonly text: string
}

function SiteFilters({ question, change }: SiteFiltersProps): ReactNode {
  const words = useWords()
  return (
    <>
      <Input
        allowClear={{ clearIcon: <span title={words.close}>×</span> }}
        style={{ width: 220 }}
        placeholder={words.sites.search}
        aria-label={words.sites.search}
        value={question.text}
        onChange={(event) => change({ q: event.target.value })}
      />
      <Select
        style={{ minWidth: 120 }}
        aria-label={words.sites.state}
        value={question.state}
        onChange={(value) => change({ state: value })}
        options={STATES.map((value) => ({
          value,
          label: value === '' ? words.sites.allStates : words.state[value],
        }))}
      />
      <Select
        style={{ minWidth: 120 }}
        aria-label={words.sites.kind}
        value={question.kind}
        onChange={(value) => change({ kind: value })}
        options={KINDS.map((value) => ({
          value,
          label: value === '' ? words.sites.allKinds : words.kind[value],
        }))}
      />
    </>
  )
}
interface SiteFiltersProps {
  readonly question: SiteQuestion
  readonly change: (changes: Readonly<Record<string, string | undefined>>) => void
}

/** Every site with its state, alarms, today's sales and stock. */
export function SitesPage(): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const navigate = useNavigate()
  const [search, change] = useSearch()
  const sites = useRead('sites', {}, {}, { refreshMs: 15_000 })
  const places = useRead('alarmPlaces', {}, {}, { refreshMs: 30_000 }).data ?? []
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  const townName = (code: string): string =>
    county?.towns.find((town) => town.code === code)?.[language] ?? code
  const question: SiteQuestion = {
    state: oneOf(search.get('state'), STATES),
    kind: oneOf(search.get('kind'), KINDS),
    text: (search.get('q') ?? '').slice(0, 80),
  }
  const { state, kind, text } = question
  const fits = (site: Site): boolean =>
    (state === '' || site.state === state) &&
    (kind === '' || site.kind === kind) &&
    `${site.name} ${site.site} ${site.enterpriseName} ${townName(site.town)}`
      .toLowerCase()
      .includes(text.toLowerCase())
  const show = (all: readonly Site[]): ReactNode => {
    const rows = all.filter(fits)
    const listed = places.filter((place) => rows.some((row) => row.site === place.site))
    const alarms = new Map(listed.map((place) => [place.site, place]))
    return (
      <Table
        columns={[...siteColumns(words, townName, rows.length, alarms), ...figureColumns(words, rows)]}
        rows={rows}
        rowKey={(site) => site.site}
        empty={all.length === 0 ? words.empty.sites : words.empty.sitesFiltered}
        onRow={(site) => void navigate(paths.site(site.site))}
        totals
      />
    )
  }
  return (
    <>
      <PageHead title={words.sites.title}>
        <SiteFilters question={question} change={change} />
      </PageHead>
      <Panel>
        <Loaded query={sites} lines={20}>
          {show}
        </Loaded>
      </Panel>
    </>
  )
}
