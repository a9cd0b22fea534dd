import { HOUR_MS } from '@oiltrail/kernel'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { useAdministrator } from '../admin.ts'
import { useRead } from '../api/queries.ts'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatMoment, formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { DayStrip } from './DayStrip.tsx'
import { AtLeast, useDeclared } from './DeclaredPanel.tsx'
import { type DeclaredWindow, MOST_WINDOWS, stateOf } from './declared.ts'
import { useMoment } from './useMoment.ts'
import { partText, WindowTable } from './WindowTable.tsx'
import './windows.css'

/** Windows listed on the page of their site; the others are one click away. */
const SHOWN = 4
const NONE: readonly DeclaredWindow[] = []

function useWindows(site: string): readonly DeclaredWindow[] {
  return useRead('windows', {}, { site, limit: MOST_WINDOWS }).data ?? NONE
}

/** Says that alarms of this site are held back right now, until when, by whom and why. */
export function RunningWindows({ site }: { site: string }): ReactNode {
  const words = useWords()
  const now = useMoment()
  const running = useWindows(site).filter((window) => stateOf(window, now) === 'running')
  return running.map((row) => (
    <p key={row.window} className="window-running">
      <strong>{words.windows.running(formatMoment(row.to).slice(0, 16))}</strong>{' '}
      {words.windows.purposes[row.purpose]} · {row.note || '—'} · {row.actor}
      {' — '}
      {row.part === '' ? words.windows.runningNote : words.windows.runningPart(partText(words, row.part))}
    </p>
  ))
}

/** How much of the last thirty days a site declared, and its newest declarations. */
export function SiteWindows({ site }: { site: string }): ReactNode {
  const words = useWords()
  const administrator = useAdministrator()
  const windows = useWindows(site)
  const { declared, now } = useDeclared(windows)
  const [own] = declared
  const title = own
    ? words.windows.declaredTitle(formatNumber(own.days), formatNumber(own.milliseconds / HOUR_MS, 1))
    : words.windows.declaredNone
  return (
    <Panel title={title} extra={<Link to={paths.windowsOf(site)}>{words.windows.toForm}</Link>}>
      {own ? (
        <p className="declared-site">
          <DayStrip declared={own} now={now} />
          {own.often ? <strong className="declared-often">{words.windows.often}</strong> : null}
          <span className="small faint">{words.windows.declaredNote}</span>
        </p>
      ) : null}
      <AtLeast windows={windows} />
      <WindowTable
        windows={windows.slice(0, SHOWN)}
        empty={words.windows.empty}
        administrator={administrator}
      />
    </Panel>
  )
}
