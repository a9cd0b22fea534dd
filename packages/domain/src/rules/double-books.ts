import { DAY_MS, dayIndex, dayStart, type EpochMs } from '@oiltrail/kernel'
import type { FactOf } from '../facts/index.ts'
import { NO_PAIRING, type Pairing, takeTold } from '../measure/pairing.ts'
import type { TankPoint } from '../measure/tank-track.ts'
import { type PairResult, type Testimony, threeWitnesses } from '../measure/three-witnesses.ts'
import { PROPOSED, setting } from './declare.ts'
import type { FactEvent, Ref, TankPointEvent } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

/**
 * The three witnesses come by two channels that do not wait for each other. Each keeps its own days, and a day is judged when
 * both channels have told it: then all three are taken from the same midnight to the same midnight, whichever came first.
 */

/** What had come together by the end of a day: `[day, sum]`, for a tank also the variance of its readings. */
type DayEnd = readonly [day: number, sum: number, variance: number]

/** Both totalizers after a paired refuelling. */
type Totals = readonly [sales: number, board: number]

interface Nozzle {
  readonly pairing: Pairing
  /** False when the sales' totals come from the board as well: then it says nothing for the pulses. */
  readonly tapped: boolean
  /** Totals when the span began, and at the last sure pair of the days that are over. */
  readonly first: Totals | null
  readonly last: Totals | null
  /** The newest sure pair after them. */
  readonly later: Totals | null
  /** Sales totalizer: now, with its day, and at the ends of days. */
  readonly sold: readonly [day: number, total: number] | null
  readonly ends: readonly DayEnd[]
}

interface TankState {
  readonly held: number
  readonly drawn: number
  readonly day: number
  /** Lost besides what ran in, since it was first seen; millilitres at the tank's own temperature. */
  readonly lost: number
  /** That deliveries add to the noise, and what one reading has. */
  readonly variance: number
  readonly deviation: number
  readonly ends: readonly DayEnd[]
  readonly ref: Ref
}

/** Where the span began: by tank what it had lost, and what had been sold after each nozzle's last pair. */
interface Base {
  readonly at: EpochMs
  readonly lost: Readonly<Record<string, number>>
  readonly variance: Readonly<Record<string, number>>
  readonly unpaired: number
  readonly ref: Ref
}

interface State {
  readonly tanks: Readonly<Record<string, TankState>>
  readonly nozzles: Readonly<Record<string, Nozzle>>
  /** The day to be judged next; null until the gauge has spoken. */
  readonly day: number | null
  readonly base: Base | null
  readonly open: boolean
}

type Key = 'leastMillilitres' | 'chartPercent' | 'spanDays' | 'tankShare'

const NO_NOZZLE: Nozzle = {
  pairing: NO_PAIRING,
  tapped: false,
  first: null,
  last: null,
  later: null,
  sold: null,
  ends: [],
}
/** What is held rises by more than this, and by eight deviations, only when oil runs in. */
const RISE_MILLILITRES = 150_000
const RISE_DEVIATIONS = 8
/** A fuelling may be under way at midnight at each nozzle. */
const SALE_MILLILITRES = 40_000
/** Readings of midnight have settled by then: gauges are read every quarter of an hour at the latest, and wait as long. */
const JUDGED_AFTER_MS = 45 * 60_000
/** The volume channel may be as many days ahead. */
const MOST_ENDS = 45
/** More than this share of what is compared was sold after the last pairs: the board has not told its part yet. */
const MOST_UNPAIRED = 0.2

/** The sums at the ends of the days up to `day`, when a next day has begun. */
function ended(ends: readonly DayEnd[], before: DayEnd, day: number): readonly DayEnd[] {
  return day > before[0] ? [...ends.slice(1 - MOST_ENDS), before] : ends
}

function endOf(ends: readonly DayEnd[], day: number): DayEnd | undefined {
  return ends.findLast((end) => end[0] <= day)
}

/** Takes a sale or a receipt; `back` says that a totalizer went back, and that nothing can be compared across it. */
function nozzleTaken(
  before: Nozzle,
  { at, ref }: FactEvent,
  fact: FactOf<'sale' | 'receipt'>,
  dueDay: number | null,
): { readonly nozzle: Nozzle; readonly back: boolean } {
  const told = { at, volume: fact.volumeMillilitres, total: fact.totalMillilitres, ...ref }
  const { pairing, groups } = takeTold(before.pairing, fact.kind === 'sale' ? 'sales' : 'receipts', told)
  const { first, last, later } = before
  let next: Nozzle = {
    pairing,
    tapped: before.tapped,
    first,
    last,
    later,
    sold: before.sold,
    ends: before.ends,
  }
  let back = false
  if (fact.kind === 'sale') {
    const day = dayIndex(at)
    const { sold } = before
    const ends = sold ? ended(before.ends, [...sold, 0], day) : before.ends
    const tapped = fact.source === 'pulse'
    next = { pairing, tapped, first, last, later, sold: [day, fact.totalMillilitres], ends }
  }
  for (const { sure, pairs } of groups) {
    if (!sure) continue
    const { sale, receipt } = pairs.at(-1)!
    const now: Totals = [sale.total, receipt.total]
    const known = next.later ?? next.last
    if (known && (now[0] < known[0] || now[1] < known[1])) {
      back = true
      next = { ...next, first: now, last: now, later: null }
      continue
    }
    const { sale: firstSale, receipt: firstReceipt } = pairs[0]!
    const begin: Totals = [firstSale.total - firstSale.volume, firstReceipt.total - firstReceipt.volume]
    if (dueDay !== null && dayIndex(sale.at) > dueDay) next = { ...next, later: now }
    else next = { ...next, first: next.first ?? begin, last: now, later: null }
  }
  return { nozzle: next, back }
}

function tankPassed(before: TankState | undefined, event: TankPointEvent): TankState {
  const { point, tank, deviationMillilitres: deviation } = event
  const day = dayIndex(point.at)
  const { held, drawnSum: drawn, ref } = point
  if (!before) return { held, drawn, day, lost: 0, variance: 0, deviation, ends: [], ref }
  const grown = held - before.held
  const sold = drawn - before.drawn
  const rises = grown > Math.max(RISE_MILLILITRES, RISE_DEVIATIONS * deviation) || point.delivering
  // While oil runs in, what ran out is what was metered: the delivery hides the rest, and its two readings add noise.
  const lost = before.lost + (rises ? sold : sold - grown) / factorOf(point, tank.capacityMillilitres)
  const variance = before.variance + (rises ? 2 * deviation ** 2 : 0)
  const ends = ended(before.ends, [before.day, before.lost, before.variance], day)
  return { held, drawn, day, lost, variance, deviation, ends, ref }
}

/** Volume factor to 20 °C. */
function factorOf({ v20, share }: TankPoint, capacityMillilitres: number): number {
  return share > 0 ? v20 / (share * capacityMillilitres) : 1
}

/** What was sold by the end of a day after the last pair of each nozzle. */
function unpairedOf(state: State, day: number): number {
  let sum = 0
  for (const { last, sold, ends } of Object.values(state.nozzles)) {
    if (!last || !sold) continue
    const total = sold[0] <= day ? sold[1] : (endOf(ends, day)?.[1] ?? last[0])
    sum += Math.max(0, total - last[0])
  }
  return sum
}

/** What all three say of the span up to the end of a day; undefined when a tank says nothing or the board has not told its part. */
function testimonyOf(state: State, base: Base, settings: Around<Key>['settings']): Testimony | undefined {
  const day = state.day!
  let sales = 0
  let pulses = 0
  let boardTapped = 0
  let board = 0
  for (const { tapped, first, last } of Object.values(state.nozzles)) {
    if (!first || !last) continue
    sales += last[0] - first[0]
    board += last[1] - first[1]
    if (!tapped) continue
    pulses += last[0] - first[0]
    boardTapped += last[1] - first[1]
  }
  const unpaired = unpairedOf(state, day)
  if (unpaired > sales * MOST_UNPAIRED) return undefined
  let lost = base.unpaired - unpaired
  let variance = 0
  for (const [code, tank] of Object.entries(state.tanks)) {
    const end = endOf(tank.ends, day)
    if (end?.[0] !== day || base.lost[code] === undefined) return undefined
    lost += end[1] - base.lost[code]
    variance += end[2] - base.variance[code]! + 2 * tank.deviation ** 2
  }
  return {
    pulses,
    boardTapped,
    board,
    tank: lost,
    days: Math.max(1, Math.round((dayStart(day + 1) - base.at) / DAY_MS)),
    tankDeviation: Math.sqrt(variance + Object.keys(state.nozzles).length * SALE_MILLILITRES ** 2),
    chartError: settings.chartPercent / 100,
  }
}

/** The span begins anew at the end of the day, when every tank has told of it. */
function begun(state: State): State {
  const day = state.day!
  const lost: Record<string, number> = {}
  const variance: Record<string, number> = {}
  let ref: Ref | undefined
  for (const [code, tank] of Object.entries(state.tanks)) {
    const end = endOf(tank.ends, day)
    if (end?.[0] !== day) return { ...state, base: null }
    lost[code] = end[1]
    variance[code] = end[2]
    ref ??= tank.ref
  }
  const nozzles = Object.fromEntries(
    Object.entries(state.nozzles).map(([code, nozzle]) => [code, { ...nozzle, first: nozzle.last }]),
  )
  const base = ref && { at: dayStart(day + 1), lost, variance, unpaired: unpairedOf(state, day), ref }
  return { ...state, nozzles, base: base ?? null }
}

function judged(state: State, around: Around<Key>): Step<State> {
  const { settings } = around
  const { base } = state
  if (!base) return { state: begun(state), verdict: 'insufficient' }
  const told = testimonyOf(state, base, settings)
  if (!told || told.boardTapped! < settings.leastMillilitres) return { state, verdict: 'insufficient' }
  const results = threeWitnesses(told)
  const pulsesBoard = results.find(({ pair }) => pair === 'pulses-board')!
  const boardTank = results.find(({ pair }) => pair === 'board-tank')!
  const rest = told.days >= settings.spanDays ? begun(state) : state
  const missing = pulsesBoard.differenceMillilitres
  if (pulsesBoard.verdict !== 'differ' || missing <= 0)
    return state.open
      ? { state: { ...rest, open: false }, cleared: true, verdict: 'normal' }
      : { state: rest, verdict: 'normal' }
  // Of what the pulses say is missing in the books, the tank confirms this share.
  const confirmed = -boardTank.differenceMillilitres / missing
  if (confirmed < settings.tankShare / 100) return { state: rest, verdict: 'attention' }
  const [newest] = Object.values(state.tanks)
  return {
    state: { ...begun(state), open: true },
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      facts: factsOf(told, pulsesBoard, boardTank),
      from: base.at,
      to: dayStart(state.day! + 1),
      evidence: newest ? [base.ref, newest.ref] : [base.ref],
    },
  }
}

/** Judges the day that is over, and waits for the next. */
function dayOver(state: State, around: Around<Key>): Step<State> {
  if (state.day === null) return { state }
  const step = judged(state, around)
  const day = state.day + 1
  const nozzles = Object.fromEntries(
    Object.entries(step.state.nozzles).map(([code, nozzle]) => [
      code,
      nozzle.later
        ? { ...nozzle, first: nozzle.first ?? nozzle.later, last: nozzle.later, later: null }
        : nozzle,
    ]),
  )
  return { ...step, state: { ...step.state, day, nozzles }, wakeAt: judgedAt(day) }
}

function judgedAt(day: number): EpochMs {
  return dayStart(day + 1) + JUDGED_AFTER_MS
}

function factsOf(told: Testimony, pulses: PairResult, tank: PairResult): Record<string, number> {
  return {
    pulsesMillilitres: Math.round(told.pulses!),
    boardTappedMillilitres: Math.round(told.boardTapped!),
    boardMillilitres: Math.round(told.board!),
    tankMillilitres: Math.round(told.tank!),
    pulsesPercent: Math.round(pulses.percent * 1_000) / 1_000,
    tankPercent: Math.round(-tank.percent * 1_000) / 1_000,
    tankHalfWidthPercent: Math.round(tank.halfWidthPercent * 1_000) / 1_000,
  }
}

/** B4: board and tax memory were rewritten together; pulses and tank know better, and say the same. */
export const doubleBooks = defineRule<State, Key>({
  id: 'double-books',
  version: 2,
  grade: 'orange',
  title: { zh: '两本账(三证不符)', en: 'Double books (three witnesses)' },
  clause: {
    zh: '任务书 B4 三证;R9、R10;税收征管法 §63',
    en: 'B4 three witnesses; R9, R10; tax collection law §63',
  },
  advice: {
    zh: '勿事先通知站点:会同税务、市场监管封存主板、税控板与后台计算机,调取该油品期间全部记录核税。',
    en: 'Do not warn the site: with tax and market supervision seal main board, tax board and back-office computer; assess the tax of that time.',
  },
  settings: {
    leastMillilitres: setting(
      ['最少比较油量', 'Least volume'],
      'mL',
      [500_000, 50_000, 100_000_000],
      PROPOSED,
    ),
    chartPercent: setting(['罐容表误差', 'Error of the charts'], '%', [0.6, 0, 10], 'S: up to 7 %; P'),
    spanDays: setting(['比较天数', 'Span'], 'd', [7, 1, 60], PROPOSED),
    tankShare: setting(['油罐证实比例', 'Share the tank confirms'], '%', [40, 0, 100], PROPOSED),
  },
  reads: ['tank-point', 'sale', 'receipt'],
  clock: 'both',
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['line-cut', 'line-rewired', 'collector-silent', 'volume-channel-down'],
  subjectsOf: (event, site) => {
    if (event.type === 'tank-point') return [partSubject(event.site, 'grade', event.tank.grade)]
    if (event.type !== 'fact' || !site || !('nozzle' in event.fact)) return []
    const grade = gradeOf(site, event.fact.nozzle)
    return grade === undefined ? [] : [partSubject(event.site, 'grade', grade)]
  },
  start: () => ({ tanks: {}, nozzles: {}, day: null, base: null, open: false }),
  step(state, event, around): Step<State> {
    if (event.type === 'time') return dayOver(state, around)
    if (event.type === 'tank-point') {
      const { tank } = event.tank
      const tanks = { ...state.tanks, [tank]: tankPassed(state.tanks[tank], event) }
      const { nozzles, base, open } = state
      if (state.day !== null) return { state: { tanks, nozzles, day: state.day, base, open } }
      const day = dayIndex(event.point.at)
      return { state: { tanks, nozzles, day, base, open }, wakeAt: judgedAt(day) }
    }
    if (event.type !== 'fact') return { state }
    const { fact } = event
    if (fact.kind !== 'sale' && fact.kind !== 'receipt') return { state }
    const { nozzle, back } = nozzleTaken(state.nozzles[fact.nozzle] ?? NO_NOZZLE, event, fact, state.day)
    const nozzles = { ...state.nozzles, [fact.nozzle]: nozzle }
    const { tanks, day, base, open } = state
    return { state: { tanks, nozzles, day, base: back ? null : base, open } }
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const [pulses, tapped, board, tank] = [
      facts.pulsesMillilitres,
      facts.boardTappedMillilitres,
      facts.boardMillilitres,
      facts.tankMillilitres,
    ].map(litresText)
    const tankPercent = Number(facts.tankPercent).toFixed(2)
    const width = Number(facts.tankHalfWidthPercent).toFixed(2)
    const pulsesPercent = Number(facts.pulsesPercent).toFixed(2)
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 脉冲 ${pulses}、主板 ${tapped}(少 ${pulsesPercent} %);全部油枪主板 ${board}、油罐减少 ${tank}(少 ${tankPercent} ± ${width} %):主板账被改写`
      : `${who}: ${spanText(from, to)} pulses ${pulses}, board ${tapped} (${pulsesPercent} % less); all nozzles by board ${board}, tanks lost ${tank} (${tankPercent} ± ${width} % less): the board's books were rewritten`
  },
})

function gradeOf(site: NonNullable<Around['site']>, nozzle: string): string | undefined {
  for (const { nozzles } of site.dispensers)
    for (const link of nozzles)
      if (link.nozzle === nozzle) return site.tanks.find(({ tank }) => tank === link.tank)?.grade
  return undefined
}
