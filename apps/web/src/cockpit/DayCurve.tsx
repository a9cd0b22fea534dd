import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { niceCeiling } from '../charts/scale.ts'
import { useWords } from '../settings.tsx'
import { changePercent, formatNumber } from '../text/format.ts'

const WIDTH = 460
const HEIGHT = 190
const LEFT = 52
const BOTTOM = 24
const TOP = 22
const RIGHT = 12

const x = (hour: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * hour) / 23

/** Today's sales hour by hour upon those of the same weekday last week; its title tells what it shows. */
export function DayCurve({ overview }: { overview: Answer<'overview'> }): ReactNode {
  const words = useWords()
  const { hours } = overview
  const most = niceCeiling(
    Math.max(1000, ...hours.flatMap((hour) => [hour.todayMillilitres ?? 0, hour.lastWeekMillilitres])),
  )
  const y = (millilitres: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - millilitres / most)
  const line = (values: readonly (readonly [number, number | undefined])[]): string =>
    values
      .filter((point): point is readonly [number, number] => point[1] !== undefined)
      .map(([hour, value], i) => `${i === 0 ? 'M' : 'L'}${x(hour).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('')
  const known = hours.filter((hour) => hour.todayMillilitres !== undefined)
  const last = known.at(-1)
  const lastWeekPeak = hours.reduce<(typeof hours)[number] | undefined>(
    (best, hour) => (!best || hour.lastWeekMillilitres > best.lastWeekMillilitres ? hour : best),
    undefined,
  )
  const change = changePercent(overview.today.volumeMillilitres, overview.lastWeek.volumeMillilitres)
  return (
    <section className="wall-block">
      <h2>{words.cockpit.curve(change)}</h2>
      <svg
        className="day-curve"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={words.cockpit.curve(change)}
      >
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line
              x1={LEFT}
              x2={WIDTH - RIGHT}
              y1={y(most * share)}
              y2={y(most * share)}
              stroke="var(--grid)"
            />
            <text x={LEFT - 8} y={y(most * share) + 4} textAnchor="end" className="curve-label">
              {formatNumber((most * share) / 1000)}
            </text>
          </g>
        ))}
        <text x={LEFT - 8} y={TOP - 10} textAnchor="end" className="curve-label">
          {words.cockpit.perHour}
        </text>
        {[0, 6, 12, 18, 23].map((hour) => (
          <text key={hour} x={x(hour)} y={HEIGHT - 6} textAnchor="middle" className="curve-label">
            {hour}
          </text>
        ))}
        <path d={line(hours.map((h) => [h.hour, h.lastWeekMillilitres]))} className="curve-before" />
        <path d={line(known.map((h) => [h.hour, h.todayMillilitres]))} className="curve-today" />
        {last?.todayMillilitres !== undefined ? (
          <>
            <circle cx={x(last.hour)} cy={y(last.todayMillilitres)} r="4" fill="var(--amber)" />
            <text
              x={x(last.hour) + (last.hour > 19 ? -8 : 8)}
              y={y(last.todayMillilitres) - 8}
              textAnchor={last.hour > 19 ? 'end' : 'start'}
              className="curve-last"
            >
              {words.cockpit.curveToday} {formatNumber(last.todayMillilitres / 1000)}
            </text>
          </>
        ) : null}
        {lastWeekPeak && lastWeekPeak.lastWeekMillilitres > 0 ? (
          <text
            x={x(lastWeekPeak.hour)}
            y={Math.max(12, y(lastWeekPeak.lastWeekMillilitres) - 6)}
            textAnchor={lastWeekPeak.hour > 17 ? 'end' : 'middle'}
            className="curve-label"
          >
            {words.cockpit.curveLastWeek}
          </text>
        ) : null}
      </svg>
    </section>
  )
}
