import { type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import type { FactOf } from '../facts/index.ts'
import type { FactEvent, Ref } from './event.ts'
import { defineRule, type Step } from './rule.ts'
import { litresText, momentText } from './say.ts'
import { partSubject, subjectWords } from './subject.ts'

type Phase = FactOf<'line'>['phase']

interface State {
  /** The line as it was first stated sound; null until then. */
  readonly referenceOhms: number | null
  readonly referencePhase: Phase
  readonly since: EpochMs | null
  readonly ref: Ref | null
}

type Key = 'ohmsPercent'
const START: State = { referenceOhms: null, referencePhase: 'unknown', since: null, ref: null }

/** Pulses that no refuelling makes, by the collector's self-check. They say it of the past hour, whatever the line looks like. */
function unsold(state: State, { at, ref }: FactEvent, unsoldMillilitres: number): Step<State> {
  return {
    state,
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      ...(state.since === null ? { momentary: true } : {}),
      facts: { since: at, unsoldMillilitres },
      from: at - HOUR_MS,
      to: at,
      evidence: state.ref ? [state.ref, ref] : [ref],
    },
  }
}

/**
 * The pulse line of a nozzle was opened and joined again elsewhere (C2 非法改接). The collector compares too, but forgets
 * what it compared with when it is set up anew; the platform does not.
 */
export const lineRewired = defineRule<State, Key>({
  id: 'line-rewired',
  version: 1,
  grade: 'orange',
  title: { zh: '信号线被改接', en: 'Signal line rewired' },
  clause: { zh: '任务书 C2 非法改接自检', en: 'C2 signal line illegally rewired' },
  advice: {
    zh: '15 分钟内派员到场,查验编码器至采集器接线与铅封;换机换线须先变更登记。',
    en: 'Somebody on site within 15 minutes: check the line from encoder to box and its seals. A planned change is registered first.',
  },
  settings: {
    ohmsPercent: {
      label: { zh: '回路电阻与基准相差', en: 'Loop resistance differs by' },
      unit: '%',
      value: 20,
      least: 5,
      most: 100,
      source: 'P',
      effective: '2026-01-01',
    },
  },
  reads: ['line', 'health', 'registration'],
  clock: 'volume',
  late: 'ignore',
  shelvable: false,
  hiddenByWindow: false,
  subjectsOf(event) {
    if (event.type === 'registration')
      return event.document.dispensers.flatMap(({ nozzles }) =>
        nozzles.map(({ nozzle }) => partSubject(event.site, 'nozzle', nozzle)),
      )
    if (event.type !== 'fact') return []
    const { fact } = event
    if (fact.kind === 'line') return [partSubject(event.site, 'nozzle', fact.nozzle)]
    return fact.kind === 'health' && fact.event === 'pulses-without-sale'
      ? [partSubject(event.site, 'nozzle', fact.subject)]
      : []
  },
  start: () => START,
  step(state, event, { settings }): Step<State> {
    // A changed registration (dispenser replaced) makes what comes next the new reference.
    if (event.type === 'registration') {
      if (state.referenceOhms === null) return { state }
      return { state: START, cleared: true, verdict: 'insufficient' }
    }
    if (event.type !== 'fact') return { state }
    if (event.fact.kind === 'health') return unsold(state, event, event.fact.value ?? 0)
    if (event.fact.kind !== 'line') return { state }
    const { state: line, loopOhms, phase } = event.fact
    // Cut and shorted lines have a rule of their own.
    if (line === 'cut' || line === 'shorted') return { state }
    const { referenceOhms, referencePhase } = state
    if (line === 'normal' && referenceOhms === null)
      return {
        state: { ...START, referenceOhms: loopOhms, referencePhase: phase },
        verdict: 'normal',
      }
    const reference = referenceOhms ?? 0
    const moved = reference > 0 && Math.abs(loopOhms - reference) * 100 > reference * settings.ohmsPercent
    const turned = referencePhase !== 'unknown' && phase !== 'unknown' && phase !== referencePhase
    if (line === 'normal' && !moved && !turned) {
      const known = referencePhase === 'unknown' ? phase : referencePhase
      if (state.since === null && known === referencePhase) return { state, verdict: 'normal' }
      const next = { ...state, referencePhase: known, since: null, ref: null }
      return { state: next, cleared: state.since !== null, verdict: 'normal' }
    }
    const since = state.since ?? event.at
    const ref = state.ref ?? event.ref
    return {
      state: state.since === null ? { ...state, since, ref } : state,
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { since, loopOhms, referenceOhms: reference, phaseTurned: turned ? 1 : 0 },
        from: since,
        to: event.at,
        evidence: ref === event.ref ? [ref] : [ref, event.ref],
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const { since, loopOhms, referenceOhms, phaseTurned, unsoldMillilitres } = facts
    if (unsoldMillilitres !== undefined)
      return language === 'zh'
        ? `${who} ${momentText(since)} 一小时内有 ${litresText(unsoldMillilitres)} 脉冲并非加油所致,信号线疑被旁接或改接`
        : `${who}: within the hour before ${momentText(since)} pulses of ${litresText(unsoldMillilitres)} came that no refuelling makes: the line seems bypassed or rewired`
    if (language === 'zh')
      return `${who} 脉冲信号线自 ${momentText(since)} 起疑被改接:回路 ${loopOhms} Ω(基准 ${referenceOhms} Ω)${phaseTurned ? ',两相先后颠倒' : ''}`
    return `${who}: pulse line seems rewired since ${momentText(since)}: loop ${loopOhms} Ω (was ${referenceOhms} Ω)${phaseTurned ? ', phases turned round' : ''}`
  },
})
