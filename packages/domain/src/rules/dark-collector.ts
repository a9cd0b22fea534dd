import { chinaParts, dayIndex, type EpochMs, type Millilitres } from '@oiltrail/kernel'
import type { FactEvent, Ref } from './event.ts'
import { defineRule, type Finding, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import type { SettingValues } from './settings.ts'
import { siteSubject, subjectWords } from './subject.ts'

/** A stretch without any record, while it is not yet known what flowed in it. */
interface Dark {
  readonly from: EpochMs
  readonly to: EpochMs
  readonly ref: Ref
  /** What the totalizers moved by across it, beyond the sales stated. */
  readonly impliedMillilitres: Millilitres
}

interface Nozzle {
  readonly total: Millilitres
  /** The sale or totalizer that stated it. */
  readonly at: EpochMs
}

interface State {
  /** Newest record of the volume channel, to the grain. */
  readonly lastAt: EpochMs
  readonly lastRef: Ref | null
  /** Newest totalizer of each nozzle. */
  readonly nozzles: Readonly<Record<string, Nozzle>>
  /** Usual sales of an hour, millilitres: 24 hours of working days, then 24 of weekends. 0 until learnt. */
  readonly usual: readonly Millilitres[]
  /** Sales of the hour that runs, and which one it is. */
  readonly hour: number
  readonly hourMillilitres: Millilitres
  readonly dark: Dark | null
  /** Day indices on which it was dark by night, newest last. */
  readonly nights: readonly number[]
}

type Key =
  | 'darkMinutes'
  | 'leastMillilitres'
  | 'sharePercent'
  | 'settleMinutes'
  | 'nightsRepeated'
  | 'nightsWithin'
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** `lastAt` is kept to this grain, so that not every record is a write. */
const GRAIN_MS = 120_000
/** How fast the picture of usual hours follows: about the last eight such hours. */
const LEARNING = 0.125
const MOST_NOZZLES = 128
const MOST_NIGHTS = 31
/** Longer silence than this is a site that was closed; nobody compares it hour by hour. */
const MOST_HOURS = 24 * 14

function slotOf(at: EpochMs): number {
  const { hour, weekday } = chinaParts(at)
  return (weekday === 0 || weekday === 6 ? 24 : 0) + hour
}

/** What such a stretch usually sells. */
function usualBetween(usual: readonly Millilitres[], from: EpochMs, to: EpochMs): Millilitres {
  let sum = 0
  let at = from
  for (let hours = 0; at < to && hours < MOST_HOURS; hours++) {
    const next = Math.min((Math.floor(at / HOUR_MS) + 1) * HOUR_MS, to)
    sum += (usual[slotOf(at)]! * (next - at)) / HOUR_MS
    at = next
  }
  return Math.round(sum)
}

/** Enters a sale into the hour that runs; a full hour becomes part of what is usual. */
function learn(state: State, at: EpochMs, millilitres: Millilitres): State {
  const hour = Math.floor(at / HOUR_MS)
  if (hour <= state.hour) {
    const { lastAt, lastRef, nozzles, usual, dark, nights, hourMillilitres } = state
    return {
      lastAt,
      lastRef,
      nozzles,
      usual,
      hour: state.hour,
      hourMillilitres: hourMillilitres + millilitres,
      dark,
      nights,
    }
  }
  if (state.hour === 0) return { ...state, hour, hourMillilitres: millilitres }
  const usual = [...state.usual]
  // Hours without a sale between the two count as such, unless it was dark.
  const skipped = Math.min(hour - state.hour, 12)
  for (let i = 0; i < skipped; i++) {
    const slot = slotOf((state.hour + i) * HOUR_MS)
    const sold = i === 0 ? state.hourMillilitres : 0
    usual[slot] = usual[slot] === 0 ? sold : Math.round(usual[slot]! + (sold - usual[slot]!) * LEARNING)
  }
  return { ...state, usual, hour, hourMillilitres: millilitres }
}

/** Follows a totalizer. What it moved by beyond the sale that states it, across a dark stretch, flowed in the dark. */
function follow(state: State, event: FactEvent): State {
  const { fact } = event
  if (fact.kind !== 'sale' && fact.kind !== 'total') return state
  const known = state.nozzles[fact.nozzle]
  const stated = fact.kind === 'sale' ? fact.volumeMillilitres : 0
  const moved = known === undefined ? 0 : fact.totalMillilitres - known.total - stated
  let { dark } = state
  if (dark && known && known.at < dark.to && event.at >= dark.to && moved > 0)
    dark = { ...dark, impliedMillilitres: dark.impliedMillilitres + moved }
  if (known && known.total === fact.totalMillilitres && !dark) return state
  if (!known && Object.keys(state.nozzles).length >= MOST_NOZZLES) return state
  return {
    ...state,
    dark,
    nozzles: { ...state.nozzles, [fact.nozzle]: { total: fact.totalMillilitres, at: event.at } },
  }
}

function judged(
  state: State,
  dark: Dark,
  settings: SettingValues<Key>,
): { finding: Finding; nights: readonly number[] } | { finding?: never; nights: readonly number[] } {
  const usualMillilitres = usualBetween(state.usual, dark.from, dark.to)
  const { hour } = chinaParts(dark.from)
  const byNight = hour >= 20 || hour < 6
  const night = dayIndex(dark.from - 6 * HOUR_MS)
  const nights = byNight
    ? [...state.nights.filter((each) => each !== night && each > night - settings.nightsWithin), night].slice(
        -MOST_NIGHTS,
      )
    : state.nights
  const implied = dark.impliedMillilitres
  const sold =
    implied >= settings.leastMillilitres && implied * 100 >= usualMillilitres * settings.sharePercent
  const repeated = byNight && nights.length >= settings.nightsRepeated
  if (!sold && !repeated) return { nights }
  return {
    nights,
    finding: {
      verdict: 'alert',
      ...(sold ? {} : { grade: 'yellow' as const }),
      momentary: true,
      facts: {
        darkFrom: dark.from,
        darkTo: dark.to,
        impliedMillilitres: implied,
        usualMillilitres,
        nights: nights.length,
      },
      from: dark.from,
      to: dark.to,
      evidence: state.lastRef ? [dark.ref, state.lastRef] : [dark.ref],
    },
  }
}

/**
 * Sold in the dark (R12): a collector recorded nothing for a while, and afterwards the totalizers had moved on without
 * sales. A lost network leaves no such hole, since the collector goes on recording; a power cut leaves one, but then
 * nothing flowed.
 */
export const darkCollector = defineRule<State, Key>({
  id: 'dark-collector',
  version: 1,
  grade: 'orange',
  title: { zh: '断采售油', en: 'Sold in the dark' },
  clause: {
    zh: '任务书 C2;经验规则 R12:断采时段隐含销量超过同时段 30 %(P)',
    en: 'C2; R12: implied volume above 30 % of the usual for these hours (P)',
  },
  advice: {
    zh: '调取该时段视频与站内流水,核对隐含销量;检查采集箱供电与开门记录。',
    en: 'Take video and the site’s own records of that time and compare with the implied volume; check supply and door of the box.',
  },
  settings: {
    darkMinutes: {
      label: { zh: '无任何记录达到', en: 'No record for' },
      unit: 'min',
      value: 20,
      least: 5,
      most: 1_440,
      source: 'P',
      effective: '2026-01-01',
    },
    leastMillilitres: {
      label: { zh: '隐含销量至少', en: 'Implied volume at least' },
      unit: 'mL',
      value: 20_000,
      least: 1_000,
      most: 10_000_000,
      source: 'R7, R12 (P)',
      effective: '2026-01-01',
    },
    sharePercent: {
      label: { zh: '占同时段通常销量', en: 'Share of the usual' },
      unit: '%',
      value: 30,
      least: 1,
      most: 100,
      source: 'R12 (P)',
      effective: '2026-01-01',
    },
    settleMinutes: {
      label: { zh: '恢复后等待总累', en: 'Wait for totalizers after return' },
      unit: 'min',
      value: 5,
      least: 1,
      most: 120,
      source: 'P',
      effective: '2026-01-01',
    },
    nightsRepeated: {
      label: { zh: '夜间断采次数', en: 'Dark by night' },
      unit: 'times',
      value: 3,
      least: 2,
      most: 30,
      source: 'R12 (P)',
      effective: '2026-01-01',
    },
    nightsWithin: {
      label: { zh: '统计窗口', en: 'within' },
      unit: 'd',
      value: 14,
      least: 2,
      most: 30,
      source: 'P',
      effective: '2026-01-01',
    },
  },
  reads: ['sale', 'total', 'level', 'health', 'registration', 'gap-passed'],
  clock: 'volume',
  late: 'ignore',
  shelvable: true,
  subjectsOf: (event) =>
    event.type === 'registration' ||
    ((event.type === 'fact' || event.type === 'gap-passed') && event.channel === 'volume')
      ? [siteSubject(event.site)]
      : [],
  start: () => ({
    lastAt: 0,
    lastRef: null,
    nozzles: {},
    usual: new Array<number>(48).fill(0),
    hour: 0,
    hourMillilitres: 0,
    dark: null,
    nights: [],
  }),
  step(state, event, { settings }): Step<State> {
    // New dispensers bring totalizers of their own: nothing is concluded across the change.
    if (event.type === 'registration')
      return state.lastAt === 0 ? { state } : { state: { ...state, nozzles: {} } }
    // It did record, and what it recorded comes later: a gap is not darkness.
    if (event.type === 'gap-passed') return { state: { ...state, lastAt: 0, nozzles: {}, hour: 0 } }
    if (event.type === 'time') {
      const { dark } = state
      if (!dark) return { state }
      const { finding, nights } = judged(state, dark, settings)
      return {
        state: { ...state, dark: null, nights },
        verdict: finding ? 'alert' : 'normal',
        ...(finding ? { finding } : {}),
      }
    }
    if (event.type !== 'fact') return { state }
    let next = state
    const silentMs = event.at - state.lastAt
    let wakeAt: EpochMs | undefined
    if (state.lastAt > 0 && state.lastRef && silentMs >= settings.darkMinutes * MINUTE_MS + GRAIN_MS) {
      const dark = { from: state.lastAt, to: event.at, ref: state.lastRef, impliedMillilitres: 0 }
      // The hour in which it went dark is no example of a usual one.
      next = { ...next, dark, hour: 0 }
      wakeAt = event.at + settings.settleMinutes * MINUTE_MS
    }
    next = follow(next, event)
    if (event.fact.kind === 'sale') next = learn(next, event.at, event.fact.volumeMillilitres)
    if (silentMs >= GRAIN_MS) next = { ...next, lastAt: event.at, lastRef: event.ref }
    return wakeAt === undefined ? { state: next } : { state: next, wakeAt }
  },
  sentence({ subject, siteName, facts }, language) {
    const who = subjectWords(subject, siteName, language)
    const span = spanText(facts.darkFrom, facts.darkTo)
    const implied = litresText(facts.impliedMillilitres)
    const usual = litresText(facts.usualMillilitres)
    const night = Number(facts.nights)
    if (language === 'zh')
      return `${who} ${span} 采集器无记录,期间总累隐含销量 ${implied}(同时段通常 ${usual})${night > 1 ? `,近日夜间断采 ${night} 次` : ''}`
    return `${who}: no records ${span}; totalizers imply ${implied} sold meanwhile (usual for these hours ${usual})${night > 1 ? `; dark on ${night} nights lately` : ''}`
  },
})
