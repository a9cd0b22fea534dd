import type { Grade } from '../registry/grades.ts'
import { setting } from './declare.ts'
import { defineRule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import type { Setting } from './settings.ts'
import { subjectWords } from './subject.ts'
import { nozzleSubject } from './subjects-of.ts'

type Key =
  | 'petrol92'
  | 'petrol95'
  | 'petrol98'
  | 'diesel0'
  | 'dieselMinus10'
  | 'dieselMinus20'
  | 'dieselMinus35'

const KEY_OF_GRADE: Readonly<Record<Grade, Key>> = {
  '92': 'petrol92',
  '95': 'petrol95',
  '98': 'petrol98',
  '0': 'diesel0',
  '-10': 'dieselMinus10',
  '-20': 'dieselMinus20',
  '-35': 'dieselMinus35',
}

/** 0: nothing is posted for the grade, and nothing is judged. */
function ceiling(name: string): Setting {
  return setting(
    [`${name} 最高零售价(0 为未公布)`, `Highest retail price of ${name} (0: none posted)`],
    'fen/L',
    [0, 0, 9_999],
    '石油价格管理办法(发改价格〔2016〕64号);every ten working days',
  )
}

interface State {
  readonly over: boolean
}

/** R8: a nozzle sells above the ceiling that the price authority has posted for its grade. */
export const priceCeiling = defineRule<State, Key>({
  id: 'price-ceiling',
  version: 1,
  grade: 'yellow',
  title: { zh: '超过最高零售价', en: 'Above the posted ceiling' },
  clause: { zh: 'R8;石油价格管理办法', en: 'R8; measures on the administration of oil prices' },
  advice: {
    zh: '4 小时内通知站点改价并核对超价期间销量,移交市场监管部门。',
    en: 'Within 4 hours have the price changed, add up what was sold above it, hand over to market supervision.',
  },
  settings: {
    petrol92: ceiling('92#'),
    petrol95: ceiling('95#'),
    petrol98: ceiling('98#'),
    diesel0: ceiling('0#'),
    dieselMinus10: ceiling('-10#'),
    dieselMinus20: ceiling('-20#'),
    dieselMinus35: ceiling('-35#'),
  },
  reads: ['price', 'receipt'],
  late: 'ignore',
  shelvable: true,
  subjectsOf: nozzleSubject,
  start: () => ({ over: false }),
  step(state, event, around): Step<State> {
    if (event.type !== 'fact') return { state }
    const { fact, at, ref } = event
    if (fact.kind !== 'price' && fact.kind !== 'receipt') return { state }
    const grade = around.nozzle(fact.nozzle)?.grade
    const most = grade === undefined ? 0 : around.settings[KEY_OF_GRADE[grade]]
    if (most === 0) return { state, verdict: 'insufficient' }
    if (fact.priceFenPerLitre <= most)
      return state.over
        ? { state: { over: false }, cleared: true, verdict: 'normal' }
        : { state, verdict: 'normal' }
    return {
      state: state.over ? state : { over: true },
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { grade: grade!, priceFenPerLitre: fact.priceFenPerLitre, ceilingFenPerLitre: most },
        from: at,
        to: at,
        evidence: [ref],
      },
    }
  },
  sentence({ subject, siteName, facts, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const [price, most] = [facts.priceFenPerLitre, facts.ceilingFenPerLitre].map((fen) =>
      (Number(fen) / 100).toFixed(2),
    )
    return language === 'zh'
      ? `${who} ${momentText(to)} ${facts.grade}# 售价 ${price} 元/L,高于最高零售价 ${most} 元/L`
      : `${who}: ${momentText(to)} grade ${facts.grade} sold at ${price} yuan/L, above the ceiling of ${most} yuan/L`
  },
})
