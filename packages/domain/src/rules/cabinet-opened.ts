import type { EpochMs } from '@oiltrail/kernel'
import type { Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

interface State {
  readonly since: EpochMs | null
  readonly ref: Ref | null
}

/** The sealed box of the collector is open (铅封). A declared window is named, and explains nothing: the site declares it. */
export const cabinetOpened = defineRule<State, never>({
  id: 'cabinet-opened',
  version: 1,
  grade: 'orange',
  title: { zh: '采集箱被打开', en: 'Cabinet opened' },
  clause: { zh: '任务书 C1 防篡改、C6 铅封档案', en: 'C1 tamper protection, C6 seals' },
  advice: {
    zh: '无维护申报即为擅开:15 分钟内派员查验铅封并拍照;有申报则核对人员与工单。',
    en: 'Without a declared window it is unlawful: seals checked and photographed within 15 minutes; else compare with the work order.',
  },
  settings: {},
  reads: ['health'],
  clock: 'volume',
  late: 'ignore',
  shelvable: false,
  hiddenByWindow: false,
  subjectsOf: (event) =>
    event.type === 'fact' && event.fact.kind === 'health' && event.fact.event.startsWith('cabinet-')
      ? [partSubject(event.site, 'device', event.device)]
      : [],
  start: () => ({ since: null, ref: null }),
  step(state, event, { window }): Step<State> {
    if (event.type !== 'fact' || event.fact.kind !== 'health') return { state }
    if (event.fact.event === 'cabinet-closed')
      return { state: { since: null, ref: null }, cleared: true, verdict: 'normal' }
    const since = state.since ?? event.at
    const ref = state.ref ?? event.ref
    return {
      state: state.since === null ? { since, ref } : state,
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { openedAt: since, window: window?.window ?? '' },
        from: since,
        to: event.at,
        evidence: [ref],
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    return language === 'zh'
      ? `${who} 箱门于 ${momentText(facts.openedAt)} 被打开,铅封疑遭破坏${facts.window ? `(站点已申报维护 ${facts.window})` : ''}`
      : `${who}: its cabinet was opened at ${momentText(facts.openedAt)}, the seal is probably broken${facts.window ? ` (the site declared ${facts.window})` : ''}`
  },
})
