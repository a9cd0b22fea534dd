import { dayIndex, type EpochMs } from '@oiltrail/kernel'
import { NO_PAIRING, type Pairing, takeTold } from '../measure/pairing.ts'
import {
  NO_TRACK,
  readingDeviation,
  type TankPoint,
  type TankTrack,
  trackFact,
} from '../measure/tank-track.ts'
import { type PairResult, type Testimony, threeWitnesses } from '../measure/three-witnesses.ts'
import { PROPOSED, setting } from './declare.ts'
import type { FactEvent, Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

/** One nozzle: both totalizers when the span began and at its newest paired sale; a nozzle without pulses has the board alone. */
interface Nozzle {
  readonly pairing: Pairing
  readonly tapped: boolean
  readonly first: readonly [pulses: number, board: number] | null
  readonly last: readonly [pulses: number, board: number] | null
}

interface TankState {
  readonly track: TankTrack
  readonly held: number | null
  readonly drawn: number
  /** Lost besides what ran in, millilitres at the tank's own temperature. */
  readonly lost: number
  readonly variance: number
}

interface State {
  readonly tanks: Readonly<Record<string, TankState>>
  readonly nozzles: Readonly<Record<string, Nozzle>>
  readonly since: EpochMs
  readonly day: number
  readonly days: number
  readonly ref: Ref | null
  readonly open: boolean
}

type Key = 'leastMillilitres' | 'chartPercent' | 'spanDays' | 'tankShare'

const NO_TANK: TankState = { track: NO_TRACK, held: null, drawn: 0, lost: 0, variance: 0 }
const NO_NOZZLE: Nozzle = { pairing: NO_PAIRING, tapped: false, first: null, last: null }
/** What is held rises by more than this, and by eight deviations, only when oil runs in. */
const RISE_MILLILITRES = 150_000
const RISE_DEVIATIONS = 8
/** The tank is read up to a sale later or earlier than each nozzle's newest pair. */
const SALE_MILLILITRES = 40_000

function nozzleTaken(before: Nozzle, event: FactEvent): Nozzle {
  const { fact, at, ref } = event
  if (fact.kind !== 'sale' && fact.kind !== 'receipt') return before
  const tapped = before.tapped || (fact.kind === 'sale' && fact.source === 'pulse')
  if (!tapped) {
    if (fact.kind === 'sale') return before
    const now = [0, fact.totalMillilitres] as const
    const first = before.first ?? ([0, fact.totalMillilitres - fact.volumeMillilitres] as const)
    return { ...before, first, last: now }
  }
  // The board was followed alone until the first pulse came: only paired totals count from here on.
  const fresh = before.tapped ? before : NO_NOZZLE
  const told = { at, volume: fact.volumeMillilitres, total: fact.totalMillilitres, ...ref }
  const { pairing, matches } = takeTold(fresh.pairing, fact.kind === 'sale' ? 'sales' : 'receipts', told)
  const [match] = matches
  if (match?.type !== 'pair') return { ...fresh, tapped, pairing }
  const now = [match.sale.total, match.receipt.total] as const
  const back = fresh.last && (now[0] < fresh.last[0] || now[1] < fresh.last[1])
  const { sale, receipt } = match
  // The span begins before its first sale, as it does for the tank.
  const begin = [sale.total - sale.volume, receipt.total - receipt.volume] as const
  return { pairing, tapped, first: back ? now : (fresh.first ?? begin), last: now }
}

function tankPassed(before: TankState, point: TankPoint, deviation: number): TankState {
  const next = { ...before, held: point.held, drawn: point.drawnSum }
  if (before.held === null) return { ...next, variance: deviation ** 2 }
  const grown = point.held - before.held
  const sold = point.drawnSum - before.drawn
  const rises = grown > Math.max(RISE_MILLILITRES, RISE_DEVIATIONS * deviation) || point.delivering
  const factor = before.track.factor
  // While oil runs in, what ran out is what was metered: the delivery hides the rest, and its two readings add noise.
  return {
    ...next,
    lost: before.lost + (rises ? sold : sold - grown) / factor,
    variance: before.variance + (rises ? 2 * deviation ** 2 : 0),
  }
}

function testimonyOf(state: State, settings: Around<Key>['settings']): Testimony {
  let pulses = 0
  let boardTapped = 0
  let board = 0
  for (const { tapped, first, last } of Object.values(state.nozzles)) {
    if (!first || !last) continue
    if (tapped) {
      pulses += last[0] - first[0]
      boardTapped += last[1] - first[1]
    }
    board += last[1] - first[1]
  }
  const tanks = Object.values(state.tanks)
  const lost = tanks.reduce((sum, tank) => sum + tank.lost, 0)
  const variance = tanks.reduce((sum, tank) => sum + tank.variance, 0) * 2
  const sales = Object.keys(state.nozzles).length * SALE_MILLILITRES ** 2
  return {
    pulses,
    boardTapped,
    board,
    tank: lost,
    days: Math.max(state.days, 1),
    tankDeviation: Math.sqrt(variance + sales),
    chartError: settings.chartPercent / 100,
  }
}

function begun(state: State): State {
  const nozzles: Record<string, Nozzle> = {}
  for (const [code, nozzle] of Object.entries(state.nozzles))
    nozzles[code] = { ...nozzle, first: nozzle.last }
  const tanks: Record<string, TankState> = {}
  for (const [code, tank] of Object.entries(state.tanks)) tanks[code] = { ...tank, lost: 0, variance: 0 }
  return { ...state, nozzles, tanks, days: 0, since: 0, ref: null }
}

function judged(state: State, now: EpochMs, ref: Ref, around: Around<Key>): Step<State> {
  const { settings } = around
  const told = testimonyOf(state, settings)
  if (told.boardTapped! < settings.leastMillilitres) return { state, verdict: 'insufficient' }
  const results = threeWitnesses(told)
  const pulsesBoard = results.find(({ pair }) => pair === 'pulses-board')!
  const boardTank = results.find(({ pair }) => pair === 'board-tank')!
  const rest = state.days >= settings.spanDays ? begun(state) : state
  const missing = pulsesBoard.differenceMillilitres
  if (pulsesBoard.verdict !== 'differ' || missing <= 0)
    return state.open
      ? { state: { ...rest, open: false }, cleared: true, verdict: 'normal' }
      : { state: rest, verdict: 'normal' }
  // Of what the pulses say is missing in the books, the tank confirms this share.
  const confirmed = -boardTank.differenceMillilitres / missing
  if (confirmed < settings.tankShare / 100) return { state: rest, verdict: 'attention' }
  return {
    state: { ...begun(state), open: true },
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      facts: factsOf(told, pulsesBoard, boardTank),
      from: state.since,
      to: now,
      evidence: state.ref ? [state.ref, ref] : [ref],
    },
  }
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
  version: 1,
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
  reads: ['level', 'sale', 'total', 'receipt'],
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['line-cut', 'line-rewired', 'collector-silent', 'volume-channel-down'],
  subjectsOf: (event, site) => {
    if (event.type !== 'fact' || !site) return []
    const { fact } = event
    let tank: string | undefined
    if ('tank' in fact) tank = fact.tank
    else if ('nozzle' in fact) tank = linkOf(site, fact.nozzle)
    const grade = site.tanks.find((each) => each.tank === tank)?.grade
    return grade === undefined ? [] : [partSubject(event.site, 'grade', grade)]
  },
  start: () => ({ tanks: {}, nozzles: {}, since: 0, day: 0, days: 0, ref: null, open: false }),
  step(before, event, around): Step<State> {
    if (event.type !== 'fact' || !around.site) return { state: before }
    const { fact } = event
    const code = 'tank' in fact ? fact.tank : 'nozzle' in fact ? linkOf(around.site, fact.nozzle) : undefined
    const tank = code === undefined ? undefined : around.tank(code)
    if (!tank) return { state: before }
    let state = before
    if (fact.kind === 'sale' || fact.kind === 'receipt') {
      const nozzle = nozzleTaken(state.nozzles[fact.nozzle] ?? NO_NOZZLE, event)
      state = { ...state, nozzles: { ...state.nozzles, [fact.nozzle]: nozzle } }
    }
    if (fact.kind === 'receipt') return { state }
    const known = state.tanks[tank.tank] ?? NO_TANK
    const { track, points } = trackFact(known.track, fact, event.ref, tank)
    let passed: TankState = { ...known, track }
    for (const point of points) passed = tankPassed(passed, point, readingDeviation(tank, point.v20))
    state = { ...state, tanks: { ...state.tanks, [tank.tank]: passed } }
    const last = points.at(-1)
    if (!last) return { state }
    const day = dayIndex(last.at)
    if (state.since === 0) return { state: { ...state, since: last.at, day, ref: last.ref } }
    if (day === state.day) return { state }
    return judged({ ...state, day, days: state.days + 1 }, last.at, last.ref, around)
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

function linkOf(site: NonNullable<Around['site']>, nozzle: string): string | undefined {
  for (const { nozzles } of site.dispensers)
    for (const link of nozzles) if (link.nozzle === nozzle) return link.tank
  return undefined
}
