import type { Channel } from '@oiltrail/kernel'
import { defineRule, type Rule, type Step } from './rule.ts'
import { durationText, momentText } from './say.ts'
import type { Words } from './settings.ts'
import { newerSign, type Sign } from './signs.ts'
import { channelSubject, subjectWords } from './subject.ts'

interface State {
  readonly own: Sign | null
  readonly other: Sign | null
  readonly down: boolean
}

type Key = 'downMinutes' | 'otherWithinMinutes'
const MINUTE_MS = 60_000

interface About {
  readonly id: string
  readonly channel: Channel
  readonly title: Words
  readonly advice: Words
}

/**
 * One of the two isolated channels is silent while the other one of the same box speaks (C3): not the network, but this
 * channel's process, port or line.
 */
export function channelDown({ id, channel, title, advice }: About): Rule<State, Key> {
  const other = channel === 'volume' ? 'price' : 'volume'
  return defineRule<State, Key>({
    id,
    version: 1,
    grade: 'yellow',
    title,
    clause: {
      zh: '任务书 C3 油量与单价采集相互隔离;C2 自检',
      en: 'C3 isolated channels; C2 self-check',
    },
    advice,
    settings: {
      downMinutes: {
        label: { zh: '本通道无数据达到', en: 'This channel silent for' },
        unit: 'min',
        value: 10,
        least: 3,
        most: 1_440,
        source: 'P',
        effective: '2026-01-01',
      },
      otherWithinMinutes: {
        label: { zh: '另一通道在此时间内有数据', en: 'Other channel heard within' },
        unit: 'min',
        value: 5,
        least: 2,
        most: 60,
        source: 'P',
        effective: '2026-01-01',
      },
    },
    reads: ['heard', 'device'],
    clock: 'log',
    late: 'ignore',
    shelvable: true,
    suppressedBy: ['collector-silent', 'mains-lost'],
    subjectsOf: (event) =>
      event.site && event.device ? [channelSubject(event.site, event.device, channel)] : [],
    start: () => ({ own: null, other: null, down: false }),
    step(state, event, { settings }): Step<State> {
      if (event.type === 'device')
        return event.action === 'revoked'
          ? { state: { own: null, other: null, down: false }, cleared: true, wakeAt: null }
          : { state }
      const downMs = settings.downMinutes * MINUTE_MS
      if (event.type === 'heard' && event.channel === channel) {
        const own = newerSign(state.own, event)
        if (own === state.own && !state.down) return { state }
        const next = { own, other: state.other, down: false }
        if (state.down) return { state: next, cleared: true, verdict: 'normal', wakeAt: event.at + downMs }
        return state.own ? { state: next } : { state: next, verdict: 'normal', wakeAt: event.at + downMs }
      }
      if (event.type === 'heard') {
        const sign = newerSign(state.other, event)
        if (sign === state.other) return { state }
        const next = { own: state.own, other: sign, down: state.down }
        // Both were silent and the other one came back: this one gets a moment to follow.
        const overdue = state.own !== null && !state.down && event.at - state.own.at >= downMs
        return overdue ? { state: next, wakeAt: event.at + MINUTE_MS } : { state: next }
      }
      const { own } = state
      if (event.type !== 'time' || !own || state.down) return { state }
      const silentMs = event.at - own.at
      if (silentMs < downMs) return { state, wakeAt: own.at + downMs }
      const otherIsHeard =
        state.other !== null && event.at - state.other.at <= settings.otherWithinMinutes * MINUTE_MS
      if (!otherIsHeard) return { state }
      return {
        state: { ...state, down: true },
        verdict: 'alert',
        wakeAt: null,
        finding: {
          verdict: 'alert',
          facts: { lastHeardAt: own.at, silentMilliseconds: silentMs, otherHeardAt: state.other.at, other },
          from: own.at,
          to: event.at,
          evidence: [own.ref, state.other.ref],
        },
      }
    },
    sentence({ subject, siteName, facts }, language) {
      const who = subjectWords(subject, siteName, language)
      const { lastHeardAt, silentMilliseconds } = facts
      const lasted = durationText(silentMilliseconds)
      if (language === 'zh')
        return `${who} 自 ${momentText(lastHeardAt)} 起无数据,已 ${lasted},而${facts.other === 'price' ? '单价' : '油量'}通道正常`
      return `${who}: nothing since ${momentText(lastHeardAt)}, for ${lasted}, while the ${facts.other} channel speaks`
    },
  })
}
