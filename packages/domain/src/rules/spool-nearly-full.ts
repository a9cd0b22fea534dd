import { defineRule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import { channelSubject, subjectWords } from './subject.ts'

interface State {
  readonly full: boolean
}

/** The disk queue of a channel is nearly full: soon records would be refused for lack of room (C2). */
export const spoolNearlyFull = defineRule<State, never>({
  id: 'spool-nearly-full',
  version: 1,
  grade: 'yellow',
  title: { zh: '本地存储将满', en: 'Spool nearly full' },
  clause: { zh: '任务书 C2 断网期间数据不丢失', en: 'C2 nothing collected during an outage is lost' },
  advice: {
    zh: '尽快恢复该站网络以便补传;不能恢复时派员导出。',
    en: 'Restore the network so that it can back-fill; if that is impossible, have the spool fetched.',
  },
  settings: {},
  reads: ['health'],
  late: 'ignore',
  shelvable: true,
  subjectsOf: (event) =>
    event.type === 'fact' && event.fact.kind === 'health' && event.fact.event.startsWith('spool-')
      ? [channelSubject(event.site, event.device, event.channel)]
      : [],
  start: () => ({ full: false }),
  step(state, event): Step<State> {
    if (event.type !== 'fact' || event.fact.kind !== 'health') return { state }
    const { event: what, value } = event.fact
    if (what === 'spool-relieved')
      return { state: { full: false }, cleared: true, verdict: (value ?? 0) > 0 ? 'attention' : 'normal' }
    if (what !== 'spool-nearly-full') return { state }
    return {
      state: { full: true },
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { percentFull: value ?? 0, at: event.at },
        from: event.at,
        to: event.at,
        evidence: [event.ref],
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    return language === 'zh'
      ? `${who} 本地存储于 ${momentText(facts.at)} 已用 ${facts.percentFull} %`
      : `${who}: its spool was ${facts.percentFull} % full at ${momentText(facts.at)}`
  },
})
