import type { EpochMs } from '@oiltrail/kernel'
import { readingDeviation, type TankMoment } from '../measure/tank-track.ts'
import { noticedMillilitres20, volume20Millilitres } from '../measure/volume20.ts'
import { PROPOSED, setting } from './declare.ts'
import type { FactEvent, NoticeEvent, Ref, TankPointEvent } from './event.ts'
import { type Around, defineRule, type Step } from './rule.ts'
import { litresText, spanText } from './say.ts'
import { subjectWords } from './subject.ts'
import { goneNotice, tankSubject } from './subjects-of.ts'
import { LATEST_WITHDRAWAL_MS } from './withdrawal.ts'

/** What came under a notice, in one load or several. */
interface Brought {
  readonly from: EpochMs
  readonly to: EpochMs
  readonly millilitres: number
  readonly ref: Ref
}

/** A registered delivery, how much of it has not come yet, and what has. */
interface Expected {
  readonly notice: string
  readonly at: EpochMs
  readonly left: number
  readonly brought?: Brought
}

/** Oil is running in. */
interface Rise {
  readonly from: TankMoment
  readonly top: number
  readonly topAt: EpochMs
  /** Rise when it was last told, or 0. */
  readonly told: number
  readonly notice: string
}

interface State {
  /** What the tank held before this says nothing: a rise has been told and is over. */
  readonly since: EpochMs
  /** The newest settled reading. */
  readonly last: TankMoment | null
  readonly rise: Rise | null
  readonly expected: readonly Expected[]
  /** A rise within reach of the gauge's noise waits for a second reading that says the same. */
  readonly doubt: boolean
  /** Newest levels, not yet settled, for what is too steep to be anything else. */
  readonly raw: readonly TankMoment[]
}

type Key = 'leastMillilitres' | 'deviations' | 'windowMinutes' | 'noticeMinutes' | 'calmMinutes'

/** Notices kept: a tank gets one or two a day, some are stated weeks ahead. */
const MOST_EXPECTED = 24
const RAW_KEPT = 6
/** A notice whose oil has come but for this share has been used up. */
const USED_SHARE = 0.2

function noted(state: State, { notice }: NoticeEvent): State {
  const others = state.expected.filter((each) => each.notice !== notice.notice)
  const brought = state.expected.find((each) => each.notice === notice.notice)?.brought
  const left = noticedMillilitres20(notice) - (brought?.millilitres ?? 0)
  const stated: Expected = { notice: notice.notice, at: notice.expectedAt, left }
  const expected = [...others, brought ? { ...stated, brought } : stated]
  return { ...state, expected: expected.slice(-MOST_EXPECTED) }
}

function limitOf(around: Around<Key>, tank: string, v20: number): number {
  const registered = around.tank(tank)
  if (!registered) return around.settings.leastMillilitres
  // The difference of two readings scatters by √2 more than one.
  const noise = around.settings.deviations * Math.SQRT2 * readingDeviation(registered, v20)
  return Math.max(around.settings.leastMillilitres, noise)
}

/** A rise this many times the deviation of a difference cannot be noise: one reading is enough. */
const BEYOND_NOISE = 6

/** Whether one reading proves a rise. */
function isPlain(around: Around<Key>, tank: string, v20: number, risen: number): boolean {
  const registered = around.tank(tank)
  return !registered || risen >= BEYOND_NOISE * Math.SQRT2 * readingDeviation(registered, v20)
}

function lowestOf(past: readonly TankMoment[], since: EpochMs): TankMoment | undefined {
  let lowest: TankMoment | undefined
  for (const each of past) if (each.at >= since && (!lowest || each.held <= lowest.held)) lowest = each
  return lowest
}

/** The notice that explains a rise: expected within the span allowed before or after it, with oil still to come. */
function noticeFor(
  state: State,
  from: EpochMs,
  now: EpochMs,
  risen: number,
  toleranceMs: number,
): Expected | undefined {
  return state.expected.find(
    ({ at, left }) => at >= from - toleranceMs && at <= now + toleranceMs && left > risen * USED_SHARE,
  )
}

function begun(state: State, from: TankMoment, held: number, now: EpochMs, toleranceMs: number): State {
  const notice = noticeFor(state, from.at, now, held - from.held, toleranceMs)
  return { ...state, rise: { from, top: held, topAt: now, told: 0, notice: notice?.notice ?? '' } }
}

function finding(state: State, rise: Rise, ref: Ref): Step<State> {
  const risen = rise.top - rise.from.held
  return {
    state: { ...state, rise: { ...rise, told: risen } },
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      momentary: true,
      facts: { risenMillilitres: Math.round(risen) },
      from: rise.from.at,
      to: rise.topAt,
      evidence: [rise.from.ref, ref],
    },
  }
}

function broughtBy({ from, top, topAt }: Rise): Brought {
  return { from: from.at, to: topAt, millilitres: top - from.held, ref: from.ref }
}

function together(one: Brought, other: Brought): Brought {
  const first = one.from <= other.from ? one : other
  return {
    from: first.from,
    to: Math.max(one.to, other.to),
    millilitres: one.millilitres + other.millilitres,
    ref: first.ref,
  }
}

function used(expected: Expected, by: Brought): Expected {
  const brought = expected.brought ? together(expected.brought, by) : by
  return { ...expected, left: expected.left - by.millilitres, brought }
}

/** What came under a notice that is withdrawn, or stated anew for other tanks, is explained by another one, or was never registered. */
function withdrawn(before: State, name: string, ref: Ref, toleranceMs: number): Step<State> {
  const gone = before.expected.find(({ notice }) => notice === name)
  const running = before.rise?.notice === name ? before.rise : null
  if (!gone && !running) return { state: before }
  const expected = before.expected.filter((each) => each !== gone)
  const parts = [...(gone?.brought ? [gone.brought] : []), ...(running ? [broughtBy(running)] : [])]
  const state = { ...before, expected }
  if (parts.length === 0) return { state }
  const all = parts.reduce(together)
  const other = noticeFor(state, all.from, all.to, all.millilitres, toleranceMs)
  const rise = running && {
    ...running,
    notice: other?.notice ?? '',
    told: other ? 0 : running.top - running.from.held,
  }
  const next = { ...state, rise: rise ?? state.rise }
  if (other) {
    // What still runs in is taken from the other notice when it is over.
    const brought = gone?.brought
    const moved = expected.map((each) => (each === other && brought ? used(each, brought) : each))
    return { state: { ...next, expected: moved } }
  }
  return {
    state: next,
    verdict: 'alert',
    finding: {
      verdict: 'alert',
      momentary: true,
      facts: { risenMillilitres: Math.round(all.millilitres), withdrawnNotice: name },
      from: all.from,
      to: all.to,
      evidence: [all.ref, ref],
    },
  }
}

/** The rise is over: its notice has given what came, and the tank is looked at afresh. */
function over(state: State, rise: Rise, now: TankMoment): State {
  const expected = state.expected
    .map((each) => (each.notice === rise.notice ? used(each, broughtBy(rise)) : each))
    .filter((each) => each.at > now.at - LATEST_WITHDRAWAL_MS)
  return { ...state, expected, rise: null, since: now.at, last: now, raw: [], doubt: false }
}

function weighing({ since, rise, expected, raw }: State, last: TankMoment, doubt: boolean): State {
  return { since, last, rise, expected, doubt, raw }
}

/** Takes what the tank holds by a settled reading. */
function weighed(before: State, event: TankPointEvent, around: Around<Key>): Step<State> {
  const { settings } = around
  const { point, recent, tank } = event
  const now = recent.at(-1)!
  const limit = limitOf(around, tank.tank, point.v20)
  const toleranceMs = settings.noticeMinutes * 60_000
  let state = weighing(before, now, before.doubt)
  if (!state.rise) {
    const since = Math.max(state.since, now.at - settings.windowMinutes * 60_000)
    const lowest = lowestOf(recent, since)
    const risen = lowest ? now.held - lowest.held : 0
    if (!lowest || risen < limit) return { state: weighing(before, now, false), verdict: 'normal' }
    if (!state.doubt && !isPlain(around, tank.tank, point.v20, risen))
      return { state: weighing(before, now, true) }
    state = begun(state, lowest, now.held, now.at, toleranceMs)
  }
  const known = state.rise!
  const rise = now.held > known.top ? { ...known, top: now.held, topAt: now.at } : known
  if (rise.notice === '' && rise.top - rise.from.held - rise.told >= limit)
    return finding({ ...state, rise }, rise, point.ref)
  const calm = now.at - rise.topAt >= settings.calmMinutes * 60_000 && !point.delivering
  return { state: calm ? over({ ...state, rise }, rise, now) : { ...state, rise } }
}

/** A level that climbs by itself needs no settling: what sales drew meanwhile can only make the true rise larger. */
function steep(state: State, event: FactEvent, around: Around<Key>, tank: string): Step<State> | undefined {
  const { fact, at, ref } = event
  const grade = around.tank(tank)?.grade
  if (fact.kind !== 'level' || !grade) return undefined
  const v20 = volume20Millilitres(fact.volumeMillilitres, fact.temperatureCentiCelsius, grade)
  const { last } = state
  const raw = [...state.raw.slice(-(RAW_KEPT - 1)), { at, held: v20, v20, ref }]
  const { rise: known, expected, doubt } = state
  const next: State = { since: state.since, last, rise: known, expected, doubt, raw }
  if (known || !last) return { state: next }
  const since = at - around.settings.windowMinutes * 60_000
  const lowest = lowestOf(raw, since)
  const risen = lowest ? v20 - lowest.v20 : 0
  if (!lowest || risen < limitOf(around, tank, v20) || !isPlain(around, tank, v20, risen))
    return { state: next }
  // In terms of what the tank held: the last settled reading, had nothing been drawn since.
  const base = last.held + Math.min(lowest.v20 - last.v20, 0)
  const from = { ...lowest, held: Math.max(base, last.held) }
  const begin = begun(next, from, from.held + v20 - lowest.v20, at, around.settings.noticeMinutes * 60_000)
  const rise = begin.rise!
  return rise.notice === '' ? finding(begin, rise, ref) : { state: begin }
}

/** R5: a tank rises and no delivery is registered for it. */
export const unregisteredDelivery = defineRule<State, Key>({
  id: 'unregistered-delivery',
  version: 2,
  grade: 'orange',
  title: { zh: '未登记卸油', en: 'Unregistered delivery' },
  clause: {
    zh: 'R5;任务书 S5 非法油品入站;成品油流通管理办法',
    en: 'R5; S5 illegal oil entering a site',
  },
  advice: {
    zh: '15 分钟内联系站点核对来油单据与车号,调取卸油口视频;无单据的通知商务、公安到场取样封存。',
    en: 'Within 15 minutes ask for documents and plate, look at the video of the unloading point; without documents call commerce and police to sample and seal.',
  },
  settings: {
    leastMillilitres: setting(
      ['最小上升量', 'Least rise'],
      'mL',
      [150_000, 50_000, 5_000_000],
      'R5 (300 L); 150 L so that 200 L are found (P)',
    ),
    deviations: setting(['噪声倍数', 'Deviations of the gauge'], 'σ', [3, 1, 10], 'R5'),
    windowMinutes: setting(['上升时窗', 'Within'], 'min', [60, 10, 240], 'R5'),
    noticeMinutes: setting(['登记前后', 'Notice within ±'], 'min', [120, 10, 1_440], 'R5'),
    calmMinutes: setting(['静置时间', 'Calm after'], 'min', [30, 10, 120], PROPOSED),
  },
  reads: ['level', 'tank-point', 'notice', 'withdrawal'],
  clock: 'volume',
  late: 'ignore',
  shelvable: true,
  suppressedBy: ['collector-silent', 'volume-channel-down'],
  subjectsOf: tankSubject,
  start: () => ({ since: 0, last: null, rise: null, expected: [], doubt: false, raw: [] }),
  step(state, event, around): Step<State> {
    const gone = goneNotice(event, around)
    if (gone !== undefined) return withdrawn(state, gone, event.ref, around.settings.noticeMinutes * 60_000)
    if (event.type === 'notice') return { state: noted(state, event) }
    if (event.type === 'tank-point') return weighed(state, event, around)
    if (event.type !== 'fact' || event.fact.kind !== 'level') return { state }
    return steep(state, event, around, event.fact.tank) ?? { state }
  },
  sentence({ subject, siteName, facts, from, to, settings }, language) {
    const who = subjectWords(subject, siteName, language)
    const risen = litresText(facts.risenMillilitres)
    const span = settings.noticeMinutes / 60
    const { withdrawnNotice: gone } = facts
    if (gone !== undefined)
      return language === 'zh'
        ? `${who} ${spanText(from, to)} 进油 ${risen}(20 ℃,已计入同期付油),其来油登记 ${gone} 已撤回或改登`
        : `${who}: ${spanText(from, to)} ${risen} came in (20 °C, sales meanwhile included), its notice ${gone} was withdrawn or changed`
    return language === 'zh'
      ? `${who} ${spanText(from, to)} 进油 ${risen}(20 ℃,已计入同期付油),前后 ${span} h 内无来油登记`
      : `${who}: ${spanText(from, to)} ${risen} came in (20 °C, sales meanwhile included), no delivery registered within ±${span} h`
  },
})
