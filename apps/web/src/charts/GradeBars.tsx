import type { Grade } from '@oiltrail/domain'
import { type ReactNode, useMemo } from 'react'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { alarmPoints, type ChartAlarm } from './alarmPoints.ts'
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
  /** Alarms by the label of their bucket, marked above its bar. */
  readonly alarms?: readonly ChartAlarm[]
}

const NO_ALARMS: readonly ChartAlarm[] = []

/** Litres of all grades in a bucket: the height of its bar. */
function heightAt(series: readonly GradeSeries[], bucket: number): number {
  return series.reduce((sum, { values }) => sum + Math.round((values[bucket] ?? 0) / 1000), 0)
}

/** Sales per bucket as bars, stacked by grade. */
export function GradeBars({ labels, series, height, label, alarms = NO_ALARMS }: GradeBarsProps): ReactNode {
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
      series: series.map(({ grade, values }, i) => ({
        type: 'bar',
        name: words.grade[grade],
        stack: 'all',
        barMaxWidth: 26,
        itemStyle: { color: GRADE_COLOURS[grade] },
        data: values.map((value) => Math.round(value / 1000)),
        ...(i === 0 ? alarmPoints(alarms, (at) => heightAt(series, labels.indexOf(String(at)))) : {}),
      })),
    }),
    [labels, series, alarms, base, words],
  )
  return <Chart option={option} height={height} label={label} />
}
