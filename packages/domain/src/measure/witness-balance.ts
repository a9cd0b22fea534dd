import {
  DAY_MS,
  type EpochMs,
  HOUR_MS,
  hourIndex,
  hourStart,
  type Micrometres,
  type Millilitres,
} from '@oiltrail/kernel'
import type { Grade } from '../registry/grades.ts'
import type { Tank } from '../registry/site.ts'
import { type ChartRow, chartDifference } from './strapping-chart.ts'
import { millilitresPerMillimetre, readingDeviation } from './tank-track.ts'
import {
  type Conclusion,
  concludeWitnesses,
  type PairResult,
  type Testimony,
  threeWitnesses,
} from './three-witnesses.ts'
import { volume20Millilitres } from './volume20.ts'

/**
 * The three witnesses of a site from its rollups: hours of its nozzles and the last reading of each tank in an hour. Everything at
 * 20 °C. Days add up: what one day ends with, the next begins with.
 */

/** The last reading of a tank in an hour. */
export interface HourReading {
  readonly at: EpochMs
  readonly volumeMillilitres: Millilitres
  readonly heightMicrometres: Micrometres
  readonly temperatureCentiCelsius: number
}

/** What was told of one nozzle in an hour; hours since 1970 in China time. */
export interface HourOfNozzle {
  readonly hour: number
  readonly tank: string
  readonly tapped: boolean
  readonly sales: number
  readonly volumeMillilitres: Millilitres
  readonly boardSales: number
  readonly boardMillilitres: Millilitres
}

/** A chart that a person accepted. */
export interface AcceptedChart {
  readonly tank: string
  readonly effectiveAt: EpochMs
  readonly rows: readonly ChartRow[]
  /** Standard error of differences by it, parts of one. */
  readonly error: number
}

/** Everything a balance is made of. */
export interface WitnessSources {
  /** Tanks of one grade. */
  readonly tanks: readonly Tank[]
  /** By tank, oldest first. */
  readonly readings: ReadonlyMap<string, readonly HourReading[]>
  readonly nozzles: readonly HourOfNozzle[]
  readonly deliveries: readonly {
    readonly tank: string
    readonly startedAt: EpochMs
    readonly endedAt: EpochMs
  }[]
  /** The newest one first. */
  readonly charts: readonly AcceptedChart[]
  /** Standard error of a chart that nobody checked, parts of one. */
  readonly chartError: number
  /** Share of what the books lack that the tank must bear out. */
  readonly confirms: number
  /** Records of the site that have not come. */
  readonly missingRecords: number
}

/** One day of a grade, millilitres at 20 °C. */
export interface WitnessDay {
  readonly from: EpochMs
  readonly to: EpochMs
  readonly pulses: number
  readonly boardTapped: number
  readonly board: number
  /** What the tanks lost besides what ran in; undefined on a day that no reading begins or ends. */
  readonly tank: number | undefined
  /** Deliveries and other rises. */
  readonly rises: number
}

/** What the witnesses of a grade say. */
export interface WitnessBalance {
  readonly grade: Grade
  readonly days: readonly WitnessDay[]
  readonly told: Testimony
  readonly pairs: readonly PairResult[]
  readonly conclusion: Conclusion
  /** Tanks whose accepted chart was used. */
  readonly charted: readonly string[]
}

/** A reading stands for a moment this long after it. */
const STANDS_FOR_MS = 1.5 * HOUR_MS
/** What is held rises by more than this within an hour, and by eight deviations, only when oil runs in. */
const RISE_MILLILITRES = 300_000
const RISE_DEVIATIONS = 8
/** A fuelling across the end of an hour. */
const SALE_MILLILITRES = 40_000
/** What the rate of an hour does not show of the fuellings around a moment: half of one. */
const MOMENT_MILLILITRES = 20_000
/** The same height may be this far from an accepted chart's own reading of it; further, the gauge has another chart. */
const SAME_CHART_MILLIMETRES = 3
/** Fuellings that straddle the two ends of a span. */
const STRADDLING = 2

/** A reading at 20 °C, or what a reading says of a moment soon after it. */
interface Stand {
  readonly at: EpochMs
  readonly v20: number
  /** Litres at 20 °C of a litre in the tank. */
  readonly factor: number
}

/** The volume by the chart in force: corrected only while the gauge still states what the accepted chart was made against. */
export function chartedMillilitres(
  reading: HourReading,
  tank: Tank,
  charts: readonly AcceptedChart[],
): Millilitres {
  const { volumeMillilitres: volume, heightMicrometres: height, at } = reading
  const chart = charts.find((each) => each.tank === tank.tank && each.effectiveAt <= at)
  if (!chart) return volume
  const stated = chart.rows.map(([row, present]): ChartRow => [row, 0, present])
  const apart = Math.abs(volume - chartDifference(stated, height))
  const within = height >= chart.rows[0]![0] && height <= chart.rows.at(-1)![0]
  if (within && apart > SAME_CHART_MILLIMETRES * millilitresPerMillimetre(tank)) return volume
  return volume + chartDifference(chart.rows, height)
}

/** The newest stand not after a moment, of stands in the order of time. */
function standing(stands: readonly Stand[], moment: EpochMs): Stand | undefined {
  let [low, high] = [0, stands.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (stands[middle]!.at <= moment) low = middle + 1
    else high = middle
  }
  return stands[low - 1]
}

/** Metered hours of one tank, for asking what ran out between two moments. */
class Drawn {
  readonly #hours = new Map<number, number>()

  constructor(nozzles: readonly HourOfNozzle[], tank: string) {
    for (const { hour, tank: of, volumeMillilitres } of nozzles)
      if (of === tank) this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + volumeMillilitres)
  }

  /** Millilitres as metered, by the rate of each hour. */
  between(from: EpochMs, to: EpochMs): number {
    let sum = 0
    for (let hour = hourIndex(from); hourStart(hour) < to; hour++) {
      const begins = hourStart(hour)
      const share = (Math.min(to, begins + HOUR_MS) - Math.max(from, begins)) / HOUR_MS
      sum += (this.#hours.get(hour) ?? 0) * share
    }
    return sum
  }
}

/** One tank over a span. */
class TankLoss {
  readonly #tank: Tank
  readonly #stands: readonly Stand[]
  readonly #drawn: Drawn
  readonly #deliveries: WitnessSources['deliveries']

  constructor(tank: Tank, sources: WitnessSources) {
    this.#tank = tank
    this.#drawn = new Drawn(sources.nozzles, tank.tank)
    this.#deliveries = sources.deliveries.filter((each) => each.tank === tank.tank)
    this.#stands = (sources.readings.get(tank.tank) ?? []).map((reading) => {
      const factor = volume20Millilitres(1, reading.temperatureCentiCelsius, tank.grade)
      return { at: reading.at, v20: chartedMillilitres(reading, tank, sources.charts) * factor, factor }
    })
  }

  /** Litres at 20 °C of a litre in the tank at a moment. */
  factorAt(at: EpochMs): number {
    return (standing(this.#stands, at) ?? this.#stands[0])?.factor ?? 1
  }

  /** Standard deviation of one reading. */
  get deviation(): number {
    return Math.hypot(readingDeviation(this.#tank, this.#stands.at(-1)?.v20 ?? 0), MOMENT_MILLILITRES)
  }

  /** What it held at a moment by the reading before it, less what was metered since. */
  #at(moment: EpochMs): Stand | undefined {
    const stand = standing(this.#stands, moment)
    if (!stand || moment - stand.at > STANDS_FOR_MS) return undefined
    return { ...stand, at: moment, v20: stand.v20 - this.#drawn.between(stand.at, moment) * stand.factor }
  }

  /** What it lost besides what ran in, and how often oil ran in; undefined where no reading stands for an end. */
  between(from: EpochMs, to: EpochMs): { readonly lost: number; readonly rises: number } | undefined {
    const [opening, closing] = [this.#at(from), this.#at(to)]
    if (!opening || !closing) return undefined
    const stands = [opening, ...this.#stands.filter(({ at }) => at > from && at < to), closing]
    let lost = 0
    let rises = 0
    let rising = false
    for (let i = 1; i < stands.length; i++) {
      const [before, after] = [stands[i - 1]!, stands[i]!]
      const sold = this.#drawn.between(before.at, after.at) * after.factor
      const runsIn = this.#runsIn(before, after, sold)
      // While oil runs in, what ran out is what was metered: the delivery hides the rest.
      lost += runsIn ? sold : before.v20 - after.v20
      if (runsIn && !rising) rises += 1
      rising = runsIn
    }
    return { lost, rises }
  }

  #runsIn(before: Stand, after: Stand, sold: number): boolean {
    const noise = RISE_DEVIATIONS * readingDeviation(this.#tank, after.v20)
    if (after.v20 - before.v20 + sold > Math.max(RISE_MILLILITRES, noise)) return true
    return this.#deliveries.some(({ startedAt, endedAt }) => startedAt < after.at && endedAt > before.at)
  }
}

/** Midnights in China from one to another, and the last moment when it is none. */
function daysOf(from: EpochMs, to: EpochMs): (readonly [EpochMs, EpochMs])[] {
  const days: (readonly [EpochMs, EpochMs])[] = []
  for (let day = from; day < to; day += DAY_MS) days.push([day, Math.min(day + DAY_MS, to)])
  return days
}

/**
 * Balances one grade of a site from a midnight to the end of an hour. Days on which a tank says nothing are kept, but the three
 * are compared over the others only.
 */
export function balanceWitnesses(
  sources: WitnessSources,
  grade: Grade,
  span: { readonly from: EpochMs; readonly to: EpochMs },
): WitnessBalance {
  const tanks = sources.tanks.filter((tank) => tank.grade === grade)
  const losses = tanks.map((tank) => ({ tank, loss: new TankLoss(tank, sources) }))
  const codes = new Set(tanks.map(({ tank }) => tank))
  const own = { ...sources, nozzles: sources.nozzles.filter(({ tank }) => codes.has(tank)) }
  const days = daysOf(span.from, span.to).map(([from, to]) => dayOf(own, losses, from, to))
  const told = testimonyOf(own, losses, days)
  const pairs = told ? threeWitnesses(told) : []
  const charted = tanks.filter(({ tank }) => usedChart(sources, tank, span.to)).map(({ tank }) => tank)
  return {
    grade,
    days,
    told: told ?? SILENT,
    pairs,
    conclusion: concludeWitnesses(pairs, sources.confirms),
    charted,
  }
}

const SILENT: Testimony = {
  pulses: undefined,
  boardTapped: undefined,
  board: undefined,
  tank: undefined,
  days: 0,
  tankDeviation: 0,
  chartError: 0,
}

type Losses = readonly { readonly tank: Tank; readonly loss: TankLoss }[]

function usedChart(sources: WitnessSources, tank: string, at: EpochMs): AcceptedChart | undefined {
  return sources.charts.find((each) => each.tank === tank && each.effectiveAt <= at)
}

function dayOf(sources: WitnessSources, losses: Losses, from: EpochMs, to: EpochMs): WitnessDay {
  const day = { pulses: 0, boardTapped: 0, board: 0 }
  for (const nozzle of sources.nozzles) {
    const at = hourStart(nozzle.hour)
    if (at < from || at >= to) continue
    const factor = losses.find(({ tank }) => tank.tank === nozzle.tank)!.loss.factorAt(at)
    day.board += nozzle.boardMillilitres * factor
    if (!nozzle.tapped) continue
    day.pulses += nozzle.volumeMillilitres * factor
    day.boardTapped += nozzle.boardMillilitres * factor
  }
  const lost = losses.map(({ loss }) => loss.between(from, to))
  const known = lost.every((each) => each !== undefined)
  const rises = lost.reduce((sum, each) => sum + (each?.rises ?? 0), 0)
  return {
    from,
    to,
    ...day,
    tank: known ? lost.reduce((sum, each) => sum + each!.lost, 0) : undefined,
    rises,
  }
}

function testimonyOf(
  sources: WitnessSources,
  losses: Losses,
  days: readonly WitnessDay[],
): Testimony | undefined {
  const whole = days.filter(({ tank }) => tank !== undefined)
  const told = whole.length > 0 ? whole : days
  const sum = (of: (day: WitnessDay) => number): number => told.reduce((total, day) => total + of(day), 0)
  const board = sum((day) => day.board)
  const pulses = sum((day) => day.pulses)
  if (board === 0 && pulses === 0) return undefined
  const tapped = sources.nozzles.some((nozzle) => nozzle.tapped)
  // Each unbroken row of days has two ends, and so has each rise.
  const ends = whole.reduce((count, day, i) => count + (day.from === whole[i - 1]?.to ? 0 : 2), 0)
  const rises = sum((day) => day.rises)
  const variance =
    losses.reduce((total, { loss }) => total + loss.deviation ** 2, 0) / Math.max(losses.length, 1)
  return {
    pulses: tapped ? pulses : undefined,
    boardTapped: tapped ? sum((day) => day.boardTapped) : undefined,
    board,
    tank: whole.length > 0 ? sum((day) => day.tank!) : undefined,
    days: Math.max(1, told.reduce((total, day) => total + day.to - day.from, 0) / DAY_MS),
    tankDeviation: Math.sqrt(variance * (ends * losses.length + 2 * rises)),
    chartError: chartErrorOf(sources, losses, told.at(-1)!.to),
    untoldMillilitres: untoldOf(sources, told),
  }
}

/** Mean error of the tanks' charts, each by its own: errors of one site's charts may have one cause, so they are not averaged out. */
function chartErrorOf(sources: WitnessSources, losses: Losses, at: EpochMs): number {
  const errors = losses.map(({ tank }) => usedChart(sources, tank.tank, at)?.error ?? sources.chartError)
  return errors.reduce((sum, each) => sum + each, 0) / Math.max(errors.length, 1)
}

/** Fuellings that one channel counts in the last hour and the other in the next, and records that have not come. */
function untoldOf(sources: WitnessSources, days: readonly WitnessDay[]): Millilitres {
  let apart = 0
  for (const { hour, tapped, sales, boardSales } of sources.nozzles)
    if (tapped && days.some(({ from, to }) => hourStart(hour) >= from && hourStart(hour) < to))
      apart += sales - boardSales
  return SALE_MILLILITRES * (Math.min(Math.abs(apart), STRADDLING) + sources.missingRecords)
}
