import { type ReactNode, useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatLitres } from '../text/format.ts'
import { OUTLINE, ROADS, SEAT, TOWN_CENTRES } from './fenggang.ts'
import { type Box, type LabelWish, type PlacedLabel, placeLabels } from './labels.ts'
import './map.css'
import { MAP_HEIGHT, MAP_WIDTH, type Point, project, smoothPath } from './projection.ts'
import { SiteCard } from './SiteCard.tsx'
import { type AlarmPlace, SiteMark } from './SiteMark.tsx'
import { spread } from './spread.ts'

type Site = Answer<'overview'>['sites'][number]

/** Room beside the county for labels, map units. */
const MARGIN = { x: 96, top: 8, bottom: 8 }
const TOWN_SIZE = 19
const SITE_SIZE = 17
const MARK_RADIUS = 8
/** Type and marks of a small map are drawn this much larger against the county. */
const QUIET_ZOOM = 1.9

const outline = smoothPath(OUTLINE.map(project), true)
const roads = ROADS.map((run) =>
  smoothPath(
    run.map((stop) => project(typeof stop === 'string' ? (TOWN_CENTRES[stop] ?? [107.7, 28]) : stop)),
    false,
  ),
)

function boxAround([x, y]: Point, radius: number): Box {
  return { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }
}

/** What the stations of a town sold today, millilitres. */
function soldIn(sites: readonly Site[], town: string): number {
  return sites
    .filter((site) => site.town === town && site.kind === 'station')
    .reduce((sum, site) => sum + site.today.volumeMillilitres, 0)
}

/** When more sites are urgent, naming them all would hide the map. */
const MOST_URGENT_NAMES = 8

/** A site is named when it is not well or its alarm is grave; the gravest first would need room that a map has not. */
function wantsName(site: Site, alarms: readonly AlarmPlace[]): boolean {
  const alarm = alarms.find((place) => place.site === site.site)
  if (site.state !== 'ok' || alarm?.grade === 'red') return true
  const urgent = alarms.filter((place) => place.grade === 'orange').length
  return alarm?.grade === 'orange' && urgent <= MOST_URGENT_NAMES
}

const NO_ALARMS: readonly AlarmPlace[] = []

function useLayout(
  sites: readonly Site[],
  towns: readonly { code: string; name: string }[],
  alarms: readonly AlarmPlace[],
  zoom: number,
): { places: Point[]; labels: PlacedLabel[]; townLabels: PlacedLabel[] } {
  return useMemo(() => {
    const places = spread(
      sites.map((site) => project([site.longitude, site.latitude])),
      MARK_RADIUS * 2.5 * Math.sqrt(zoom),
    )
    const marks = places.map((place) => boxAround(place, MARK_RADIUS * zoom * 0.8 + 2))
    const named: LabelWish[] = sites.flatMap((site, i) =>
      !wantsName(site, alarms)
        ? []
        : [
            {
              id: site.site,
              text: site.name,
              anchor: places[i]!,
              size: SITE_SIZE * zoom,
              distance: MARK_RADIUS * zoom + 5,
            },
          ],
    )
    const labels = placeLabels(named, marks)
    const wishes = towns.flatMap(({ code, name }): LabelWish[] => {
      const centre = TOWN_CENTRES[code]
      if (!centre) return []
      // The place is taken for the widest number a town can reach, so that labels stand still while sales run in.
      const reserve = soldIn(sites, code) > 0 ? ' 00,000' : ''
      return [
        {
          id: code,
          text: name + reserve,
          shortText: name,
          anchor: project(centre),
          size: TOWN_SIZE * zoom,
          distance: 10,
        },
      ]
    })
    return {
      places,
      labels,
      townLabels: placeLabels(wishes, [...marks, ...labels.map((label) => label.box)]),
    }
  }, [sites, towns, alarms, zoom])
}

type Town = { readonly code: string; readonly zh: string; readonly en: string }

/** Land, roads and where the towns are. */
function Ground({ towns }: { towns: readonly Town[] }): ReactNode {
  return (
    <>
      <path d={outline} className="map-land" />
      {roads.map((road) => (
        <path key={road} d={road} className="map-road" />
      ))}
      {towns.map(({ code }) => {
        const centre = TOWN_CENTRES[code]
        if (!centre) return null
        const [x, y] = project(centre)
        const seat = code === SEAT
        return <circle key={code} cx={x} cy={y} r={seat ? 6 : 3} className={seat ? 'map-seat' : 'map-town'} />
      })}
    </>
  )
}

interface NamesProps {
  readonly labels: ReturnType<typeof useLayout>['townLabels']
  readonly className: string
  readonly size: number
  /** What stands behind the name in smaller type; the layout kept room for ` 00,000`. */
  readonly sumOf?: (id: string) => string
}

/** Names where the layout found room for them. */
function Names({ labels, className, size, sumOf }: NamesProps): ReactNode {
  return labels.map((label) => (
    <text
      key={label.id}
      x={label.x}
      y={label.y}
      textAnchor={label.align}
      className={className}
      style={{ fontSize: size }}
    >
      {label.text.replace(/ 00,000$/, '')}
      {sumOf && label.text.endsWith(' 00,000') ? (
        <tspan className="map-town-sum" dx="8">
          {sumOf(label.id)}
        </tspan>
      ) : null}
    </text>
  ))
}

interface CountyMapProps {
  readonly sites: readonly Site[]
  readonly towns: readonly Town[]
  /** Sites with alarms in sight. */
  readonly alarms?: readonly AlarmPlace[]
  /** Tells where something is and nothing else: no sums. */
  readonly quiet?: boolean
}

/** The county without tiles: outline, roads, towns, and every site by kind and state. A schematic, and says so. */
export function CountyMap({ sites, towns, alarms = NO_ALARMS, quiet = false }: CountyMapProps): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const navigate = useNavigate()
  const [hovered, setHovered] = useState<string>()
  const names = useMemo(
    () => towns.map((town) => ({ code: town.code, name: town[language] })),
    [towns, language],
  )
  const zoom = quiet ? QUIET_ZOOM : 1
  const { places, labels, townLabels } = useLayout(sites, names, alarms, zoom)
  const hoveredIndex = sites.findIndex((site) => site.site === hovered)
  const viewBox = `${-MARGIN.x} ${-MARGIN.top} ${MAP_WIDTH + 2 * MARGIN.x} ${MAP_HEIGHT + MARGIN.top + MARGIN.bottom}`
  const townSum = quiet ? undefined : (town: string): string => formatLitres(soldIn(sites, town))
  return (
    <div className="county-map">
      {/* A group and not a picture: within a picture nobody could reach the links of the sites. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot stand within a drawing */}
      <svg viewBox={viewBox} role="group" aria-label={words.cockpit.schematic}>
        <Ground towns={towns} />
        <Names
          labels={townLabels}
          className="map-town-name"
          size={TOWN_SIZE * zoom}
          {...(townSum ? { sumOf: townSum } : {})}
        />
        {sites.map((site, i) => (
          <SiteMark
            key={site.site}
            site={site}
            alarm={alarms.find((alarm) => alarm.site === site.site)}
            place={places[i]!}
            radius={quiet ? MARK_RADIUS * 1.4 : MARK_RADIUS}
            onHover={setHovered}
            onOpen={() => void navigate(paths.site(site.site))}
          />
        ))}
        <Names labels={labels} className="map-site-name" size={SITE_SIZE * zoom} />
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
