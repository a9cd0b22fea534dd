import type { EpochMs } from '@oiltrail/kernel'
import type { Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { durationText, momentText } from './say.ts'
import { channelSubject, subjectWords } from './subject.ts'

interface Silence {
  readonly since: EpochMs
  readonly ref: Ref
}

interface State {
  /** Ports that do not answer, by the collector's name for them. */
  readonly silent: Readonly<Record<string, Silence>>
  readonly open: boolean
}

type Key = 'silentMinutes'
const MINUTE_MS = 60_000
/** A box has fewer ports; this only bounds the state. */
const MOST_PORTS = 64

/**
 * A dispenser's board, a gauge or a module does not answer its collector: unplugged, switched off, or blinded (C2, C4).
 * Slow consoles drop out for moments; only a lasting silence counts.
 */
export const deviceSilent = defineRule<State, Key>({
  id: 'device-silent',
  version: 1,
  grade: 'yellow',
  title: { zh: '现场设备不应答', en: 'A device does not answer' },
  clause: { zh: '任务书 C2 断信号线自检、C3', en: 'C2 signal line cut, C3' },
  advice: {
    zh: '核查该端口接线与设备电源;若只有税控口失联而加油仍在进行,按遮蔽单价通道处理。',
    en: 'Check wiring and power of the port. If only the tax port is lost while oil is sold, treat it as a blinded price channel.',
  },
  settings: {
    silentMinutes: {
      label: { zh: '不应答达到', en: 'No answer for' },
      unit: 'min',
      value: 10,
      least: 1,
      most: 1_440,
      source: 'P',
      effective: '2026-01-01',
    },
  },
  reads: ['health'],
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['mains-lost'],
  subjectsOf: (event) =>
    event.type === 'fact' &&
    event.fact.kind === 'health' &&
    /^(driver|board)-(silent|restored)$/.test(event.fact.event)
      ? [channelSubject(event.site, event.device, event.channel)]
      : [],
  start: () => ({ silent: {}, open: false }),
  step(state, event, { settings }): Step<State> {
    const waitMs = settings.silentMinutes * MINUTE_MS
    if (event.type === 'fact' && event.fact.kind === 'health') {
      const { event: what, subject } = event.fact
      if (what.endsWith('-silent')) {
        if (subject in state.silent || Object.keys(state.silent).length >= MOST_PORTS) return { state }
        const silent = { ...state.silent, [subject]: { since: event.at, ref: event.ref } }
        const next = { ...state, silent }
        return Object.keys(state.silent).length === 0
          ? { state: next, wakeAt: event.at + waitMs }
          : { state: next }
      }
      if (!(subject in state.silent)) return { state }
      const { [subject]: _restored, ...silent } = state.silent
      if (Object.keys(silent).length > 0) return { state: { ...state, silent } }
      return { state: { silent, open: false }, wakeAt: null, cleared: state.open, verdict: 'normal' }
    }
    const due = Object.entries(state.silent)
      .filter(([, { since }]) => event.at >= since + waitMs)
      .sort(([, a], [, b]) => a.since - b.since)
    const later = Object.values(state.silent)
      .map(({ since }) => since + waitMs)
      .filter((at) => at > event.at)
    const wakeAt = later.length > 0 ? Math.min(...later) : null
    const [first] = due
    if (!first) return { state, wakeAt }
    const [port, { since }] = first
    return {
      state: state.open ? state : { ...state, open: true },
      wakeAt,
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { port, ports: due.length, since, silentMilliseconds: event.at - since },
        from: since,
        to: event.at,
        evidence: due.map(([, { ref }]) => ref),
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const { port, ports, since, silentMilliseconds } = facts
    const lasted = durationText(silentMilliseconds)
    if (language === 'zh')
      return `${who} 所接设备 ${port}${Number(ports) > 1 ? ` 等 ${ports} 台` : ''} 自 ${momentText(since)} 起不应答,已 ${lasted}`
    return `${who}: ${port}${Number(ports) > 1 ? ` and ${Number(ports) - 1} more` : ''} has not answered since ${momentText(since)}, for ${lasted}`
  },
})
