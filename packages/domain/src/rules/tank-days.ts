/** Days of a tank in short notation, for case tables: levels every half hour, sales by day, as the rules of weeks need them. */

/** How a tank lives. */
export interface TankLife {
  readonly days: number
  /** What it holds at first and whenever it was refilled. */
  readonly openingLitres?: number
  /** Litres that vanish every hour. */
  readonly lossPerHour?: number
  /** First day on which they do. */
  readonly lossFrom?: number
  /** Day from which they do no more. */
  readonly lossTo?: number
  /** Days on which they do, of these. */
  readonly lossOn?: (day: number) => boolean
  /** Litres the gauge loses per litre metered, on each day (0, 1 …). */
  readonly slopeOf?: (day: number) => number
  /** It is filled up again every third night. */
  readonly refilled?: true
  /** Each refilling is registered, with so many litres for every one that the gauge sees. */
  readonly registered?: number
  /** Nothing is sold. */
  readonly still?: true
  /** Days on which the site declares a window from 11:30 to 13:30 and, for the midnight, from 23:00 to 01:00. */
  readonly declaredOn?: (day: number) => boolean
}

const LITRES_OF_SALE = [35, 22.5, 60, 41, 18, 52, 33, 47] as const

function clock(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = Math.floor(minutes / 1_440)
  return `${day === 0 ? '' : `${day}d `}${two(Math.floor((minutes % 1_440) / 60))}:${two(minutes % 60)}`
}

/** Ripple of the gauge: the same in every run, no more than three litres. */
function ripple(index: number): number {
  return 3 * Math.sin(index * 12.9898) * Math.cos(index * 4.1414)
}

/** Windows around noon and midnight, when the rules of days judge. */
function windows(day: number): string[] {
  return [11.5, 23].map((hour) => {
    const [from, to] = [0, 2].map((hours) => clock(day * 1_440 + (hour + hours) * 60).replace(' ', '_'))
    return `${clock(day * 1_440 + 1)} window tank/1 maintenance id=W${day}-${hour} from=${from} to=${to}`
  })
}

/** Events of tank 1, whose nozzle 1 sells from seven to ten. */
export function tankDays({
  days,
  openingLitres = 24_000,
  lossPerHour = 0,
  lossFrom = 0,
  lossTo = days,
  lossOn = () => true,
  slopeOf = () => 1,
  refilled,
  registered,
  still,
  declaredOn,
}: TankLife): string {
  const lines: string[] = []
  let total = 100_000
  let level = openingLitres
  for (let step = 0; step < days * 48; step++) {
    const minutes = step * 30
    const day = Math.floor(minutes / 1_440)
    const hour = Math.floor((minutes % 1_440) / 60)
    lines.push(`${clock(minutes)} level 1 L=${(level + ripple(step)).toFixed(1)}`)
    if (!still && hour >= 7 && hour < 22) {
      const litres = LITRES_OF_SALE[step % LITRES_OF_SALE.length]!
      total += litres
      level -= litres * slopeOf(day)
      lines.push(`${clock(minutes + 10)} sale 1 L=${litres} T=${total.toFixed(2)}`)
    }
    if (step % 48 === 0 && declaredOn?.(day)) lines.push(...windows(day))
    if (minutes >= lossFrom * 1_440 && minutes < lossTo * 1_440 && lossOn(day)) level -= lossPerHour / 2
    if (!refilled || step % 144 !== 142) continue
    if (registered !== undefined) {
      const litres = ((openingLitres - level) * registered).toFixed(1)
      lines.push(`${clock(minutes + 5)} notice 92 L=${litres} tank=1 id=N${step}`)
    }
    level = openingLitres
  }
  return lines.join('\n')
}
