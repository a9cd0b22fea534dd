import { chinaParts, type EpochMs } from '@oiltrail/kernel'
import { earlier } from './combine.ts'
import { PROPOSED, setting } from './declare.ts'
import type { FactEvent, Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText } from './say.ts'
import { subjectWords } from './subject.ts'
import { nozzleSubject } from './subjects-of.ts'

/** Receipts of one day by the board's own clock, day of the month as `DD`. */
interface DaySum {
  readonly day: string
  readonly volume: number
  readonly sales: number
  /** The sums of receipts and of the totalizer agree from the day's first receipt on. */
  readonly whole: boolean
  readonly ref: Ref
}

/** A sum of the tax memory that waits until every receipt of its time is in. */
interface Asked {
  readonly period: 'day' | 'month'
  readonly label: string
  readonly volume: number
  readonly at: EpochMs
  readonly ref: Ref
  /** Receipts stated so far when it was read: of that day, or of all time. */
  readonly told: number
}

/** The month as last read, with the receipts stated until then and a moment later. */
interface MonthSeen {
  readonly label: string
  readonly volume: number
  readonly told: number
  readonly toldLater: number
  readonly ref: Ref
}

interface State {
  readonly days: readonly DaySum[]
  readonly total: number
  /** Receipts since the first, and whether none was missed since the month was read. */
  readonly sum: number
  readonly whole: boolean
  readonly asked: readonly Asked[]
  readonly month: MonthSeen | null
}

type Key = 'percent' | 'floorMillilitres' | 'settleSeconds'

/** Two days meet at midnight; a third is kept for boards whose clock is wrong. */
const DAYS_KEPT = 3
/** A day and a month are asked together; more than these never wait at once. */
const MOST_ASKED = 4

function receiptTaken(state: State, event: FactEvent): State {
  const { fact, ref } = event
  if (fact.kind !== 'receipt') return state
  const day = fact.boardTime.slice(0, 2)
  const follows = state.total === fact.totalMillilitres - fact.volumeMillilitres
  const known = state.days.find((each) => each.day === day)
  // Before its first receipt a day is whole only if the totalizer says that nothing was missed since the day before.
  const added: DaySum = known
    ? {
        ...known,
        volume: known.volume + fact.volumeMillilitres,
        sales: known.sales + 1,
        whole: known.whole && follows,
      }
    : { day, volume: fact.volumeMillilitres, sales: 1, whole: follows && state.total > 0, ref }
  const others = state.days.filter((each) => each.day !== day)
  return {
    asked: state.asked,
    month: state.month,
    days: [...others.slice(-(DAYS_KEPT - 1)), added],
    total: fact.totalMillilitres,
    sum: state.sum + fact.volumeMillilitres,
    whole: state.whole && follows,
  }
}

function isPast(label: string, at: EpochMs): boolean {
  const { year, month, day } = chinaParts(at)
  return Number(label) < year * 10_000 + month * 100 + day
}

/** Receipts that a month's sum can hold: those of the first of the next month are not in it, though they came before it was read. */
function monthTold(state: State, label: string, at: EpochMs): number {
  const { year, month } = chinaParts(at)
  const over = Number(label) < year * 100 + month
  return state.sum - (over ? (state.days.find((each) => each.day === '01')?.volume ?? 0) : 0)
}

function asking(state: State, event: FactEvent, settleMs: number): Step<State> {
  const { fact, at, ref } = event
  if (fact.kind !== 'board-total' || fact.period === 'grand') return { state }
  if (fact.period === 'day' && !isPast(fact.label, at)) return { state }
  const told =
    fact.period === 'day'
      ? (state.days.find((each) => each.day === fact.label.slice(6))?.volume ?? 0)
      : monthTold(state, fact.label, at)
  const { period, label, volumeMillilitres: volume } = fact
  const asked = [...state.asked.slice(-(MOST_ASKED - 1)), { period, label, volume, at, ref, told }]
  return { state: { ...state, asked }, wakeAt: asked[0]!.at + settleMs }
}

function isOff(
  stated: number,
  [low, high]: readonly [number, number],
  settings: Around<Key>['settings'],
): boolean {
  const allowed = Math.max((stated * settings.percent) / 100, settings.floorMillilitres)
  return stated < low - allowed || stated > high + allowed
}

/** One sum of the tax memory against the receipts; what it leaves behind, and the finding if they differ. */
function checked(
  state: State,
  asked: Asked,
  settings: Around<Key>['settings'],
): Step<State> & { readonly judged: boolean } {
  const { period, label, volume, at, ref } = asked
  const stated = (receipts: number, taxed: number, from: Ref): Step<State>['finding'] => ({
    verdict: 'alert',
    momentary: true,
    facts: { period, label, taxMillilitres: taxed, receiptsMillilitres: receipts },
    from: at,
    to: at,
    evidence: [from, ref],
  })
  if (period === 'day') {
    const day = state.days.find((each) => each.day === label.slice(6))
    if (!day?.whole) return { state, judged: false }
    return isOff(volume, [asked.told, day.volume], settings)
      ? { state, judged: true, finding: stated(day.volume, volume, day.ref)! }
      : { state, judged: true }
  }
  const before = state.month
  const told = monthTold(state, label, at)
  const seen = { label, volume, told: asked.told, toldLater: told, ref }
  const next = { ...state, month: seen, whole: true }
  if (!before || before.label !== label || !state.whole) return { state: next, judged: false }
  const range = [asked.told - before.toldLater, told - before.told] as const
  return isOff(volume - before.volume, range, settings)
    ? { state: next, judged: true, finding: stated(range[1], volume - before.volume, before.ref)! }
    : { state: next, judged: true }
}

/** R10: the tax memory's day against the receipts of that day, its month against the receipts of the month. */
export const taxMemory = defineRule<State, Key>({
  id: 'tax-memory',
  version: 1,
  grade: 'orange',
  title: { zh: '税控累计不符', en: 'Tax memory does not add up' },
  clause: { zh: 'R10;税收征管法 §23 税控装置;GB/T 9081', en: 'R10; tax control devices, GB/T 9081' },
  advice: {
    zh: '保全税控板与逐笔记录,通知税务部门核对该日、该月申报;与脉冲、油罐两证对照。',
    en: 'Secure the tax board and its sales; have the tax office compare the returns of that day and month; compare with pulses and tank.',
  },
  settings: {
    percent: setting(['允许偏差', 'Allowed difference'], '%', [0.1, 0.01, 10], 'R10'),
    floorMillilitres: setting(['最小偏差', 'Least difference'], 'mL', [1_000, 10, 1_000_000], PROPOSED),
    settleSeconds: setting(['等待在途交易', 'Wait for sales under way'], 's', [90, 5, 3_600], PROPOSED),
  },
  reads: ['receipt', 'board-total'],
  late: 'ignore',
  shelvable: true,
  subjectsOf: nozzleSubject,
  start: () => ({ days: [], total: 0, sum: 0, whole: true, asked: [], month: null }),
  step(state, event, around): Step<State> {
    const settleMs = around.settings.settleSeconds * 1_000
    if (event.type === 'fact')
      return event.fact.kind === 'receipt'
        ? { state: receiptTaken(state, event) }
        : asking(state, event, settleMs)
    if (event.type !== 'time') return { state }
    const [first, ...rest] = state.asked
    if (!first) return { state }
    if (first.at + settleMs > event.at) return { state, wakeAt: first.at + settleMs }
    const { judged, ...step } = checked({ ...state, asked: rest }, first, around.settings)
    const wakeAt = earlier(rest[0] ? rest[0].at + settleMs : null, null)
    if (step.finding) return { ...step, wakeAt, verdict: 'alert' }
    return { ...step, wakeAt, ...(judged ? { verdict: 'normal' as const } : {}) }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const label = String(facts.label)
    const day = `${label.slice(0, 4)}-${label.slice(4, 6)}${label.length > 6 ? `-${label.slice(6)}` : ''}`
    const [taxed, sold] = [facts.taxMillilitres, facts.receiptsMillilitres].map(litresText)
    const percent = `${(((Number(facts.taxMillilitres) - Number(facts.receiptsMillilitres)) / Math.max(Number(facts.receiptsMillilitres), 1)) * 100).toFixed(2)} %`
    if (language === 'zh')
      return facts.period === 'day'
        ? `${who} ${day} 税控日累计 ${taxed},当日逐笔合计 ${sold},相差 ${percent}`
        : `${who} ${day} 税控月累计增加 ${taxed},同期逐笔合计 ${sold},相差 ${percent}`
    return facts.period === 'day'
      ? `${who}: ${day} tax memory of the day ${taxed}, its sales ${sold}, off by ${percent}`
      : `${who}: ${day} tax memory of the month grew by ${taxed}, sales meanwhile ${sold}, off by ${percent}`
  },
})
