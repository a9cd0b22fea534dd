import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { Age } from '../parts/Age.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, spaced } from '../text/format.ts'
import { Figure } from '../ui/Figure.tsx'
import { StateDot } from '../ui/StateDot.tsx'

/** More sites than this are counted and not named. */
const NAMED_SITES = 3

const ORDER = { attention: 0, offline: 1, unknown: 2, ok: 3 } as const

/** Whether the county is being heard: online rate, faults, gaps, and the sites to look at, worst first. */
export function HealthPanel({ overview }: { overview: Answer<'overview'> }): ReactNode {
  const words = useWords()
  const { channels } = overview
  const rate = channels.total > 0 ? (channels.online / channels.total) * 100 : undefined
  const troubled = overview.sites
    .filter((site) => site.state !== 'ok')
    .sort((a, b) => ORDER[a.state] - ORDER[b.state])
  return (
    <section className="wall-block">
      <h2>{words.cockpit.online}</h2>
      <p className="wall-large">
        {rate === undefined ? (
          <span className="faint">—</span>
        ) : (
          <Figure value={formatNumber(Math.floor(rate * 10) / 10, 1)} unit="%" live />
        )}
      </p>
      <p className="wall-pair soft">
        <Figure value={`${formatNumber(channels.online)} / ${formatNumber(channels.total)}`} />
        <span>
          {words.cockpit.offline} {formatNumber(channels.total - channels.online)}
        </span>
        <span>
          {words.cockpit.faults} {formatNumber(channels.withFaults)}
        </span>
        <span>
          {words.cockpit.gaps} {formatNumber(channels.openGaps)}
          {channels.missingRecords > 0 ? (
            <span className="small faint">
              {' '}
              {words.cockpit.missing(formatNumber(channels.missingRecords))}
            </span>
          ) : null}
        </span>
      </p>
      <h3>{words.cockpit.attention}</h3>
      {overview.sites.length === 0 ? <p className="soft">{words.empty.sites}</p> : null}
      {troubled.length === 0 && overview.sites.length > 0 ? (
        <p className="soft">
          <StateDot state="ok" word={words.cockpit.attentionNone} />
        </p>
      ) : null}
      <ul className="trouble-sites">
        {troubled.slice(0, NAMED_SITES).map((site) => (
          <li key={site.site}>
            <Link to={paths.site(site.site)}>
              <StateDot state={site.state} word={spaced(site.name)} />
            </Link>
            <span className="small faint">
              {words.state[site.state]} · <Age at={site.lastReceivedAt} />
            </span>
          </li>
        ))}
      </ul>
      {troubled.length > NAMED_SITES ? (
        <p className="small faint">{words.cockpit.more(troubled.length - NAMED_SITES)}</p>
      ) : null}
    </section>
  )
}
