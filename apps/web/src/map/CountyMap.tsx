import { type ReactNode, useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { OUTLINE, ROADS, SEAT, TOWN_CENTRES } from './fenggang.ts'
import { type Box, type LabelWish, type PlacedLabel, placeLabels } from './labels.ts'
import './map.css'
import { MAP_HEIGHT, MAP_WIDTH, type Point, project, smoothPath } from './projection.ts'
import { SiteCard } from './SiteCard.tsx'
import { SiteMark } from './SiteMark.tsx'

type Site = Answer<'overview'>['sites'][number]

/** Room beside the county for labels, map units. */
const MARGIN = { x: 96, top: 8, bottom: 8 }
const TOWN_SIZE = 19
const SITE_SIZE = 17
const MARK_RADIUS = 8

const outline = smoothPath(OUTLINE.map(project), true)
const roads = ROADS.map((run) =>
  smoothPath(
    run.map((stop) => project(typeof stop === 'string' ? (TOWN_CENTRES[stop] ?? [107.7, 28]) : stop)),
    false,
  ),
)

/** Moves marks apart that would lie upon each other; a few rounds of pushing pairs, which ends in the same place every time. */
export function spread(points: readonly Point[], distance: number): Point[] {
  const places = points.map(([x, y]) => [x, y] as [number, number])
  for (let round = 0; round < 24; round++)
    for (let i = 0; i < places.length; i++)
      for (let j = i + 1; j < places.length; j++) {
        const [a, b] = [places[i]!, places[j]!]
        const [dx, dy] = [b[0] - a[0], b[1] - a[1]]
        const apart = Math.hypot(dx, dy)
        if (apart >= distance) continue
        // Two at one spot part along a direction that depends on their order only.
        const angle = apart < 0.01 ? (i + j) * 2.4 : Math.atan2(dy, dx)
        const push = (distance - apart) / 2
        a[0] -= Math.cos(angle) * push
        a[1] -= Math.sin(angle) * push
        b[0] += Math.cos(angle) * push
        b[1] += Math.sin(angle) * push
      }
  return places
}

function boxAround([x, y]: Point, radius: number): Box {
  return { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }
}

function useLayout(
  sites: readonly Site[],
  towns: readonly { code: string; name: string }[],
): { places: Point[]; labels: PlacedLabel[]; townLabels: PlacedLabel[] } {
  return useMemo(() => {
    const places = spread(
      sites.map((site) => project([site.longitude, site.latitude])),
      MARK_RADIUS * 2.5,
    )
    const marks = places.map((place) => boxAround(place, MARK_RADIUS + 2))
    const named: LabelWish[] = sites.flatMap((site, i) =>
      site.state === 'ok'
        ? []
        : [
            {
              id: site.site,
              text: site.name,
              anchor: places[i]!,
              size: SITE_SIZE,
              distance: MARK_RADIUS + 5,
            },
          ],
    )
    const labels = placeLabels(named, marks)
    const wishes = towns.flatMap(({ code, name }): LabelWish[] => {
      const centre = TOWN_CENTRES[code]
      return centre ? [{ id: code, text: name, anchor: project(centre), size: TOWN_SIZE, distance: 10 }] : []
    })
    return {
      places,
      labels,
      townLabels: placeLabels(wishes, [...marks, ...labels.map((label) => label.box)]),
    }
  }, [sites, towns])
}

interface CountyMapProps {
  readonly sites: readonly Site[]
  readonly towns: readonly { code: string; zh: string; en: string }[]
}

/** The county without tiles: outline, roads, towns, and every site by kind and state. A schematic, and says so. */
export function CountyMap({ sites, towns }: CountyMapProps): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const navigate = useNavigate()
  const [hovered, setHovered] = useState<string>()
  const names = useMemo(
    () => towns.map((town) => ({ code: town.code, name: town[language] })),
    [towns, language],
  )
  const { places, labels, townLabels } = useLayout(sites, names)
  const hoveredIndex = sites.findIndex((site) => site.site === hovered)
  const viewBox = `${-MARGIN.x} ${-MARGIN.top} ${MAP_WIDTH + 2 * MARGIN.x} ${MAP_HEIGHT + MARGIN.top + MARGIN.bottom}`
  return (
    <div className="county-map">
      <svg viewBox={viewBox} role="img" aria-label={words.cockpit.schematic}>
        <path d={outline} className="map-land" />
        {roads.map((road) => (
          <path key={road} d={road} className="map-road" />
        ))}
        {towns.map((town) => {
          const centre = TOWN_CENTRES[town.code]
          if (!centre) return null
          const [x, y] = project(centre)
          return (
            <circle
              key={town.code}
              cx={x}
              cy={y}
              r={town.code === SEAT ? 6 : 3}
              className={town.code === SEAT ? 'map-seat' : 'map-town'}
            />
          )
        })}
        {townLabels.map((label) => (
          <text key={label.id} x={label.x} y={label.y} textAnchor={label.align} className="map-town-name">
            {label.text}
          </text>
        ))}
        {sites.map((site, i) => (
          <SiteMark
            key={site.site}
            site={site}
            place={places[i]!}
            radius={MARK_RADIUS}
            onHover={setHovered}
            onOpen={() => void navigate(paths.site(site.site))}
          />
        ))}
        {labels.map((label) => (
          <text key={label.id} x={label.x} y={label.y} textAnchor={label.align} className="map-site-name">
            {label.text}
          </text>
        ))}
      </svg>
      {hoveredIndex >= 0 ? (
        <SiteCard
          site={sites[hoveredIndex]!}
          left={(places[hoveredIndex]![0] + MARGIN.x) / (MAP_WIDTH + 2 * MARGIN.x)}
          top={(places[hoveredIndex]![1] + MARGIN.top) / (MAP_HEIGHT + MARGIN.top + MARGIN.bottom)}
        />
      ) : null}
    </div>
  )
}
