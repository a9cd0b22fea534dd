import type { Grade } from '@oiltrail/domain'
import { type ReactNode, useMemo } from 'react'
import { Chart, type ChartOption, useChartBase } from '../charts/Chart.tsx'
import { useWords } from '../settings.tsx'
import { formatBucket, formatNumber, spaced } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { GRADE_COLOURS, SERIES_COLOURS } from '../theme/tokens.ts'
import { type Row, seriesOf } from './compare.ts'
import type { Question } from './question.ts'

interface StatisticsChartProps {
  readonly rows: readonly Row[]
  readonly question: Question
  readonly height: number
  readonly label: string
}

type Base = ReturnType<typeof useChartBase>
type Sums = ReturnType<typeof seriesOf>
/** Name and colour of a series: grades have theirs everywhere, places by their order, and what is left over is grey. */
type Look = (key: string, name: string, i: number) => { readonly name: string; readonly color: string }

function lookOf(byGrade: boolean, base: Base, words: Words): Look {
  if (byGrade) return (key) => ({ name: words.grade[key as Grade], color: GRADE_COLOURS[key as Grade] })
  return (key, name, i) => ({
    name: spaced(name),
    color: (key === '' ? undefined : SERIES_COLOURS[i]) ?? base.tokens.unknown,
  })
}

const litres = (millilitres: number): number => Math.round(millilitres / 1000)

function numberAxis(base: Base): object {
  const axisLabel = { ...base.text, hideOverlap: true, formatter: (value: number) => formatNumber(value) }
  return { type: 'value', ...base.quietAxis, axisLabel }
}

function tooltipOf(base: Base): object {
  const valueFormatter = (value: unknown): string => `${formatNumber(Number(value))} L`
  return { ...base.tooltip, axisPointer: { type: 'shadow' }, valueFormatter }
}

/** One lying bar for each series, the largest above, each with its number. */
function lyingBars({ series }: Sums, look: Look, base: Base): ChartOption {
  const looks = series.map(({ key, name }, i) => look(key, name, i))
  const formatter = ({ value }: { value: number }): string => formatNumber(value)
  return {
    animation: false,
    grid: { left: 4, right: 76, top: 8, bottom: 2, containLabel: true },
    tooltip: tooltipOf(base),
    xAxis: numberAxis(base),
    yAxis: { type: 'category', inverse: true, data: looks.map(({ name }) => name), ...base.axis },
    series: [
      {
        type: 'bar',
        barMaxWidth: 22,
        label: { show: true, position: 'right', ...base.text, formatter },
        data: series.map(({ values }, i) => ({
          value: litres(values[0] ?? 0),
          itemStyle: { color: looks[i]!.color },
        })),
      },
    ],
  }
}

/** A bar for each bucket of time, the series upon one another. */
function stackedBars({ series }: Sums, labels: string[], look: Look, base: Base): ChartOption {
  return {
    animation: false,
    grid: { left: 4, right: 8, top: 14, bottom: 2, containLabel: true },
    tooltip: tooltipOf(base),
    xAxis: { type: 'category', data: labels, ...base.axis },
    yAxis: numberAxis(base),
    series: series.map(({ key, name, values }, i) => {
      const { name: text, color } = look(key, name, i)
      return {
        ...{ type: 'bar', stack: 'all', barMaxWidth: 30 },
        ...{ name: text, itemStyle: { color }, data: values.map(litres) },
      }
    }),
  }
}

/** Sales over time stacked by grade or place; without time, places as lying bars, the largest above. */
export function StatisticsChart({ rows, question, height, label }: StatisticsChartProps): ReactNode {
  const base = useChartBase()
  const words = useWords()
  const option = useMemo<ChartOption>(() => {
    const sums = seriesOf(rows, question.byGrade, words.statistics.other)
    const look = lookOf(question.byGrade, base, words)
    if (question.bucket === 'all') return lyingBars(sums, look, base)
    // The year is told by the span above.
    const labels = sums.buckets.map((at) => formatBucket(at, question.bucket).replace(/^\d{4}-(?=\d\d-)/, ''))
    return stackedBars(sums, labels, look, base)
  }, [rows, question, base, words])
  return <Chart option={option} height={height} label={label} />
}

/** Which colour is which, for a chart with more series than labels fit. */
export function SeriesKey({ rows, question }: { rows: readonly Row[]; question: Question }): ReactNode {
  const words = useWords()
  const { series } = seriesOf(rows, question.byGrade, words.statistics.other)
  if (series.length < 2 || question.bucket === 'all') return null
  return (
    <ul className="series-key small">
      {series.map(({ key, name }, i) => (
        <li key={key} className="grade-tag">
          <i
            style={{
              background: question.byGrade
                ? GRADE_COLOURS[key as Grade]
                : key === ''
                  ? 'var(--unknown)'
                  : SERIES_COLOURS[i],
            }}
          />
          {question.byGrade ? words.grade[key as Grade] : spaced(name)}
        </li>
      ))}
    </ul>
  )
}
