import type { Channel, EpochMs } from '@oiltrail/kernel'
import type { Site } from '../registry/site.ts'
import { AroundView, type Books } from './around.ts'
import { SiteClock } from './clock.ts'
import {
  type DerivedEvent,
  type LoggedEvent,
  type Readable,
  type Ref,
  readableOf,
  type ShownEvent,
  type TimeEvent,
  type WatchEvent,
  type WithdrawalEvent,
} from './event.ts'
import { failure, RULE_FAILED } from './failed.ts'
import { Families, type Readers, type Running, rowOf } from './families.ts'
import { MEASURES } from './measures.ts'
import {
  type Finding,
  MAX_EVIDENCE,
  type Measure,
  type Raised,
  type Reducer,
  type Rule,
  type Verdict,
} from './rule.ts'
import { type Sleeper, Sleepers } from './sleepers.ts'
import { type Subject, subjectParts } from './subject.ts'

/** What the engine tells: an alarm's cause was found (again), or is gone. */
export type Signal =
  | {
      readonly type: 'found'
      readonly raised: Raised
      readonly at: EpochMs
      readonly loggedAt: EpochMs
      readonly ref: Ref
    }
  | {
      readonly type: 'cleared'
      readonly rule: string
      readonly subject: Subject
      readonly at: EpochMs
      readonly loggedAt: EpochMs
      readonly ref: Ref
    }

/** What is stored of one rule (or measure) and subject. */
export interface StoredState {
  readonly rule: string
  readonly version: number
  readonly subject: Subject
  readonly state: unknown
  readonly wakeAt: EpochMs | null
  readonly verdict: Verdict
}

/** How often, in log time, sites of which nothing arrives are looked after. */
export const SWEEP_MS = 10_000
/** A rule may not ask to be woken sooner than this after it was woken: a loop would never end. */
const LEAST_SLEEP_MS = 1_000
/** Wake-ups of one site in one go; a year of hourly looks is 8,760 for each subject. */
const MOST_WAKES = 1_000_000
/** A rule that threw counts as healed when it has not done so again for this long. */
const HEALED_AFTER_MS = 3_600_000

interface Cell extends Sleeper {
  readonly site: SiteCell
  state: unknown
  verdict: Verdict
  /** It is among those changed since they were last taken. */
  isChanged: boolean
}

interface SiteCell {
  readonly code: string
  readonly clock: SiteClock
  readonly sleepers: Sleepers<Cell>
}

/**
 * Runs rules over events in the order of the log. Pure: what it does depends on the events alone. A rule that throws keeps
 * its state, raises the alarm `rule-failed`, and hinders no other.
 */
export class RuleEngine {
  readonly #families: Families<Cell>
  readonly #books: Books
  readonly #around: AroundView
  readonly #tell: (signal: Signal) => void
  readonly #sites = new Map<string, SiteCell>()
  #changed: Cell[] = []
  readonly #failing = new Map<string, EpochMs>()
  #told: DerivedEvent[] = []
  #logTime: EpochMs = 0
  #ref: Ref = { position: 0, seq: 0 }

  constructor(rules: readonly Rule[], books: Books, tell: (signal: Signal) => void) {
    this.#books = books
    this.#around = new AroundView(books)
    this.#tell = tell
    const asked = new Set(rules.flatMap(({ reads }) => reads))
    const measures = MEASURES.filter(({ tells }) => tells.some((name) => asked.has(name)))
    this.#families = new Families(rules, measures)
  }

  /** Log time so far. */
  get logTime(): EpochMs {
    return this.#logTime
  }

  /** Whether any rule reads an event: others need not be made. */
  wants(name: Readable): boolean {
    return this.#families.readersOf(name) !== undefined
  }

  /** The clock of a site, for its driver to note what was heard and what waits. */
  clock(site: string): SiteClock {
    return this.#site(site).clock
  }

  /** Takes back what `takeChanged` gave out. States of another version or of rules that are gone are left out. */
  load(states: Iterable<StoredState>, logTime: EpochMs, failing: Iterable<readonly [string, EpochMs]>): void {
    this.#logTime = logTime
    for (const [rule, at] of failing) this.#failing.set(rule, at)
    const byId = new Map(this.#families.running.map((each) => [each.reducer.id, each]))
    for (const stored of states) {
      const known = byId.get(stored.rule)
      if (!known || known.reducer.version !== stored.version) continue
      const cell = this.#newCell(known, stored.subject, stored.state)
      this.#families.row(known, stored.subject)[known.member] = cell
      cell.verdict = stored.verdict
      if (stored.wakeAt !== null) cell.site.sleepers.put(cell, stored.wakeAt)
    }
  }

  /** States that changed since the last call. */
  takeChanged(): StoredState[] {
    const changed = this.#changed
    this.#changed = []
    for (const cell of changed) cell.isChanged = false
    return changed.map((cell) => this.#stored(cell))
  }

  /** Rules that threw lately, and when; for `load`. */
  failing(): [rule: string, at: EpochMs][] {
    return [...this.#failing]
  }

  /** All states, for comparing runs. */
  states(): StoredState[] {
    return [...this.#families.cells()].map((cell) => this.#stored(cell))
  }

  /** Before this moment, by the clock of the log, nobody has to be woken; undefined when nobody sleeps. */
  nextWake(): EpochMs | undefined {
    let next = Number.POSITIVE_INFINITY
    for (const { sleepers } of this.#sites.values()) next = Math.min(next, sleepers.next())
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  /** Log time has moved: every `SWEEP_MS` all sites are looked after. Call it for each entry before its events. */
  tick(loggedAt: EpochMs, position: number): void {
    if (loggedAt <= this.#logTime) return
    const sweeps = Math.floor(loggedAt / SWEEP_MS) > Math.floor(this.#logTime / SWEEP_MS)
    this.#logTime = loggedAt
    if (!sweeps) return
    this.#ref = { position, seq: 0 }
    const due = [...this.#sites.values()].filter(({ sleepers }) => sleepers.next() <= loggedAt)
    due.sort((a, b) => (a.code < b.code ? -1 : 1))
    for (const site of due) this.#advance(site)
    this.#heal()
  }

  /**
   * The platform was not there from the last log time to this one. It could hear nobody, so that nobody was silent: the clock
   * of the log stood still meanwhile. Call it instead of `tick` for the entry that says so.
   */
  resume(loggedAt: EpochMs): void {
    const ms = loggedAt - this.#logTime
    if (ms <= 0) return
    for (const { clock, sleepers } of this.#sites.values()) {
      clock.postpone(ms)
      for (const cell of sleepers.postpone('log', ms)) this.#note(cell)
    }
    this.#logTime = loggedAt
  }

  /** Takes one event. Registrations, windows and their withdrawal enter the books first. */
  take(event: LoggedEvent): void {
    this.tick(event.loggedAt, event.ref.position)
    this.#ref = event.ref
    if (event.type === 'registration') this.#books.sites.take(event.document)
    else if (event.type === 'window') this.#books.windows.take(event.window)
    else if (event.type === 'withdrawal') this.#withdraw(event)
    else if (event.type === 'fact' || event.type === 'heard') this.#hear(event)
    const readers = this.#families.readersOf(readableOf(event))
    if (!readers) return
    const site = this.#around.aim(event.site, event.at)
    for (const each of readers) this.#show(each, event, site)
    if (this.#told.length > 0) this.#showTold(site)
  }

  #withdraw({ withdrawal, at }: WithdrawalEvent): void {
    if (withdrawal.of === 'window') this.#books.windows.withdraw(withdrawal.site, withdrawal.name, at)
  }

  /** What measures told of an event is shown after the event itself. */
  #showTold(site: Site | undefined): void {
    const told = this.#told
    this.#told = []
    for (const event of told)
      for (const each of this.#families.readersOf(event.type) ?? []) this.#show(each, event, site)
  }

  /** A record that no rule reads still moves its channel's time. */
  pass(site: string, device: string, channel: Channel, at: EpochMs, loggedAt: EpochMs): void {
    this.#move(this.#site(site), device, channel, at, loggedAt)
  }

  #move(site: SiteCell, device: string, name: Channel, at: EpochMs, loggedAt: EpochMs): void {
    const channel = site.clock.channel(device, name)
    channel.heardAt = Math.max(channel.heardAt, loggedAt)
    channel.toldAt = Math.min(at, loggedAt)
    channel.lagMs = Math.max(0, loggedAt - at)
  }

  /** A fact moves its channel's time, and wakes whoever waited for a moment before it. */
  #hear(event: Extract<WatchEvent, { type: 'fact' | 'heard' }>): void {
    const site = this.#site(event.site)
    const { device, channel, at, loggedAt } = event
    if (event.type === 'fact' && !event.late) this.#move(site, device, channel, at, loggedAt)
    else {
      const known = site.clock.channel(device, channel)
      known.heardAt = Math.max(known.heardAt, loggedAt)
    }
    this.#advance(site)
  }

  #show({ family, members }: Readers<Cell>, event: ShownEvent, site: Site | undefined): void {
    let subjects: readonly Subject[]
    try {
      subjects = family.subjectsOf(event, site)
    } catch (error) {
      for (const { reducer } of members) this.#fail(reducer, event.site, event, error)
      return
    }
    for (const subject of subjects) this.#showTo(members, subject, rowOf(family, subject), event)
  }

  #showTo(members: readonly Running[], subject: Subject, row: (Cell | undefined)[], event: ShownEvent): void {
    const late = event.type === 'fact' && event.late
    for (const each of members) {
      if (late && each.reducer.late !== 'take') continue
      try {
        const cell = row[each.member] ?? this.#newCell(each, subject)
        row[each.member] = cell
        if (each.rule) this.#step(each.rule, cell, event)
        else this.#measure(each.measure!, cell, event)
      } catch (error) {
        this.#fail(each.reducer, event.site, event, error)
      }
    }
  }

  #measure(measure: Measure, cell: Cell, event: ShownEvent): void {
    const { state, told } = measure.step(cell.state, event, this.#around.of(measure.id, cell.subject))
    if (state !== cell.state) this.#change(cell, state)
    if (told) this.#told.push(...told)
  }

  #change(cell: Cell, state: unknown): void {
    cell.state = state
    this.#note(cell)
  }

  #note(cell: Cell): void {
    if (cell.isChanged) return
    cell.isChanged = true
    this.#changed.push(cell)
  }

  #step(rule: Rule, cell: Cell, event: WatchEvent): void {
    const around = this.#around.of(rule.id, cell.subject)
    const { state, verdict, wakeAt, finding, cleared } = rule.step(cell.state, event, around)
    if (state !== cell.state) this.#change(cell, state)
    if (verdict !== undefined && verdict !== cell.verdict) {
      cell.verdict = verdict
      this.#note(cell)
    }
    if (wakeAt !== undefined) {
      const least = event.type === 'time' ? event.at + LEAST_SLEEP_MS : 0
      this.#sleep(cell, wakeAt === null ? null : Math.max(wakeAt, least))
    }
    if (finding) {
      const raised = raise(rule, cell.subject, finding, around)
      this.#tell({ type: 'found', raised, at: event.at, loggedAt: this.#logTime, ref: this.#ref })
    } else if (cleared)
      this.#tell({
        type: 'cleared',
        rule: rule.id,
        subject: cell.subject,
        at: event.at,
        loggedAt: this.#logTime,
        ref: this.#ref,
      })
  }

  #sleep(cell: Cell, wakeAt: EpochMs | null): void {
    if (wakeAt === cell.wakeAt) return
    this.#note(cell)
    if (wakeAt === null) cell.site.sleepers.remove(cell)
    else cell.site.sleepers.put(cell, wakeAt)
  }

  /** Wakes everybody at a site whose moment has come, in the order of these moments. */
  #advance(site: SiteCell): void {
    // No clock of a site is ahead of the log's.
    if (site.sleepers.next() > this.#logTime) return
    site.clock.advance(this.#logTime)
    for (let wakes = 0; wakes < MOST_WAKES; wakes++) {
      const first = site.sleepers.firstDue(site.clock)
      if (!first) return
      this.#wake(first)
    }
  }

  #wake(cell: Cell): void {
    const rule = this.#families.running[cell.index]!.rule!
    const event: TimeEvent = {
      type: 'time',
      at: cell.wakeAt!,
      loggedAt: this.#logTime,
      ref: this.#ref,
      site: cell.site.code,
    }
    this.#sleep(cell, null)
    this.#around.aim(event.site, event.at)
    try {
      this.#step(rule, cell, event)
    } catch (error) {
      this.#fail(rule, cell.site.code, event, error)
    }
  }

  #fail(reducer: Reducer, site: string, event: WatchEvent, error: unknown): void {
    this.#failing.set(reducer.id, this.#logTime)
    const raised = failure(reducer.id, site, event, error, this.#ref)
    this.#tell({ type: 'found', raised, at: event.at, loggedAt: this.#logTime, ref: this.#ref })
  }

  #heal(): void {
    for (const [rule, failedAt] of this.#failing) {
      if (this.#logTime - failedAt < HEALED_AFTER_MS) continue
      this.#failing.delete(rule)
      const at = this.#logTime
      this.#tell({ type: 'cleared', rule: RULE_FAILED.id, subject: rule, at, loggedAt: at, ref: this.#ref })
    }
  }

  #site(code: string): SiteCell {
    let site = this.#sites.get(code)
    if (!site) {
      site = { code, clock: new SiteClock(), sleepers: new Sleepers() }
      this.#sites.set(code, site)
    }
    return site
  }

  #newCell({ index, clock, reducer }: Running, subject: Subject, state?: unknown): Cell {
    return {
      index,
      clock,
      subject,
      site: this.#site(subjectParts(subject).site),
      state: state === undefined ? reducer.start(subject) : state,
      wakeAt: null,
      verdict: 'insufficient',
      isChanged: false,
    }
  }

  #stored({ index, subject, state, wakeAt, verdict }: Cell): StoredState {
    const { id, version } = this.#families.running[index]!.reducer
    return { rule: id, version, subject, state, wakeAt, verdict }
  }
}

function raise(rule: Rule, subject: Subject, finding: Finding, around: AroundView): Raised {
  return {
    ...finding,
    evidence: finding.evidence.slice(0, MAX_EVIDENCE),
    rule: rule.id,
    version: rule.version,
    subject,
    site: subjectParts(subject).site,
    siteName: around.siteName,
    settings: around.settings,
  }
}

/** Runs rules over a list of events from empty states; returns everything they signal. */
export function runRules(
  rules: readonly Rule[],
  events: Iterable<LoggedEvent>,
  books: Books,
  until?: EpochMs,
): Signal[] {
  const signals: Signal[] = []
  const engine = new RuleEngine(rules, books, (signal) => signals.push(signal))
  for (const event of events) engine.take(event)
  if (until !== undefined) engine.tick(until, 0)
  return signals
}
