import { HOUR_MS } from '@oiltrail/kernel'
import { type ReactNode, useMemo, useRef } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { useWidth } from '../ui/useWidth.ts'
import { alarmPoints, type ChartAlarm } from './alarmPoints.ts'
import { Chart, type ChartOption, hatchPattern, useChartBase } from './Chart.tsx'
import { gapsOf } from './levelGaps.ts'
import { timeAxis } from './timeTicks.ts'

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

type Base = ReturnType<typeof useChartBase>
type Level = Answer<'siteLevels'>[number]

/** Tanks of one grade share its colour and differ by the stroke. */
const STROKES = ['solid', 'dashed', 'dotted'] as const
/** Left of the plot stand the per cents, right of it the names of the tanks, px. */
const BESIDE_PLOT = 120
/** Width that is assumed until the page has told it, px. */
const USUAL_WIDTH = 1_000

/** Which of the tanks of its grade each is, counted from 0. */
function twins(levels: readonly Level[]): number[] {
  return levels.map((level, i) => levels.slice(0, i).filter((other) => other.grade === level.grade).length)
}

function lineOf(level: Level, twin: number, capacity: number, base: Base, name: string): object {
  const colour = GRADE_COLOURS[level.grade]
  return {
    type: 'line',
    name,
    showSymbol: false,
    connectNulls: false,
    lineStyle: { color: colour, width: 1.8, type: STROKES[Math.min(twin, STROKES.length - 1)] },
    itemStyle: { color: colour },
    endLabel: { show: true, formatter: '{a}', ...base.text, color: colour },
    labelLayout: { moveOverlap: 'shiftY' },
    data: withHoles(level.points, capacity),
  }
}

/** Hatching over the hours in which no tank spoke. */
function hatched(gaps: readonly { from: number; to: number }[], base: Base): object {
  if (gaps.length === 0) return {}
  return {
    markArea: {
      silent: true,
      itemStyle: { color: hatchPattern(base.tokens.hatch), opacity: 0.7 },
      data: gaps.map((gap) => [{ xAxis: gap.from }, { xAxis: gap.to }]),
    },
  }
}

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
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box, USUAL_WIDTH)
  const option = useMemo<ChartOption>(() => {
    const order = twins(levels)
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
        axisLabel: { ...base.text, ...timeAxis(from, to, width - BESIDE_PLOT) },
      },
      yAxis: {
        type: 'value',
        min: 0,
        max: 100,
        interval: 25,
        ...base.quietAxis,
        axisLabel: { ...base.text, formatter: '{value} %' },
      },
      series: levels.map((level, i) => ({
        ...lineOf(
          level,
          order[i]!,
          capacityOf(level.tank),
          base,
          `${level.tank} · ${words.grade[level.grade]}`,
        ),
        ...(i === 0
          ? { ...alarmPoints(alarms, () => MARKS_AT), ...hatched(gapsOf(levels, from, to), base) }
          : {}),
      })),
    }
  }, [levels, capacityOf, from, to, width, alarms, base, words])
  return (
    <div ref={box}>
      <Chart option={option} height={260} label={label} />
    </div>
  )
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
