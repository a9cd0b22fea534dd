import { PROPOSED, setting } from './declare.ts'
import { defineRule, type Step } from './rule.ts'
import { litresText, momentText } from './say.ts'
import { subjectWords } from './subject.ts'
import { tankSubject } from './subjects-of.ts'

interface State {
  readonly over: boolean
}

/** A tank holds more than its safe fill: oil expands, and the next step is a spill. */
export const overfill = defineRule<State, 'overPercent' | 'clearPercent'>({
  id: 'overfill',
  version: 1,
  grade: 'orange',
  title: { zh: '油罐超安全容量', en: 'Tank above its safe fill' },
  clause: {
    zh: 'R3;GB 50156 卸油防满溢:90 % 报警、95 % 停止',
    en: 'R3; GB 50156: alarm at 90 %, stop at 95 %',
  },
  advice: {
    zh: '立即电话站点停止卸油、断开卸油管并检查防满溢阀;确认无外溢后方可付油。',
    en: 'Call at once: stop unloading, uncouple, check the overfill valve; no sales until no spill is certain.',
  },
  settings: {
    overPercent: setting(['超过安全容量', 'Above safe fill by'], '%', [1, 0, 10], PROPOSED),
    clearPercent: setting(['恢复余量', 'Clear below safe fill by'], '%', [1, 0, 10], PROPOSED),
  },
  reads: ['level'],
  late: 'ignore',
  shelvable: false,
  subjectsOf: tankSubject,
  start: () => ({ over: false }),
  step(state, event, around): Step<State> {
    if (event.type !== 'fact' || event.fact.kind !== 'level') return { state }
    const tank = around.tank(event.fact.tank)
    if (!tank) return { state }
    const { volumeMillilitres } = event.fact
    const safe = tank.safeFillMillilitres
    const { overPercent, clearPercent } = around.settings
    if (volumeMillilitres <= safe * (1 + overPercent / 100)) {
      if (!state.over || volumeMillilitres > safe * (1 - clearPercent / 100)) return { state }
      return { state: { over: false }, cleared: true, verdict: 'normal' }
    }
    if (state.over) return { state }
    return {
      state: { over: true },
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: {
          volumeMillilitres,
          safeMillilitres: safe,
          capacityMillilitres: tank.capacityMillilitres,
        },
        from: event.at,
        to: event.at,
        evidence: [event.ref],
      },
    }
  },
  sentence({ subject, siteName, facts, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const [volume, safe] = [facts.volumeMillilitres, facts.safeMillilitres].map(litresText)
    const percent = ((Number(facts.volumeMillilitres) / Number(facts.capacityMillilitres)) * 100).toFixed(1)
    return language === 'zh'
      ? `${who} ${momentText(to)} 存油 ${volume}(罐容 ${percent} %),超过安全容量 ${safe}`
      : `${who}: ${momentText(to)} holds ${volume} (${percent} % of its capacity), safe fill ${safe}`
  },
})
