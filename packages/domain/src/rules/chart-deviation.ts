import type { EpochMs } from '@oiltrail/kernel'
import {
  NO_STRAP,
  type Strap,
  strapNotice,
  strapPoint,
  strapReading,
  withdrawStrapNotice,
} from '../measure/strapping.ts'
import {
  type ChartLimits,
  type ChartVerdict,
  chartDifference,
  chartVerdict,
  isScaleConfirmed,
  type LearntChart,
  learntChart,
} from '../measure/strapping-chart.ts'
import { noticedMillilitres20 } from '../measure/volume20.ts'
import type { Tank } from '../registry/site.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref, TankPointEvent } from './event.ts'
import { defineRule, type Step, type Verdict } from './rule.ts'
import type { SettingValues } from './settings.ts'
import { subjectParts, subjectWords } from './subject.ts'
import { goneNotice, tankSubject } from './subjects-of.ts'

/** A chart put before a person; it stands as it was reckoned until another one is proposed. */
export interface ChartProposal extends LearntChart {
  /** The reading after which it was proposed: names it, with site and tank, in every replay of the log. */
  readonly ref: Ref
  readonly at: EpochMs
  readonly reason: 'bent' | 'scaled'
  /** Matched deliveries confirm how much the meters count; otherwise a meter should be checked before it is accepted. */
  readonly scaleConfirmed: boolean
}

interface State {
  readonly strap: Strap
  readonly proposal: ChartProposal | null
}

type Key = 'bendPercent' | 'scalePercent' | 'deviations' | 'leastFillings'

/** Bit 2 of a gauge's status: its height is not valid. */
const INVALID_BIT = 4

const VERDICTS: Readonly<Record<ChartVerdict, Verdict>> = {
  sound: 'normal',
  unsure: 'insufficient',
  contradicted: 'attention',
  bent: 'attention',
  scaled: 'attention',
}

function limitsOf(settings: SettingValues<Key>): ChartLimits {
  return {
    leastShare: settings.bendPercent / 100,
    leastScale: settings.scalePercent / 100,
    deviations: settings.deviations,
  }
}

/** Whether two charts differ by more than is worth another proposal, at some height that both know. */
function differs(before: ChartProposal, learnt: LearntChart, tank: Tank, limits: ChartLimits): boolean {
  const apart = learnt.rows.map(
    ([height, present, proposed]) => proposed - present - chartDifference(before.rows, height),
  )
  return Math.max(...apart) - Math.min(...apart) >= limits.leastShare * tank.capacityMillilitres
}

function judged(state: State, event: TankPointEvent, settings: SettingValues<Key>): Step<State> {
  const { tank, point } = event
  const learnt = learntChart(state.strap, tank)
  if (!learnt || learnt.fillings < settings.leastFillings) return { state, verdict: 'insufficient' }
  const limits = limitsOf(settings)
  const reason = chartVerdict(learnt, tank, limits)
  const verdict = VERDICTS[reason]
  if (reason !== 'bent' && reason !== 'scaled') return { state, verdict }
  if (state.proposal && !differs(state.proposal, learnt, tank, limits)) return { state, verdict }
  const scaleConfirmed = isScaleConfirmed(learnt, limits)
  const proposal = { ...learnt, ref: point.ref, at: point.at, reason, scaleConfirmed }
  return {
    state: { ...state, proposal },
    verdict,
    finding: {
      verdict: 'attention',
      momentary: true,
      facts: {
        reason,
        bendMillilitres: learnt.bendMillilitres,
        capacityMillilitres: tank.capacityMillilitres,
        scalePercent: Math.round(learnt.scalePercent * 1_000) / 1_000,
        bands: learnt.bands.length,
        passages: learnt.passages,
        fillings: learnt.fillings,
        litres: learnt.litres,
        beforeMillilitres: learnt.residualBeforeMillilitres,
        afterMillilitres: learnt.residualAfterMillilitres,
      },
      from: point.at,
      to: point.at,
      evidence: [point.ref],
    },
  }
}

const oneDigit = (millilitres: unknown): string => (Number(millilitres) / 1e3).toFixed(1)

/**
 * B4: the chart of a tank is learnt from what was metered out of it between deliveries, and a better one proposed. Proposed,
 * not used: a person accepts or rejects it (`chart-decided`), and what the gauge states stays as it is either way.
 */
export const chartDeviation = defineRule<State, Key>({
  id: 'chart-deviation',
  version: 1,
  grade: 'blue',
  title: { zh: '罐容表偏差', en: 'Tank chart deviates' },
  clause: {
    zh: 'B4;R3;JJG 168 立式、JJG 266 卧式金属罐容量',
    en: 'B4; R3; JJG 168 upright and JJG 266 lying metal tanks',
  },
  advice: {
    zh: '在三证页查看建议的罐容表;油量差异未经卸油单证实的,先用标准量器抽检一把油枪,再审定采用或不采用并写明理由。',
    en: 'Look at the proposed chart on the witnesses page; where deliveries do not confirm the scale, check one nozzle with a test can first; then accept or reject it with the reason.',
  },
  settings: {
    bendPercent: setting(
      ['最小弯曲(占容量)', 'Least bend, of capacity'],
      '%',
      [0.1, 0.02, 5],
      'S: up to 7 %; P',
    ),
    scalePercent: setting(
      ['最小整体偏差', 'Least difference as a whole'],
      '%',
      [0.5, 0.3, 5],
      'JJG 443: ±0.30 % permitted of meters; P',
    ),
    deviations: setting(['置信倍数', 'Deviations of certainty'], 'σ', [3, 1, 6], PROPOSED),
    leastFillings: setting(['最少卸油次数', 'Least deliveries'], '次/deliveries', [3, 2, 50], PROPOSED),
  },
  reads: ['level', 'tank-point', 'notice', 'withdrawal'],
  clock: 'volume',
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['line-cut', 'line-rewired', 'volume-channel-down'],
  subjectsOf: tankSubject,
  start: () => ({ strap: NO_STRAP, proposal: null }),
  step(before, event, around): Step<State> {
    const gone = goneNotice(event, around)
    if (gone !== undefined) {
      const strap = withdrawStrapNotice(before.strap, gone)
      return { state: strap === before.strap ? before : { ...before, strap } }
    }
    if (event.type === 'notice') {
      const { notice, expectedAt: at } = event.notice
      const volume = noticedMillilitres20(event.notice)
      return { state: { ...before, strap: strapNotice(before.strap, { notice, at, volume }) } }
    }
    if (event.type === 'tank-point') {
      const { point, deviationMillilitres, tank } = event
      const strap = strapPoint(before.strap, point, deviationMillilitres, tank)
      const state: State = { strap, proposal: before.proposal }
      // After each filling all bands of the one before are whole: once in a few days is often enough for a chart.
      return strap.fillings > before.strap.fillings ? judged(state, event, around.settings) : { state }
    }
    if (event.type !== 'fact' || event.fact.kind !== 'level') return { state: before }
    const tank = around.tank(event.fact.tank)
    if (!tank || (event.fact.statusBits & INVALID_BIT) !== 0) return { state: before }
    const strap = strapReading(before.strap, event.fact, tank)
    if (strap === before.strap) return { state: before }
    // A new chart in the gauge: what was proposed for the old one is void.
    const replaced = strap.fillings < before.strap.fillings
    return { state: { strap, proposal: replaced ? null : before.proposal } }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const [bend, before, after] = [
      facts.bendMillilitres,
      facts.beforeMillilitres,
      facts.afterMillilitres,
    ].map(oneDigit)
    const share = ((Number(facts.bendMillilitres) / Number(facts.capacityMillilitres)) * 100).toFixed(2)
    const scale = Number(facts.scalePercent).toFixed(2)
    const { bands, passages, fillings, litres } = facts
    return language === 'zh'
      ? `${who} 罐容表弯曲 ${bend} L(容量的 ${share} %),整体偏差 ${scale} %(${bands} 个液位段、${passages} 次通过、${fillings} 次卸油、计量 ${litres} L);另一半数据检验误差 ${before} → ${after} L:已建议新罐容表,待审定`
      : `${who}: its chart is bent by ${bend} L (${share} % of capacity) and off by ${scale} % as a whole (${bands} bands, ${passages} passages, ${fillings} deliveries, ${litres} L metered); error judged by the other half of the data ${before} → ${after} L: a new chart is proposed, to be decided`
  },
})

/** What the rule keeps of a tank, as stored: the proposal that stands, and how far it has learnt. */
export interface ChartState {
  readonly tank: string
  readonly proposal: ChartProposal | undefined
  readonly fillings: number
  readonly litres: number
}

/** Reads a stored state of this rule. */
export function chartStateOf(subject: string, state: unknown): ChartState {
  const { strap, proposal } = state as State
  const { fillings, litres } = strap
  return { tank: subjectParts(subject).code, proposal: proposal ?? undefined, fillings, litres }
}
