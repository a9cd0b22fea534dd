import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { GradePath } from '../ui/GradeShape.tsx'
import type { Point } from './projection.ts'

type Site = Answer<'overview'>['sites'][number]
export type AlarmPlace = Answer<'alarmPlaces'>[number]

interface SiteMarkProps {
  readonly site: Site
  /** Its gravest alarm in sight. */
  readonly alarm?: AlarmPlace | undefined
  readonly place: Point
  readonly radius: number
  readonly onHover: (site: string | undefined) => void
  readonly onOpen: () => void
}

/** Outline of a mark: a depot is a square, a station a disc; one that wants attention is half filled, so that shape tells as well. */
function shapeOf(site: Site, r: number): ReactNode {
  const className = `map-mark map-mark-${site.state}`
  if (site.state === 'attention')
    return (
      <>
        <circle className="map-mark map-half" r={r} />
        <path className={className} d={`M0 ${-r}A${r} ${r} 0 0 1 0 ${r}Z`} />
      </>
    )
  if (site.kind === 'depot')
    return <rect className={className} x={-r * 1.1} y={-r * 1.1} width={r * 2.2} height={r * 2.2} />
  return <circle className={className} r={r} />
}

/** An alarm in the shape of its grade, with a ring that spreads once when it comes or becomes graver. */
function AlarmMark({ alarm, radius }: { alarm: AlarmPlace; radius: number }): ReactNode {
  return (
    <g key={alarm.grade} className={`map-alarm map-alarm-${alarm.grade}`}>
      <circle className="map-ring" r={radius * 1.6} />
      <GradePath grade={alarm.grade} radius={radius * 1.5} className="map-mark" />
    </g>
  )
}

/** A site on the map, filled by state; offline ones are hollow and struck through, alarming ones wear the grade's shape. */
export function SiteMark({ site, alarm, place, radius, onHover, onOpen }: SiteMarkProps): ReactNode {
  const words = useWords()
  return (
    <g transform={`translate(${place[0].toFixed(1)} ${place[1].toFixed(1)})`}>
      <a
        href={paths.site(site.site)}
        className="map-site"
        aria-label={`${site.name} ${words.kind[site.kind]} ${words.state[site.state]}${alarm ? ` ${words.alarmGrade[alarm.grade]} ${alarm.alarms}` : ''}`}
        onPointerEnter={() => onHover(site.site)}
        onPointerLeave={() => onHover(undefined)}
        onFocus={() => onHover(site.site)}
        onBlur={() => onHover(undefined)}
        onClick={(event) => {
          event.preventDefault()
          onOpen()
        }}
      >
        <circle r={radius * 1.9} className="map-hit" />
        {alarm ? <AlarmMark alarm={alarm} radius={radius} /> : shapeOf(site, radius)}
        {site.state === 'offline' && !alarm ? (
          <path
            className="map-strike"
            d={`M${-radius * 0.7} ${radius * 0.2} ${radius * 0.2} ${-radius * 0.7}M${-radius * 0.2} ${radius * 0.7} ${radius * 0.7} ${-radius * 0.2}`}
          />
        ) : null}
      </a>
    </g>
  )
}
