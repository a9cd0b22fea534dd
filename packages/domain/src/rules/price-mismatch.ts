import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { nozzleSubject, nozzlesOfSite } from './subjects-of.ts'

interface State {
  /** Price of the base setting in force, fen per litre; 0 before the first, and where it may have changed unseen. */
  readonly price: number
  /** Where that price was stated last. */
  readonly priceRef: Ref | null
  /** Board sales at another price since the base setting was changed, and all sales since the first of them. */
  readonly wrong: number
  readonly sales: number
  /** Sales at the base setting since the last wrong one. */
  readonly right: number
  /** What the last wrong one was charged, fen per litre. */
  readonly charged: number
  readonly from: number
  readonly to: number
  readonly refs: readonly Ref[]
  readonly open: boolean
}

type Key = 'sales' | 'standsMinutes' | 'roundingTicks'

/** Evidence kept while counting. */
const KEPT = 8
/**
 * A fuelling under way when the price is changed ends at the old one: one such sale a nozzle is honest, the next begins at the
 * new price. Two are only waited with because the collector may read a board's new price a little after its first customer.
 */
const MORE_THAN_CHANCE = 2

/** A collector that reads its board at all has read a changed price by then, however busy the wire. */
const READ_MS = 5 * 60_000

const START: State = {
  price: 0,
  priceRef: null,
  wrong: 0,
  sales: 0,
  right: 0,
  charged: 0,
  from: 0,
  to: 0,
  refs: [],
  open: false,
}
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
  version: 2,
  grade: 'yellow',
  title: { zh: '价格与主板不符', en: 'Price differs from the board' },
  clause: { zh: 'R8;任务书 C3 基础设置单价采集;价格法 §13', en: 'R8; C3 price of the base setting' },
  advice: {
    zh: '4 小时内核对该枪挂牌价、基础设置与主板交易小票;金额不符的,封存主板并通知市场监管。',
    en: 'Within 4 hours compare posted price, base setting and slips; where amounts are wrong, seal the board and tell market supervision.',
  },
  settings: {
    sales: setting(['不符笔数', 'Sales that differ'], '笔/sales', [3, 1, 100], 'R8'),
    standsMinutes: setting(
      ['两笔不符期间基础设置未变', 'Base setting unchanged beside two sales'],
      'min',
      [60, 10, 1_440],
      PROPOSED,
    ),
    roundingTicks: setting(['舍入允差', 'Rounding allowed'], 'ticks', [1.5, 1, 20], PROPOSED),
  },
  reads: ['price', 'receipt', 'gap-passed'],
  late: 'ignore',
  shelvable: true,
  // A price that was changed while the channel could not tell it is told when the channel is back.
  suppressedBy: ['mains-lost', 'collector-silent', 'price-channel-down', 'device-silent'],
  subjectsOf: (event, site) =>
    event.type === 'gap-passed' && event.channel === 'price'
      ? nozzlesOfSite(event.site, site)
      : nozzleSubject(event),
  start: () => START,
  step(state, event, around): Step<State> {
    if (event.type === 'time') return state.wrong < MORE_THAN_CHANCE ? { state } : found(state)
    // The base setting may have been changed in what was never received.
    if (event.type === 'gap-passed')
      return { state: { ...START, open: state.open }, wakeAt: null, verdict: 'insufficient' }
    if (event.type !== 'fact') return { state }
    const { fact, at, ref } = event
    if (fact.kind === 'price') return priced(state, fact.priceFenPerLitre, ref)
    if (fact.kind !== 'receipt' || fact.volumeMillilitres === 0) return { state }
    const difference = wrongSum(fact, around.settings.roundingTicks)
    if (difference !== 0)
      return {
        state: { ...state, open: true, right: 0 },
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
    return fact.priceFenPerLitre === state.price
      ? agreed(state, around)
      : differed(state, { fact, at, ref }, around)
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
    const inRow = facts.among === undefined || facts.among === facts.sales
    if (language === 'zh') {
      const sales = inRow ? `连续 ${facts.sales} 笔` : `${facts.among} 笔加油中 ${facts.sales} 笔`
      return `${who} ${spanText(from, to)} ${sales}按 ${price} 元/L 收费,基础设置单价为 ${base} 元/L`
    }
    const sales = inRow ? `${facts.sales} sales in a row` : `${facts.sales} of ${facts.among} sales`
    return `${who}: ${spanText(from, to)} ${sales} at ${price} yuan/L, base setting ${base} yuan/L`
  },
})

function shown({ volumeMillilitres, amountFen, priceFenPerLitre }: Receipt): Record<string, number> {
  return { volumeMillilitres, amountFen, priceFenPerLitre }
}

/** The base setting was stated: changed, all counting begins anew; the same as before, it stands. */
function priced(state: State, price: number, priceRef: Ref): Step<State> {
  if (price === state.price) return { state: { ...state, priceRef } }
  return { state: { ...START, open: state.open, price, priceRef }, wakeAt: null }
}

/** A sale at the base setting. It takes nothing back: a board that cheats every second customer cheats. */
function agreed(state: State, { settings }: Around<Key>): Step<State> {
  if (state.wrong === 0 && !state.open) return { state, verdict: 'normal' }
  const next = { ...state, sales: state.wrong === 0 ? 0 : state.sales + 1, right: state.right + 1 }
  if (!state.open) return { state: next, verdict: state.wrong === 0 ? 'normal' : 'attention' }
  return next.right < settings.sales
    ? { state: next }
    : { state: { ...next, open: false }, verdict: 'normal', cleared: true }
}

function differed(
  state: State,
  { fact, at, ref }: { fact: Receipt; at: number; ref: Ref },
  { settings }: Around<Key>,
): Step<State> {
  const first = state.wrong === 0
  const next = {
    ...state,
    wrong: state.wrong + 1,
    sales: state.sales + 1,
    right: 0,
    charged: fact.priceFenPerLitre,
    from: first ? at : state.from,
    to: at,
    refs: [...state.refs, ref].slice(-KEPT),
  }
  if (next.wrong >= settings.sales) return found(next)
  if (next.wrong !== MORE_THAN_CHANCE) return { state: next, verdict: 'attention' }
  // The first may have stood beside an unchanged base setting for long already, when it was at the same price.
  const since = state.charged === next.charged ? next.from : at
  const wakeAt = Math.max(since + settings.standsMinutes * 60_000, at + READ_MS)
  return { state: next, verdict: 'attention', wakeAt }
}

function found(state: State): Step<State> {
  const { wrong, sales, price, charged, priceRef, from, to, refs } = state
  return {
    state: { ...state, open: true },
    verdict: 'alert',
    wakeAt: null,
    finding: {
      verdict: 'alert',
      facts: { what: 'price', priceFenPerLitre: charged, baseFenPerLitre: price, sales: wrong, among: sales },
      from,
      to,
      evidence: priceRef ? [priceRef, ...refs] : refs,
    },
  }
}
