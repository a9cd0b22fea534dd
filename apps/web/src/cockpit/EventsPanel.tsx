import type { ReactNode } from 'react'
import { useNow } from '../api/clock.ts'
import type { Answer } from '../api/endpoints.ts'
import { useFirstSales, useLiveSales } from '../api/liveSales.ts'
import { useWords } from '../settings.tsx'
import { formatRecent } from '../text/format.ts'
import { useHeld } from '../ui/useHeld.ts'
import { groupEvents } from './groupEvents.ts'

/** More lines than this do not fit beside the sales. */
const EVENT_LINES = 3

/** The newest events as sentences, those of one cause as one. */
export function EventsPanel({ latest }: { latest: Answer<'overview'>['latest'] }): ReactNode {
  const words = useWords()
  const now = useNow(60_000)
  const { shown, hold } = useHeld(latest)
  const groups = groupEvents(shown).slice(0, EVENT_LINES)
  return (
    <section className="wall-block" {...hold}>
      <h2>{words.cockpit.events}</h2>
      {groups.length === 0 ? <p className="quiet">{words.empty.events}</p> : null}
      <ol className="wall-lines">
        {groups.map((group) => {
          const [first] = group.events
          if (!first) return null
          return (
            <li key={`${group.at}${group.kind}${first.site}${first.subject}`}>
              <time className="faint">{formatRecent(group.at, now)}</time>
              <span>
                {group.events.length === 1
                  ? words.event({ ...first, value: first.value })
                  : words.eventMany(group.kind, [...new Set(group.events.map((event) => event.siteName))])}
              </span>
            </li>
          )
        })}
      </ol>
    </section>
  )
}

/** Refuellings as they end. */
export function SalesPanel({ sites }: { sites: Answer<'overview'>['sites'] }): ReactNode {
  const words = useWords()
  const now = useNow(60_000)
  useFirstSales(sites)
  const { shown, hold } = useHeld(useLiveSales())
  return (
    <section className="wall-block wall-sales" {...hold}>
      <h2>{words.cockpit.liveSales}</h2>
      {shown.length === 0 ? <p className="quiet">{words.empty.sales}</p> : null}
      <ol className="wall-lines">
        {shown.map((sale) => (
          <li key={`${sale.position}.${sale.seq}`} className="wall-sale">
            <time className="faint">{formatRecent(sale.endedAt, now)}</time>
            <span>
              {words.event({
                kind: 'sale',
                siteName: sale.siteName,
                subject: sale.nozzle,
                value: sale.volumeMillilitres,
                source: sale.source,
              })}
            </span>
            <span className="faint">{words.grade[sale.grade]}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
