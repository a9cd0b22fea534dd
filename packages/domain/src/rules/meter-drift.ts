import { addEstimate, addRow, emptyFit, NO_POOL, type Pool, pooled, solveFit } from '../measure/statistics.ts'
import { contrastOf, slopeOf, type TankDayResult } from '../measure/tank-day.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { tankSubject } from './subjects-of.ts'

/** One stretch: filling, litres the gauge lost per litre metered, and how sure that is (parts of one). */
type Stretch = readonly [share: number, slope: number, deviation: number]

interface State {
  /** How the tank and its meters behaved when they were first seen, over its filling. */
  readonly usual: readonly Stretch[]
  /** How far recent stretches lie from that. */
  readonly shift: Pool
  /** How much more each nozzle gives than the others of its tank, recently. */
  readonly nozzles: Readonly<Record<string, Pool>>
  readonly since: number
  readonly from: Ref | null
  readonly open: boolean
}

type Key = 'warnPercent' | 'alertPercent' | 'deviations' | 'leastDays' | 'memoryDays' | 'usualDays'

const LEAST_HOURS = 6
/** Below this much drawn a stretch says nothing about a meter. */
const LEAST_DRAWN_MILLILITRES = 300_000
/** Temperature and gauge make even a busy day no surer than this, parts of one. */
const SYSTEMATIC = 0.0012
/** A shift smaller than this share of the warning is the same tank as before: the usual goes on being learnt. */
const SAME_SHARE = 0.5
const MOST_USUAL = 40

/** What the slope should be at a filling, from a weighted parabola through the usual stretches; its chart bends so. */
function expected(usual: readonly Stretch[], share: number): { value: number; variance: number } | undefined {
  let fit = emptyFit(3)
  for (const [at, slope, deviation] of usual) {
    const weight = 1 / Math.hypot(deviation, SYSTEMATIC)
    const x = at - share
    fit = addRow(fit, [weight, weight * x, weight * x * x], weight * slope)
  }
  const solved = solveFit(fit)
  return (
    solved && { value: solved.beta[0]!, variance: solved.spread[0]! * Math.max(1, solved.residualVariance) }
  )
}

function nozzlesLearned(
  pools: Readonly<Record<string, Pool>>,
  done: TankDayResult,
  deviationLitres: number,
  keep: number,
): Readonly<Record<string, Pool>> {
  if (done.day.nozzles.length < 2) return pools
  const next: Record<string, Pool> = {}
  for (const [i, nozzle] of done.day.nozzles.entries()) {
    const found = contrastOf(done, i, deviationLitres)
    const before = pools[nozzle] ?? NO_POOL
    next[nozzle] = found ? addEstimate(before, found.value, found.variance, keep) : before
  }
  return next
}

function learned(
  state: State,
  done: TankDayResult,
  deviation: number,
  around: Around<Key>,
  ref: Ref,
): Step<State> {
  const { settings } = around
  const slope =
    done.hours < LEAST_HOURS || done.drawn < LEAST_DRAWN_MILLILITRES
      ? undefined
      : slopeOf(done, deviation / 1_000)
  // Declared windows change nothing: cans poured back make one strange stretch, and the shift less sure, no more.
  if (!slope) return { state }
  const keep = Math.exp(-1 / settings.memoryDays)
  const nozzles = nozzlesLearned(state.nozzles, done, deviation / 1_000, keep)
  const stretch: Stretch = [round(done.share), round(slope.value), round(Math.sqrt(slope.variance))]
  const usual = [...state.usual.slice(-(MOST_USUAL - 1)), stretch]
  const should = state.usual.length < settings.usualDays ? undefined : expected(state.usual, done.share)
  if (!should) return { state: { ...state, nozzles, usual }, verdict: 'insufficient' }
  const variance = slope.variance + should.variance + SYSTEMATIC ** 2
  const shift = addEstimate(state.shift, slope.value - should.value, variance, keep)
  const next = {
    ...state,
    nozzles,
    shift,
    since: state.since || done.day.startedAt,
    from: state.from ?? done.day.ref,
  }
  const small = Math.abs(pooled(shift)!.mean) < (settings.warnPercent / 100) * SAME_SHARE
  return judged(
    small ? { ...next, usual, since: done.day.startedAt, from: done.day.ref } : next,
    done,
    ref,
    settings,
  )
}

function round(value: number): number {
  return Math.round(value * 1e5) / 1e5
}

function judged(state: State, done: TankDayResult, ref: Ref, settings: Around<Key>['settings']): Step<State> {
  const { mean, error } = pooled(state.shift)!
  const size = Math.abs(mean) * 100
  const surely = size - settings.deviations * error * 100
  if (state.shift.n < settings.leastDays || size < settings.warnPercent || surely <= 0) {
    const back = state.open && size < settings.warnPercent * SAME_SHARE
    return back
      ? { state: { ...state, open: false }, cleared: true, verdict: 'normal' }
      : { state, verdict: state.open ? 'attention' : 'normal' }
  }
  const suspect = suspectOf(state.nozzles, mean)
  const verdict = size >= settings.alertPercent ? 'alert' : 'attention'
  return {
    state: state.open ? state : { ...state, open: true },
    verdict,
    finding: {
      verdict,
      facts: {
        shiftPercent: Math.round(mean * 1e5) / 1e3,
        errorPercent: Math.round(error * 1.96 * 1e5) / 1e3,
        ...(suspect === undefined ? {} : { nozzle: suspect }),
      },
      from: state.since,
      to: done.day.lastAt,
      evidence: state.from ? [state.from, ref] : [ref],
    },
  }
}

/** The nozzle that differs most from its neighbours in the direction of the shift. */
function suspectOf(nozzles: Readonly<Record<string, Pool>>, mean: number): string | undefined {
  let suspect: string | undefined
  let most = 0
  for (const [nozzle, pool] of Object.entries(nozzles)) {
    const found = pooled(pool)
    const score = found ? (found.mean * Math.sign(mean)) / found.error : 0
    if (score > most) [suspect, most] = [nozzle, score]
  }
  return suspect
}

/** R4: a tank loses more or less per metered litre than it used to at the same filling: a meter has drifted or was tampered with. */
export const meterDrift = defineRule<State, Key>({
  id: 'meter-drift',
  version: 2,
  grade: 'yellow',
  title: { zh: '计量漂移', en: 'Meter drift' },
  clause: {
    zh: 'R4;JJG 443 最大允许误差 ±0.30 %;任务书 B4',
    en: 'R4; JJG 443 maximum permissible error ±0.30 %; B4',
  },
  advice: {
    zh: '安排标准金属量器现场检定该罐所属油枪,核对流量计铅封与调整轮;检定前保持现状。',
    en: 'Have the nozzles of this tank verified with a standard can, check seals and adjusting wheel; leave everything as it is until then.',
  },
  settings: {
    warnPercent: setting(['提示偏差', 'Warn from'], '%', [0.4, 0.1, 5], 'R4: ±0.30 % permitted; P'),
    alertPercent: setting(['告警偏差', 'Alert from'], '%', [0.6, 0.2, 10], 'R4; GB/T 9081: ±0.6 % locks'),
    // A hundred tanks are asked every day with a memory of four: at 3 chance speaks twice a month, at 3.5 once a quarter.
    deviations: setting(['置信倍数', 'Deviations of certainty'], 'σ', [3.5, 1, 6], PROPOSED),
    leastDays: setting(['最少天数', 'Least days'], 'd', [2, 1, 30], PROPOSED),
    memoryDays: setting(['记忆天数', 'Memory'], 'd', [4, 1, 30], PROPOSED),
    usualDays: setting(['学习天数', 'Days to learn the usual'], 'd', [7, 5, 30], PROPOSED),
  },
  reads: ['tank-point'],
  late: 'ignore',
  shelvable: true,
  hiddenByWindow: false,
  suppressedBy: ['line-cut', 'line-rewired', 'collector-silent', 'volume-channel-down'],
  subjectsOf: tankSubject,
  start: () => ({ usual: [], shift: NO_POOL, nozzles: {}, since: 0, from: null, open: false }),
  step(state, event, around): Step<State> {
    if (event.type !== 'tank-point' || !event.done) return { state }
    // Loading arms are custody meters, verified against the tank by other means.
    if (around.nozzlesOf(event.tank.tank).length === 0) return { state }
    return learned(state, event.done, event.deviationMillilitres, around, event.point.ref)
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const shift = Number(facts.shiftPercent)
    const size = `${Math.abs(shift).toFixed(2)} ± ${Number(facts.errorPercent).toFixed(2)} %`
    if (language === 'zh') {
      const at = facts.nozzle === undefined ? '' : `,最可疑为 ${facts.nozzle} 号枪`
      return `${who} ${spanText(from, to)} 每计量 1 L 罐内${shift < 0 ? '少' : '多'}减 ${size}(与以往同液位相比)${at}`
    }
    const at = facts.nozzle === undefined ? '' : `; most suspect: nozzle ${facts.nozzle}`
    return `${who}: ${spanText(from, to)} the tank loses ${size} ${shift < 0 ? 'less' : 'more'} per litre metered than it used to at this filling${at}`
  },
})
