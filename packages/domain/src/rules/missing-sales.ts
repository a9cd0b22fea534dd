import { type Channel, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import { PROPOSED, setting } from './declare.ts'
import type { FactEvent, Ref } from './event.ts'
import { type Around, defineRule, type Step, type Verdict } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { nozzleSubject, nozzlesOfSite } from './subjects-of.ts'

/** Totalizer and stated sales of one witness, from where they were last known to agree. */
interface Ledger {
  readonly base: number
  readonly total: number
  readonly sold: number
  readonly sales: number
  readonly since: number
  readonly at: number
  readonly from: Ref
  readonly ref: Ref
  /** Until when a totalizer that ran ahead of its sales waits for the one that may be under way; 0 when it does not. */
  readonly dueAt: EpochMs
}

const WITNESSES = ['pulse', 'board', 'tax'] as const
type Witness = (typeof WITNESSES)[number]

interface State {
  readonly ledgers: { readonly [W in Witness]?: Ledger | undefined }
}

type Key = 'leastMillilitres' | 'percent' | 'waitMinutes'

/** Beyond this a ledger that agrees begins anew, so that a long history hides nothing in its percentage. */
const LEDGER_MS = 24 * HOUR_MS

/** Ticks that vendors round away add up to a litre or two a day: less than this is never a missing sale. */
const ROUNDING_MILLILITRES = 5_000

interface Reading {
  readonly witness: Witness
  readonly total: number
  readonly volume: number
}

function readingOf({ fact }: FactEvent): Reading | undefined {
  switch (fact.kind) {
    case 'sale':
      return { witness: fact.source, total: fact.totalMillilitres, volume: fact.volumeMillilitres }
    case 'total':
      return { witness: fact.source, total: fact.totalMillilitres, volume: 0 }
    case 'receipt':
      return { witness: 'tax', total: fact.totalMillilitres, volume: fact.volumeMillilitres }
    case 'board-total':
      return fact.period === 'grand'
        ? { witness: 'tax', total: fact.volumeMillilitres, volume: 0 }
        : undefined
    default:
      return undefined
  }
}

function missingOf({ total, base, sold }: Ledger): number {
  return total - base - sold
}

function isMuch(ledger: Ledger, settings: Around<Key>['settings']): boolean {
  const missing = missingOf(ledger)
  const grown = ledger.total - ledger.base
  const share = Math.max((grown * settings.percent) / 100, ROUNDING_MILLILITRES)
  return missing > Math.min(settings.leastMillilitres, share)
}

function opened(event: FactEvent, { total, volume }: Reading): Ledger {
  const { at, ref } = event
  return {
    base: total - volume,
    total,
    sold: volume,
    sales: volume > 0 ? 1 : 0,
    since: at,
    at,
    from: ref,
    ref,
    dueAt: 0,
  }
}

function grown(before: Ledger | undefined, event: FactEvent, reading: Reading): Ledger {
  const { total, volume } = reading
  const fresh = opened(event, reading)
  // A totalizer that went back is the business of rule totalizer-back; its sales begin anew.
  if (!before || total < before.total) return fresh
  const ledger = {
    base: before.base,
    total,
    sold: before.sold + volume,
    sales: before.sales + (volume > 0 ? 1 : 0),
    since: before.since,
    at: event.at,
    from: before.from,
    ref: event.ref,
    dueAt: before.dueAt,
  }
  const missing = missingOf(ledger)
  return missing <= 0 && event.at - before.since > LEDGER_MS
    ? { ...fresh, base: total, sold: 0, sales: 0 }
    : ledger
}

/** The ledgers with one of them replaced; written out, since every total and sale of a nozzle comes this way (decision 0011). */
function withLedger({ ledgers: { pulse, board, tax } }: State, witness: Witness, ledger: Ledger): State {
  if (witness === 'pulse') return { ledgers: { pulse: ledger, board, tax } }
  if (witness === 'board') return { ledgers: { pulse, board: ledger, tax } }
  return { ledgers: { pulse, board, tax: ledger } }
}

function found(state: State, witness: Witness): Step<State> {
  const ledger = state.ledgers[witness]!
  const { base, total, sold, sales, since, at, from, ref } = ledger
  const rest = { ...ledger, base: total, sold: 0, sales: 0, since: at, from: ref, dueAt: 0 }
  return {
    ...settled(withLedger(state, witness, rest)),
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      momentary: true,
      facts: {
        witness,
        grownMillilitres: total - base,
        soldMillilitres: sold,
        missingMillilitres: total - base - sold,
        sales,
      },
      from: since,
      to: at,
      evidence: [from, ref],
    },
  }
}

/** The state, and to be woken when the first of its ledgers has waited long enough. */
function settled(state: State, verdict?: Verdict): Step<State> {
  let wakeAt: EpochMs | null = null
  for (const witness of WITNESSES) {
    const dueAt = state.ledgers[witness]?.dueAt ?? 0
    if (dueAt !== 0 && (wakeAt === null || dueAt < wakeAt)) wakeAt = dueAt
  }
  return verdict === undefined ? { state, wakeAt } : { state, wakeAt, verdict }
}

/** The first witness that has waited until a moment. */
function dueOf({ ledgers }: State, at: EpochMs): Witness | undefined {
  return WITNESSES.find((witness) => {
    const dueAt = ledgers[witness]?.dueAt ?? 0
    return dueAt !== 0 && dueAt <= at
  })
}

/** A totalizer read in the middle of a fuelling is ahead of its sales until that sale is stated: look again later. */
function waiting(state: State, witness: Witness, { settings }: Around<Key>): Step<State> {
  const ledger = state.ledgers[witness]!
  const isAhead = isMuch(ledger, settings)
  const dueAt = !isAhead ? 0 : ledger.dueAt || ledger.at + settings.waitMinutes * 60_000
  const next = dueAt === ledger.dueAt ? state : withLedger(state, witness, { ...ledger, dueAt })
  return settled(next, isAhead ? undefined : 'normal')
}

function taken(state: State, event: FactEvent, read: Reading, around: Around<Key>): Step<State> {
  const { witness } = read
  const known = state.ledgers[witness]
  // Waiting is over by the time of this witness's own channel; the other may be hours behind and keep the wake-up waiting.
  if (known && known.dueAt !== 0 && known.dueAt <= event.at) {
    const told = found(state, witness)
    const ledger = grown(told.state.ledgers[witness], event, read)
    const { state: next, wakeAt } = waiting(withLedger(told.state, witness, ledger), witness, around)
    return { ...told, state: next, ...(wakeAt === undefined ? {} : { wakeAt }) }
  }
  const ledger = grown(known, event, read)
  const next = withLedger(state, witness, ledger)
  // At the end of a sale no other is under way at this nozzle: what is missing now is missing.
  if (read.volume > 0 && isMuch(ledger, around.settings)) return found(next, witness)
  return waiting(next, witness, around)
}

/** Sales in a gap that was passed over are late, not missing; whether they ever come is the business of gap-not-filled. */
function unseen({ ledgers: { pulse, board, tax } }: State, channel: Channel): Step<State> {
  return settled({ ledgers: channel === 'price' ? { pulse, board } : { tax } }, 'insufficient')
}

const WITNESS_WORDS: Readonly<Record<Witness, { zh: string; en: string }>> = {
  pulse: { zh: '总累', en: 'totalizer' },
  board: { zh: '总累', en: 'totalizer' },
  tax: { zh: '税控总累', en: 'tax totalizer' },
}

/** R7: a totalizer grew by more than the sales that were stated. After an outage this is what was sold while dark. */
export const missingSales = defineRule<State, Key>({
  id: 'missing-sales',
  version: 2,
  grade: 'orange',
  title: { zh: '销售缺失', en: 'Missing sales' },
  clause: { zh: 'R7;任务书 S1、C2;税收征管法 §63', en: 'R7; S1, C2' },
  advice: {
    zh: '核对该枪该时段的主板交易与税控累计,要求站点说明并补报;若在离线时段内,与断线、断电告警一并核查。',
    en: 'Compare board sales and tax totals of that time and have the site explain; within an outage, check it together with that alarm.',
  },
  settings: {
    leastMillilitres: setting(['缺失油量', 'Missing volume'], 'mL', [20_000, 1_000, 1_000_000], PROPOSED),
    percent: setting(['缺失比例', 'Missing share'], '%', [0.1, 0.01, 10], PROPOSED),
    waitMinutes: setting(['等待在途加油', 'Wait for a running sale'], 'min', [20, 1, 120], PROPOSED),
  },
  reads: ['sale', 'total', 'receipt', 'board-total', 'gap-passed'],
  late: 'ignore',
  shelvable: true,
  // A box that went dark in the middle of a fuelling tells that sale when it is back; what is missing then is told then.
  suppressedBy: ['mains-lost', 'collector-silent', 'volume-channel-down', 'price-channel-down'],
  subjectsOf: (event, site) =>
    event.type === 'gap-passed' ? nozzlesOfSite(event.site, site) : nozzleSubject(event),
  start: () => ({ ledgers: {} }),
  step(state, event, around): Step<State> {
    if (event.type === 'time') {
      const due = dueOf(state, event.at)
      return due === undefined ? { state } : found(state, due)
    }
    if (event.type === 'gap-passed') return unseen(state, event.channel)
    const read = event.type === 'fact' ? readingOf(event) : undefined
    return read && event.type === 'fact' ? taken(state, event, read, around) : { state }
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const what = WITNESS_WORDS[facts.witness as Witness][language]
    const [grew, sold, gone] = [facts.grownMillilitres, facts.soldMillilitres, facts.missingMillilitres].map(
      litresText,
    )
    return language === 'zh'
      ? `${who} ${spanText(from, to)} ${what}增加 ${grew},上报销售 ${sold}(${facts.sales} 笔),缺 ${gone}`
      : `${who}: ${spanText(from, to)} ${what} grew by ${grew}, sales stated ${sold} (${facts.sales}), ${gone} missing`
  },
})
