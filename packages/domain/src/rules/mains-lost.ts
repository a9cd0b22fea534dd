import type { EpochMs } from '@oiltrail/kernel'
import type { Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

interface State {
  readonly since: EpochMs | null
  readonly ref: Ref | null
}

/** The collector's box has no mains (C2 断电): it says so from its capacitor, with its last gasp. */
export const mainsLost = defineRule<State, never>({
  id: 'mains-lost',
  version: 1,
  grade: 'yellow',
  title: { zh: '采集器断电', en: 'Mains lost' },
  clause: { zh: '任务书 C2 断电自检', en: 'C2 power cut' },
  advice: {
    zh: '电话核实是否停电;若站点仍在营业,立即派员查看采集箱供电线路。',
    en: 'Ask whether the site is without power. If it is still selling, send somebody to the supply of the box at once.',
  },
  settings: {},
  reads: ['health'],
  clock: 'volume',
  late: 'ignore',
  shelvable: true,
  subjectsOf: (event) =>
    event.type === 'fact' && event.fact.kind === 'health' && event.fact.event.startsWith('mains-')
      ? [partSubject(event.site, 'device', event.device)]
      : [],
  start: () => ({ since: null, ref: null }),
  step(state, event): Step<State> {
    if (event.type !== 'fact' || event.fact.kind !== 'health') return { state }
    if (event.fact.event === 'mains-restored')
      return { state: { since: null, ref: null }, cleared: true, verdict: 'normal' }
    if (event.fact.event !== 'mains-lost') return { state }
    const since = state.since ?? event.at
    const ref = state.ref ?? event.ref
    return {
      state: state.since === null ? { since, ref } : state,
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { lostAt: since },
        from: since,
        to: event.at,
        evidence: [ref],
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    return language === 'zh'
      ? `${who} 于 ${momentText(facts.lostAt)} 失去市电`
      : `${who} lost its mains at ${momentText(facts.lostAt)}`
  },
})
