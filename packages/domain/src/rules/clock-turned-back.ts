import type { Channel, EpochMs } from '@oiltrail/kernel'
import type { FactEvent, Ref } from './event.ts'
import { defineRule, type Finding, type Step } from './rule.ts'
import { durationText, momentText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

interface Seen {
  readonly at: EpochMs
  readonly ref: Ref
}

/** Newest time that each channel's chain has stated, to the grain. */
type State = Readonly<Record<Channel, Seen | null>>

type Key = 'backSeconds'
/** The newest time is kept to this grain, so that not every sale is a write. */
const GRAIN_MS = 30_000

function found(event: FactEvent, backMs: number, before: EpochMs, evidence: readonly Ref[]): Finding {
  return {
    verdict: 'alert',
    momentary: true,
    facts: { backMilliseconds: backMs, before, after: event.at },
    from: Math.min(event.at, before),
    to: Math.max(event.at, before),
    evidence,
  }
}

/**
 * The collector's clock was set back: its self-check says so, or a record of its chain is older than the one before it.
 * Whoever turns time back can sell the same hour twice.
 */
export const clockTurnedBack = defineRule<State, Key>({
  id: 'clock-turned-back',
  version: 1,
  grade: 'orange',
  title: { zh: '采集器时钟被回拨', en: 'Clock turned back' },
  clause: { zh: '任务书 C1 防篡改、C2 自检', en: 'C1 tamper protection, C2 self-check' },
  advice: {
    zh: '核查采集器对时来源与箱门记录;回拨区间内的销量以序号与总累为准。',
    en: 'Check where the box takes its time from, and its door; within the span rely on numbers and totalizers, not times.',
  },
  settings: {
    backSeconds: {
      label: { zh: '回拨超过', en: 'Set back by more than' },
      unit: 's',
      value: 120,
      least: 5,
      most: 86_400,
      source: 'P',
      effective: '2026-01-01',
    },
  },
  reads: ['health', 'sale', 'receipt'],
  late: 'ignore',
  shelvable: false,
  hiddenByWindow: false,
  subjectsOf: (event) => (event.type === 'fact' ? [partSubject(event.site, 'device', event.device)] : []),
  start: () => ({ volume: null, price: null }),
  step(state, event, { settings }): Step<State> {
    if (event.type !== 'fact') return { state }
    const { fact, channel, at, ref } = event
    const seen = state[channel]
    const toleratedMs = settings.backSeconds * 1_000
    const stepped = fact.kind === 'health' && fact.event === 'clock-stepped' ? (fact.value ?? 0) : 0
    if (-stepped > toleratedMs)
      return {
        state: { ...state, [channel]: { at, ref } },
        verdict: 'alert',
        finding: found(event, -stepped, at - stepped, seen ? [seen.ref, ref] : [ref]),
      }
    if (!seen) return { state: { ...state, [channel]: { at, ref } }, verdict: 'normal' }
    if (seen.at - at > toleratedMs)
      return {
        state: { ...state, [channel]: { at, ref } },
        verdict: 'alert',
        finding: found(event, seen.at - at, seen.at, [seen.ref, ref]),
      }
    if (at - seen.at < GRAIN_MS) return { state }
    const now = { at, ref }
    return {
      state:
        channel === 'volume' ? { volume: now, price: state.price } : { volume: state.volume, price: now },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const back = durationText(facts.backMilliseconds)
    const { before, after } = facts
    return language === 'zh'
      ? `${who} 时钟由 ${momentText(before)} 回拨至 ${momentText(after)}(${back})`
      : `${who}: clock turned back from ${momentText(before)} to ${momentText(after)} (${back})`
  },
})
