import { type ReactNode, useMemo } from 'react'
import { useNow } from '../api/clock.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { SpanPicker } from '../parts/SpanPicker.tsx'
import { useSettings, useWords } from '../settings.tsx'
import { type ComparedRow, compareRows, isComparable, newestFirst, totalsOf } from '../statistics/compare.ts'
import { ExportLinks, Filters } from '../statistics/Filters.tsx'
import { type Question, queryOf, questionOf } from '../statistics/question.ts'
import { SeriesKey, StatisticsChart } from '../statistics/StatisticsChart.tsx'
import '../statistics/statistics.css'
import { StatisticsTable } from '../statistics/StatisticsTable.tsx'
import { changePercent, formatLitres } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { previousPeriod } from './span.ts'
import { useSearch } from './useSearch.ts'

const CHART_HEIGHT = 430

/** County and towns have names in both languages; sites and enterprises keep the one they were registered with. */
function useNamedPlaces(rows: ComparedRow[]): ComparedRow[] {
  const { language } = useSettings()
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  return useMemo(() => {
    if (!county) return rows
    const names = new Map([county, ...county.towns].map((place) => [place.code, place[language]]))
    return rows.map((row) => ({ ...row, placeName: names.get(row.place) ?? row.placeName }))
  }, [rows, county, language])
}

/** The rows of the question, each with its former period when that is asked for. */
function useStatistics(question: Question): {
  query: ReturnType<typeof useRead<'statistics'>>
  rows: ComparedRow[]
  beforeTotal: number | undefined
} {
  const before = previousPeriod(question.span, question.bucket)
  const query = useRead('statistics', {}, queryOf(question), { refreshMs: 30_000 })
  const former = useRead('statistics', {}, queryOf(question, before), { enabled: question.compare })
  const { data } = query
  const formerData = question.compare ? former.data : undefined
  const { forward } = before
  // biome-ignore lint/correctness/useExhaustiveDependencies: `forward` follows from the span and bucket, which the rows carry
  const rows = useMemo(
    () => newestFirst(data ? (formerData ? compareRows(data, formerData, forward) : data) : []),
    [data, formerData],
  )
  const named = useNamedPlaces(rows)
  const comparable = data && formerData && isComparable(data, formerData)
  return { query, rows: named, beforeTotal: comparable ? totalsOf(formerData).volumeMillilitres : undefined }
}

/** Sales by time, place and grade: a chart and a table of the same rows. */
export function StatisticsPage(): ReactNode {
  const words = useWords()
  const [search, change] = useSearch()
  const now = useNow(60_000)
  const question = useMemo(() => questionOf(search, now), [search, now])
  const { query, rows, beforeTotal } = useStatistics(question)
  const total = totalsOf(rows).volumeMillilitres
  const title = words.statistics.chart(
    formatLitres(total),
    beforeTotal === undefined ? undefined : changePercent(total, beforeTotal),
  )
  return (
    <>
      <PageHead title={words.statistics.title}>
        <SpanPicker
          span={question.span}
          presets={['today', 'week', 'month', 'thisMonth', 'lastMonth']}
          onChange={change}
        />
        <ExportLinks question={question} />
      </PageHead>
      <Filters question={question} onChange={change} />
      <Loaded query={query} lines={20}>
        {() => (
          <div className="pivot">
            <Panel>
              <StatisticsTable
                rows={rows}
                beforeTotal={beforeTotal}
                question={question}
                onPage={(page) => change({ page: page === 1 ? undefined : String(page) })}
              />
            </Panel>
            {rows.length > 0 ? (
              <Panel title={title}>
                <StatisticsChart rows={rows} question={question} height={CHART_HEIGHT} label={title} />
                <SeriesKey rows={rows} question={question} />
              </Panel>
            ) : null}
          </div>
        )}
      </Loaded>
    </>
  )
}
