import { setting } from './declare.ts'
import { defineRule, type Step } from './rule.ts'
import { momentText } from './say.ts'
import { subjectWords } from './subject.ts'
import { tankSubject } from './subjects-of.ts'

interface State {
  readonly high: boolean
}

/** Water on the bottom of a tank stands too high: it will be sold, or rust the tank; sudden water means a leak inwards. */
export const water = defineRule<State, 'onMicrometres' | 'offMicrometres'>({
  id: 'water',
  version: 1,
  grade: 'yellow',
  title: { zh: '罐底水高', en: 'Water in a tank' },
  clause: { zh: 'R3;GB 50156 油罐液位与水位报警', en: 'R3; GB 50156 water alarm of tanks' },
  advice: {
    zh: '4 小时内通知站点停用该罐对应油枪、测水抽水,检查人孔与管线密封,废液按危废登记。',
    en: 'Within 4 hours stop its nozzles, dip and drain the water, check seals; register the waste.',
  },
  settings: {
    onMicrometres: setting(['告警水高', 'Alarm from'], 'µm', [50_000, 5_000, 500_000], 'P; consoles: 60 mm'),
    offMicrometres: setting(['恢复水高', 'Clear below'], 'µm', [40_000, 0, 500_000], 'P'),
  },
  reads: ['level'],
  late: 'ignore',
  shelvable: true,
  subjectsOf: tankSubject,
  start: () => ({ high: false }),
  step(state, event, { settings }): Step<State> {
    if (event.type !== 'fact' || event.fact.kind !== 'level') return { state }
    const { waterMicrometres } = event.fact
    if (waterMicrometres < settings.onMicrometres) {
      if (!state.high || waterMicrometres > settings.offMicrometres) return { state }
      return { state: { high: false }, cleared: true, verdict: 'normal' }
    }
    if (state.high) return { state }
    return {
      state: { high: true },
      verdict: 'alert',
      finding: {
        verdict: 'alert',
        facts: { waterMicrometres },
        from: event.at,
        to: event.at,
        evidence: [event.ref],
      },
    }
  },
  sentence({ subject, siteName, facts, to, settings }, language) {
    const who = subjectWords(subject, siteName, language)
    const [height, limit] = [facts.waterMicrometres, settings.onMicrometres].map((value) =>
      (Number(value) / 1_000).toFixed(1),
    )
    return language === 'zh'
      ? `${who} ${momentText(to)} 罐底水高 ${height} mm,达到 ${limit} mm`
      : `${who}: ${momentText(to)} ${height} mm of water, limit ${limit} mm`
  },
})
