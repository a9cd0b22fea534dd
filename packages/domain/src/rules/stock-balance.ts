import { chinaParts, dayIndex, type EpochMs } from '@oiltrail/kernel'
import type { TankPoint } from '../measure/tank-track.ts'
import { noticedMillilitres20 } from '../measure/volume20.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, momentText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { goneNotice, tankSubject } from './subjects-of.ts'

/** A running day, millilitres at 20 °C. */
interface Day {
  readonly day: number
  readonly from: EpochMs
  readonly at: EpochMs
  readonly opening: number
  readonly closing: number
  readonly sold: number
  readonly delivered: number
  /** What the tank has more (or, below zero, less) than its book says. */
  readonly variance: number
  readonly held: number
  readonly drawn: number
  readonly ref: Ref
}

/** A finished day: variance and throughput, whether a declared window excuses it, and the variance with deliveries by their documents. */
type Done = readonly [variance: number, sold: number, isExcused: boolean, booked: number]

/** A registered delivery, millilitres at 20 °C. */
interface Notice {
  readonly notice: string
  readonly at: EpochMs
  readonly volume: number
}

interface State {
  readonly day: Day | null
  readonly done: readonly Done[]
  readonly month: {
    readonly key: number
    readonly variance: number
    readonly booked: number
    readonly sold: number
    readonly days: number
  } | null
  /** Days since one was excused by a declared window. */
  readonly judgedSince: number
  readonly notices: readonly Notice[]
}

type Key =
  | 'dayPercent'
  | 'dayMillilitres'
  | 'monthPercent'
  | 'monthMillilitres'
  | 'weekMillilitres'
  | 'chartPercent'
  | 'breathingPartsPerMillionPerDay'

const DAYS_KEPT = 30
const WEEK = 7
/** Days after which a tank's own chart error is known well enough to be allowed for. */
const LEARNT_DAYS = 5
/** What is held rises by more than this only when oil runs in; sales, chart and noise together stay below. */
const RISE_MILLILITRES = 150_000
const RISE_DEVIATIONS = 8
/** A day seen for less than this is not balanced. */
const WHOLE_DAY_MS = 20 * 3_600_000
/** What runs in mixes warm with cold and crosses the whole chart: this share of it stays uncertain. */
const DELIVERY_SHARE = 0.01
/**
 * A declared day is left out by itself: cans poured back or a tank being cleaned are no theft. But a site declares its own
 * windows, and one that declares daily would never be balanced: at most one day of so many is excused.
 */
const EXCUSED_ONE_IN = 4
/** A tank is filled a few times a week at most, and told of days before. */
const MOST_NOTICES = 16
/** What the gauge saw run in on a day, and what was registered for it, are the same deliveries when they differ by less. */
const SAME_DELIVERIES = 0.1
/** Deviations of earlier days beyond which a day is no longer like them. */
const DEVIATIONS = 3

function opened(point: TankPoint): Day {
  return {
    day: dayIndex(point.at),
    from: point.at,
    at: point.at,
    opening: point.v20,
    closing: point.v20,
    sold: 0,
    delivered: 0,
    variance: 0,
    held: point.held,
    drawn: point.drawnSum,
    ref: point.ref,
  }
}

function followed(day: Day, point: TankPoint, noise: number): Day {
  const grown = point.held - day.held
  const sold = point.drawnSum - day.drawn
  const rises = grown > Math.max(RISE_MILLILITRES, RISE_DEVIATIONS * noise) || (point.delivering && grown > 0)
  return {
    day: day.day,
    from: day.from,
    opening: day.opening,
    ref: day.ref,
    at: point.at,
    closing: point.v20,
    sold: day.sold + sold,
    delivered: day.delivered + (rises ? grown : 0),
    variance: day.variance + (rises ? 0 : grown),
    held: point.held,
    drawn: point.drawnSum,
  }
}

/** How many of one a tank's chart adds to or takes from what is sold, and how that scatters, by earlier days. */
function usualOf(days: readonly Done[]): { mean: number; deviation: number } | undefined {
  const busy = days.filter(([, sold, isExcused]) => sold > 0 && !isExcused)
  if (busy.length < LEARNT_DAYS) return undefined
  const sold = busy.reduce((sum, [, each]) => sum + each, 0)
  const mean = busy.reduce((sum, [variance]) => sum + variance, 0) / sold
  const square = busy.reduce((sum, [variance, each]) => sum + (variance - mean * each) ** 2, 0)
  return { mean, deviation: Math.sqrt(square / (busy.length - 1)) }
}

interface Balance {
  readonly period: 'day' | 'week' | 'month' | 'rolling'
  readonly variance: number
  readonly allowed: number
  readonly sold: number
}

/** What gauge and breathing alone may make of a span: the noise of two readings, and what petrol gives to the air. */
function unavoidable(day: Day, noise: number, days: number, settings: Around<Key>['settings']): number {
  const breathing = (day.closing * settings.breathingPartsPerMillionPerDay * days) / 1e6
  return DEVIATIONS * Math.SQRT2 * noise + breathing + day.delivered * DELIVERY_SHARE
}

/**
 * An excused day is not judged by itself and neither breaks nor feeds a row of days, but whatever is declared, month and thirty
 * days hold it: what vanishes there under windows vanishes all the same.
 */
function balances(
  state: State,
  day: Day,
  isExcused: boolean,
  noise: number,
  settings: Around<Key>['settings'],
): Balance | undefined {
  const all: readonly Done[] = [
    ...state.done,
    [day.variance, day.sold, isExcused, bookedOf(day, state.notices)],
  ]
  if (isExcused) return months(state, day, all, noise, settings)
  const usual = usualOf(state.done)
  const percent = (day.sold * settings.dayPercent) / 100 + settings.dayMillilitres
  const basis = percent + unavoidable(day, noise, 1, settings)
  const unknown = usual ? DEVIATIONS * usual.deviation : (day.sold * settings.chartPercent) / 100
  const own = day.variance - (usual?.mean ?? 0) * day.sold
  if (Math.abs(own) > basis + unknown)
    return { period: 'day', variance: own, allowed: basis + unknown, sold: day.sold }
  return week(all, day, noise, settings) ?? months(state, day, all, noise, settings)
}

/**
 * Seven days short in a row, beyond what the chart took before them. The allowance is one for stations: what a depot's tank of a
 * thousand cubic metres breathes out in a week, and what its gauge cannot see, is more.
 */
function week(
  days: readonly Done[],
  day: Day,
  noise: number,
  settings: Around<Key>['settings'],
): Balance | undefined {
  const all = days.filter(([, , isExcused]) => !isExcused)
  const usual = usualOf(all.slice(0, -WEEK))
  if (!usual) return undefined
  const last = all.slice(-WEEK).map(([variance, sold]) => variance - usual.mean * sold)
  const sum = last.reduce((total, each) => total + each, 0)
  const scatter = 2 * usual.deviation * Math.sqrt(WEEK)
  const allowed = Math.max(settings.weekMillilitres, scatter) + unavoidable(day, noise, WEEK, settings)
  if (last.some((each) => each >= 0) || -sum <= allowed) return undefined
  const sold = all.slice(-WEEK).reduce((total, [, each]) => total + each, 0)
  return { period: 'week', variance: sum, allowed, sold }
}

/**
 * A day's variance by its documents: a delivery by what was registered instead of what the gauge saw. A chart that is wrong as a
 * whole makes too much of what runs in and of what is drawn alike, and this cancels.
 */
function bookedOf(day: Day, notices: readonly Notice[]): number {
  let noticed = 0
  for (const { at, volume } of notices) if (at >= day.from && at <= day.at) noticed += volume
  const over = day.delivered - noticed
  return Math.abs(over) <= day.delivered * SAME_DELIVERIES ? day.variance + over : day.variance
}

/** What both balances of a span agree on: the smaller; 0 where one is short and the other over. */
function agreed(variance: number, booked: number): number {
  if (Math.sign(variance) !== Math.sign(booked)) return 0
  return Math.abs(variance) < Math.abs(booked) ? variance : booked
}

/** A month is judged by draws alone and by its documents: a wrong chart shows in the one, a short delivery in the other, a loss in both. */
function months(
  state: State,
  day: Day,
  all: readonly Done[],
  noise: number,
  settings: Around<Key>['settings'],
): Balance | undefined {
  const limit = (sold: number, days: number): number =>
    (sold * settings.monthPercent) / 100 + settings.monthMillilitres + unavoidable(day, noise, days, settings)
  const month = monthOf(state, day)
  const missing = agreed(month.variance, month.booked)
  if (Math.abs(missing) > limit(month.sold, month.days))
    return {
      period: 'month',
      variance: missing,
      allowed: limit(month.sold, month.days),
      sold: month.sold,
    }
  if (all.length < DAYS_KEPT) return undefined
  const last = all.slice(-DAYS_KEPT)
  const variance = agreed(
    last.reduce((sum, [each]) => sum + each, 0),
    last.reduce((sum, [, , , each]) => sum + each, 0),
  )
  const sold = last.reduce((sum, [, each]) => sum + each, 0)
  return Math.abs(variance) > limit(sold, DAYS_KEPT)
    ? { period: 'rolling', variance, allowed: limit(sold, DAYS_KEPT), sold }
    : undefined
}

function monthOf(state: State, day: Day): NonNullable<State['month']> {
  const { year, month } = chinaParts(day.from)
  const key = year * 100 + month
  const before = state.month?.key === key ? state.month : { variance: 0, booked: 0, sold: 0, days: 0 }
  return {
    key,
    variance: before.variance + day.variance,
    booked: before.booked + bookedOf(day, state.notices),
    sold: before.sold + day.sold,
    days: before.days + 1,
  }
}

function closed(state: State, day: Day, point: TankPoint, noise: number, around: Around<Key>): Step<State> {
  const opening = { ...state, day: opened(point) }
  if (day.at - day.from < WHOLE_DAY_MS) return { state: opening, verdict: 'insufficient' }
  const isExcused = state.judgedSince >= EXCUSED_ONE_IN - 1 && around.declared(day.from, day.at) !== undefined
  const next = {
    ...opening,
    judgedSince: isExcused ? 0 : Math.min(state.judgedSince + 1, EXCUSED_ONE_IN - 1),
  }
  const found = balances(state, day, isExcused, noise, around.settings)
  const month = monthOf(state, day)
  const done: readonly Done[] = [
    ...state.done.slice(-(DAYS_KEPT - 1)),
    [Math.round(day.variance), Math.round(day.sold), isExcused, Math.round(bookedOf(day, state.notices))],
  ]
  if (!found) return { state: { ...next, done, month }, verdict: 'normal' }
  // A day that is plainly wrong teaches nothing about the tank's chart; a period told once begins anew.
  const rest = found.period === 'day' ? state.done : []
  return {
    state: {
      ...next,
      done: rest,
      month: found.period === 'month' ? { ...month, variance: 0, booked: 0, sold: 0, days: 0 } : month,
    },
    verdict: 'alert',
    finding: {
      verdict: found.period === 'day' ? 'attention' : 'alert',
      momentary: true,
      facts: {
        period: found.period,
        openingMillilitres: Math.round(day.opening),
        deliveredMillilitres: Math.round(day.delivered),
        soldMillilitres: Math.round(found.period === 'day' ? day.sold : found.sold),
        closingMillilitres: Math.round(day.closing),
        varianceMillilitres: Math.round(found.variance),
        allowedMillilitres: Math.round(found.allowed),
      },
      from: day.from,
      to: day.at,
      evidence: [day.ref, point.ref],
    },
  }
}

const PERIOD_WORDS = {
  week: { zh: '连续 7 日', en: 'seven days in a row' },
  month: { zh: '本月', en: 'this month' },
  rolling: { zh: '近 30 日', en: 'the last 30 days' },
} as const

/** R3: the stock in a tank against its book, by day, by seven days short in a row, by month and by 30 days. */
export const stockBalance = defineRule<State, Key>({
  id: 'stock-balance',
  version: 4,
  grade: 'yellow',
  title: { zh: '进销存不平', en: 'Stock does not balance' },
  clause: {
    zh: 'R3;月 1.0 %+492 L(EPA 40 CFR 280.43),7 日连亏 303 L(Maryland),日 0.5 %+50 L;任务书 S5',
    en: 'R3; month 1.0 % + 492 L (EPA 40 CFR 280.43), 7 days short 303 L (Maryland), day 0.5 % + 50 L; S5',
  },
  advice: {
    zh: '4 小时内请站点说明,核对来油单据、交接班盘点与罐容表;短少查渗漏与偷盗,溢余查未登记来油与短量。',
    en: 'Within 4 hours have the site explain; compare documents, shift counts and tank chart. Short: leak or theft; over: unregistered oil or short measure.',
  },
  settings: {
    dayPercent: setting(['日允差', 'Day, of throughput'], '%', [0.5, 0.05, 10], 'R3 (P)'),
    dayMillilitres: setting(['日允差定量', 'Day, fixed'], 'mL', [50_000, 0, 10_000_000], 'R3 (P)'),
    monthPercent: setting(
      ['月允差', 'Month, of throughput'],
      '%',
      [1, 0.1, 10],
      'EPA 40 CFR 280.43',
      '1990-12-22',
    ),
    monthMillilitres: setting(
      ['月允差定量', 'Month, fixed'],
      'mL',
      [492_000, 0, 50_000_000],
      'EPA 40 CFR 280.43 (130 gal)',
      '1990-12-22',
    ),
    weekMillilitres: setting(
      ['7 日连亏', 'Seven days short in a row'],
      'mL',
      [303_000, 10_000, 50_000_000],
      'Maryland COMAR 26.10 (80 gal)',
    ),
    chartPercent: setting(['罐容表未知误差', 'Unknown error of the chart'], '%', [6, 0, 20], PROPOSED),
    breathingPartsPerMillionPerDay: setting(
      ['呼吸损耗', 'Breathing loss'],
      'ppm/d',
      [150, 0, 5_000],
      'P; GB 11085 storage loss',
    ),
  },
  reads: ['tank-point', 'notice', 'withdrawal'],
  clock: 'volume',
  late: 'ignore',
  shelvable: true,
  hiddenByWindow: false,
  suppressedBy: ['line-cut', 'line-rewired', 'collector-silent', 'volume-channel-down'],
  subjectsOf: tankSubject,
  start: () => ({
    day: null,
    done: [],
    month: null,
    judgedSince: EXCUSED_ONE_IN - 1,
    notices: [],
  }),
  step(state, event, around): Step<State> {
    const gone = goneNotice(event, around)
    if (gone !== undefined) {
      const notices = state.notices.filter((each) => each.notice !== gone)
      return { state: notices.length === state.notices.length ? state : { ...state, notices } }
    }
    if (event.type === 'notice') {
      const { notice, expectedAt: at } = event.notice
      const others = state.notices.filter((each) => each.notice !== notice)
      const noticed = { notice, at, volume: noticedMillilitres20(event.notice) }
      return { state: { ...state, notices: [...others, noticed].slice(-MOST_NOTICES) } }
    }
    if (event.type !== 'tank-point') return { state }
    const { point, deviationMillilitres } = event
    if (!state.day) return { state: { ...state, day: opened(point) } }
    const day = followed(state.day, point, deviationMillilitres)
    const { done, month, judgedSince, notices } = state
    return dayIndex(point.at) === day.day
      ? { state: { day, done, month, judgedSince, notices } }
      : closed(state, day, point, deviationMillilitres, around)
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const variance = Number(facts.varianceMillilitres)
    const off = litresText(Math.abs(variance))
    const [opening, delivered, sold, closing, allowed] = [
      facts.openingMillilitres,
      facts.deliveredMillilitres,
      facts.soldMillilitres,
      facts.closingMillilitres,
      facts.allowedMillilitres,
    ].map(litresText)
    if (facts.period === 'day')
      return language === 'zh'
        ? `${who} ${spanText(from, to)} 期初 ${opening} + 进油 ${delivered} − 付油 ${sold},实存 ${closing},${variance < 0 ? '短少' : '溢余'} ${off}(允许 ${allowed},20 ℃)`
        : `${who}: ${spanText(from, to)} opening ${opening} + in ${delivered} − sold ${sold}, found ${closing}: ${off} ${variance < 0 ? 'short' : 'over'} (allowed ${allowed}, 20 °C)`
    const period = PERIOD_WORDS[facts.period as keyof typeof PERIOD_WORDS][language]
    return language === 'zh'
      ? `${who} 截至 ${momentText(to)} ${period}付油 ${sold},累计${variance < 0 ? '短少' : '溢余'} ${off}(允许 ${allowed},20 ℃)`
      : `${who}: up to ${momentText(to)}, ${period}: sold ${sold}, ${off} ${variance < 0 ? 'short' : 'over'} (allowed ${allowed}, 20 °C)`
  },
})
