import type { ProblemCode } from '@oiltrail/kernel'
import type { WatchEvent } from './event.ts'
import { defineRule, type Rule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import type { Words } from './settings.ts'
import { channelSubject, siteSubject, subjectWords } from './subject.ts'

interface State {
  /** Refusals so far: the sentence tells it. */
  readonly times: number
}

interface About {
  readonly id: string
  readonly codes: Readonly<Partial<Record<ProblemCode, Words>>>
  readonly title: Words
  readonly clause: Words
  readonly advice: Words
}

function subjectOf(event: Exclude<WatchEvent, { type: 'time' }>, codes: About['codes']): string[] {
  if (event.type !== 'refusal' || !(event.code in codes) || event.site === '') return []
  return event.device && event.channel
    ? [channelSubject(event.site, event.device, event.channel)]
    : [siteSubject(event.site)]
}

/** What was refused at the door in the name of a device, for one family of codes. Each refusal is an event of its own. */
export function refusedBy({ id, codes, title, clause, advice }: About): Rule<State, never> {
  return defineRule<State, never>({
    id,
    version: 1,
    grade: 'orange',
    title,
    clause,
    advice,
    settings: {},
    reads: ['refusal'],
    clock: 'log',
    late: 'ignore',
    shelvable: false,
    hiddenByWindow: false,
    subjectsOf: (event) => subjectOf(event, codes),
    start: () => ({ times: 0 }),
    step(state, event): Step<State> {
      if (event.type !== 'refusal') return { state }
      const times = state.times + 1
      return {
        state: { times },
        verdict: 'alert',
        finding: {
          verdict: 'alert',
          momentary: true,
          facts: { code: event.code, at: event.at, times, position: event.ref.position },
          from: event.at,
          to: event.at,
          evidence: [event.ref],
        },
      }
    },
    sentence({ subject, siteName, facts }, language) {
      const who = subjectWords(subject, siteName, language)
      const words = codes[facts.code as ProblemCode]
      const when = momentText(facts.at)
      const { times, position } = facts
      return language === 'zh'
        ? `${who} 于 ${when} 有数据被拒收:${words?.zh ?? facts.code}(日志位置 ${position},累计第 ${times} 次)`
        : `${who}: data refused at ${when}: ${words?.en ?? facts.code} (log position ${position}, ${times} so far)`
    },
  })
}
