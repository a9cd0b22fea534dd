import type { Grade } from '@oiltrail/domain'
import { type ReactNode, useMemo } from 'react'
import { Chart, type ChartOption, useChartBase } from '../charts/Chart.tsx'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import type { Proposal } from './ChartsPanel.tsx'

/** The difference of a proposed chart from the present one by height: litres over millimetres. */
export function HeightChart({ rows, grade }: { rows: Proposal['rows']; grade: Grade }): ReactNode {
  const base = useChartBase()
  const words = useWords().witness.charts
  const option = useMemo<ChartOption>(
    () => ({
      animation: false,
      grid: { left: 4, right: 24, top: 14, bottom: 2, containLabel: true },
      tooltip: {
        ...base.tooltip,
        trigger: 'axis',
        valueFormatter: (value: unknown) => `${formatNumber(Number(value), 1)} L`,
      },
      xAxis: {
        type: 'value',
        scale: true,
        ...base.axis,
        splitNumber: 4,
        axisLabel: {
          ...base.text,
          hideOverlap: true,
          formatter: (value: number) => `${formatNumber(value)} mm`,
        },
      },
      yAxis: {
        type: 'value',
        ...base.quietAxis,
        splitNumber: 3,
        axisLabel: { ...base.text, formatter: (value: number) => `${formatNumber(value)} L` },
      },
      series: [
        {
          type: 'line',
          name: words.change,
          showSymbol: false,
          lineStyle: { color: GRADE_COLOURS[grade], width: 1.8 },
          itemStyle: { color: GRADE_COLOURS[grade] },
          data: rows.map(([height, present, proposed]) => [height / 1000, (proposed - present) / 1000]),
        },
      ],
    }),
    [rows, grade, base, words],
  )
  return (
    <>
      <p className="small soft">{words.difference}</p>
      <Chart option={option} height={170} label={words.difference} />
    </>
  )
}
