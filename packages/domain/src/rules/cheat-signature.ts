import { chinaParts } from '@oiltrail/kernel'
import {
  type Group,
  NO_PAIRING,
  type Pairing,
  type SalePair,
  type Told,
  takeTold,
} from '../measure/pairing.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, momentText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { nozzleSubject } from './subjects-of.ts'

/** One paired sale: when, how much by pulses, and how far the board differs (parts per million). */
type Paired = readonly [at: number, volume: number, error: number]

interface State {
  /** False for a nozzle whose volume comes from the board itself: there is nothing to compare. */
  readonly tapped: boolean
  readonly pairing: Pairing
  /** Sales without a receipt since the last pair. */
  readonly alone: readonly Told[]
  /** Pulses minus board totals at the last pair; null before it. */
  readonly ahead: number | null
  readonly pairs: readonly Paired[]
  /** Sales that the board neither showed nor counted, since the first of them. */
  readonly hidden: number
  readonly hiddenMillilitres: number
  readonly sales: number
  readonly since: number
  readonly refs: readonly Ref[]
  readonly told: string
}

type Key = 'hiddenSales' | 'overSales' | 'errorPercent' | 'testSales' | 'otherSales' | 'runSales'

const PAIRS_KEPT = 40
const REFS_KEPT = 12
/** Sales in a row without a receipt; more is a blind price channel, not a hidden sale. */
const ALONE_KEPT = 24
/** A verification draws these volumes into its cans (JJG 443), give or take a spill. */
const TEST_MILLILITRES = [20_000, 50_000, 100_000] as const
const TEST_TOLERANCE = 300
/** Below this a board agrees with its pulses, parts per million. */
const AGREES_PPM = 500

function refOf({ position, seq }: Told): Ref {
  return { position, seq }
}

function isTest(volume: number): boolean {
  return TEST_MILLILITRES.some((test) => Math.abs(volume - test) <= TEST_TOLERANCE)
}

/** A pair, and sales before it that have no receipt: hidden when the board's total does not hold them either. */
function paired(state: State, { sale, receipt }: SalePair): State {
  const alone = state.alone.filter(({ at }) => at < sale.at)
  const ahead = sale.total - receipt.total
  const volume = alone.reduce((sum, each) => sum + each.volume, 0)
  const hidden = state.ahead !== null && alone.length > 0 && ahead - state.ahead >= volume / 2
  const pairs: readonly Paired[] = [
    ...state.pairs.slice(-(PAIRS_KEPT - 1)),
    [sale.at, sale.volume, Math.round(((receipt.volume - sale.volume) / Math.max(sale.volume, 1)) * 1e6)],
  ]
  const next = {
    ...state,
    ahead,
    pairs,
    sales: state.sales + 1 + alone.length,
    alone: state.alone.filter(({ at }) => at >= sale.at),
  }
  if (!hidden) return next
  return {
    ...next,
    hidden: state.hidden + alone.length,
    hiddenMillilitres: state.hiddenMillilitres + volume,
    since: state.hidden === 0 ? alone[0]!.at : state.since,
    refs: [...state.refs, ...alone.map(refOf)].slice(-REFS_KEPT),
  }
}

function counted(state: State, { pairs, alone }: Group): State {
  const waiting = { ...state, alone: [...state.alone, ...alone].slice(-ALONE_KEPT) }
  return pairs.reduce(paired, waiting)
}

interface Sign {
  readonly kind: 'hidden' | 'test' | 'hours'
  readonly facts: Readonly<Record<string, number | string>>
  readonly from: number
}

/** 1 of n is not reported. */
function hiddenSign(state: State, settings: Around<Key>['settings']): Sign | undefined {
  const { hidden, hiddenMillilitres, sales, since } = state
  if (hidden < settings.hiddenSales || sales < settings.overSales) return undefined
  return { kind: 'hidden', facts: { hidden, hiddenMillilitres, sales }, from: since }
}

/** The error vanishes in test volumes. */
function testSign(state: State, settings: Around<Key>['settings']): Sign | undefined {
  const tests = state.pairs.filter(([, volume]) => isTest(volume))
  const others = state.pairs.filter(([, volume]) => !isTest(volume))
  if (tests.length < settings.testSales || others.length < settings.otherSales) return undefined
  if (tests.some(([, , error]) => Math.abs(error) > AGREES_PPM)) return undefined
  const mean = others.reduce((sum, [, , error]) => sum + error, 0) / others.length
  const off = others.filter(([, , error]) => Math.abs(error) > AGREES_PPM).length
  if (Math.abs(mean) < settings.errorPercent * 1e4 || off < others.length / 2) return undefined
  return {
    kind: 'test',
    facts: { tests: tests.length, others: others.length, percent: Math.round(mean / 10) / 1_000 },
    from: state.pairs[0]![0],
  }
}

/** The error comes and goes as if by a key: long runs with and without it. */
function hoursSign(state: State, settings: Around<Key>['settings']): Sign | undefined {
  const limit = settings.errorPercent * 1e4
  const runs: { off: boolean; n: number; from: number; sum: number }[] = []
  for (const [at, , error] of state.pairs) {
    const off = Math.abs(error) >= limit
    const last = runs.at(-1)
    if (last && last.off === off) {
      last.n++
      last.sum += error
    } else runs.push({ off, n: 1, from: at, sum: error })
  }
  const long = runs.filter((run) => run.n >= settings.runSales)
  const turned = long.find((run, i) => i > 0 && run.off !== long[i - 1]!.off)
  const off = long.filter((run) => run.off)
  if (!turned || long.reduce((sum, run) => sum + run.n, 0) < state.pairs.length * 0.8) return undefined
  const mean = off.reduce((sum, run) => sum + run.sum, 0) / off.reduce((sum, run) => sum + run.n, 0)
  return {
    kind: 'hours',
    facts: {
      at: turned.from,
      hour: chinaParts(turned.from).hour,
      percent: Math.round(mean / 10) / 1_000,
      turned: turned.off ? 'on' : 'off',
    },
    from: state.pairs[0]![0],
  }
}

function judged(state: State, { sale, receipt }: SalePair, around: Around<Key>): Step<State> {
  const { settings } = around
  // Nearly every nozzle agrees with its board in every sale: then there is nothing to look for.
  const off = state.pairs.some(([, , error]) => Math.abs(error) > AGREES_PPM)
  const sign =
    hiddenSign(state, settings) ??
    (off ? (testSign(state, settings) ?? hoursSign(state, settings)) : undefined)
  if (!sign) return { state: state.told === '' ? state : { ...state, told: '' }, verdict: 'normal' }
  // The same sign again is told only when it has grown: a hidden sale more, or another turn.
  const mark = `${sign.kind} ${sign.facts.hidden ?? sign.facts.at ?? ''}`
  if (mark === state.told) return { state }
  return {
    state: { ...state, told: mark },
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      momentary: true,
      facts: { sign: sign.kind, ...sign.facts },
      from: sign.from,
      to: Math.max(sale.at, receipt.at),
      evidence: [...state.refs, refOf(sale), refOf(receipt)],
    },
  }
}

/** R11: the marks that cheating software leaves in the comparison of pulses and board, sale by sale. */
export const cheatSignature = defineRule<State, Key>({
  id: 'cheat-signature',
  version: 2,
  grade: 'orange',
  title: { zh: '作弊特征', en: 'Cheat signature' },
  clause: { zh: 'R11;计量法 §27;任务书 C3 主板作弊', en: 'R11; metrology law §27; C3 cheating main board' },
  advice: {
    zh: '勿事先通知站点:会同市场监管、税务突击检查,断网封存主板与后台计算机,按非检定油量抽检。',
    en: 'Do not warn the site: inspect with market supervision and tax, cut the network, seal board and back-office computer, test with odd volumes.',
  },
  settings: {
    hiddenSales: setting(['隐匿笔数', 'Hidden sales'], '笔/sales', [3, 1, 100], PROPOSED),
    overSales: setting(['至少观察笔数', 'Among at least'], '笔/sales', [10, 1, 10_000], PROPOSED),
    errorPercent: setting(['误差', 'Error from'], '%', [0.3, 0.05, 20], 'R11; JJG 443'),
    testSales: setting(['检定油量笔数', 'Sales of test volume'], '笔/sales', [3, 1, 100], PROPOSED),
    otherSales: setting(['其他笔数', 'Other sales'], '笔/sales', [10, 1, 100], PROPOSED),
    runSales: setting(['连续笔数', 'Sales in a run'], '笔/sales', [6, 2, 20], PROPOSED),
  },
  reads: ['sale', 'receipt'],
  late: 'ignore',
  shelvable: true,
  suppressedBy: [
    'missing-sales',
    'line-cut',
    'line-rewired',
    'collector-silent',
    'price-channel-down',
    'volume-channel-down',
  ],
  subjectsOf: nozzleSubject,
  start: () => ({
    tapped: true,
    pairing: NO_PAIRING,
    alone: [],
    ahead: null,
    pairs: [],
    hidden: 0,
    hiddenMillilitres: 0,
    sales: 0,
    since: 0,
    refs: [],
    told: '',
  }),
  step(before, event, around): Step<State> {
    if (event.type !== 'fact') return { state: before }
    const { fact, at, ref } = event
    if (fact.kind !== 'sale' && fact.kind !== 'receipt') return { state: before }
    const tapped = fact.kind === 'sale' ? fact.source === 'pulse' : before.tapped
    if (!tapped) return { state: before.tapped ? { ...before, tapped, pairing: NO_PAIRING } : before }
    const told = { at, volume: fact.volumeMillilitres, total: fact.totalMillilitres, ...ref }
    const { pairing, groups } = takeTold(before.pairing, fact.kind === 'sale' ? 'sales' : 'receipts', told)
    const { alone, ahead, pairs, hidden, hiddenMillilitres, sales, since, refs, told: sign } = before
    let step: Step<State> = {
      state: {
        tapped,
        pairing,
        alone,
        ahead,
        pairs,
        hidden,
        hiddenMillilitres,
        sales,
        since,
        refs,
        told: sign,
      },
    }
    for (const group of groups) {
      const state = counted(step.state, group)
      const last = group.pairs.at(-1)
      step = last ? judged(state, last, around) : { ...step, state }
    }
    return step
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const percent = `${Number(facts.percent) > 0 ? '+' : ''}${Number(facts.percent).toFixed(2)} %`
    const zh = language === 'zh'
    if (facts.sign === 'hidden') {
      const volume = litresText(facts.hiddenMillilitres)
      return zh
        ? `${who} ${spanText(from, to)} ${facts.sales} 笔加油中 ${facts.hidden} 笔(${volume})主板既未上报也未累计`
        : `${who}: ${spanText(from, to)} of ${facts.sales} sales ${facts.hidden} (${volume}) were neither shown nor counted by the board`
    }
    if (facts.sign === 'test')
      return zh
        ? `${who} ${spanText(from, to)} 检定油量 ${facts.tests} 笔无误差,其余 ${facts.others} 笔主板偏差 ${percent}`
        : `${who}: ${spanText(from, to)} ${facts.tests} sales of test volume are right, ${facts.others} others are off by ${percent}`
    const when = momentText(facts.at)
    return zh
      ? `${who} 主板偏差 ${percent} 于 ${when} 起突然${facts.turned === 'on' ? '出现' : '消失'},前后各连续多笔一致`
      : `${who}: the board's error of ${percent} ${facts.turned === 'on' ? 'appeared' : 'vanished'} at ${when}, with runs of sales alike before and after`
  },
})
