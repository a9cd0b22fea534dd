import { Input, Select } from 'antd'
import type { ReactNode } from 'react'
import { Link, useNavigate } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Age } from '../parts/Age.tsx'
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

/** Who and where a site is, and its state. */
function siteColumns(words: Words, townName: (code: string) => string, count: number): Column<Site>[] {
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

/** Every site with its state, today's sales and stock. */
export function SitesPage(): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const navigate = useNavigate()
  const [search, change] = useSearch()
  const sites = useRead('sites', {}, {}, { refreshMs: 15_000 })
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  const townName = (code: string): string =>
    county?.towns.find((town) => town.code === code)?.[language] ?? code
  const state = oneOf(search.get('state'), STATES)
  const kind = oneOf(search.get('kind'), KINDS)
  const text = (search.get('q') ?? '').slice(0, 80)
  const fits = (site: Site): boolean =>
    (state === '' || site.state === state) &&
    (kind === '' || site.kind === kind) &&
    `${site.name} ${site.site} ${site.enterpriseName} ${townName(site.town)}`
      .toLowerCase()
      .includes(text.toLowerCase())
  return (
    <>
      <PageHead title={words.sites.title}>
        <Input
          allowClear
          style={{ width: 220 }}
          placeholder={words.sites.search}
          aria-label={words.sites.search}
          value={text}
          onChange={(event) => change({ q: event.target.value })}
        />
        <Select
          style={{ minWidth: 120 }}
          aria-label={words.sites.state}
          value={state}
          onChange={(value) => change({ state: value })}
          options={STATES.map((value) => ({
            value,
            label: value === '' ? words.sites.allStates : words.state[value],
          }))}
        />
        <Select
          style={{ minWidth: 120 }}
          aria-label={words.sites.kind}
          value={kind}
          onChange={(value) => change({ kind: value })}
          options={KINDS.map((value) => ({
            value,
            label: value === '' ? words.sites.allKinds : words.kind[value],
          }))}
        />
      </PageHead>
      <Panel>
        <Loaded query={sites} lines={20}>
          {(all) => {
            const rows = all.filter(fits)
            return (
              <Table
                columns={[...siteColumns(words, townName, rows.length), ...figureColumns(words, rows)]}
                rows={rows}
                rowKey={(site) => site.site}
                empty={all.length === 0 ? words.empty.sites : words.empty.sitesFiltered}
                onRow={(site) => void navigate(paths.site(site.site))}
                totals
              />
            )
          }}
        </Loaded>
      </Panel>
    </>
  )
}
