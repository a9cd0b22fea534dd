import { HOUR_MS } from '@oiltrail/kernel'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'react-router'
import { useNow } from '../api/clock.ts'
import { useRead } from '../api/queries.ts'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, spaced } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { DayStrip } from './DayStrip.tsx'
import {
  type Declared,
  type DeclaredWindow,
  declaredBySite,
  MOST_WINDOWS,
  OVER_DECLARED,
} from './declared.ts'

/** What was declared of the last days, by site; reckoned anew every minute. */
export function useDeclared(windows: readonly DeclaredWindow[]): { declared: Declared[]; now: number } {
  const minute = Math.floor(useNow(5_000) / 60_000) * 60_000
  const settings = useRead('rules', {}, {}).data?.find(({ rule }) => rule === OVER_DECLARED)?.settings
  const setting = (name: string): number =>
    settings?.find(({ key }) => key === name)?.value ?? Number.POSITIVE_INFINITY
  const [days, hours] = [setting('days'), setting('hours')]
  const declared = useMemo(
    () => declaredBySite(windows, minute, { days, hours }),
    [windows, minute, days, hours],
  )
  return { declared, now: minute }
}

/** Says so when more was declared than the platform tells at once. */
export function AtLeast({ windows }: { windows: readonly DeclaredWindow[] }): ReactNode {
  const words = useWords()
  return windows.length < MOST_WINDOWS ? null : (
    <p className="small declared-often">{words.windows.atLeast}</p>
  )
}

/** Which sites declared how much of the last thirty days: who declares daily is never balanced. */
export function DeclaredPanel({ windows }: { windows: readonly DeclaredWindow[] }): ReactNode {
  const words = useWords()
  const { declared, now } = useDeclared(windows)
  const sites = useRead('sites', {}, {}).data ?? []
  const nameOf = (code: string): string => spaced(sites.find(({ site }) => site === code)?.name ?? code)
  const columns: Column<Declared>[] = [
    {
      key: 'site',
      title: words.windows.site,
      cell: (row) => <Link to={paths.site(row.site)}>{nameOf(row.site)}</Link>,
    },
    {
      key: 'days',
      title: words.windows.days,
      right: true,
      cell: (row) => (
        <span className={row.often ? 'declared-often' : undefined}>
          {row.often ? `${words.windows.often} ` : ''}
          {words.windows.dayCount(formatNumber(row.days))}
        </span>
      ),
    },
    {
      key: 'hours',
      title: words.windows.hours,
      right: true,
      cell: (row) => formatNumber(row.milliseconds / HOUR_MS, 1),
    },
    {
      key: 'times',
      title: words.windows.times,
      right: true,
      wideOnly: true,
      cell: (row) => formatNumber(row.windows),
    },
    { key: 'strip', title: '', cell: (row) => <DayStrip declared={row} now={now} /> },
  ]
  return (
    <Panel className="half" title={words.windows.declared} extra={words.windows.declaredFew}>
      <Table
        stacked
        columns={columns}
        rows={declared}
        rowKey={(row) => row.site}
        empty={words.windows.declaredNoneAll}
      />
      <AtLeast windows={windows} />
      <p className="small faint">{words.windows.declaredNote}</p>
    </Panel>
  )
}
