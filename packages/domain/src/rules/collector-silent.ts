import type { Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { durationText, momentText } from './say.ts'
import { newerSign, type Sign } from './signs.ts'
import { partSubject, subjectWords } from './subject.ts'

interface State {
  readonly volume: Sign | null
  readonly price: Sign | null
  /** A silence was said and has not ended. */
  readonly silent: boolean
}

type Key = 'silentMinutes' | 'graveMinutes'
const MINUTE_MS = 60_000

function lastOf(state: State): Sign | null {
  const { volume, price } = state
  if (!volume || !price) return volume ?? price
  return volume.at > price.at ? volume : price
}

/** Nothing at all comes from a box: network or power lost, or switched off (C2 断网). */
export const collectorSilent = defineRule<State, Key>({
  id: 'collector-silent',
  version: 1,
  grade: 'blue',
  title: { zh: '采集器失联', en: 'Collector offline' },
  clause: {
    zh: '任务书 C2 断网自检;超过 4 小时按三级处理(P)',
    en: 'C2 network cut; graver after 4 h (P)',
  },
  advice: {
    zh: '电话核实站点网络与供电;失联期间数据由采集器本地保存,恢复后核对有无“断采售油”告警。',
    en: 'Ask the site about network and power. Records are kept in the collector; after its return look for sales in the dark.',
  },
  settings: {
    silentMinutes: {
      label: { zh: '无任何数据达到', en: 'Silent for' },
      unit: 'min',
      value: 15,
      least: 3,
      most: 1_440,
      source: 'P',
      effective: '2026-01-01',
    },
    graveMinutes: {
      label: { zh: '升级为“一般”的时长', en: 'Becomes Normal after' },
      unit: 'min',
      value: 240,
      least: 15,
      most: 10_080,
      source: 'P (offline > 4 h)',
      effective: '2026-01-01',
    },
  },
  reads: ['heard', 'device'],
  clock: 'log',
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['mains-lost'],
  subjectsOf: (event) =>
    event.site && event.device ? [partSubject(event.site, 'device', event.device)] : [],
  start: () => ({ volume: null, price: null, silent: false }),
  step(state, event, { settings }): Step<State> {
    if (event.type === 'device')
      return event.action === 'revoked'
        ? { state: { volume: null, price: null, silent: false }, cleared: true, wakeAt: null }
        : { state }
    if (event.type === 'heard') {
      const sign = newerSign(state[event.channel], event)
      if (sign === state[event.channel] && !state.silent) return { state }
      const { volume, price } = state
      const next =
        event.channel === 'volume'
          ? { volume: sign, price, silent: false }
          : { volume, price: sign, silent: false }
      if (state.silent) return { state: next, cleared: true, verdict: 'normal', wakeAt: wake(next, settings) }
      // A pending look is left alone: when it comes it sees how old the newest sign is.
      return lastOf(state)
        ? { state: next }
        : { state: next, verdict: 'normal', wakeAt: wake(next, settings) }
    }
    const last = lastOf(state)
    if (event.type !== 'time' || !last) return { state }
    const silentMs = event.at - last.at
    if (silentMs < settings.silentMinutes * MINUTE_MS) return { state, wakeAt: wake(state, settings) }
    const grave = silentMs >= settings.graveMinutes * MINUTE_MS
    const refs: Ref[] = [state.volume?.ref, state.price?.ref].filter((ref) => ref !== undefined)
    return {
      state: state.silent ? state : { ...state, silent: true },
      verdict: grave ? 'alert' : 'attention',
      wakeAt: grave ? null : last.at + settings.graveMinutes * MINUTE_MS,
      finding: {
        verdict: grave ? 'alert' : 'attention',
        grade: grave ? 'yellow' : 'blue',
        facts: { lastHeardAt: last.at, silentMilliseconds: silentMs },
        from: last.at,
        to: event.at,
        evidence: refs,
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const { lastHeardAt, silentMilliseconds } = facts
    return language === 'zh'
      ? `${who} 自 ${momentText(lastHeardAt)} 起两个通道均无数据,已 ${durationText(silentMilliseconds)}`
      : `${who}: nothing from either channel since ${momentText(lastHeardAt)}, for ${durationText(silentMilliseconds)}`
  },
})

function wake(state: State, settings: Readonly<Record<Key, number>>): number {
  return (lastOf(state)?.at ?? 0) + settings.silentMinutes * MINUTE_MS
}
