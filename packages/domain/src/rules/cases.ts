import { chinaParts, type EpochMs, fromChina } from '@oiltrail/kernel'
import type { Site } from '../registry/site.ts'
import { type Books, SiteBook, WindowBook } from './around.ts'
import type { LoggedEvent } from './event.ts'
import { parseEvent } from './notation.ts'
import type { Rule } from './rule.ts'
import { runRules, type Signal } from './run.ts'
import { SettingsBook } from './settings.ts'
import { subjectParts } from './subject.ts'

/** One row of a rule's case table. */
export interface RuleCase {
  /** What it shows, in one line. */
  readonly what: string
  /** Events in short notation (`notation.ts`), one a line, in the order of arrival. */
  readonly events: string
  /**
   * What must be signalled, in order: `14:31 ▲ nozzle/3 <Chinese sentence>` an alert, `△` attention, `14:45 ○ nozzle/3` cleared;
   * a site's own subject is written `site`, the date stands before times of other days (`12-01 14:31`).
   */
  readonly expect: readonly string[]
  /** English sentences of the findings in the same order, when the row is to fix them. */
  readonly expectEn?: readonly string[]
  /** Almost an alarm, and rightly none: `expect` must be empty. Every table has at least one. */
  readonly nearMiss?: true
  /** Settings that differ from the defaults. */
  readonly settings?: Readonly<Record<string, number>>
  /** Site that differs from `CASE_SITE`. */
  readonly site?: Site
  /** Later registrations of the site, each in force from its own `effectiveAt`. */
  readonly registrations?: readonly Site[]
  /** Until when time goes on after the last event, `HH:MM` as in events. */
  readonly until?: string
}

/** A rule with its table: default export of `<id>.cases.ts`. */
export interface RuleCases {
  readonly rule: Rule
  readonly cases: readonly RuleCase[]
}

/** Keeps the shape of a table. */
export function defineCases(rule: Rule, cases: readonly RuleCase[]): RuleCases {
  return { rule, cases }
}

/** Midnight in China of the day on which cases play: Monday 2026-11-23. */
export const CASE_DAY: EpochMs = fromChina(2026, 11, 23)

/** The site of the cases: two tanks of 30,000 L, nozzles 1 and 2 on tank 1 (92), 3 and 4 on tank 2 (0#). */
export const CASE_SITE: Site = {
  site: 'S001',
  name: '永和加油站',
  kind: 'station',
  enterprise: { code: '91000000000000001X', name: '示例石油' },
  town: '520327106',
  longitude: 107.7,
  latitude: 27.9,
  tanks: [
    {
      tank: '1',
      grade: '92',
      capacityMillilitres: 30_000_000,
      safeFillMillilitres: 28_500_000,
      diameterMillimetres: 2_600,
    },
    {
      tank: '2',
      grade: '0',
      capacityMillilitres: 30_000_000,
      safeFillMillilitres: 28_500_000,
      diameterMillimetres: 2_600,
    },
  ],
  dispensers: [
    {
      dispenser: '1',
      maker: '甲',
      model: 'A',
      factoryNumber: '1',
      nozzles: [
        { nozzle: '1', tank: '1' },
        { nozzle: '2', tank: '1' },
      ],
    },
    {
      dispenser: '2',
      maker: '甲',
      model: 'A',
      factoryNumber: '2',
      nozzles: [
        { nozzle: '3', tank: '2' },
        { nozzle: '4', tank: '2' },
      ],
    },
  ],
  arms: [],
  effectiveAt: CASE_DAY - 365 * 86_400_000,
}

/** A case as the engine takes it. */
export interface Play {
  readonly events: readonly LoggedEvent[]
  readonly books: Books
  /** Until when time goes on after the last event. */
  readonly until: EpochMs | undefined
}

/** Sets a case up; books are filled by a run and serve once. */
export function setUpCase(rule: Rule, row: RuleCase): Play {
  const site = row.site ?? CASE_SITE
  const sites = new SiteBook()
  for (const document of [site, ...(row.registrations ?? [])]) sites.take(document)
  const settings = new SettingsBook([[rule.id, rule.settings]])
  if (row.settings) settings.take({ rule: rule.id, site: '', from: 0, values: row.settings })
  const lines = row.events.split('\n').map((line) => line.trim())
  const events = lines
    .filter((line) => line !== '')
    .map((line, i) => parseEvent(line, i, site.site, CASE_DAY))
  const until = row.until === undefined ? undefined : caseTime(row.until)
  return { events, books: { sites, settings, windows: new WindowBook() }, until }
}

/** Plays one case; returns what was signalled, in the notation of `expect`, and the English sentences of the findings. */
export function playCase(rule: Rule, row: RuleCase): { signalled: string[]; english: string[] } {
  const { events, books, until } = setUpCase(rule, row)
  const signals = runRules([rule], events, books, until)
  const english = signals.flatMap((signal) => (signal.type === 'found' ? [say(rule, signal, 'en')] : []))
  return { signalled: folded(signals).map((signal) => signalLine(rule, signal)), english }
}

/** Only what changes an alarm: a clearing of what is not open is left out. */
function folded(signals: readonly Signal[]): Signal[] {
  const open = new Set<string>()
  return signals.filter((signal) => {
    if (signal.type === 'cleared') return open.delete(signal.subject)
    open.add(signal.raised.subject)
    return true
  })
}

function say(rule: Rule, signal: Extract<Signal, { type: 'found' }>, language: 'zh' | 'en'): string {
  if (signal.raised.rule !== rule.id) return `${signal.raised.rule}: ${signal.raised.facts.message}`
  return rule.sentence(signal.raised, language)
}

function signalLine(rule: Rule, signal: Signal): string {
  const subject = signal.type === 'found' ? signal.raised.subject : signal.subject
  const { kind, code } = subjectParts(subject)
  const name = kind === 'site' ? 'site' : `${kind}/${code}`
  if (signal.type === 'cleared') return `${clockText(signal.at)} ○ ${name}`
  const mark = signal.raised.verdict === 'alert' ? '▲' : '△'
  return `${clockText(signal.at)} ${mark} ${name} ${say(rule, signal, 'zh')}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function clockText(at: EpochMs): string {
  const { month, day, hour, minute, second } = chinaParts(at)
  const date = at >= CASE_DAY && at < CASE_DAY + 86_400_000 ? '' : `${two(month)}-${two(day)} `
  return `${date}${two(hour)}:${two(minute)}${second === 0 ? '' : `:${two(second)}`}`
}

function caseTime(text: string): EpochMs {
  return parseEvent(`${text} heard`, 0, '', CASE_DAY).at
}
