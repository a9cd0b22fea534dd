import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { useNow } from '../api/clock.ts'
import { codeWords } from '../log/codes.ts'
import { Age, ageText } from '../parts/Age.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatBytes, formatMoment, formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type DotState, StateDot } from '../ui/StateDot.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { type Share, type Standing, standingOf, worstOf } from './standing.ts'
import './share.css'

const DOTS: Readonly<Record<Standing, DotState>> = {
  well: 'ok',
  sending: 'attention',
  failing: 'offline',
  stopped: 'unknown',
}

function Moment({ at }: { at: number | undefined }): ReactNode {
  return at === undefined ? <span className="faint">—</span> : <time>{formatMoment(at)}</time>
}

function useColumns(now: number): Column<Share>[] {
  const words = useWords().share
  return [
    { key: 'target', title: words.target, cell: (row) => <strong>{row.target}</strong> },
    {
      key: 'state',
      title: words.state,
      cell: (row) => {
        const standing = standingOf(row, now)
        return <StateDot state={DOTS[standing]} word={words.states[standing]} />
      },
    },
    { key: 'until', title: words.until, right: true, cell: (row) => <Moment at={row.sharedUntil} /> },
    {
      key: 'waiting',
      title: words.waiting,
      right: true,
      cell: (row) => (
        <>
          {words.entries(formatNumber(row.waiting))}
          {row.waiting > 0 && row.waitingSince !== undefined ? (
            <span className="small faint">
              {' '}
              {words.waitingSince} <Age at={row.waitingSince} />
            </span>
          ) : null}
        </>
      ),
    },
    { key: 'batches', title: words.batches, right: true, cell: (row) => formatNumber(row.batches) },
    { key: 'statements', title: words.statements, right: true, cell: (row) => formatNumber(row.statements) },
    { key: 'bytes', title: words.bytes, right: true, cell: (row) => formatBytes(row.bytes) },
    {
      key: 'refused',
      title: words.refused,
      right: true,
      cell: (row) => (
        <span className={row.refused > 0 ? 'share-bad' : 'faint'}>{formatNumber(row.refused)}</span>
      ),
    },
    {
      key: 'last',
      title: words.last,
      right: true,
      cell: (row) =>
        row.lastAt === undefined ? <span className="faint">{words.never}</span> : <Age at={row.lastAt} />,
    },
    {
      key: 'content',
      title: words.content,
      wideOnly: true,
      cell: (row) => (
        <span className="soft">
          {row.active ? (row.statementsToo ? words.both : words.batchesOnly) : '—'}
        </span>
      ),
    },
  ]
}

/** Why nothing gets through to a platform, since when, and that nobody has to do anything for it to go on. */
function Failing({ share, now }: { share: Share; now: number }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  if (!share.failing) return null
  return (
    <div className="trouble share-failing" role="status">
      <p>
        <strong>{share.target}</strong>{' '}
        <span title={formatMoment(share.failing.since)}>
          {words.share.failingSince(ageText(words, now - share.failing.since, language))}
        </span>
      </p>
      <p className="small mono">{share.failing.reason}</p>
      <p className="small soft">{words.share.failingNote}</p>
    </div>
  )
}

/** Every platform in one line: its state, until when it has the data, what waits, what went, what it refused. */
export function PlatformsPanel({ shares }: { shares: readonly Share[] }): ReactNode {
  const words = useWords().share
  const now = useNow(2_000)
  const columns = useColumns(now)
  const worst = worstOf(shares, now)
  const say = { well: words.titleWell, sending: words.titleWaiting, failing: words.titleFailing }
  return (
    <Panel
      title={
        worst ? say[worst.standing](formatNumber(worst.count), formatNumber(worst.waiting)) : words.platforms
      }
    >
      <Table stacked columns={columns} rows={shares} rowKey={(row) => row.target} empty={words.none} />
      {shares.map((share) => (
        <Failing key={share.target} share={share} now={now} />
      ))}
    </Panel>
  )
}

type Refusal = Share['refusals'][number]

/** What a platform would not take; nothing when it took all. */
export function RefusedPanel({ share }: { share: Share }): ReactNode {
  const words = useWords().share
  const { language } = useSettings()
  if (share.refused === 0) return null
  const columns: Column<Refusal>[] = [
    {
      key: 'position',
      title: words.position,
      right: true,
      cell: (row) => <Link to={paths.entry(row.position)}>#{formatNumber(row.position)}</Link>,
    },
    { key: 'at', title: words.at, cell: (row) => formatMoment(row.at) },
    { key: 'code', title: words.code, cell: (row) => <span className="mono">{row.code}</span> },
    { key: 'meaning', title: words.meaning, cell: (row) => codeWords(row.code, language) },
    {
      key: 'detail',
      title: words.detail,
      cell: (row) => <span className="soft share-detail">{row.detail}</span>,
    },
  ]
  return (
    <Panel
      title={words.refusals(share.target)}
      extra={words.newestOf(formatNumber(share.refusals.length), formatNumber(share.refused))}
    >
      <Table
        stacked
        columns={columns}
        rows={share.refusals}
        rowKey={(row) => String(row.position)}
        empty="—"
      />
      <p className="small faint">{words.refusalsNote}</p>
    </Panel>
  )
}
