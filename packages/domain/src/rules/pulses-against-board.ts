import { NO_PAIRING, type Pairing, type SalePair, takeTold } from '../measure/pairing.ts'
import { PROPOSED, setting } from './declare.ts'
import type { Ref } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { nozzleSubject } from './subjects-of.ts'

/** Both totalizers at a moment when a sale and its receipt were paired. */
interface Anchor {
  readonly at: number
  readonly pulses: number
  readonly board: number
  readonly refs: readonly Ref[]
}

interface State {
  /** False for a nozzle whose volume comes from the board itself: there is nothing to compare. */
  readonly tapped: boolean
  readonly pairing: Pairing
  /** Start of the present window, and of the next one: a window slides by halves. */
  readonly base: Anchor | null
  readonly next: Anchor | null
  readonly open: boolean
}

type Key = 'warnPercent' | 'alertPercent' | 'leastMillilitres' | 'windowMillilitres' | 'clearPercent'

function anchorOf({ sale, receipt }: SalePair): Anchor {
  return {
    at: Math.max(sale.at, receipt.at),
    pulses: sale.total,
    board: receipt.total,
    refs: [
      { position: sale.position, seq: sale.seq },
      { position: receipt.position, seq: receipt.seq },
    ],
  }
}

function judged(state: State, now: Anchor, settings: Around<Key>['settings']): Step<State> {
  const { base } = state
  // A totalizer that went back is another rule's business; its comparison begins anew.
  if (!base || now.pulses < base.pulses || now.board < base.board)
    return { state: { ...state, base: now, next: null }, verdict: 'insufficient' }
  const pulses = now.pulses - base.pulses
  const board = now.board - base.board
  if (pulses < settings.leastMillilitres && board < settings.leastMillilitres) return { state }
  const slid = slide(state, now, pulses, settings.windowMillilitres)
  const percent = ((board - pulses) / Math.max(pulses, 1)) * 100
  const size = Math.abs(percent)
  if (size < settings.warnPercent) {
    const agrees = state.open && size <= settings.clearPercent
    return {
      state: agrees ? { ...slid, open: false } : slid,
      verdict: 'normal',
      ...(agrees ? { cleared: true } : {}),
    }
  }
  const verdict = size >= settings.alertPercent ? 'alert' : 'attention'
  return {
    state: { ...slid, open: true },
    verdict,
    finding: {
      verdict,
      ...(verdict === 'alert' ? { grade: 'orange' as const } : {}),
      facts: {
        pulsesMillilitres: pulses,
        boardMillilitres: board,
        percent: Math.round(percent * 1_000) / 1_000,
      },
      from: base.at,
      to: now.at,
      evidence: [...base.refs, ...now.refs],
    },
  }
}

/** The window begins at `base`; once half of it is full, `next` waits to take its place. */
function slide(state: State, now: Anchor, pulses: number, windowMillilitres: number): State {
  const { next } = state
  if (pulses < windowMillilitres / 2) return next ? { ...state, next: null } : state
  if (!next) return { ...state, next: now }
  return pulses < windowMillilitres ? state : { ...state, base: next, next: now }
}

/** R9: the pulses of the encoder against what the board counted, by the growth of both totalizers between paired sales. */
export const pulsesAgainstBoard = defineRule<State, Key>({
  id: 'pulses-against-board',
  version: 2,
  grade: 'yellow',
  title: { zh: '脉冲与主板计量不符', en: 'Pulses against board' },
  clause: {
    zh: 'R9;任务书 B4 三证;JJG 443 最大允许误差 ±0.30 %',
    en: 'R9; B4; JJG 443 maximum permissible error ±0.30 %',
  },
  advice: {
    zh: '核对脉冲当量与铅封;主板偏小疑为改写累计,偏大疑为虚增脉冲或短量,保全主板并安排计量检定。',
    en: 'Check the pulse factor and seals. A board below its pulses suggests rewritten totals, above it short measure: secure the board, order a verification.',
  },
  settings: {
    warnPercent: setting(['提示偏差', 'Warn from'], '%', [0.3, 0.05, 10], 'R9; JJG 443'),
    alertPercent: setting(['告警偏差', 'Alert from'], '%', [0.6, 0.1, 20], 'R9; GB/T 9081'),
    clearPercent: setting(['恢复偏差', 'Clear below'], '%', [0.1, 0, 1], PROPOSED),
    leastMillilitres: setting(
      ['最少比较油量', 'Least volume'],
      'mL',
      [200_000, 10_000, 10_000_000],
      PROPOSED,
    ),
    windowMillilitres: setting(
      ['比较窗口油量', 'Window volume'],
      'mL',
      [1_000_000, 100_000, 100_000_000],
      PROPOSED,
    ),
  },
  reads: ['sale', 'receipt'],
  late: 'ignore',
  shelvable: true,
  // Sales that the board hides altogether make pulses exceed it: that has an alarm of its own.
  suppressedBy: ['missing-sales', 'line-cut', 'line-rewired', 'collector-silent', 'volume-channel-down'],
  subjectsOf: nozzleSubject,
  start: () => ({ tapped: true, pairing: NO_PAIRING, base: null, next: null, open: false }),
  step(before, event, around): Step<State> {
    if (event.type !== 'fact') return { state: before }
    const { fact, at, ref } = event
    if (fact.kind !== 'sale' && fact.kind !== 'receipt') return { state: before }
    const tapped = fact.kind === 'sale' ? fact.source === 'pulse' : before.tapped
    if (!tapped)
      return { state: before.tapped ? { ...before, tapped, pairing: NO_PAIRING, base: null } : before }
    const told = { at, volume: fact.volumeMillilitres, total: fact.totalMillilitres, ...ref }
    const { pairing, groups } = takeTold(before.pairing, fact.kind === 'sale' ? 'sales' : 'receipts', told)
    const { base, next, open } = before
    let step: Step<State> = { state: { tapped, pairing, base, next, open } }
    for (const { sure, pairs } of groups)
      if (sure) step = judged(step.state, anchorOf(pairs.at(-1)!), around.settings)
    return step
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const [pulses, board] = [facts.pulsesMillilitres, facts.boardMillilitres].map(litresText)
    const percent = `${Number(facts.percent) > 0 ? '+' : ''}${Number(facts.percent).toFixed(2)} %`
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 脉冲计量 ${pulses},主板累计 ${board},主板偏差 ${percent}`
      : `${who}: ${spanText(from, to)} pulses ${pulses}, board ${board}: board off by ${percent}`
  },
})
