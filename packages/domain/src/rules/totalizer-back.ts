import { setting } from './declare.ts'
import type { FactEvent, Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { litresText, momentText } from './say.ts'
import { subjectParts, subjectWords } from './subject.ts'
import { factoryOf, nozzleSubject } from './subjects-of.ts'

/** A totalizer as last seen. */
interface Seen {
  readonly total: number
  readonly at: number
  readonly ref: Ref
}

/** Counters that must not be compared with each other: pulses counted, the board as volume, the board as tax memory. */
type Counter = 'pulse' | 'board' | 'tax'

interface State {
  readonly seen: Partial<Record<Counter, Seen>>
  readonly factory: string
}

/** Totalizers have 8 to 13 decimal digits of a millilitre before they roll over (12 digits of 0.01 L at most). */
const LEAST_DIGITS = 8
const MOST_DIGITS = 13

function reading({ fact }: FactEvent): { counter: Counter; total: number } | undefined {
  if (fact.kind === 'sale' || fact.kind === 'total')
    return { counter: fact.source, total: fact.totalMillilitres }
  if (fact.kind === 'receipt') return { counter: 'tax', total: fact.totalMillilitres }
  if (fact.kind === 'board-total' && fact.period === 'grand')
    return { counter: 'tax', total: fact.volumeMillilitres }
  return undefined
}

/** All nines to nearly zero: the counter ran over the end of its digits. */
function rolledOver(before: number, after: number, withinMillilitres: number): boolean {
  for (let digits = LEAST_DIGITS; digits <= MOST_DIGITS; digits++)
    if (10 ** digits - before <= withinMillilitres && before < 10 ** digits)
      return after + 10 ** digits - before <= withinMillilitres
  return false
}

const COUNTER_WORDS: Readonly<Record<Counter, { zh: string; en: string }>> = {
  pulse: { zh: '脉冲总累', en: 'pulse totalizer' },
  board: { zh: '主板总累', en: 'board totalizer' },
  tax: { zh: '税控总累', en: 'tax memory totalizer' },
}

/** R6: a totalizer went back or was reset, without rolling over and without a replaced dispenser on file. */
export const totalizerBack = defineRule<State, 'rolloverMillilitres'>({
  id: 'totalizer-back',
  version: 1,
  grade: 'orange',
  title: { zh: '总累回退或清零', en: 'Totalizer back or reset' },
  clause: {
    zh: 'R6;任务书 C1 防篡改;JJG 443 总累不可回退',
    en: 'R6; C1; JJG 443: a totalizer never goes back',
  },
  advice: {
    zh: '15 分钟内联系站点,封存该枪;调取主板与计量铅封照片,核对更换、维修记录。',
    en: 'Call the site within 15 minutes and seal the nozzle; compare photographs of board and seals with the service record.',
  },
  settings: {
    rolloverMillilitres: setting(
      ['进位判定容差', 'Tolerance of a rollover'],
      'mL',
      [1_000_000, 10_000, 100_000_000],
      'P: no sale is larger',
    ),
  },
  reads: ['sale', 'total', 'receipt', 'board-total'],
  late: 'ignore',
  shelvable: true,
  hiddenByWindow: false,
  subjectsOf: nozzleSubject,
  start: () => ({ seen: {}, factory: '' }),
  step(state, event, around): Step<State> {
    const read = event.type === 'fact' ? reading(event) : undefined
    if (!read || event.type !== 'fact') return { state }
    const { counter, total } = read
    const factory = factoryOf(around.site, subjectParts(nozzleSubject(event)[0]!).code)
    const replaced = state.factory !== '' && state.factory !== factory
    const before = replaced ? undefined : state.seen[counter]
    const seen = { ...(replaced ? {} : state.seen), [counter]: { total, at: event.at, ref: event.ref } }
    const next = { seen, factory }
    if (!before || total >= before.total) return { state: next, verdict: 'normal' }
    if (rolledOver(before.total, total, around.settings.rolloverMillilitres))
      return { state: next, verdict: 'normal' }
    return {
      state: next,
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        momentary: true,
        facts: { counter, beforeMillilitres: before.total, afterMillilitres: total },
        from: before.at,
        to: event.at,
        evidence: [before.ref, event.ref],
      },
    }
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const what = COUNTER_WORDS[facts.counter as Counter][language]
    const [before, after] = [litresText(facts.beforeMillilitres), litresText(facts.afterMillilitres)]
    return language === 'zh'
      ? `${who} ${what} ${momentText(from)} 为 ${before},${momentText(to)} 回退到 ${after}`
      : `${who}: ${what} was ${before} at ${momentText(from)} and fell to ${after} at ${momentText(to)}`
  },
})
