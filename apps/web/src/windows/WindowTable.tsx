import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Administrator } from '../admin.ts'
import { spanText } from '../alarms/facts.ts'
import { serverNow } from '../api/clock.ts'
import { useRead } from '../api/queries.ts'
import { useAct } from '../api/useAct.ts'
import { Trouble } from '../parts/Trouble.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatMoment, formatNumber, spaced } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { type Column, Table } from '../ui/Table.tsx'
import { type DeclaredWindow, GRACE_MS, stateOf, WINDOW_READS } from './declared.ts'
import { useMoment } from './useMoment.ts'
import './windows.css'

const PART = /^(tank|nozzle|arm|device)\/(.+)$/

/** `2 号枪`, or the whole site. */
export function partText(words: Words, part: string): string {
  const match = PART.exec(part)
  if (!match) return words.windows.whole
  return words.windows.parts[match[1] as keyof Words['windows']['parts']](match[2]!)
}

/** `2026-11-24 02:00 – 04:00`, with as much of the date as differs. */
export function windowText(from: number, to: number): string {
  const [begins, ends] = [formatMoment(from), formatMoment(to)]
  const shared =
    begins.slice(0, 10) === ends.slice(0, 10) ? 11 : begins.slice(0, 4) === ends.slice(0, 4) ? 5 : 0
  return `${begins.slice(0, 16)} – ${ends.slice(shared, 16)}`
}

/** Who declared it and when; a declaration that came after the beginning says by how much. */
function Declarer({ row }: { row: DeclaredWindow }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <>
      {row.actor}{' '}
      <span className="small faint" title={formatMoment(row.statedAt)}>
        {formatMoment(row.statedAt).slice(5, 16)}
      </span>
      {row.statedAt > row.from + GRACE_MS ? (
        <span className="small soft"> {words.windows.late(spanText(row.statedAt - row.from, language))}</span>
      ) : null}
    </>
  )
}

/** Ends a running window now: alarms come before people again. */
function EndButton({ row, administrator }: { row: DeclaredWindow; administrator: Administrator }): ReactNode {
  const words = useWords()
  const { busy, error, run } = useAct('declareWindow', administrator, WINDOW_READS)
  const { window, site, part, purpose, from, note } = row
  const order = { window, site, part, purpose, from, note, actor: administrator.actor || row.actor }
  return (
    <>
      <button
        type="button"
        className="button button-small"
        disabled={busy}
        onClick={() => void run({}, { ...order, to: Math.floor(serverNow()) })}
      >
        {words.windows.end}
      </button>
      {error ? <Trouble error={error} /> : null}
    </>
  )
}

interface WindowTableProps {
  readonly windows: readonly DeclaredWindow[]
  readonly withSite?: boolean
  readonly empty: ReactNode
  /** May end what runs. */
  readonly administrator?: Administrator | undefined
}

function useColumns({ withSite, administrator }: WindowTableProps): Column<DeclaredWindow>[] {
  const words = useWords()
  const { language } = useSettings()
  const now = useMoment()
  const sites = useRead('sites', {}, {}).data ?? []
  const nameOf = (code: string): string => spaced(sites.find(({ site }) => site === code)?.name ?? code)
  const site: Column<DeclaredWindow> = {
    key: 'site',
    title: words.windows.site,
    cell: (row) => <Link to={paths.site(row.site)}>{nameOf(row.site)}</Link>,
  }
  return [
    {
      key: 'state',
      title: words.windows.filter,
      cell: (row) => {
        const state = stateOf(row, now)
        const className = state === 'running' ? 'fuelling' : state === 'over' ? 'faint' : undefined
        return <span className={className}>{words.windows.states[state]}</span>
      },
    },
    ...(withSite ? [site] : []),
    { key: 'part', title: words.windows.part, cell: (row) => partText(words, row.part) },
    { key: 'purpose', title: words.windows.purpose, cell: (row) => words.windows.purposes[row.purpose] },
    { key: 'span', title: words.windows.span, cell: (row) => windowText(row.from, row.to) },
    {
      key: 'length',
      title: words.windows.length,
      right: true,
      cell: (row) => spanText(row.to - row.from, language),
    },
    {
      key: 'note',
      title: words.windows.note,
      cell: (row) => <span className="window-note">{row.note || '—'}</span>,
    },
    { key: 'actor', title: words.windows.actor, cell: (row) => <Declarer row={row} /> },
    {
      key: 'entry',
      title: words.windows.entry,
      right: true,
      cell: (row) => <Link to={paths.entry(row.position)}>#{formatNumber(row.position)}</Link>,
    },
    ...(administrator
      ? [
          {
            key: 'end',
            title: '',
            cell: (row: DeclaredWindow) =>
              stateOf(row, now) === 'running' ? <EndButton row={row} administrator={administrator} /> : null,
          },
        ]
      : []),
  ]
}

/** Declared windows, one line each. */
export function WindowTable(props: WindowTableProps): ReactNode {
  const columns = useColumns(props)
  return (
    <Table stacked columns={columns} rows={props.windows} rowKey={(row) => row.window} empty={props.empty} />
  )
}
