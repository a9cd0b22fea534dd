import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { Age } from '../parts/Age.tsx'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { Figure } from '../ui/Figure.tsx'
import { Panel } from '../ui/Panel.tsx'
import { TankDrawing } from '../ui/TankDrawing.tsx'
import { tankShape } from '../ui/tankShape.ts'
import './site.css'

type Site = Answer<'site'>
type TankView = Site['tanks'][number]

/** The widest and highest tank of a site is drawn this large, in pixels; all others to the same scale. */
const LARGEST = { width: 190, height: 96 }

interface TankFactsProps {
  readonly tank: TankView
  readonly delivery: Site['deliveries'][number] | undefined
}

/** What is written under a tank: its bounds, what is in it besides oil, and the last delivery. */
function TankFacts({ tank, delivery }: TankFactsProps): ReactNode {
  const words = useWords()
  const { reading } = tank
  return (
    <dl className="tank-facts small">
      <dt>{words.site.capacity}</dt>
      <dd>
        <Litres millilitres={tank.capacityMillilitres} />
      </dd>
      <dt>{words.site.safeFill}</dt>
      <dd>
        <Litres millilitres={tank.safeFillMillilitres} />
      </dd>
      {reading ? (
        <>
          <dt>{words.site.ullage}</dt>
          <dd>
            <Litres millilitres={reading.ullageMillilitres} />
          </dd>
          <dt>{words.site.water}</dt>
          <dd>
            {reading.waterMicrometres > 0 ? (
              <Figure value={formatNumber(reading.waterMicrometres / 1000, 1)} unit="mm" />
            ) : (
              words.site.noWater
            )}
          </dd>
          <dt>{words.site.temperature}</dt>
          <dd>
            <Figure value={formatNumber(reading.temperatureCentiCelsius / 100, 1)} unit="°C" />
          </dd>
        </>
      ) : null}
      <dt>{words.site.lastDelivery}</dt>
      <dd>
        {delivery ? (
          <span title={formatShortMoment(delivery.endedAt)}>
            <Litres millilitres={delivery.endMillilitres - delivery.startMillilitres} />{' '}
            <span className="faint">
              <Age at={delivery.endedAt} />
            </span>
          </span>
        ) : (
          '—'
        )}
      </dd>
    </dl>
  )
}

function Tank({
  tank,
  scale,
  delivery,
}: {
  tank: TankView
  scale: number
  delivery: Site['deliveries'][number] | undefined
}): ReactNode {
  const words = useWords()
  const { reading } = tank
  const shape = tankShape(tank.capacityMillilitres, tank.diameterMillimetres)
  const heightMicrometres = shape.height * 1000
  const share = reading ? reading.volumeMillilitres / Math.max(1, tank.capacityMillilitres) : undefined
  const level = reading ? (shape.lying ? reading.heightMicrometres / heightMicrometres : share) : undefined
  return (
    <li className="tank">
      <p className="tank-name">
        <strong>{tank.tank}</strong> <GradeTag grade={tank.grade} full />
      </p>
      <div className="tank-place" style={{ minHeight: LARGEST.height + 2 }}>
        <TankDrawing
          shape={shape}
          scale={scale}
          colour={GRADE_COLOURS[tank.grade]}
          level={level}
          water={reading ? Math.min(1, reading.waterMicrometres / heightMicrometres) : 0}
          safeShare={tank.safeFillMillilitres / Math.max(1, tank.capacityMillilitres)}
          label={`${words.site.tank} ${tank.tank}`}
        />
      </div>
      {reading && share !== undefined ? (
        <p className="tank-volume">
          <Litres millilitres={reading.volumeMillilitres} live />
          <span className="faint">{formatNumber(share * 100)} %</span>
        </p>
      ) : (
        <p className="faint">{words.site.noReading}</p>
      )}
      {reading?.delivering ? <p className="tank-delivering">{words.site.delivering}</p> : null}
      <TankFacts tank={tank} delivery={delivery} />
    </li>
  )
}

/** All tanks of a site, drawn to one scale. The dashed line is the safe fill. */
export function TankPanel({ site }: { site: Site }): ReactNode {
  const words = useWords()
  const shapes = site.tanks.map((tank) => tankShape(tank.capacityMillilitres, tank.diameterMillimetres))
  const scale = Math.min(
    LARGEST.width / Math.max(1, ...shapes.map((shape) => shape.length)),
    LARGEST.height / Math.max(1, ...shapes.map((shape) => shape.height)),
  )
  const lastDelivery = (tank: string): Site['deliveries'][number] | undefined =>
    site.deliveries
      .filter((delivery) => delivery.tank === tank)
      .reduce<Site['deliveries'][number] | undefined>(
        (newest, delivery) => (!newest || delivery.endedAt > newest.endedAt ? delivery : newest),
        undefined,
      )
  return (
    <Panel title={words.site.tanks} extra={`┄ ${words.site.safeFill}`}>
      {site.tanks.length === 0 ? <p className="quiet">{words.empty.tanks}</p> : null}
      <ul className="tanks">
        {site.tanks.map((tank) => (
          <Tank key={tank.tank} tank={tank} scale={scale} delivery={lastDelivery(tank.tank)} />
        ))}
      </ul>
    </Panel>
  )
}
