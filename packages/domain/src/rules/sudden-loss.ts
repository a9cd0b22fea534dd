import type { EpochMs } from '@oiltrail/kernel'
import {
  NO_TRACK,
  readingDeviation,
  type TankPoint,
  type TankTrack,
  trackFact,
} from '../measure/tank-track.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectParts, subjectWords } from './subject.ts'
import { tankSubject } from './subjects-of.ts'

interface Held {
  readonly at: EpochMs
  readonly held: number
  readonly ref: Ref
}

interface State {
  readonly track: TankTrack
  /** Settled readings of the time window, oldest first. */
  readonly past: readonly Held[]
  /** A loss seen once: it may be a fuelling longer than the settling time, so a second reading must say the same. */
  readonly doubt: boolean
  /** Where the running loss began, and its lowest point. */
  readonly loss: {
    readonly from: Held
    readonly low: number
    readonly lowAt: EpochMs
    readonly told: number
  } | null
}

type Key = 'leastMillilitres' | 'plainMillilitres' | 'windowMinutes' | 'calmMinutes'

/** Noise beyond which a difference of two readings is believed, in deviations of it. */
const BEYOND_NOISE = 5
const MOST_PAST = 24

function highestOf(past: readonly Held[]): Held | undefined {
  let highest: Held | undefined
  for (const each of past) if (!highest || each.held >= highest.held) highest = each
  return highest
}

function told(state: State, loss: NonNullable<State['loss']>, ref: Ref): Step<State> {
  const gone = loss.from.held - loss.low
  const minutes = Math.max((loss.lowAt - loss.from.at) / 60_000, 1)
  return {
    state: { ...state, doubt: false, loss: { ...loss, told: gone } },
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      facts: { lostMillilitres: Math.round(gone), millilitresPerMinute: Math.round(gone / minutes) },
      from: loss.from.at,
      to: loss.lowAt,
      evidence: [loss.from.ref, ref],
    },
  }
}

function running(
  state: State,
  loss: NonNullable<State['loss']>,
  now: Held,
  limit: number,
  calmMs: number,
): Step<State> {
  const lower = now.held < loss.low - limit / 4
  const next = lower ? { ...loss, low: now.held, lowAt: now.at } : loss
  if (next.from.held - next.low - loss.told >= limit) return told(state, next, now.ref)
  if (now.at - next.lowAt < calmMs) return { state: { ...state, loss: next } }
  return { state: { ...state, loss: null, past: [now], doubt: false }, cleared: true, verdict: 'normal' }
}

function weighed(state: State, point: TankPoint, around: Around<Key>, deviation: number): Step<State> {
  const { settings } = around
  const now = { at: point.at, held: point.held, ref: point.ref }
  // While oil runs in, what is held rises; what it was before says nothing afterwards.
  if (point.delivering) return { state: { ...state, past: [], doubt: false } }
  const limit = Math.max(settings.leastMillilitres, BEYOND_NOISE * Math.SQRT2 * deviation)
  const calmMs = settings.calmMinutes * 60_000
  if (state.loss) return running(state, state.loss, now, limit, calmMs)
  const since = point.at - settings.windowMinutes * 60_000
  const past = [...state.past.filter(({ at }) => at >= since).slice(-(MOST_PAST - 1)), now]
  const highest = highestOf(past)!
  const gone = highest.held - now.held
  if (gone < limit || around.window) return { state: { ...state, past, doubt: false }, verdict: 'normal' }
  if (!state.doubt && gone < settings.plainMillilitres) return { state: { ...state, past, doubt: true } }
  return told({ ...state, past }, { from: highest, low: now.held, lowAt: now.at, told: 0 }, point.ref)
}

/** R3: a tank loses oil fast and no nozzle or arm drew it: a broken pipe, or a theft from the tank. */
export const suddenLoss = defineRule<State, Key>({
  id: 'sudden-loss',
  version: 1,
  grade: 'red',
  title: { zh: '油罐突然失油', en: 'Sudden loss from a tank' },
  clause: { zh: 'R3;任务书 S5;GB 50156 泄漏检测', en: 'R3; S5; GB 50156 leak detection' },
  advice: {
    zh: '立即电话站点停止付油、检查管线与人孔井;疑似泄漏通知消防、生态环境,疑似盗油报警并调视频。',
    en: 'Call at once: stop dispensing, check pipes and manholes. A leak: fire brigade and environment; a theft: police and video.',
  },
  settings: {
    leastMillilitres: setting(['最小失油量', 'Least loss'], 'mL', [80_000, 20_000, 5_000_000], 'R3; P'),
    plainMillilitres: setting(
      ['一次读数即告警', 'Told at the first reading from'],
      'mL',
      [400_000, 50_000, 50_000_000],
      PROPOSED,
    ),
    windowMinutes: setting(['时窗', 'Within'], 'min', [60, 15, 240], PROPOSED),
    calmMinutes: setting(['恢复静置', 'Calm after'], 'min', [60, 15, 480], PROPOSED),
  },
  reads: ['level', 'sale', 'total', 'load'],
  late: 'ignore',
  shelvable: false,
  suppressedBy: ['collector-silent', 'volume-channel-down', 'line-cut', 'line-rewired'],
  subjectsOf: tankSubject,
  start: () => ({ track: NO_TRACK, past: [], doubt: false, loss: null }),
  step(before, event, around): Step<State> {
    if (event.type !== 'fact') return { state: before }
    const [subject] = tankSubject(event, around.site)
    const tank = subject === undefined ? undefined : around.tank(subjectParts(subject).code)
    if (!tank) return { state: before }
    const { track, points } = trackFact(before.track, event.fact, event.ref, tank)
    let step: Step<State> = { state: { ...before, track } }
    for (const point of points) {
      const next = weighed(step.state, point, around, readingDeviation(tank, point.v20))
      step = next.finding || !step.finding ? next : { ...next, finding: step.finding, verdict: 'alert' }
    }
    return step
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const gone = litresText(facts.lostMillilitres)
    const rate = (Number(facts.millilitresPerMinute) / 1_000).toFixed(1)
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 无对应付油减少 ${gone}(20 ℃,平均 ${rate} L/min)`
      : `${who}: ${spanText(from, to)} ${gone} gone without a sale (20 °C, ${rate} L/min on average)`
  },
})
