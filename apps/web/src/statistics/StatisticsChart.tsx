import type { Grade } from '@oiltrail/domain'
import { type ReactNode, useMemo } from 'react'
import { Chart, type ChartOption, useChartBase } from '../charts/Chart.tsx'
import { useWords } from '../settings.tsx'
import { formatBucket, formatNumber, spaced } from '../text/format.ts'
import { GRADE_COLOURS, SERIES_COLOURS } from '../theme/tokens.ts'
import { type Row, seriesOf } from './compare.ts'
import type { Question } from './question.ts'

interface StatisticsChartProps {
  readonly rows: readonly Row[]
  readonly question: Question
  readonly height: number
  readonly label: string
}

/** Sales over time stacked by grade or place; without time, places as lying bars, the largest above. */
export function StatisticsChart({ rows, question, height, label }: StatisticsChartProps): ReactNode {
  const base = useChartBase()
  const words = useWords()
  const option = useMemo<ChartOption>(() => {
    const { buckets, series } = seriesOf(rows, question.byGrade, words.statistics.other)
    const colour = (key: string, i: number): string =>
      question.byGrade
        ? GRADE_COLOURS[key as Grade]
        : key === ''
          ? base.tokens.unknown
          : (SERIES_COLOURS[i] ?? base.tokens.unknown)
    const name = (key: string, text: string): string =>
      question.byGrade ? words.grade[key as Grade] : spaced(text)
    const litres = (value: number): number => Math.round(value / 1000)
    const numbers = {
      type: 'value',
      ...base.quietAxis,
      axisLabel: { ...base.text, hideOverlap: true, formatter: (value: number) => formatNumber(value) },
    }
    const tooltip = {
      ...base.tooltip,
      axisPointer: { type: 'shadow' },
      valueFormatter: (value: unknown) => `${formatNumber(Number(value))} L`,
    }
    if (question.bucket === 'all')
      return {
        animation: false,
        grid: { left: 4, right: 76, top: 8, bottom: 2, containLabel: true },
        tooltip,
        xAxis: numbers,
        yAxis: {
          type: 'category',
          inverse: true,
          data: series.map(({ key, name: text }) => name(key, text)),
          ...base.axis,
        },
        series: [
          {
            type: 'bar',
            barMaxWidth: 22,
            label: {
              show: true,
              position: 'right',
              ...base.text,
              formatter: ({ value }: { value: number }) => formatNumber(value),
            },
            data: series.map(({ key, values }, i) => ({
              value: litres(values[0] ?? 0),
              itemStyle: { color: colour(key, i) },
            })),
          },
        ],
      }
    return {
      animation: false,
      grid: { left: 4, right: 8, top: 14, bottom: 2, containLabel: true },
      tooltip,
      xAxis: {
        type: 'category',
        data: buckets.map((bucket) => formatBucket(bucket, question.bucket).replace(/^\d{4}-(?=\d\d-)/, '')),
        ...base.axis,
      },
      yAxis: numbers,
      series: series.map(({ key, name: text, values }, i) => ({
        type: 'bar',
        stack: 'all',
        barMaxWidth: 30,
        name: name(key, text),
        itemStyle: { color: colour(key, i) },
        data: values.map(litres),
      })),
    }
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
