import { DAY_MS, dayIndex, type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import { PROPOSED, setting } from './declare.ts'
import type { QuietWindow, Ref } from './event.ts'
import { type Around, defineRule, MAX_EVIDENCE, type Step } from './rule.ts'
import { spanText } from './say.ts'
import { siteSubject, subjectWords } from './subject.ts'
import { cutShort } from './withdrawal.ts'

/** A declared window, with where it stands in the log. */
type Declared = readonly [window: string, from: EpochMs, to: EpochMs, position: number, seq: number]

interface State {
  readonly windows: readonly Declared[]
}

type Key = 'days' | 'hours'

/** The span in which windows are counted, wherever it lies: a month, whatever day it begins. */
const SPAN_DAYS = 30
/** As many as `WindowBook` remembers; eight a day for a month. */
const MOST_WINDOWS = 256

interface Count {
  readonly from: EpochMs
  readonly to: EpochMs
  readonly windows: readonly Declared[]
  readonly days: number
  readonly hours: number
}

/** What was declared, of whatever part of the site, in the thirty days that end with a window. Hours declared twice count once. */
function countUntil(all: readonly Declared[], end: EpochMs): Count {
  const start = end - SPAN_DAYS * DAY_MS
  const windows = all.filter(([, from, to]) => from < end && to > start)
  const days = new Set<number>()
  let declaredMs = 0
  let covered = start
  for (const [, from, to] of windows) {
    const [first, last] = [Math.max(from, start), Math.min(to, end)]
    for (let day = dayIndex(first); day <= dayIndex(last - 1); day++) days.add(day)
    declaredMs += Math.max(0, last - Math.max(first, covered))
    covered = Math.max(covered, last)
  }
  const from = Math.max(start, windows[0]![1])
  return { from, to: end, windows, days: days.size, hours: declaredMs / HOUR_MS }
}

function taken({ windows }: State, { window, from, to }: QuietWindow, { position, seq }: Ref): State {
  // The same window again replaces it, as in the book that hides alarms.
  const next = windows.filter(([known]) => known !== window)
  next.push([window, from, to, position, seq])
  next.sort((a, b) => a[1] - b[1] || a[3] - b[3])
  return { windows: next.slice(-MOST_WINDOWS) }
}

/** What a withdrawn window no longer hides was not declared; what it hid until then was. */
function withdrawn({ windows }: State, name: string, at: EpochMs): State {
  const next = windows.map((each): Declared => {
    const [window, from, to, position, seq] = each
    return window === name ? [window, from, cutShort({ from, to }, at).to, position, seq] : each
  })
  return { windows: next.filter(([, from, to]) => to > from) }
}

/** All spans that hold the new window and end with one. */
function judged(state: State, { from, to }: QuietWindow, { settings }: Around<Key>): Step<State> {
  const ends = state.windows.map(([, , end]) => end)
  const most = ends
    .filter((end) => end >= to && end <= Math.max(to, from + SPAN_DAYS * DAY_MS))
    .map((end) => countUntil(state.windows, end))
    .find(({ days, hours }) => days > settings.days || hours > settings.hours)
  if (!most) return { state, verdict: 'normal' }
  return {
    state,
    verdict: 'attention',
    finding: {
      verdict: 'attention',
      momentary: true,
      facts: {
        windows: most.windows.length,
        declaredDays: most.days,
        declaredHours: Math.round(most.hours * 10) / 10,
        allowedDays: settings.days,
        allowedHours: settings.hours,
      },
      from: most.from,
      to: most.to,
      evidence: most.windows.map(([, , , position, seq]) => ({ position, seq })).slice(-MAX_EVIDENCE),
    },
  }
}

/**
 * B5: a site declares windows so often that hiding alarms has become its ordinary state. Said when they are declared, which is
 * before they hide anything, and never hidden itself.
 */
export const overDeclared = defineRule<State, Key>({
  id: 'over-declared',
  version: 1,
  grade: 'blue',
  title: { zh: '维护窗口申报过多', en: 'Too many declared windows' },
  clause: {
    zh: '任务书 B5、C1:申报窗口抑制告警,须为例外',
    en: 'B5, C1: a declared window suppresses alarms and must be the exception',
  },
  advice: {
    zh: '要求站点逐个说明维护或检定内容并附凭证;核对窗口内被抑制的告警,必要时派员到场或缩短窗口。',
    en: 'Have the site account for each maintenance or verification with documents; look through the alarms hidden meanwhile; attend, or shorten the windows.',
  },
  settings: {
    days: setting(['30 日内申报日数', 'Declared days in 30'], 'd', [8, 1, 30], PROPOSED),
    hours: setting(['30 日内申报时长', 'Declared hours in 30 days'], 'h', [96, 1, 720], PROPOSED),
  },
  reads: ['window', 'withdrawal'],
  clock: 'log',
  late: 'take',
  shelvable: true,
  hiddenByWindow: false,
  subjectsOf: (event) =>
    event.type === 'window' || (event.type === 'withdrawal' && event.withdrawal.of === 'window')
      ? [siteSubject(event.site)]
      : [],
  start: () => ({ windows: [] }),
  step(state, event, around): Step<State> {
    if (event.type === 'withdrawal') return { state: withdrawn(state, event.withdrawal.name, event.at) }
    if (event.type !== 'window') return { state }
    return judged(taken(state, event.window, event.ref), event.window, around)
  },
  sentence({ subject, siteName, facts, from, to }, language) {
    const who = subjectWords(subject, siteName, language)
    const { windows, declaredDays: days, declaredHours: hours, allowedDays, allowedHours } = facts
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 申报窗口 ${windows} 个,共 ${days} 日 ${hours} h(30 日内一般不超过 ${allowedDays} 日、${allowedHours} h),其间告警不在眼前`
      : `${who}: ${spanText(from, to)} ${windows} declared windows, ${days} days and ${hours} h in all (usually at most ${allowedDays} days and ${allowedHours} h in 30 days): alarms are out of sight meanwhile`
  },
})
