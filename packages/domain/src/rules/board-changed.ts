import { defineRule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

interface State {
  /** Identity that the board gave last; null until it was heard. */
  readonly factoryNumber: string | null
  readonly taxpayerNumber: string
  readonly changed: boolean
}

const START: State = { factoryNumber: null, taxpayerNumber: '', changed: false }

/**
 * The board of a dispenser names itself differently than before, and nobody registered a new one: a swapped board or chip
 * (domain.md "Attacks seen"). What a board calls itself differs by dialect, so it is compared with itself; the registered
 * number explains a change.
 */
export const boardChanged = defineRule<State, never>({
  id: 'board-changed',
  version: 1,
  grade: 'orange',
  title: { zh: '主板身份变化', en: 'Board identity changed' },
  clause: {
    zh: '任务书 C6 铅封与设备档案;作弊手法:换板换芯',
    en: 'C6 seals and device archive; known attack: swapped board or chip',
  },
  advice: {
    zh: '查验该机主板、芯片与计量铅封;合法更换须先变更登记再上机。',
    en: 'Inspect board, chip and metrology seals. A lawful replacement is registered first.',
  },
  settings: {},
  reads: ['board-info', 'registration'],
  late: 'ignore',
  shelvable: false,
  hiddenByWindow: false,
  subjectsOf(event) {
    if (event.type === 'registration')
      return event.document.dispensers.flatMap(({ nozzles }) =>
        nozzles.map(({ nozzle }) => partSubject(event.site, 'nozzle', nozzle)),
      )
    return event.type === 'fact' && event.fact.kind === 'board-info'
      ? [partSubject(event.site, 'nozzle', event.fact.nozzle)]
      : []
  },
  start: () => START,
  step(state, event, around): Step<State> {
    // The next statement after a changed registration is accepted as the new identity.
    if (event.type === 'registration')
      return state.factoryNumber === null ? { state } : { state: START, cleared: state.changed }
    if (event.type !== 'fact' || event.fact.kind !== 'board-info') return { state }
    const { factoryNumber, taxpayerNumber } = event.fact
    const link = around.nozzle(event.fact.nozzle)
    const registered =
      around.site?.dispensers.find((each) => each.dispenser === link?.dispenser)?.factoryNumber ?? ''
    const same = state.factoryNumber === factoryNumber && state.taxpayerNumber === taxpayerNumber
    if (state.factoryNumber === null || same)
      return same
        ? { state }
        : { state: { factoryNumber, taxpayerNumber, changed: false }, verdict: 'normal' }
    const explained = factoryNumber === registered && taxpayerNumber === state.taxpayerNumber
    if (explained)
      return {
        state: { factoryNumber, taxpayerNumber, changed: false },
        cleared: state.changed,
        verdict: 'normal',
      }
    return {
      state: { factoryNumber, taxpayerNumber, changed: true },
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: {
          at: event.at,
          before: `${state.factoryNumber} / ${state.taxpayerNumber}`,
          after: `${factoryNumber} / ${taxpayerNumber}`,
          registered,
        },
        from: event.at,
        to: event.at,
        evidence: [event.ref],
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const { at, before, after, registered } = facts
    return language === 'zh'
      ? `${who} 主板出厂编号/纳税人识别号于 ${momentText(at)} 由 ${before} 变为 ${after}(登记编号 ${registered})`
      : `${who}: factory/taxpayer number of the board changed at ${momentText(at)} from ${before} to ${after} (registered ${registered})`
  },
})
