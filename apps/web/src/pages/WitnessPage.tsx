import type { ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment, spaced } from '../text/format.ts'
import { Choice } from '../ui/Choice.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ChartsPanel } from '../witness/ChartsPanel.tsx'
import { WitnessPanel } from '../witness/WitnessPanel.tsx'
import { oneOf, useSearch } from './useSearch.ts'

/** Whole days before today that can be looked at: the span of the rule, a month, a season. */
const SPANS = ['7', '30', '92'] as const

/** Three witnesses of one site as the platform balances them, and what is proposed for the charts of its tanks. */
export function WitnessPage(): ReactNode {
  const words = useWords()
  const code = useParams().site ?? ''
  const [search, change] = useSearch()
  const days = oneOf(search.get('days'), SPANS)
  const site = useRead('site', { site: code }, {})
  const witnesses = useRead('witnesses', { site: code }, { days })
  const name = site.data?.summary.name
  return (
    <>
      <PageHead
        title={words.witness.title}
        crumb={
          <>
            <Link to={paths.sites()}>{words.sites.title}</Link> ›{' '}
            <Link to={paths.site(code)}>{name ? spaced(name) : code}</Link>
          </>
        }
        aside={<span className="soft">{words.witness.intro}</span>}
      >
        <Choice
          label={words.witness.span}
          value={days}
          options={SPANS.map((value) => ({ value, label: words.witness.lastDays(Number(value)) }))}
          onChange={(value) => change({ days: value === SPANS[0] ? '' : value })}
        />
      </PageHead>
      <Loaded query={site} lines={12}>
        {({ summary }) =>
          summary.kind === 'depot' ? (
            <Panel>
              <p className="quiet">{words.witness.depot}</p>
            </Panel>
          ) : (
            <>
              <Loaded query={witnesses} lines={12}>
                {({ grades, to, missingRecords }) => (
                  <>
                    <p className="small soft">
                      {words.witness.until(formatShortMoment(to))}
                      {missingRecords > 0 ? ` · ${words.witness.missing(formatNumber(missingRecords))}` : ''}
                    </p>
                    {grades.length === 0 ? <p className="quiet">{words.witness.none}</p> : null}
                    <div className="columns">
                      {grades.map((grade) => (
                        <WitnessPanel key={grade.grade} of={grade} />
                      ))}
                    </div>
                    <p className="small faint">{words.witness.method}</p>
                  </>
                )}
              </Loaded>
              <ChartsPanel site={code} />
            </>
          )
        }
      </Loaded>
    </>
  )
}
