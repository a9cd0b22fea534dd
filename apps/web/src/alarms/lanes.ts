import type { Answer } from '../api/endpoints.ts'
import { niceCeiling } from '../charts/scale.ts'

type Series = Answer<'alarmSeries'>

/** Lanes in their order from above; what the platform may add later stands behind them. */
export const LANE_ORDER = ['total', 'sale', 'receipt', 'tax', 'load', 'level', 'price'] as const
export type LaneKind = (typeof LANE_ORDER)[number]

/** Lines of one lane that are drawn; more cannot be told apart. */
export const MOST_LINES = 4

export interface LaneLine {
  readonly subject: string
  /** Moment and value in the lane's unit. */
  readonly points: readonly (readonly [at: number, value: number])[]
}

export interface Lane {
  readonly kind: LaneKind
  readonly unit: 'L' | 'price'
  /** The lines that changed most, in the order of their subjects. */
  readonly lines: readonly LaneLine[]
  /** How many there are altogether. */
  readonly all: number
}

/** Sums of single amounts as they grow; begins at nothing and lasts to the end of the axis. */
function grown(points: LaneLine['points'], from: number, to: number): LaneLine['points'] {
  let sum = 0
  const line: [number, number][] = [[from, 0]]
  for (const [at, value] of points) {
    sum += value
    line.push([at, sum])
  }
  line.push([to, sum])
  return line
}

/** Amounts since the first point: totalizers of different nozzles begin anywhere. A totalizer that goes back falls. */
function sinceFirst(points: LaneLine['points']): LaneLine['points'] {
  const first = points[0]?.[1] ?? 0
  return points.map(([at, value]) => [at, value - first] as const)
}

/** What holds until it is changed holds to the end of the axis. */
function held(points: LaneLine['points'], to: number): LaneLine['points'] {
  const last = points.at(-1)
  return last && last[0] < to ? [...points, [to, last[1]]] : points
}

function shaped(kind: LaneKind, points: LaneLine['points'], { from, to }: Series): LaneLine['points'] {
  const scaled = points.map(([at, value]) => [at, value / (kind === 'price' ? 100 : 1000)] as const)
  switch (kind) {
    case 'sale':
    case 'receipt':
    case 'load':
      return grown(scaled, from, to)
    case 'total':
    case 'tax':
      return sinceFirst(scaled)
    case 'price':
      return held(scaled, to)
    default:
      return scaled
  }
}

/** By how much a line moves: what is looked for is seldom in the line that stands still. */
export function swing({ points }: LaneLine): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const [, value] of points) {
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return points.length === 0 ? 0 : most - least
}

const byName = new Intl.Collator('en', { numeric: true })

/** The lanes of an alarm's axis: litres and yuan, sums for what comes in portions, at most `MOST_LINES` lines each. What stood still comes last. */
export function lanesOf(series: Series): Lane[] {
  const lanes = LANE_ORDER.flatMap((kind): Lane[] => {
    const lines = series.lanes
      .filter((lane) => lane.kind === kind && lane.points.length > 0)
      .map((lane) => ({ subject: lane.subject, points: shaped(kind, lane.points, series) }))
    if (lines.length === 0) return []
    const shown = [...lines]
      .sort((a, b) => swing(b) - swing(a) || byName.compare(a.subject, b.subject))
      .slice(0, MOST_LINES)
      .sort((a, b) => byName.compare(a.subject, b.subject))
    return [{ kind, unit: kind === 'price' ? 'price' : 'L', lines: shown, all: lines.length }]
  })
  const [moving, still] = [true, false].map((moves) => lanes.filter((lane) => isMoving(lane) === moves))
  return [...moving!, ...still!]
}

function isMoving({ lines }: Lane): boolean {
  return lines.some((line) => swing(line) > 0)
}

/**
 * One scale for what is compared: totalizer, pulses and board rise on the same axis, so that a missing sale is seen as a
 * line that stays low. Undefined when none of them is there.
 */
export function sharedScale(lanes: readonly Lane[]): { min: number; max: number } | undefined {
  const values = lanes
    .filter(({ kind }) => kind === 'total' || kind === 'sale' || kind === 'receipt')
    .flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([, value]) => value)))
  if (values.length === 0) return undefined
  let [min, max] = [0, 0]
  for (const value of values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return { min: min < 0 ? -niceCeiling(-min) : 0, max: niceCeiling(max) }
}

type Told = Series['marks'][number]

/** Lines of a lane that end nearer one another than this share of its range would have their names upon each other. */
const NAME_SHARE = 0.1

/**
 * The names at the end of a lane's lines: each line's subjects, empty where another line at the same place names it as well. Lines
 * that stand still at one value get one name together rather than a pile that reaches into the next lane.
 */
export function endNames({ lines }: Pick<Lane, 'lines'>): readonly (readonly string[])[] {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value))
  const near = (Math.max(...values) - Math.min(...values)) * NAME_SHARE
  const named = new Set<LaneLine>()
  return lines.map((line) => {
    if (named.has(line)) return []
    const end = line.points.at(-1)
    const same = lines.filter((other) => {
      const [at, value] = other.points.at(-1) ?? []
      const meets = end && at === end[0] && value !== undefined && Math.abs(value - end[1]) <= near
      return other === line || (meets && !named.has(other))
    })
    for (const other of same) named.add(other)
    return same.map(({ subject }) => subject)
  })
}

/** Lanes of moments in their order: oil that came, pulse lines, the collector itself, people. */
export const MARK_LANES = ['delivery', 'line', 'health', 'people'] as const
export type MarkKind = (typeof MARK_LANES)[number]

/** Something that happened at a moment, to one or several parts at once. */
export interface Mark {
  readonly at: number
  readonly kind: MarkKind
  readonly subjects: readonly string[]
  readonly text: string
}

/** Moments closer than this share of the axis that say the same are one mark: six lines are told of in one breath. */
const ONE_MARK_SHARE = 0.004

/** Lines are told of daily although nothing changed: what is the same as before, or normal to begin with, is no event. */
function isNews(told: Told, states: Map<string, string>): boolean {
  if (told.kind !== 'line') return true
  const before = states.get(told.subject) ?? 'normal'
  states.set(told.subject, told.text)
  return told.text !== before
}

/** Moments by lane, repeats left out and simultaneous ones joined; lanes without any are absent. */
export function marksOf(series: Series): { kind: MarkKind; marks: readonly Mark[] }[] {
  const tanks = series.lanes.filter((lane) => lane.kind === 'level').map((lane) => lane.subject)
  const nearby = (series.to - series.from) * ONE_MARK_SHARE
  return MARK_LANES.flatMap((kind) => {
    const states = new Map<string, string>()
    const marks: Mark[] = []
    for (const told of series.marks) {
      if (told.kind !== kind || !isNews(told, states)) continue
      if (kind === 'delivery' && tanks.length > 0 && !tanks.includes(told.subject)) continue
      const last = marks.at(-1)
      const { at, subject, text } = told
      const same = last?.text === text && at - last.at <= nearby && kind !== 'delivery' && kind !== 'people'
      if (last && same)
        marks[marks.length - 1] = { ...last, subjects: [...new Set([...last.subjects, subject])] }
      else marks.push({ at, kind, subjects: [subject], text })
    }
    return marks.length > 0 ? [{ kind, marks }] : []
  })
}

/** Side of a mark on which its words stand; undefined when there is no room for them. */
export type LabelSide = 'left' | 'right' | undefined

/** Room between a mark's words and its neighbour, px. */
const LABEL_GAP = 16

/**
 * Puts words beside marks where they cover neither a neighbour nor the edge: `at` are places in px from the left of a lane
 * that is `width` wide, `lengths` the px of the words.
 */
export function labelSides(at: readonly number[], lengths: readonly number[], width: number): LabelSide[] {
  let taken = 0
  return at.map((x, i): LabelSide => {
    const need = lengths[i]! + LABEL_GAP
    if (x + need <= (at[i + 1] ?? width + LABEL_GAP)) {
      taken = x + need
      return 'right'
    }
    if (x - need >= Math.max(taken, i > 0 ? at[i - 1]! : 0)) return 'left'
    return undefined
  })
}
