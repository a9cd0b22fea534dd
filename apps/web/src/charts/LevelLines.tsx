import { HOUR_MS } from '@oiltrail/kernel'
import { type ReactNode, useMemo } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { alarmPoints, type ChartAlarm } from './alarmPoints.ts'
import { Chart, type ChartOption, hatchPattern, useChartBase } from './Chart.tsx'
import { gapsOf } from './levelGaps.ts'

interface LevelLinesProps {
  readonly levels: Answer<'siteLevels'>
  readonly capacityOf: (tank: string) => number
  readonly from: number
  readonly to: number
  readonly label: string
  /** Alarms by their moment, marked along the upper edge. */
  readonly alarms?: readonly ChartAlarm[]
}

const NO_ALARMS: readonly ChartAlarm[] = []
/** Height of the alarms' marks, per cent of capacity. */
const MARKS_AT = 96

/** Contents of every tank as a share of its capacity; hours without readings are holes in the lines, and hatched when no tank spoke. */
export function LevelLines({
  levels,
  capacityOf,
  from,
  to,
  label,
  alarms = NO_ALARMS,
}: LevelLinesProps): ReactNode {
  const base = useChartBase()
  const words = useWords()
  const option = useMemo<ChartOption>(() => {
    const silent = gapsOf(levels, from, to)
    const seen = new Map<string, number>()
    return {
      animation: false,
      grid: { left: 4, right: 84, top: 12, bottom: 2, containLabel: true },
      tooltip: {
        ...base.tooltip,
        valueFormatter: (value: unknown) => (value == null ? '—' : `${formatNumber(Number(value), 1)} %`),
      },
      xAxis: {
        type: 'time',
        min: from,
        max: to,
        ...base.axis,
        axisLabel: {
          ...base.text,
          hideOverlap: true,
          formatter: (at: number) => formatShortMoment(at).replace(' 00:00', ''),
        },
      },
      yAxis: {
        type: 'value',
        min: 0,
        max: 100,
        interval: 25,
        ...base.quietAxis,
        axisLabel: { ...base.text, formatter: '{value} %' },
      },
      series: levels.map((level, i) => {
        const twin = seen.get(level.grade) ?? 0
        seen.set(level.grade, twin + 1)
        return {
          type: 'line',
          name: `${level.tank} · ${words.grade[level.grade]}`,
          showSymbol: false,
          connectNulls: false,
          lineStyle: {
            color: GRADE_COLOURS[level.grade],
            width: 1.8,
            type: twin === 0 ? 'solid' : twin === 1 ? 'dashed' : 'dotted',
          },
          itemStyle: { color: GRADE_COLOURS[level.grade] },
          endLabel: { show: true, formatter: '{a}', ...base.text, color: GRADE_COLOURS[level.grade] },
          labelLayout: { moveOverlap: 'shiftY' },
          data: withHoles(level.points, capacityOf(level.tank)),
          ...(i === 0 ? alarmPoints(alarms, () => MARKS_AT) : {}),
          ...(i === 0 && silent.length > 0
            ? {
                markArea: {
                  silent: true,
                  itemStyle: { color: hatchPattern(base.tokens.hatch), opacity: 0.7 },
                  data: silent.map((gap) => [{ xAxis: gap.from }, { xAxis: gap.to }]),
                },
              }
            : {}),
        }
      }),
    }
  }, [levels, capacityOf, from, to, alarms, base, words])
  return <Chart option={option} height={260} label={label} />
}

/** Points as share of capacity, with a hole wherever more than an hour is missing. */
function withHoles(
  points: Answer<'siteLevels'>[number]['points'],
  capacityMillilitres: number,
): [number, number | null][] {
  const line: [number, number | null][] = []
  let before: number | undefined
  for (const point of points) {
    if (before !== undefined && point.at - before > 2.5 * HOUR_MS) line.push([before + HOUR_MS, null])
    line.push([point.at, (point.volumeMillilitres / Math.max(1, capacityMillilitres)) * 100])
    before = point.at
  }
  return line
}
