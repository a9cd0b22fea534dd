import { DAY_MS, type EpochMs } from '@oiltrail/kernel'
import {
  type MeteredChart,
  type MeteredReading,
  meteredRise,
  NO_METERED_CHART,
  takeMetered,
} from '../measure/metered-chart.ts'
import { addValue, deviation, type Moments, NO_MOMENTS } from '../measure/statistics.ts'
import { noticedMillilitres20 } from '../measure/volume20.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref, TankPointEvent } from './event.ts'
import { type Around, defineRule, type Finding, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { goneNotice, tankSubject } from './subjects-of.ts'

interface Notice {
  readonly notice: string
  readonly at: EpochMs
  readonly volume: number
}

/** A delivery that the gauge has closed and that waits for the sales around it. */
interface Open {
  readonly from: EpochMs
  readonly to: EpochMs
  readonly ref: Ref
}

interface Past extends MeteredReading {
  readonly at: EpochMs
}

/** A delivery that was let pass because nobody knew what the chart makes of its heights. */
interface Doubt {
  readonly open: Open
  readonly notice: Notice
  readonly before: MeteredReading
  readonly after: MeteredReading
  readonly ref: Ref
}

interface State {
  /** What the meters say of the tank's chart. */
  readonly metered: MeteredChart
  /** Settled readings, sparsely. */
  readonly past: readonly Past[]
  readonly open: Open | null
  readonly notices: readonly Notice[]
  /** Gauge over notice of earlier deliveries: what this tank's chart makes of a delivery. */
  readonly ratios: Moments
  /** Judged again when the meters have drawn the tank down through what was delivered. */
  readonly doubts: readonly Doubt[]
}

type Key = 'percent' | 'millilitres' | 'chartPercent' | 'noticeMinutes' | 'learntDeliveries'

const PAST_GRAIN_MS = 12 * 60_000
/** Ten hours: a depot's delivery takes seven. */
const MOST_PAST = 48
const MOST_NOTICES = 24
/** A tank of which more deliveries wait to be known is one that is hardly drawn from. */
const MOST_DOUBTS = 3
/** What the meters say later is not what they would have said then. */
const DOUBTED_MS = 14 * DAY_MS
/** The surface of a tank is calm this long after the last drop. */
const CALM_MS = 8 * 60_000
/** Deliveries of one tank never agree better than this, parts of one: temperature mixes, the chart bends. */
const LEAST_SCATTER = 0.002
const DEVIATIONS = 3
/** A chart whose error is known this well by its meters needs no delivery to teach it, parts of one. */
const KNOWN_ERROR = 0.006
/** What is held moves by more than this, and by eight deviations, only when oil runs in or vanishes. */
const MOVE_MILLILITRES = 150_000
const MOVE_DEVIATIONS = 8

function nearest(state: State, open: Open, toleranceMs: number): Notice | undefined {
  let best: Notice | undefined
  for (const notice of state.notices) {
    if (notice.at < open.from - toleranceMs || notice.at > open.to + toleranceMs) continue
    if (!best || Math.abs(notice.at - open.from) < Math.abs(best.at - open.from)) best = notice
  }
  return best
}

/** How a delivery is judged: what was received, what the tank usually shows of a notice, and how sure that is. */
interface Judgement {
  readonly received: number
  readonly usual: number
  /** Standard deviations allowed, parts of the notice. */
  readonly unsure: number
  /** Unsure because the chart is not known yet: worth a look, no more. */
  readonly grade: 'attention' | 'alert'
  /** The meters know the heights: there is nothing to be learnt that would change it. */
  readonly isFinal: boolean
}

/** By what the meters make of the heights between two readings. */
function meteredJudgement(
  { metered }: State,
  before: MeteredReading,
  after: MeteredReading,
  notice: Notice,
  noise: number,
  settings: Around<Key>['settings'],
): Judgement {
  const unknown = settings.chartPercent / 100 / DEVIATIONS
  const rise = meteredRise(metered, before, after, unknown, noise)
  const received = rise.millilitres + after.drawnSum - before.drawnSum
  const error = rise.deviation / notice.volume
  const isFinal = error <= KNOWN_ERROR
  const unsure = DEVIATIONS * Math.hypot(error, LEAST_SCATTER)
  return { received, usual: 1, unsure, grade: isFinal ? 'alert' : 'attention', isFinal }
}

/**
 * By the meters, when they know the heights that the delivery passed; else by earlier deliveries of the same tank; else by
 * what any chart may be off, for the part that the meters do not know.
 */
function judgementOf(
  state: State,
  before: Past,
  event: TankPointEvent,
  notice: Notice,
  around: Around<Key>,
): Judgement {
  const { settings } = around
  const { ratios } = state
  const byMeters = meteredJudgement(state, before, event.point, notice, event.deviationMillilitres, settings)
  if (byMeters.isFinal || ratios.n < settings.learntDeliveries) return byMeters
  const scatter = Math.max(deviation(ratios), LEAST_SCATTER) * Math.sqrt(1 + 1 / ratios.n)
  return {
    received: receivedOf(before, event),
    usual: ratios.mean,
    unsure: DEVIATIONS * scatter,
    grade: 'alert',
    isFinal: false,
  }
}

/** By the gauge's own chart. */
function receivedOf(before: Past, { point }: TankPointEvent): number {
  return point.v20 + point.drawnSum - before.v20 - before.drawnSum
}

function measured(state: State, open: Open, event: TankPointEvent, around: Around<Key>): Step<State> {
  const before = state.past.findLast(({ at }) => at <= open.from)
  const next = { ...state, open: null }
  const { settings } = around
  const notice = nearest(state, open, settings.noticeMinutes * 60_000)
  if (!before || !notice) return { state: next }
  const judgement = judgementOf(state, before, event, notice, around)
  const notices = state.notices.filter((each) => each !== notice)
  const found = differing(judgement, notice, open, event.point.ref, settings)
  if (found) return { state: { ...next, notices }, verdict: judgement.grade, finding: found }
  const ratios = addValue(state.ratios, receivedOf(before, event) / notice.volume)
  const { v20, drawnSum, share, ref } = event.point
  const doubt: Doubt = { open, notice, before, after: { v20, drawnSum, share }, ref }
  const doubts = judgement.isFinal ? state.doubts : [...state.doubts, doubt].slice(-MOST_DOUBTS)
  return { state: { ...next, notices, ratios, doubts }, verdict: 'normal' }
}

function differing(
  { received, usual, unsure, grade }: Judgement,
  notice: Notice,
  open: Open,
  ref: Ref,
  settings: Around<Key>['settings'],
): Finding | undefined {
  const allowed =
    Math.max((notice.volume * settings.percent) / 100, settings.millilitres) + unsure * notice.volume
  const difference = received - usual * notice.volume
  if (Math.abs(difference) <= allowed) return undefined
  return {
    verdict: grade,
    momentary: true,
    facts: {
      notice: notice.notice,
      noticeMillilitres: notice.volume,
      receivedMillilitres: Math.round(received - (usual - 1) * notice.volume),
      differenceMillilitres: Math.round(difference),
      allowedMillilitres: Math.round(allowed),
    },
    from: open.from,
    to: open.to,
    evidence: [open.ref, ref],
  }
}

/** Deliveries that were let pass, now that more of their heights are known; until the tank is drawn down to where they began. */
function judgedAgain(state: State, event: TankPointEvent, settings: Around<Key>['settings']): Step<State> {
  const { point, deviationMillilitres } = event
  const doubts = state.doubts.filter(
    ({ open, before }) => point.at - open.to <= DOUBTED_MS && point.share > before.share,
  )
  for (const doubt of state.doubts) {
    const { before, after, notice, open, ref } = doubt
    const judgement = meteredJudgement(state, before, after, notice, deviationMillilitres, settings)
    const finding = judgement.isFinal ? differing(judgement, notice, open, ref, settings) : undefined
    if (!finding) continue
    const others = doubts.filter((each) => each !== doubt)
    // What it taught of this tank's chart was false.
    return { state: { ...state, doubts: others, ratios: NO_MOMENTS }, verdict: 'alert', finding }
  }
  return { state: doubts.length === state.doubts.length ? state : { ...state, doubts } }
}

function weighed(before: State, event: TankPointEvent, around: Around<Key>): Step<State> {
  const { open } = before
  const { point } = event
  const state = kept(before, event)
  return open && point.at >= open.to + CALM_MS && !point.delivering
    ? measured(state, open, event, around)
    : state.doubts.length > 0 && state.past !== before.past
      ? judgedAgain(state, event, around.settings)
      : { state }
}

/** Nothing is measured by a withdrawn notice any more, nor judged again; what it taught of the chart was a delivery all the same. */
function withdrawn(state: State, name: string): State {
  const notices = state.notices.filter((each) => each.notice !== name)
  const doubts = state.doubts.filter((each) => each.notice.notice !== name)
  return notices.length === state.notices.length && doubts.length === state.doubts.length
    ? state
    : { ...state, notices, doubts }
}

function kept(state: State, { point, deviationMillilitres }: TankPointEvent): State {
  const { at, v20, drawnSum, share } = point
  const { from } = state.metered
  const moved = from ? Math.abs(v20 + drawnSum - from.v20 - from.drawnSum) : 0
  const still = moved <= Math.max(MOVE_MILLILITRES, MOVE_DEVIATIONS * deviationMillilitres)
  const metered = takeMetered(state.metered, point, still && !point.delivering && !state.open)
  const last = state.past.at(-1)
  const { open, notices, ratios, doubts } = state
  const past =
    last && at - last.at < PAST_GRAIN_MS
      ? state.past
      : [...state.past.slice(-(MOST_PAST - 1)), { at, v20, drawnSum, share }]
  return { metered, past, open, notices, ratios, doubts }
}

/** R5: a registered delivery brought less (or more) into the tank than its notice says. */
export const shortDelivery = defineRule<State, Key>({
  id: 'short-delivery',
  version: 4,
  grade: 'yellow',
  title: { zh: '卸油数量不符', en: 'Delivery differs from its notice' },
  clause: {
    zh: 'R5、R21:相符 0.25 % 或 25 L,偏差 > 0.5 %;GB/T 19779 计量交接',
    en: 'R5, R21: match 0.25 % or 25 L, variance > 0.5 %; GB/T 19779 custody transfer',
  },
  advice: {
    zh: '4 小时内核对出库单、车号与在途时间;短少查途中卸载,溢余查夹带非登记油品。',
    en: 'Within 4 hours compare loading slip, plate and time on the road. Short: unloading on the way; over: oil that was not registered.',
  },
  settings: {
    percent: setting(['允差', 'Allowed'], '%', [0.5, 0.05, 10], 'R5 (S)'),
    millilitres: setting(['最小允差', 'Allowed at least'], 'mL', [25_000, 0, 1_000_000], 'R5 (S)'),
    chartPercent: setting(
      ['罐容表未知误差', 'Unknown error of the chart'],
      '%',
      [4, 0, 20],
      'S: up to 7 %; P',
    ),
    noticeMinutes: setting(['登记前后', 'Notice within ±'], 'min', [120, 10, 1_440], 'R5'),
    learntDeliveries: setting(
      ['学习次数', 'Deliveries to learn the chart'],
      '次/deliveries',
      [2, 1, 20],
      PROPOSED,
    ),
  },
  reads: ['tank-point', 'delivery', 'notice', 'withdrawal'],
  clock: 'volume',
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['collector-silent', 'volume-channel-down'],
  subjectsOf: tankSubject,
  start: () => ({
    metered: NO_METERED_CHART,
    past: [],
    open: null,
    notices: [],
    ratios: NO_MOMENTS,
    doubts: [],
  }),
  step(before, event, around): Step<State> {
    const gone = goneNotice(event, around)
    if (gone !== undefined) return { state: withdrawn(before, gone) }
    if (event.type === 'notice') {
      const { notice, expectedAt: at } = event.notice
      const volume = noticedMillilitres20(event.notice)
      const others = before.notices.filter((each) => each.notice !== notice)
      return { state: { ...before, notices: [...others, { notice, at, volume }].slice(-MOST_NOTICES) } }
    }
    if (event.type === 'tank-point') return weighed(before, event, around)
    if (event.type !== 'fact' || event.fact.kind !== 'delivery') return { state: before }
    const { fact, ref } = event
    return { state: { ...before, open: { from: before.open?.from ?? fact.startedAt, to: fact.at, ref } } }
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const difference = Number(facts.differenceMillilitres)
    const [noted, received, off, allowed] = [
      facts.noticeMillilitres,
      facts.receivedMillilitres,
      Math.abs(difference),
      facts.allowedMillilitres,
    ].map(litresText)
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 登记来油 ${noted}(${facts.notice}),实收 ${received},${difference < 0 ? '短少' : '溢余'} ${off}(允许 ${allowed},20 ℃)`
      : `${who}: ${spanText(from, to)} notice ${facts.notice} of ${noted}, received ${received}: ${off} ${difference < 0 ? 'short' : 'over'} (allowed ${allowed}, 20 °C)`
  },
})
