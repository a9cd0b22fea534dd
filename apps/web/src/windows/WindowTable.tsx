import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Administrator } from '../admin.ts'
import { spanText } from '../alarms/facts.ts'
import { useRead } from '../api/queries.ts'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatMoment, formatNumber, spaced } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { type Column, Table } from '../ui/Table.tsx'
import { WithdrawButton } from '../withdraw/WithdrawButton.tsx'
import { WithdrawnNote } from '../withdraw/WithdrawnNote.tsx'
import {
  type DeclaredWindow,
  GRACE_MS,
  inForce,
  stateOf,
  WINDOW_READS,
  type WindowState,
} from './declared.ts'
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

/** Takes a window back before it begins, or ends it now: alarms come before people again. */
function EndButton({
  row,
  state,
  administrator,
}: {
  row: DeclaredWindow
  state: WindowState
  administrator: Administrator
}): ReactNode {
  const words = useWords()
  if (state !== 'coming' && state !== 'running') return null
  return (
    <WithdrawButton
      call="withdrawWindow"
      params={{ window: row.window }}
      administrator={administrator}
      renewed={WINDOW_READS}
      label={state === 'coming' ? words.withdraw.withdraw : words.withdraw.end}
      what={`${partText(words, row.part)} · ${words.windows.purposes[row.purpose]} · ${windowText(row.from, row.to)}`}
      consequence={words.withdraw[state]}
    />
  )
}

/** Why it was declared, and that it was taken back. */
function WindowNote({ row }: { row: DeclaredWindow }): ReactNode {
  const words = useWords()
  const { from, to } = inForce(row)
  return (
    <span className="window-note">
      {row.note || '—'}
      {row.withdrawn ? (
        <WithdrawnNote
          withdrawn={row.withdrawn}
          word={to > from ? words.withdraw.ended : words.withdraw.withdrawn}
        />
      ) : null}
    </span>
  )
}

interface WindowTableProps {
  readonly windows: readonly DeclaredWindow[]
  readonly withSite?: boolean
  readonly empty: ReactNode
  /** May end what runs and take back what is to come. */
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
        const className = state === 'running' ? 'fuelling' : state === 'coming' ? undefined : 'faint'
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
      cell: (row) => <WindowNote row={row} />,
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
            cell: (row: DeclaredWindow) => (
              <EndButton row={row} state={stateOf(row, now)} administrator={administrator} />
            ),
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
