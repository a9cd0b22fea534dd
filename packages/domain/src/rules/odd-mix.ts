import { dayIndex } from '@oiltrail/kernel'
import type { Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { litresText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

interface State {
  readonly day: number
  readonly sales: number
  readonly millilitres: number
  /** The newest of them. */
  readonly refs: readonly Ref[]
}

type Key = 'smallMillilitres' | 'salesPerDay'
const MOST_REFS = 16

/** Many tiny sales at one nozzle (R14): oil sold by the can, or one sale cut into many. */
export const oddMix = defineRule<State, Key>({
  id: 'odd-mix',
  version: 1,
  grade: 'blue',
  title: { zh: '小额加油异常集中', en: 'Odd mix of small sales' },
  clause: { zh: '经验规则 R14:散装售油、多笔小于 5 L(P)', en: 'R14: containers, many sales below 5 L (P)' },
  advice: {
    zh: '核对散装汽油实名登记与视频;集市、农忙日可由企业说明。',
    en: 'Compare with the register of sales by the can and with video; market days may be explained by the firm.',
  },
  settings: {
    smallMillilitres: {
      label: { zh: '小额加油低于', en: 'A small sale is below' },
      unit: 'mL',
      value: 5_000,
      least: 500,
      most: 20_000,
      source: 'R14 (P)',
      effective: '2026-01-01',
    },
    salesPerDay: {
      label: { zh: '单枪单日笔数', en: 'Such sales a day at one nozzle' },
      unit: 'times',
      value: 15,
      least: 3,
      most: 500,
      source: 'R14 (P)',
      effective: '2026-01-01',
    },
  },
  reads: ['sale'],
  late: 'take',
  shelvable: true,
  subjectsOf: (event) =>
    event.type === 'fact' && event.fact.kind === 'sale'
      ? [partSubject(event.site, 'nozzle', event.fact.nozzle)]
      : [],
  start: () => ({ day: 0, sales: 0, millilitres: 0, refs: [] }),
  step(state, event, { settings }): Step<State> {
    if (event.type !== 'fact' || event.fact.kind !== 'sale') return { state }
    const { volumeMillilitres } = event.fact
    // A few drops after the nozzle clicked are not a sale to a customer.
    if (volumeMillilitres >= settings.smallMillilitres || volumeMillilitres < 200) return { state }
    const day = dayIndex(event.at)
    if (day < state.day) return { state }
    const same = day === state.day
    const next: State = {
      day,
      sales: (same ? state.sales : 0) + 1,
      millilitres: (same ? state.millilitres : 0) + volumeMillilitres,
      refs: [...(same ? state.refs : []), event.ref].slice(-MOST_REFS),
    }
    if (next.sales !== settings.salesPerDay) return { state: next }
    return {
      state: next,
      verdict: 'attention',
      finding: {
        verdict: 'attention',
        momentary: true,
        facts: {
          sales: next.sales,
          millilitres: next.millilitres,
          smallMillilitres: settings.smallMillilitres,
        },
        from: event.at,
        to: event.at,
        evidence: next.refs,
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const { sales, millilitres, smallMillilitres } = facts
    return language === 'zh'
      ? `${who} 当日已有 ${sales} 笔不足 ${litresText(smallMillilitres)} 的加油,合计 ${litresText(millilitres)}`
      : `${who}: ${sales} sales below ${litresText(smallMillilitres)} today, ${litresText(millilitres)} in all`
  },
})
