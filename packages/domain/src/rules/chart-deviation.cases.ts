import { defineCases } from './cases.ts'
import { chartDeviation } from './chart-deviation.ts'

/** How tank 1 (30,000 L) lives: it sells 150 L every quarter of an hour and is filled up every night. */
interface Weeks {
  readonly days: number
  /** Litres that the gauge states too many in the middle of the tank. */
  readonly bend?: number
  /** Litres that the gauge states for each litre there is. */
  readonly scale?: number
  /** Litres that run out for each litre metered. */
  readonly given?: number
  /** Every filling is announced. */
  readonly noticed?: true
  /** Day from which the gauge has another, right chart. */
  readonly replacedOn?: number
}

const CAPACITY = 30_000
const FULL = 23_000
const QUARTERS = 96

/** `3d 07:15`. */
function clock(day: number, quarter: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = `${two(Math.floor(quarter / 4))}:${two((quarter % 4) * 15)}`
  return day === 0 ? time : `${day}d ${time}`
}

/** Ripple of the gauge: the same in every run, no more than three litres. */
function ripple(index: number): number {
  return 3 * Math.sin(index * 12.9898) * Math.cos(index * 4.1414)
}

function weeks({ days, bend = 0, scale = 1, given = 1, noticed, replacedOn = days }: Weeks): string {
  const lines: string[] = []
  let content = FULL
  let total = 100_000
  for (let index = 0; index < days * QUARTERS; index++) {
    const [day, quarter] = [Math.floor(index / QUARTERS), index % QUARTERS]
    const share = content / CAPACITY
    const wrong = day < replacedOn ? (scale - 1) * content + bend * 4 * share * (1 - share) : 0
    const at = clock(day, quarter)
    lines.push(
      `${at} level 1 mm=${(share * 2_600).toFixed(2)} L=${(content + wrong + ripple(index)).toFixed(1)}`,
    )
    if (quarter === QUARTERS - 1) {
      const filled = FULL - content
      if (noticed)
        lines.push(
          `${at} notice 92 id=N${day} tank=1 L=${filled.toFixed(1)} expected=${at.replace(' ', '_')}`,
        )
      content = FULL
      continue
    }
    content -= 150 * given
    total += 150
    lines.push(`${at}:30 sale 1 L=150 T=${total} from=${at.replace(' ', '_')}`)
  }
  return lines.join('\n')
}

export default defineCases(chartDeviation, [
  {
    what: 'a gauge whose chart says 300 L too many in the middle of the tank',
    events: weeks({ days: 6, bend: 300 }),
    expect: [
      '11-26 00:45 △ tank/1 永和加油站 1 号罐 罐容表弯曲 61.5 L(容量的 0.21 %),整体偏差 0.12 %(9 个液位段、27 次通过、3 次卸油、计量 38250 L);另一半数据检验误差 22.3 → 0.6 L:已建议新罐容表,待审定',
    ],
    expectEn: [
      '永和加油站, tank 1: its chart is bent by 61.5 L (0.21 % of capacity) and off by 0.12 % as a whole (9 bands, 27 passages, 3 deliveries, 38250 L metered); error judged by the other half of the data 22.3 → 0.6 L: a new chart is proposed, to be decided',
    ],
  },
  {
    what: 'a chart 1.5 % wrong from bottom to top: deliveries say the same as the meters',
    events: weeks({ days: 8, scale: 1.015, noticed: true }),
    expect: [
      '11-26 00:45 △ tank/1 永和加油站 1 号罐 罐容表弯曲 0.7 L(容量的 0.00 %),整体偏差 -1.45 %(9 个液位段、27 次通过、3 次卸油、计量 38250 L);另一半数据检验误差 0.3 → 0.6 L:已建议新罐容表,待审定',
    ],
  },
  {
    what: 'a chart that is right',
    events: weeks({ days: 10, noticed: true }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a chart bent by less than a thousandth of the tank',
    events: weeks({ days: 10, bend: 60 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'meters that give 1.5 % less than they show: the deliveries vouch for the chart (the business of meter-drift)',
    events: weeks({ days: 10, given: 0.985, noticed: true }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'chart and meters differ by 1.5 % and no delivery was announced: who is wrong cannot be told',
    events: weeks({ days: 10, scale: 1.015 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the gauge is given a right chart before enough was learnt of the wrong one',
    events: weeks({ days: 10, bend: 300, replacedOn: 2 }),
    expect: [],
    nearMiss: true,
  },
])
