import type { EpochMs } from '@oiltrail/kernel'
import type { Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { durationText } from './say.ts'
import { channelSubject, subjectWords } from './subject.ts'

interface Gap {
  readonly first: number
  readonly last: number
  readonly since: EpochMs
  readonly ref: Ref
}

interface State {
  /** Holes that wait, oldest first. */
  readonly gaps: readonly Gap[]
  readonly open: boolean
}

type Key = 'hours'
const HOUR_MS = 3_600_000
/** Admission allows fewer islands in a channel; this only bounds the state. */
const MOST_GAPS = 64

/** What a filling leaves of the holes. */
function without(gaps: readonly Gap[], first: number, last: number): Gap[] {
  return gaps.flatMap((gap) => {
    if (last < gap.first || first > gap.last) return [gap]
    const left = first > gap.first ? [{ ...gap, last: first - 1 }] : []
    const right = last < gap.last ? [{ ...gap, first: last + 1 }] : []
    return [...left, ...right]
  })
}

/** Records are missing and are not back-filled in time (C2: nothing collected during an outage is lost). */
export const gapNotFilled = defineRule<State, Key>({
  id: 'gap-not-filled',
  version: 1,
  grade: 'yellow',
  title: { zh: '缺口未补传', en: 'Gap not back-filled' },
  clause: {
    zh: '任务书 C2 断网期间数据不丢失;缺口如实显示',
    en: 'C2 nothing collected during an outage is lost; gaps are shown',
  },
  advice: {
    zh: '联系运维查看采集器存储与补传进度;缺失序号段的销量须以总累核对。',
    en: 'Have the collector’s disk and back-fill looked at; check the volume of the missing numbers by the totalizers.',
  },
  settings: {
    hours: {
      label: { zh: '缺口未补超过', en: 'Gap open for' },
      unit: 'h',
      value: 24,
      least: 1,
      most: 720,
      source: 'P (automation fault reported in 24 h, S)',
      effective: '2026-01-01',
    },
  },
  reads: ['gap-opened', 'gap-filled'],
  clock: 'log',
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['collector-silent'],
  subjectsOf: (event) =>
    event.site && event.device && event.channel
      ? [channelSubject(event.site, event.device, event.channel)]
      : [],
  start: () => ({ gaps: [], open: false }),
  step(state, event, { settings }): Step<State> {
    const waitMs = settings.hours * HOUR_MS
    if (event.type === 'gap-opened') {
      const { firstSeq: first, lastSeq: last, at, ref } = event
      if (state.gaps.length >= MOST_GAPS) return { state }
      const gaps = [...state.gaps, { first, last, since: at, ref }]
      return state.gaps.length === 0
        ? { state: { ...state, gaps }, wakeAt: at + waitMs }
        : { state: { ...state, gaps } }
    }
    if (event.type === 'gap-filled') {
      const gaps = without(state.gaps, event.firstSeq, event.lastSeq)
      if (gaps.length > 0) return { state: { ...state, gaps } }
      return { state: { gaps, open: false }, wakeAt: null, verdict: 'normal', cleared: state.open }
    }
    const [oldest] = state.gaps
    if (event.type !== 'time' || !oldest) return { state }
    if (event.at < oldest.since + waitMs) return { state, wakeAt: oldest.since + waitMs }
    const due = state.gaps.filter((gap) => event.at >= gap.since + waitMs)
    const following = state.gaps.find((gap) => event.at < gap.since + waitMs)
    return {
      state: state.open ? state : { ...state, open: true },
      verdict: 'alert',
      wakeAt: following ? following.since + waitMs : null,
      finding: {
        verdict: 'alert',
        facts: {
          missingRecords: due.reduce((sum, gap) => sum + gap.last - gap.first + 1, 0),
          gaps: due.length,
          firstSeq: oldest.first,
          lastSeq: oldest.last,
          openMilliseconds: event.at - oldest.since,
        },
        from: oldest.since,
        to: event.at,
        evidence: due.map((gap) => gap.ref),
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const { missingRecords, gaps, firstSeq, lastSeq, openMilliseconds } = facts
    const open = durationText(openMilliseconds)
    return language === 'zh'
      ? `${who} 有 ${gaps} 处缺口共 ${missingRecords} 条记录,最早一处序号 ${firstSeq}–${lastSeq} 已 ${open} 未补传`
      : `${who}: ${missingRecords} records missing in ${gaps} gaps; the oldest, ${firstSeq}–${lastSeq}, has not been back-filled for ${open}`
  },
})
