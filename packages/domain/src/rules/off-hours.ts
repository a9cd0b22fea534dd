import { chinaParts, dayIndex, type EpochMs } from '@oiltrail/kernel'
import { defineRule, type Finding, type Step } from './rule.ts'
import { litresText, momentText, spanText } from './say.ts'
import { partSubject, siteSubject, subjectParts, subjectWords } from './subject.ts'

interface State {
  /** Day of the first sale seen: until `learnDays` later nothing is concluded. */
  readonly firstDay: number | null
  /** Day of the newest sale in each hour of the day; null where there was none. */
  readonly hours: readonly (number | null)[]
}

type Key = 'opensHour' | 'closesHour' | 'learnDays' | 'graceMinutes' | 'unloadFromHour' | 'unloadUntilHour'
const MINUTE_MS = 60_000

function within(hour: number, from: number, until: number): boolean {
  return from <= until ? hour >= from && hour < until : hour >= from || hour < until
}

function hourOf(at: EpochMs): number {
  const { hour, minute } = chinaParts(at)
  return hour + minute / 60
}

/**
 * Sold or unloaded outside hours (R13). Filed hours are settings of the site; without them the hours are learnt: a station
 * that never sold at three in the morning for two weeks, and does today, is worth a look.
 */
export const offHours = defineRule<State, Key>({
  id: 'off-hours',
  version: 1,
  grade: 'blue',
  title: { zh: '非营业时段售油或卸油', en: 'Sale or unloading off hours' },
  clause: {
    zh: '经验规则 R13:备案营业时间以外售油;22:00–05:00 卸油(P)',
    en: 'R13: sale outside filed hours; unloading 22:00–05:00 (P)',
  },
  advice: {
    zh: '调看该时段视频;卸油须有到货预报与运单。',
    en: 'Look at the video of that time; an unloading needs a notice and a waybill.',
  },
  settings: {
    opensHour: {
      label: { zh: '备案开门', en: 'Filed opening' },
      unit: 'h',
      value: 0,
      least: 0,
      most: 24,
      source: 'filing of the site',
      effective: '2026-01-01',
    },
    closesHour: {
      label: { zh: '备案关门(0–24 为按习惯学习)', en: 'Filed closing (0–24: learnt)' },
      unit: 'h',
      value: 24,
      least: 0,
      most: 24,
      source: 'filing of the site',
      effective: '2026-01-01',
    },
    learnDays: {
      label: { zh: '此前无此时段售油的天数', en: 'No sale in this hour for' },
      unit: 'd',
      value: 14,
      least: 3,
      most: 90,
      source: 'P',
      effective: '2026-01-01',
    },
    graceMinutes: {
      label: { zh: '宽限', en: 'Grace' },
      unit: 'min',
      value: 20,
      least: 0,
      most: 120,
      source: 'P',
      effective: '2026-01-01',
    },
    unloadFromHour: {
      label: { zh: '禁止卸油自', en: 'No unloading from' },
      unit: 'h',
      value: 22,
      least: 0,
      most: 24,
      source: 'R13 (P)',
      effective: '2026-01-01',
    },
    unloadUntilHour: {
      label: { zh: '至', en: 'until' },
      unit: 'h',
      value: 5,
      least: 0,
      most: 24,
      source: 'R13 (P)',
      effective: '2026-01-01',
    },
  },
  reads: ['sale', 'delivery'],
  late: 'ignore',
  shelvable: true,
  subjectsOf(event) {
    if (event.type !== 'fact') return []
    if (event.fact.kind === 'delivery') return [partSubject(event.site, 'tank', event.fact.tank)]
    return event.fact.kind === 'sale' ? [siteSubject(event.site)] : []
  },
  start: (subject) => ({
    firstDay: null,
    hours: subjectParts(subject).kind === 'site' ? new Array<number | null>(24).fill(null) : [],
  }),
  step(state, event, { settings }): Step<State> {
    if (event.type !== 'fact') return { state }
    const { fact, at, ref } = event
    if (fact.kind === 'delivery') {
      if (!within(hourOf(fact.startedAt), settings.unloadFromHour, settings.unloadUntilHour))
        return { state, verdict: 'normal' }
      const facts = {
        startedAt: fact.startedAt,
        endedAt: at,
        millilitres: fact.endMillilitres - fact.startMillilitres,
      }
      const finding: Finding = {
        verdict: 'alert',
        grade: 'yellow',
        momentary: true,
        facts,
        from: fact.startedAt,
        to: at,
        evidence: [ref],
      }
      return { state, verdict: 'alert', finding }
    }
    if (fact.kind !== 'sale') return { state }
    const begun = fact.startedAt
    const hour = chinaParts(begun).hour
    const day = dayIndex(begun)
    const graceMs = settings.graceMinutes * MINUTE_MS
    const near = [begun - graceMs, begun, begun + graceMs]
    const filed = settings.opensHour !== 0 || settings.closesHour !== 24
    const known = near.some((moment) => {
      const last = state.hours[chinaParts(moment).hour]
      return last !== null && last !== undefined && day - last <= settings.learnDays
    })
    const off = filed
      ? !near.some((moment) => within(hourOf(moment), settings.opensHour, settings.closesHour))
      : !known && state.firstDay !== null && day - state.firstDay >= settings.learnDays
    const next =
      state.hours[hour] === day
        ? state
        : { firstDay: state.firstDay ?? day, hours: state.hours.map((each, i) => (i === hour ? day : each)) }
    if (!off) return { state: next, verdict: state.firstDay === null ? 'insufficient' : 'normal' }
    return {
      state: next,
      verdict: 'attention',
      finding: {
        verdict: 'attention',
        momentary: true,
        facts: {
          nozzle: fact.nozzle,
          startedAt: begun,
          millilitres: fact.volumeMillilitres,
          learnDays: filed ? 0 : settings.learnDays,
        },
        from: begun,
        to: Math.max(at, begun),
        evidence: [ref],
      },
    }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const volume = litresText(facts.millilitres)
    if (facts.nozzle === undefined) {
      const span = spanText(facts.startedAt, facts.endedAt)
      return language === 'zh'
        ? `${who} ${span} 夜间卸油 ${volume}`
        : `${who}: ${volume} unloaded by night, ${span}`
    }
    const when = momentText(facts.startedAt)
    const days = Number(facts.learnDays)
    if (language === 'zh')
      return `${who} ${facts.nozzle} 号枪 ${when} 售油 ${volume},${days ? `此前 ${days} 天该时段从未售油` : '不在备案营业时间内'}`
    return `${who}: nozzle ${facts.nozzle} sold ${volume} at ${when}, ${days ? `an hour without any sale for ${days} days` : 'outside filed hours'}`
  },
})
