import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { niceCeiling } from '../charts/scale.ts'
import { useWords } from '../settings.tsx'
import { changePercent, formatNumber, hourOfDay } from '../text/format.ts'
import './sales.css'

type Hour = Answer<'overview'>['hours'][number]

const WIDTH = 460
const HEIGHT = 204
const LEFT = 52
const BOTTOM = 24
const TOP = 34
const RIGHT = 12
/** Labels right of this hour lean to the left, so that they stay in the picture. */
const LATE_HOUR = 17
const LABEL_HEIGHT = 20

const x = (hour: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * hour) / 23

/** Path through the hours that are known. */
function line(
  points: readonly (readonly [number, number | undefined])[],
  y: (value: number) => number,
): string {
  return points
    .filter((point): point is readonly [number, number] => point[1] !== undefined)
    .map(([hour, value], i) => `${i === 0 ? 'M' : 'L'}${x(hour).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('')
}

/** The last whole hour of today is named; the running hour stands apart, for it is not comparable yet. */
function TodayEnd(props: {
  hours: readonly Hour[]
  running: Hour | undefined
  y: (value: number) => number
}): ReactNode {
  const words = useWords()
  const last = props.hours.at(-1)
  const { running, y } = props
  // Beneath the point when the line comes down to it, but at night there is no room above the hours.
  const beneath =
    (props.hours.at(-2)?.todayMillilitres ?? 0) > (last?.todayMillilitres ?? 0) &&
    y(last?.todayMillilitres ?? 0) < HEIGHT - BOTTOM - LABEL_HEIGHT
  const late = (last?.hour ?? 0) > LATE_HOUR
  return (
    <>
      {last?.todayMillilitres !== undefined ? (
        <>
          <circle cx={x(last.hour)} cy={y(last.todayMillilitres)} r="4" fill="var(--amber)" />
          <text
            x={x(last.hour) + (late ? -10 : 10)}
            y={y(last.todayMillilitres) + (beneath ? 18 : -8)}
            textAnchor={late ? 'end' : 'start'}
            className="curve-last"
          >
            {words.cockpit.curveToday} {formatNumber(last.todayMillilitres / 1000)}
          </text>
        </>
      ) : null}
      {running?.todayMillilitres !== undefined ? (
        <circle cx={x(running.hour)} cy={y(running.todayMillilitres)} r="3.5" className="curve-running">
          <title>{`${words.cockpit.curveRunning} ${formatNumber(running.todayMillilitres / 1000)} L`}</title>
        </circle>
      ) : null}
    </>
  )
}

type ToY = (millilitres: number) => number

/** Lines and numbers of the litres an hour, and the hours beneath. */
function Axes({ most, y }: { most: number; y: ToY }): ReactNode {
  const words = useWords()
  return (
    <>
      {[0, 0.5, 1].map((share) => (
        <g key={share}>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(most * share)} y2={y(most * share)} stroke="var(--grid)" />
          <text x={LEFT - 8} y={y(most * share) + 4} textAnchor="end" className="curve-label">
            {formatNumber((most * share) / 1000)}
          </text>
        </g>
      ))}
      <text x={LEFT - 8} y={TOP - 18} textAnchor="end" className="curve-label">
        {words.cockpit.perHour}
      </text>
      {[0, 6, 12, 18, 23].map((hour) => (
        <text key={hour} x={x(hour)} y={HEIGHT - 6} textAnchor="middle" className="curve-label">
          {hour}
        </text>
      ))}
    </>
  )
}

/** The same weekday last week, named at its peak. */
function LastWeek({ hours, y }: { hours: readonly Hour[]; y: ToY }): ReactNode {
  const words = useWords()
  const peak = hours.reduce<Hour | undefined>(
    (best, hour) => (!best || hour.lastWeekMillilitres > best.lastWeekMillilitres ? hour : best),
    undefined,
  )
  const points = hours.map((hour) => [hour.hour, hour.lastWeekMillilitres] as const)
  return (
    <>
      <path d={line(points, y)} className="curve-before" />
      {peak && peak.lastWeekMillilitres > 0 ? (
        <text
          x={x(peak.hour)}
          y={Math.max(12, y(peak.lastWeekMillilitres) - 6)}
          textAnchor={peak.hour > LATE_HOUR ? 'end' : 'middle'}
          className="curve-label"
        >
          {words.cockpit.curveLastWeek}
        </text>
      ) : null}
    </>
  )
}

/** Half of the axis must be whole litres: a county that sold nothing yet would read 0, 1, 1. */
const LEAST_SCALE_MILLILITRES = 100_000

/** Today's sales hour by hour upon those of the same weekday last week; its title tells what it shows. */
export function DayCurve({ overview }: { overview: Answer<'overview'> }): ReactNode {
  const words = useWords()
  const { hours } = overview
  const most = niceCeiling(
    Math.max(
      LEAST_SCALE_MILLILITRES,
      ...hours.flatMap((hour) => [hour.todayMillilitres ?? 0, hour.lastWeekMillilitres]),
    ),
  )
  const y: ToY = (millilitres) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - millilitres / most)
  const now = hourOfDay(overview.asOf)
  const whole = hours.filter((hour) => hour.todayMillilitres !== undefined && hour.hour < now)
  const points = whole.map((hour) => [hour.hour, hour.todayMillilitres] as const)
  const title = words.cockpit.curve(
    changePercent(overview.today.volumeMillilitres, overview.lastWeek.volumeMillilitres),
  )
  return (
    <section className="wall-block wall-curve">
      <h2>{title}</h2>
      <svg className="day-curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
        <Axes most={most} y={y} />
        <LastWeek hours={hours} y={y} />
        <path d={line(points, y)} className="curve-today" />
        <TodayEnd hours={whole} running={hours.find((hour) => hour.hour === now)} y={y} />
      </svg>
    </section>
  )
}
