import { addEstimate, NO_POOL, type Pool, pooled } from '../measure/statistics.ts'
import { leakOf, type TankDayResult } from '../measure/tank-day.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { tankSubject } from './subjects-of.ts'

interface State {
  readonly pool: Pool
  /** Stretches taken, where the first began, and the newest ones. */
  readonly nights: number
  readonly since: number
  readonly refs: readonly Ref[]
  readonly open: boolean
}

type Key =
  | 'leastMillilitresPerHour'
  | 'breathingPartsPerMillionPerDay'
  | 'deviations'
  | 'leastDays'
  | 'memoryDays'
  | 'clearMillilitresPerHour'

/** Shorter stretches hold no quiet hours worth a fit. */
const LEAST_HOURS = 6
/** A stretch of pure chance is never surer than this, L/h: temperature and drift of the gauge are the same all day. */
const SYSTEMATIC_LITRES_PER_HOUR = 0.05
/** Newest stretches kept as evidence, besides the first. */
const REFS_KEPT = 8

function learned(
  state: State,
  done: TankDayResult,
  deviation: number,
  around: Around<Key>,
  ref: Ref,
  capacity: number,
): Step<State> {
  const { settings } = around
  const found = done.hours < LEAST_HOURS ? undefined : leakOf(done, deviation / 1_000)
  // Declared windows change nothing: a fast draining ends the stretch, and a strange day makes the pool less sure, no more.
  if (!found) return { state }
  const pool = addEstimate(
    state.pool,
    found.value,
    found.variance + SYSTEMATIC_LITRES_PER_HOUR ** 2,
    Math.exp(-1 / settings.memoryDays),
  )
  const next = {
    ...state,
    pool,
    nights: state.nights + 1,
    since: state.since || done.day.startedAt,
    refs: [...state.refs.slice(-(REFS_KEPT - 1)), done.day.ref],
  }
  return judged(next, done, done.share * capacity, ref, settings)
}

function judged(
  state: State,
  done: TankDayResult,
  contents: number,
  ref: Ref,
  settings: Around<Key>['settings'],
): Step<State> {
  const { mean, error } = pooled(state.pool)!
  const perHour = mean * 1_000
  const surely = perHour - settings.deviations * error * 1_000
  if (state.nights < settings.leastDays) return { state, verdict: 'insufficient' }
  // What a tank breathes out follows what it holds; a depot's is litres an hour.
  const breathing = (contents * settings.breathingPartsPerMillionPerDay) / 24e6
  if (perHour < breathing + settings.leastMillilitresPerHour || surely < breathing) {
    if (state.open && perHour < breathing + settings.clearMillilitresPerHour)
      return { state: { ...state, open: false }, cleared: true, verdict: 'normal' }
    return { state, verdict: state.open ? 'alert' : 'normal' }
  }
  return {
    state: state.open ? state : { ...state, open: true },
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      facts: {
        millilitresPerHour: Math.round(perHour),
        errorMillilitresPerHour: Math.round(error * 1_960),
        days: state.nights,
      },
      from: state.since,
      to: done.day.lastAt,
      evidence: [...state.refs, ref],
    },
  }
}

/** R3: a tank loses a little all the time. Found from what it held in all quiet hours, at 20 °C, beside what was sold. */
export const leak = defineRule<State, Key>({
  id: 'leak',
  version: 2,
  grade: 'orange',
  title: { zh: '油罐渗漏', en: 'Leaking tank' },
  clause: {
    zh: 'R3;泄漏检测 0.757 L/h、检出率 ≥ 95 %、误报率 ≤ 5 %(EPA 40 CFR 280.43);GB 50156',
    en: 'R3; leak test of 0.757 L/h, detection ≥ 95 %, false alarm ≤ 5 % (EPA 40 CFR 280.43); GB 50156',
  },
  advice: {
    zh: '安排密闭性检测与双层罐测漏井检查;确认渗漏的停用清罐并通知生态环境部门。',
    en: 'Order a tightness test and look into the interstitial sump; a confirmed leak: take the tank out of use and tell the environment authority.',
  },
  settings: {
    leastMillilitresPerHour: setting(
      ['最小渗漏', 'Least leak'],
      'mL/h',
      [180, 50, 10_000],
      'R3: 757 and 379 mL/h (EPA); P',
    ),
    breathingPartsPerMillionPerDay: setting(
      ['呼吸损耗', 'Breathing loss'],
      'ppm/d',
      [150, 0, 5_000],
      'P; GB 11085 storage loss',
    ),
    deviations: setting(['置信倍数', 'Deviations of certainty'], 'σ', [3, 1, 6], PROPOSED),
    leastDays: setting(['最少天数', 'Least days'], 'd', [5, 2, 30], PROPOSED),
    memoryDays: setting(['记忆天数', 'Memory'], 'd', [15, 3, 60], PROPOSED),
    clearMillilitresPerHour: setting(['恢复', 'Clear below'], 'mL/h', [100, 0, 5_000], PROPOSED),
  },
  reads: ['tank-point'],
  late: 'ignore',
  shelvable: false,
  hiddenByWindow: false,
  subjectsOf: tankSubject,
  start: () => ({ pool: NO_POOL, nights: 0, since: 0, refs: [], open: false }),
  step(state, event, around): Step<State> {
    if (event.type !== 'tank-point' || !event.done) return { state }
    const { done, deviationMillilitres, point, tank } = event
    return learned(state, done, deviationMillilitres, around, point.ref, tank.capacityMillilitres)
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const [rate, error] = [facts.millilitresPerHour, facts.errorMillilitresPerHour].map((value) =>
      (Number(value) / 1_000).toFixed(2),
    )
    const month = Math.round((Number(facts.millilitresPerHour) * 720) / 1_000)
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 持续失油 ${rate} ± ${error} L/h(${facts.days} 段静置拟合,折合每月 ${month} L)`
      : `${who}: ${spanText(from, to)} loses ${rate} ± ${error} L/h (${facts.days} fits of quiet hours; ${month} L a month)`
  },
})
