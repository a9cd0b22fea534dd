import { BarChart, LineChart, ScatterChart } from 'echarts/charts'
import {
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
} from 'echarts/components'
import { type EChartsCoreOption, init, use as register } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { CanvasRenderer } from 'echarts/renderers'
import { type ReactNode, useEffect, useRef } from 'react'
import { useSettings } from '../settings.tsx'
import { THEMES } from '../theme/tokens.ts'
import './charts.css'

register([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  LabelLayout,
  CanvasRenderer,
])

export type ChartOption = EChartsCoreOption

interface ChartProps {
  readonly option: ChartOption
  readonly height: number
  /** What the chart says, for those who do not see it. */
  readonly label: string
}

/** The one place that knows the chart library: makes it, feeds it, sizes it, ends it. */
export function Chart({ option, height, label }: ChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<ReturnType<typeof init>>(undefined)
  useEffect(() => {
    if (!place.current) return
    const made = init(place.current)
    chart.current = made
    const observer = new ResizeObserver(() => made.resize())
    observer.observe(place.current)
    return () => {
      observer.disconnect()
      made.dispose()
      chart.current = undefined
    }
  }, [])
  useEffect(() => {
    chart.current?.setOption(option, { notMerge: true })
  }, [option])
  return <div ref={place} className="chart" style={{ height }} role="img" aria-label={label} />
}

/** Colours and type of axes, the same on every chart of the office view. */
export function useChartBase(): {
  axis: object
  quietAxis: object
  tooltip: object
  text: object
  /** Size of all text in charts, px. */
  fontSize: number
  tokens: (typeof THEMES)['office']
} {
  const { large } = useSettings()
  const tokens = THEMES.office
  const fontSize = large ? 18 : 12
  const text = {
    fontFamily: 'PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif',
    fontSize,
    color: tokens.inkFaint,
  }
  return {
    tokens,
    text,
    fontSize,
    axis: {
      axisLabel: text,
      axisLine: { lineStyle: { color: tokens.line } },
      axisTick: { show: false },
      splitLine: { show: false },
    },
    quietAxis: {
      axisLabel: text,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: tokens.grid } },
      splitNumber: 4,
    },
    tooltip: {
      trigger: 'axis',
      backgroundColor: tokens.surface,
      borderColor: tokens.line,
      textStyle: { ...text, color: tokens.ink },
      confine: true,
      transitionDuration: 0,
    },
  }
}

/** A tile of slanting lines: what is not known. */
export function hatchPattern(colour: string): object {
  const size = 8
  const canvas = document.createElement('canvas')
  canvas.width = size
  canvas.height = size
  const pen = canvas.getContext('2d')
  if (pen) {
    pen.strokeStyle = colour
    pen.lineWidth = 1.5
    pen.beginPath()
    for (const shift of [-size, 0, size]) {
      pen.moveTo(shift, size)
      pen.lineTo(shift + size, 0)
    }
    pen.stroke()
  }
  return { image: canvas, repeat: 'repeat' }
}
