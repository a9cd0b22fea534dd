import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { Age } from '../parts/Age.tsx'
import { Litres, Yuan } from '../parts/amounts.tsx'
import { useWords } from '../settings.tsx'
import { spaced } from '../text/format.ts'
import { Bar } from '../ui/Bar.tsx'
import { StateDot } from '../ui/StateDot.tsx'

interface SiteCardProps {
  readonly site: Answer<'overview'>['sites'][number]
  /** Where the mark is, as shares of the map's width and height. */
  readonly left: number
  readonly top: number
}

/** What one wants to know of a site before opening it. Stands on the side of the mark that has room. */
export function SiteCard({ site, left, top }: SiteCardProps): ReactNode {
  const words = useWords()
  const share = site.capacityMillilitres > 0 ? site.stockMillilitres / site.capacityMillilitres : 0
  const style = {
    left: `${left * 100}%`,
    top: `${top * 100}%`,
    transform: `translate(${left > 0.5 ? 'calc(-100% - 20px)' : '20px'}, ${top > 0.6 ? '-100%' : '-20%'})`,
  }
  return (
    <div className="site-card" style={style}>
      <p>
        <strong>{spaced(site.name)}</strong>
      </p>
      <p className="small">
        <StateDot state={site.state} word={words.state[site.state]} />{' '}
        <span className="soft">{words.kind[site.kind]}</span>
      </p>
      <dl>
        <dt>{words.cockpit.today}</dt>
        <dd>
          <Litres millilitres={site.today.volumeMillilitres} />
        </dd>
        <dt>{words.cockpit.amount}</dt>
        <dd>
          <Yuan fen={site.today.amountFen} />
        </dd>
        <dt>{words.cockpit.stock}</dt>
        <dd>
          <Litres millilitres={site.stockMillilitres} />
          <Bar share={share} />
        </dd>
        <dt>{words.cockpit.lastHeard}</dt>
        <dd>{site.lastReceivedAt === undefined ? words.cockpit.never : <Age at={site.lastReceivedAt} />}</dd>
      </dl>
    </div>
  )
}
