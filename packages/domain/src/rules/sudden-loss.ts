import type { EpochMs } from '@oiltrail/kernel'
import type { TankMoment } from '../measure/tank-track.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref, TankPointEvent } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { tankSubject } from './subjects-of.ts'

type Held = Pick<TankMoment, 'at' | 'held' | 'ref'>

interface State {
  /** What the tank held before this says nothing: oil ran in, or a loss has been told and is over. */
  readonly since: EpochMs
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

/** The newest of the highest readings since a moment. */
function highestOf(recent: readonly Held[], since: EpochMs): Held {
  const within = recent.filter(({ at }) => at >= since)
  return within.reduce((highest, each) => (each.held >= highest.held ? each : highest), within[0]!)
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
  return { state: { since: now.at, loss: null, doubt: false }, cleared: true, verdict: 'normal' }
}

function weighed(state: State, event: TankPointEvent, around: Around<Key>): Step<State> {
  const { settings } = around
  const { point, recent, deviationMillilitres } = event
  // While oil runs in, what is held rises; what it was before says nothing afterwards.
  if (point.delivering) return { state: { ...state, since: point.at + 1, doubt: false } }
  const limit = Math.max(settings.leastMillilitres, BEYOND_NOISE * Math.SQRT2 * deviationMillilitres)
  if (state.loss) return running(state, state.loss, point, limit, settings.calmMinutes * 60_000)
  // A collector's clock that goes back leaves `since` in its future.
  const since = Math.min(Math.max(state.since, point.at - settings.windowMinutes * 60_000), point.at)
  const highest = highestOf(recent, since)
  const gone = highest.held - point.held
  if (gone < limit) return { state: state.doubt ? { ...state, doubt: false } : state, verdict: 'normal' }
  if (!state.doubt && gone < settings.plainMillilitres) return { state: { ...state, doubt: true } }
  return told(state, { from: highest, low: point.held, lowAt: point.at, told: 0 }, point.ref)
}

/** R3: a tank loses oil fast and no nozzle or arm drew it: a broken pipe, or a theft from the tank. */
export const suddenLoss = defineRule<State, Key>({
  id: 'sudden-loss',
  version: 2,
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
  reads: ['tank-point'],
  late: 'ignore',
  shelvable: false,
  suppressedBy: ['collector-silent', 'volume-channel-down', 'line-cut', 'line-rewired'],
  subjectsOf: tankSubject,
  start: () => ({ since: 0, doubt: false, loss: null }),
  step(state, event, around): Step<State> {
    return event.type === 'tank-point' ? weighed(state, event, around) : { state }
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
