import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { nozzleSubject } from './subjects-of.ts'

interface State {
  /** Price of the base setting in force, fen per litre; 0 before the first. */
  readonly price: number
  /** Board sales in a row at another price: count, first one, and evidence. */
  readonly wrong: number
  readonly from: number
  readonly refs: readonly Ref[]
  readonly open: boolean
}

type Key = 'sales' | 'roundingTicks'

/** Evidence kept while counting. */
const KEPT = 8
/** A board shows 0.01 L: a preset amount buys a volume rounded to that tick, hence half a tick either way. */
const HALF_TICK_MILLILITRES = 5

/** Fen by which amount and volume × price may differ for rounding alone. */
function roundingFen(priceFenPerLitre: number, ticks: number): number {
  return ticks * (0.5 + (priceFenPerLitre * HALF_TICK_MILLILITRES) / 1_000)
}

function money(fen: number | string | undefined): string {
  return (Number(fen) / 100).toFixed(2)
}

interface Receipt {
  readonly volumeMillilitres: number
  readonly amountFen: number
  readonly priceFenPerLitre: number
}

function wrongSum({ volumeMillilitres, amountFen, priceFenPerLitre }: Receipt, ticks: number): number {
  const due = (volumeMillilitres * priceFenPerLitre) / 1_000
  const difference = amountFen - due
  return Math.abs(difference) > roundingFen(priceFenPerLitre, ticks) ? difference : 0
}

/** R8: the board charges another price than its base setting, or another amount than volume × price. */
export const priceMismatch = defineRule<State, Key>({
  id: 'price-mismatch',
  version: 1,
  grade: 'yellow',
  title: { zh: '价格与主板不符', en: 'Price differs from the board' },
  clause: { zh: 'R8;任务书 C3 基础设置单价采集;价格法 §13', en: 'R8; C3 price of the base setting' },
  advice: {
    zh: '4 小时内核对该枪挂牌价、基础设置与主板交易小票;金额不符的,封存主板并通知市场监管。',
    en: 'Within 4 hours compare posted price, base setting and slips; where amounts are wrong, seal the board and tell market supervision.',
  },
  settings: {
    sales: setting(['连续笔数', 'Sales in a row'], '笔/sales', [3, 1, 100], 'R8'),
    roundingTicks: setting(['舍入允差', 'Rounding allowed'], 'ticks', [1.5, 1, 20], PROPOSED),
  },
  reads: ['price', 'receipt'],
  late: 'ignore',
  shelvable: true,
  subjectsOf: nozzleSubject,
  start: () => ({ price: 0, wrong: 0, from: 0, refs: [], open: false }),
  step(state, event, around): Step<State> {
    if (event.type !== 'fact') return { state }
    const { fact, at, ref } = event
    if (fact.kind === 'price')
      return fact.priceFenPerLitre === state.price
        ? { state }
        : { state: { ...state, price: fact.priceFenPerLitre, wrong: 0, refs: [ref] } }
    if (fact.kind !== 'receipt' || fact.volumeMillilitres === 0) return { state }
    const difference = wrongSum(fact, around.settings.roundingTicks)
    if (difference !== 0)
      return {
        state: state.open ? state : { ...state, open: true },
        verdict: 'alert',
        finding: {
          verdict: 'alert',
          facts: { what: 'amount', ...shown(fact), differenceFen: Math.round(difference) },
          from: at,
          to: at,
          evidence: [ref],
        },
      }
    if (state.price === 0) return { state, verdict: 'insufficient' }
    return compared(state, { fact, at, ref }, around)
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const price = money(facts.priceFenPerLitre)
    if (facts.what === 'amount') {
      const [volume, amount, more] = [
        litresText(facts.volumeMillilitres),
        money(facts.amountFen),
        money(facts.differenceFen),
      ]
      return language === 'zh'
        ? `${who} ${spanText(from, to)} 主板收 ${amount} 元,而 ${volume} × ${price} 元/L 相差 ${more} 元`
        : `${who}: ${spanText(from, to)} the board charged ${amount} yuan; ${volume} × ${price} yuan/L differs by ${more} yuan`
    }
    const base = money(facts.baseFenPerLitre)
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 连续 ${facts.sales} 笔按 ${price} 元/L 收费,基础设置单价为 ${base} 元/L`
      : `${who}: ${spanText(from, to)} ${facts.sales} sales in a row at ${price} yuan/L, base setting ${base} yuan/L`
  },
})

function shown({ volumeMillilitres, amountFen, priceFenPerLitre }: Receipt): Record<string, number> {
  return { volumeMillilitres, amountFen, priceFenPerLitre }
}

function compared(
  state: State,
  { fact, at, ref }: { fact: Receipt; at: number; ref: Ref },
  around: Around<Key>,
): Step<State> {
  if (fact.priceFenPerLitre === state.price)
    return state.wrong === 0 && !state.open
      ? { state, verdict: 'normal' }
      : { state: { ...state, wrong: 0, open: false }, verdict: 'normal', cleared: true }
  const wrong = state.wrong + 1
  const from = state.wrong === 0 ? at : state.from
  const refs = [...(state.wrong === 0 ? [] : state.refs), ref].slice(-KEPT)
  const next = { ...state, wrong, from, refs }
  if (wrong < around.settings.sales) return { state: next, verdict: 'attention' }
  return {
    state: { ...next, open: true },
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      facts: { what: 'price', ...shown(fact), baseFenPerLitre: state.price, sales: wrong },
      from,
      to: at,
      evidence: refs,
    },
  }
}
