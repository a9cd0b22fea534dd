import type { Grade } from '@oiltrail/domain'
import { type ReactNode, useMemo } from 'react'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { Chart, type ChartOption, useChartBase } from './Chart.tsx'

export interface GradeSeries {
  readonly grade: Grade
  /** Millilitres per bucket, in the order of the labels. */
  readonly values: readonly number[]
}

interface GradeBarsProps {
  readonly labels: readonly string[]
  readonly series: readonly GradeSeries[]
  readonly height: number
  readonly label: string
}

/** Sales per bucket as bars, stacked by grade. */
export function GradeBars({ labels, series, height, label }: GradeBarsProps): ReactNode {
  const base = useChartBase()
  const words = useWords()
  const option = useMemo<ChartOption>(
    () => ({
      animation: false,
      grid: { left: 4, right: 8, top: 14, bottom: 2, containLabel: true },
      tooltip: {
        ...base.tooltip,
        axisPointer: { type: 'shadow' },
        valueFormatter: (value: unknown) => `${formatNumber(Number(value))} L`,
      },
      xAxis: { type: 'category', data: [...labels], ...base.axis },
      yAxis: {
        type: 'value',
        ...base.quietAxis,
        axisLabel: { ...base.text, formatter: (value: number) => formatNumber(value) },
      },
      series: series.map(({ grade, values }) => ({
        type: 'bar',
        name: words.grade[grade],
        stack: 'all',
        barMaxWidth: 26,
        itemStyle: { color: GRADE_COLOURS[grade] },
        data: values.map((value) => Math.round(value / 1000)),
      })),
    }),
    [labels, series, base, words],
  )
  return <Chart option={option} height={height} label={label} />
}
