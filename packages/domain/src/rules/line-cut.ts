import type { EpochMs } from '@oiltrail/kernel'
import type { Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

interface State {
  readonly since: EpochMs | null
  readonly ref: Ref | null
}

/** The pulse line of a nozzle is cut or shorted (C2 断信号线): what flows is not counted. */
export const lineCut = defineRule<State, never>({
  id: 'line-cut',
  version: 1,
  grade: 'orange',
  title: { zh: '信号线被切断', en: 'Signal line cut' },
  clause: { zh: '任务书 C2 断信号线自检', en: 'C2 signal line cut' },
  advice: {
    zh: '15 分钟内派员到场,保全接线与铅封照片;核对断线期间主板累计与油罐液位。',
    en: 'Somebody on site within 15 minutes; keep photographs of wiring and seals; compare board totals and tank levels of that time.',
  },
  settings: {},
  reads: ['line'],
  late: 'ignore',
  shelvable: false,
  hiddenByWindow: false,
  subjectsOf: (event) =>
    event.type === 'fact' && event.fact.kind === 'line'
      ? [partSubject(event.site, 'nozzle', event.fact.nozzle)]
      : [],
  start: () => ({ since: null, ref: null }),
  step(state, event): Step<State> {
    if (event.type !== 'fact' || event.fact.kind !== 'line') return { state }
    const { state: line, loopOhms } = event.fact
    if (line !== 'cut' && line !== 'shorted') {
      if (state.since === null) return { state, verdict: 'normal' }
      return { state: { since: null, ref: null }, cleared: true, verdict: 'normal' }
    }
    const since = state.since ?? event.at
    const ref = state.ref ?? event.ref
    return {
      state: state.since === null ? { since, ref } : state,
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { line, loopOhms, since },
        from: since,
        to: event.at,
        evidence: ref.position === event.ref.position && ref.seq === event.ref.seq ? [ref] : [ref, event.ref],
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const { line, loopOhms, since } = facts
    if (language === 'zh')
      return `${who} 脉冲信号线自 ${momentText(since)} 起${line === 'cut' ? '断开' : '短接'}(回路 ${loopOhms} Ω)`
    return `${who}: pulse line ${line} since ${momentText(since)} (loop ${loopOhms} Ω)`
  },
})
