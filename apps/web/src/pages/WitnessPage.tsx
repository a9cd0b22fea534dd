import { GRADES } from '@oiltrail/domain'
import { HOUR_MS } from '@oiltrail/kernel'
import { type ReactNode, useMemo } from 'react'
import { Link, useParams } from 'react-router'
import { useNow } from '../api/clock.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { SpanPicker } from '../parts/SpanPicker.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { spaced } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { balanceDays } from '../witness/balance.ts'
import { WitnessPanel } from '../witness/WitnessPanel.tsx'
import { momentsOf, spanOf } from './span.ts'
import { useSearch } from './useSearch.ts'

/** Three witnesses of one site: pulses, board and tank by grade, whether they agree, and what more days would show. */
export function WitnessPage(): ReactNode {
  const words = useWords()
  const code = useParams().site ?? ''
  const [search, change] = useSearch()
  const now = useNow(60_000)
  const span = spanOf(search, 'month', now)
  const { from, to } = momentsOf(span)
  const site = useRead('site', { site: code }, {})
  // The midnight before the span's first and after its last day need a reading as well.
  const levels = useRead('siteLevels', { site: code }, { from: from - 2 * HOUR_MS, to: to + 2 * HOUR_MS })
  const sales = useRead(
    'statistics',
    {},
    { from, to, bucket: 'hour', place: 'site', byGrade: 'true', kind: 'sale', site: code },
  )
  const grades = useMemo(() => {
    if (!site.data || !levels.data || !sales.data) return undefined
    const sources = {
      levels: levels.data,
      sales: sales.data,
      deliveries: site.data.deliveries,
      from,
      to: Math.min(to, now),
    }
    return GRADES.filter((grade) => site.data.tanks.some((tank) => tank.grade === grade)).map((grade) => ({
      grade,
      ...balanceDays(sources, grade),
    }))
  }, [site.data, levels.data, sales.data, from, to, now])
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
        <SpanPicker span={span} presets={['week', 'month']} onChange={change} />
      </PageHead>
      <Loaded query={site} lines={12}>
        {({ summary }) =>
          summary.kind === 'depot' ? (
            <Panel>
              <p className="quiet">{words.witness.depot}</p>
            </Panel>
          ) : (
            <Loaded query={levels}>
              {() => (
                <Loaded query={sales}>
                  {() => (
                    <>
                      <div className="columns">
                        {(grades ?? []).map(({ grade, days, skipped }) => (
                          <WitnessPanel key={grade} grade={grade} days={days} skipped={skipped} />
                        ))}
                      </div>
                      <p className="small faint">{words.witness.method}</p>
                    </>
                  )}
                </Loaded>
              )}
            </Loaded>
          )
        }
      </Loaded>
    </>
  )
}
