import { type ReactNode, useMemo, useRef } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { Chart, type ChartOption, useChartBase } from '../charts/Chart.tsx'
import { timeAxis } from '../charts/timeTicks.ts'
import { useWords } from '../settings.tsx'
import { formatLitres, formatNumber, formatShortMoment, formatTime } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { SERIES_COLOURS } from '../theme/tokens.ts'
import { useWidth } from '../ui/useWidth.ts'
import {
  endNames,
  type LabelSide,
  type Lane,
  labelSides,
  lanesOf,
  type Mark,
  type MarkKind,
  marksOf,
  sharedScale,
} from './lanes.ts'

const LANE_HEIGHT = 84
const MARK_HEIGHT = 20
const LANE_GAP = 34
/** Lanes of moments have their title at the left and stand close. */
const MARK_GAP = 10
const TOP = 22
const FOOT = 26
const LEFT = 76
const RIGHT = 84
/** Width that is assumed until the page has told it, px. */
const USUAL_WIDTH = 1_000
/** A Chinese character is as wide as its height; others about half of it. */
const NARROW = 0.56

/** What a mark says. */
export function markText(mark: Mark, words: Words): string {
  const subject = mark.subjects.filter((each) => each !== '').join('、')
  switch (mark.kind) {
    case 'people':
      return `${words.alarm.step[mark.text] ?? mark.text} · ${subject}`
    case 'delivery':
      return words.alarm.delivered(subject, formatLitres(Number(mark.text) || 0))
    case 'line':
      return words.fault(mark.text === 'normal' ? 'line-normal' : `line-${mark.text}`, subject)
    default:
      return words.fault(mark.text, subject)
  }
}

/** Width of a text about as it will be drawn, px. */
function textWidth(text: string, fontSize: number): number {
  let width = 0
  for (const character of text) width += character > '\u2e80' ? fontSize : fontSize * NARROW
  return width
}

interface Row {
  readonly title: string
  readonly height: number
  readonly lane?: Lane
  readonly marks?: readonly Mark[]
}

const MARK_TITLES: Readonly<Record<MarkKind, keyof Words['alarm']['lane']>> = {
  delivery: 'delivery',
  line: 'line',
  health: 'marks',
  people: 'people',
}

function rowsOf(series: Answer<'alarmSeries'>, words: Words): Row[] {
  const lanes = lanesOf(series).map((lane) => ({
    lane,
    title: `${words.alarm.lane[lane.kind]} ${words.alarm.laneUnit[lane.unit]}`,
    height: LANE_HEIGHT,
  }))
  const marks = marksOf(series).map(({ kind, marks }) => ({
    title: words.alarm.lane[MARK_TITLES[kind]],
    marks,
    height: MARK_HEIGHT,
  }))
  return [...lanes, ...marks]
}

interface Place {
  readonly row: Row
  readonly top: number
}

function placesOf(rows: readonly Row[]): { places: Place[]; height: number } {
  let top = TOP
  const places = rows.map((row) => {
    const place = { row, top }
    top += row.height + (row.marks ? MARK_GAP : LANE_GAP)
    return place
  })
  return { places, height: top + FOOT }
}

interface Span {
  readonly from: number
  readonly to: number
}

type Base = ReturnType<typeof useChartBase>

function areaOf({ from, to }: Span, base: Base): object {
  return {
    silent: true,
    itemStyle: { color: base.tokens.mark, opacity: 0.55 },
    data: [[{ xAxis: from }, { xAxis: Math.max(to, from + 1) }]],
  }
}

/** The lines of a lane; those that hold until the next value are drawn as steps. */
function laneSeries(lane: Lane, index: number, span: Span, base: Base, words: Words): object[] {
  const steps = lane.kind !== 'level' && lane.kind !== 'total' && lane.kind !== 'tax'
  const names = endNames(lane)
  return lane.lines.map(({ subject, points }, i) => ({
    type: 'line',
    name: `${words.alarm.lane[lane.kind]} ${words.alarm.part(lane.kind, subject)}`,
    xAxisIndex: index,
    yAxisIndex: index,
    showSymbol: points.length < 40 && lane.kind !== 'level',
    symbolSize: 4,
    ...(steps ? { step: 'end' } : {}),
    lineStyle: { width: 1.8, color: SERIES_COLOURS[i] },
    itemStyle: { color: SERIES_COLOURS[i] },
    endLabel: {
      show: names[i]!.length > 0,
      formatter: words.alarm.part(lane.kind, names[i]!.join(words.alarm.and)),
      ...base.text,
      color: base.tokens.inkSoft,
    },
    labelLayout: { moveOverlap: 'shiftY' },
    data: points.map(([at, value]) => [at, value]),
    ...(i === 0 ? { markArea: areaOf(span, base) } : {}),
  }))
}

/** Moments of a lane, each with its words beside it where there is room for them. */
function markSeries(
  marks: readonly Mark[],
  sides: readonly LabelSide[],
  index: number,
  span: Span,
  base: Base,
  words: Words,
): object {
  return {
    type: 'scatter',
    name: '',
    xAxisIndex: index,
    yAxisIndex: index,
    symbol: 'diamond',
    symbolSize: 10,
    itemStyle: { color: base.tokens.inkSoft },
    data: marks.map((mark, i) => ({
      value: [mark.at, 0],
      label: {
        show: sides[i] !== undefined,
        position: sides[i] ?? 'right',
        ...base.text,
        color: base.tokens.inkSoft,
        formatter: markText(mark, words),
      },
    })),
    markArea: areaOf(span, base),
  }
}

interface TipItem {
  readonly seriesName: string
  readonly seriesType: string
  readonly seriesIndex: number
  readonly dataIndex: number
  readonly value: readonly [number, number]
}

function tipOf(
  items: readonly TipItem[],
  rows: readonly Row[],
  owners: readonly number[],
  words: Words,
): string {
  const [first] = items
  if (!first) return ''
  const lines = items.map((item) => {
    const row = rows[owners[item.seriesIndex] ?? 0]
    const mark = row?.marks?.[item.dataIndex]
    if (mark) return `${formatTime(mark.at)}  ${markText(mark, words)}`
    const unit = row?.lane?.unit === 'price' ? '¥/L' : 'L'
    return `${item.seriesName}  ${formatNumber(item.value[1], 2)} ${unit}`
  })
  return [formatShortMoment(first.value[0]), ...lines].join('\n')
}

/** Where the words of a lane's marks stand on an axis as wide as the page gives it. */
function sidesOf(marks: readonly Mark[], axis: Span, width: number, base: Base, words: Words): LabelSide[] {
  const drawn = Math.max(1, width - LEFT - RIGHT)
  return labelSides(
    marks.map((mark) => ((mark.at - axis.from) / Math.max(1, axis.to - axis.from)) * drawn),
    marks.map((mark) => textWidth(markText(mark, words), base.fontSize)),
    drawn + RIGHT,
  )
}

function optionOf(
  series: Answer<'alarmSeries'>,
  places: readonly Place[],
  span: Span,
  width: number,
  base: Base,
  words: Words,
): ChartOption {
  const rows = places.map(({ row }) => row)
  const scale = sharedScale(rows.flatMap(({ lane }) => (lane ? [lane] : [])))
  const drawn = rows.map(({ lane, marks = [] }, i) =>
    lane
      ? laneSeries(lane, i, span, base, words)
      : [markSeries(marks, sidesOf(marks, series, width, base, words), i, span, base, words)],
  )
  const owners = drawn.flatMap((list, i) => list.map(() => i))
  const shares = (row: Row): boolean =>
    row.lane !== undefined && ['total', 'sale', 'receipt'].includes(row.lane.kind)
  return {
    animation: false,
    axisPointer: { link: [{ xAxisIndex: 'all' }], lineStyle: { color: base.tokens.inkFaint } },
    tooltip: {
      ...base.tooltip,
      renderMode: 'richText',
      formatter: (items: readonly TipItem[]) => tipOf(items, rows, owners, words),
    },
    grid: places.map(({ row, top }) => ({ left: LEFT, right: RIGHT, top, height: row.height })),
    xAxis: places.map((_, i) => ({
      type: 'time',
      gridIndex: i,
      min: series.from,
      max: series.to,
      ...base.axis,
      axisLabel: {
        ...base.text,
        ...timeAxis(series.from, series.to, width - LEFT - RIGHT),
        show: i === places.length - 1,
      },
    })),
    yAxis: places.map(({ row }, i) => ({
      type: 'value',
      gridIndex: i,
      name: row.marks ? '' : row.title,
      nameLocation: 'end',
      nameGap: 6,
      nameTextStyle: {
        ...base.text,
        color: base.tokens.inkSoft,
        align: 'left',
        padding: [0, 0, 0, -LEFT + 4],
      },
      ...base.quietAxis,
      splitNumber: 2,
      scale: true,
      ...(row.lane?.unit === 'L' ? { minInterval: 1 } : {}),
      ...(row.marks ? { min: -1, max: 1, interval: 1 } : {}),
      ...(shares(row) && scale ? { ...scale, interval: Math.max(1, (scale.max - scale.min) / 2) } : {}),
      axisLabel: {
        ...base.text,
        formatter: (value: number) => {
          if (row.marks) return value === 0 ? row.title : ''
          return row.lane?.unit === 'price' ? formatNumber(value, 2) : formatLitres(value * 1000)
        },
      },
      splitLine: { show: row.lane !== undefined, lineStyle: { color: base.tokens.grid } },
    })),
    series: drawn.flat(),
  }
}

/** Everything recorded around an alarm on one axis of time, a lane for each kind; the span it is about is shaded. */
export function LanesChart({
  series,
  span,
  label,
}: {
  series: Answer<'alarmSeries'>
  span: Span
  label: string
}): ReactNode {
  const base = useChartBase()
  const words = useWords()
  const { from, to } = span
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box, USUAL_WIDTH)
  const { places, height, option } = useMemo(() => {
    const made = placesOf(rowsOf(series, words))
    return { ...made, option: optionOf(series, made.places, { from, to }, width, base, words) }
  }, [series, from, to, width, base, words])
  if (places.length === 0) return <p className="quiet">{words.alarm.noSeries}</p>
  return (
    <div ref={box}>
      {/* The key makes a new chart when lanes come or go: their number is fixed in a chart's life. */}
      <Chart key={places.length} option={option} height={height} label={label} />
    </div>
  )
}
