import type { Channel, EpochMs } from '@oiltrail/kernel'
import { CHANNEL_OF_KIND, type FactKind } from '../facts/index.ts'
import type { Site } from '../registry/site.ts'
import { AroundView, type Books } from './around.ts'
import { SiteClock } from './clock.ts'
import { type Readable, type Ref, readableOf, type TimeEvent, type WatchEvent } from './event.ts'
import { failure, RULE_FAILED } from './failed.ts'
import { type Finding, MAX_EVIDENCE, type Raised, type Rule, type RuleClock, type Verdict } from './rule.ts'
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

/** What is stored of one rule and subject. */
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

interface Cell {
  readonly index: number
  readonly subject: Subject
  readonly site: SiteCell
  state: unknown
  wakeAt: EpochMs | null
  verdict: Verdict
}

interface SiteCell {
  readonly code: string
  readonly clock: SiteClock
  readonly sleeping: Set<Cell>
  /** No sleeper of a clock has to be woken before this; may be too early, never too late. */
  earliest: Record<RuleClock, EpochMs>
}

const NOBODY: Readonly<Record<RuleClock, EpochMs>> = {
  volume: Number.POSITIVE_INFINITY,
  price: Number.POSITIVE_INFINITY,
  both: Number.POSITIVE_INFINITY,
  log: Number.POSITIVE_INFINITY,
}
const CLOCKS: readonly RuleClock[] = ['volume', 'price', 'both', 'log']

interface Running {
  readonly index: number
  readonly rule: Rule
  readonly clock: RuleClock
  readonly cells: Map<Subject, Cell>
}

/** The clock of a rule: declared, or derived from the facts it reads. */
export function clockOf(rule: Rule): RuleClock {
  if (rule.clock) return rule.clock
  const channels = new Set<string>()
  for (const name of rule.reads)
    if (Object.hasOwn(CHANNEL_OF_KIND, name)) channels.add(CHANNEL_OF_KIND[name as FactKind])
  if (channels.size === 0) return 'log'
  const [only] = channels
  return channels.size === 1 && only !== 'both' ? (only as RuleClock) : 'both'
}

/**
 * Runs rules over events in the order of the log. Pure: what it does depends on the events alone. A rule that throws keeps
 * its state, raises the alarm `rule-failed`, and hinders no other.
 */
export class RuleEngine {
  readonly #rules: readonly Running[]
  readonly #readers = new Map<Readable, Running[]>()
  readonly #books: Books
  readonly #around: AroundView
  readonly #tell: (signal: Signal) => void
  readonly #sites = new Map<string, SiteCell>()
  readonly #dirty = new Set<Cell>()
  readonly #failing = new Map<string, EpochMs>()
  #logTime: EpochMs = 0
  #ref: Ref = { position: 0, seq: 0 }

  constructor(rules: readonly Rule[], books: Books, tell: (signal: Signal) => void) {
    this.#books = books
    this.#around = new AroundView(books)
    this.#tell = tell
    this.#rules = rules.map((rule, index) => ({ index, rule, clock: clockOf(rule), cells: new Map() }))
    for (const running of this.#rules)
      for (const name of new Set(running.rule.reads)) {
        const readers = this.#readers.get(name) ?? []
        readers.push(running)
        this.#readers.set(name, readers)
      }
  }

  /** Log time so far. */
  get logTime(): EpochMs {
    return this.#logTime
  }

  /** Whether any rule reads an event: others need not be made. */
  wants(name: Readable): boolean {
    return this.#readers.has(name)
  }

  /** The clock of a site, for its driver to note what was heard and what waits. */
  clock(site: string): SiteClock {
    return this.#site(site).clock
  }

  /** Takes back what `takeChanged` gave out. States of another version or of rules that are gone are left out. */
  load(states: Iterable<StoredState>, logTime: EpochMs, failing: Iterable<readonly [string, EpochMs]>): void {
    this.#logTime = logTime
    for (const [rule, at] of failing) this.#failing.set(rule, at)
    const byId = new Map(this.#rules.map((running) => [running.rule.id, running]))
    for (const stored of states) {
      const running = byId.get(stored.rule)
      if (!running || running.rule.version !== stored.version) continue
      const cell = this.#newCell(running, stored.subject, stored.state)
      cell.verdict = stored.verdict
      if (stored.wakeAt !== null) this.#putToSleep(cell, stored.wakeAt)
    }
  }

  /** States that changed since the last call. */
  takeChanged(): StoredState[] {
    const changed = [...this.#dirty].map((cell) => this.#stored(cell))
    this.#dirty.clear()
    return changed
  }

  /** Rules that threw lately, and when; for `load`. */
  failing(): [rule: string, at: EpochMs][] {
    return [...this.#failing]
  }

  /** All states, for comparing runs. */
  states(): StoredState[] {
    return this.#rules.flatMap((running) => [...running.cells.values()].map((cell) => this.#stored(cell)))
  }

  /** The next moment, by the clock of the log, at which somebody may have to be woken; undefined when nobody sleeps. */
  nextWake(): EpochMs | undefined {
    let next: EpochMs | undefined
    for (const site of this.#sites.values())
      for (const cell of site.sleeping) if (next === undefined || cell.wakeAt! < next) next = cell.wakeAt!
    return next
  }

  /** Log time has moved: every `SWEEP_MS` all sites are looked after. Call it for each entry before its events. */
  tick(loggedAt: EpochMs, position: number): void {
    if (loggedAt <= this.#logTime) return
    const sweeps = Math.floor(loggedAt / SWEEP_MS) > Math.floor(this.#logTime / SWEEP_MS)
    this.#logTime = loggedAt
    if (!sweeps) return
    this.#ref = { position, seq: 0 }
    const waiting = [...this.#sites.values()].filter((site) => site.sleeping.size > 0)
    waiting.sort((a, b) => (a.code < b.code ? -1 : 1))
    for (const site of waiting) this.#advance(site)
    this.#heal()
  }

  /** Takes one event. Registrations and windows enter the books first. */
  take(event: Exclude<WatchEvent, TimeEvent>): void {
    this.tick(event.loggedAt, event.ref.position)
    this.#ref = event.ref
    if (event.type === 'registration') this.#books.sites.take(event.document)
    else if (event.type === 'window') this.#books.windows.take(event.window)
    else if (event.type === 'fact' || event.type === 'heard') this.#hear(event)
    const readers = this.#readers.get(readableOf(event))
    if (!readers) return
    const late = event.type === 'fact' && event.late
    const site = this.#around.aim(event.site, event.at)
    for (const running of readers) if (!late || running.rule.late === 'take') this.#show(running, event, site)
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
    if (site.sleeping.size > 0) this.#advance(site)
  }

  #show(running: Running, event: Exclude<WatchEvent, TimeEvent>, site: Site | undefined): void {
    try {
      for (const subject of running.rule.subjectsOf(event, site))
        this.#step(running, running.cells.get(subject) ?? this.#newCell(running, subject), event)
    } catch (error) {
      this.#fail(running, event.site, event, error)
    }
  }

  #step(running: Running, cell: Cell, event: WatchEvent): void {
    const { rule } = running
    const around = this.#around.of(rule.id, cell.subject)
    const step = rule.step(cell.state, event, around)
    if (step.state !== cell.state) {
      cell.state = step.state
      this.#dirty.add(cell)
    }
    if (step.verdict !== undefined && step.verdict !== cell.verdict) {
      cell.verdict = step.verdict
      this.#dirty.add(cell)
    }
    if (step.wakeAt !== undefined) {
      const least = event.type === 'time' ? event.at + LEAST_SLEEP_MS : 0
      this.#sleep(cell, step.wakeAt === null ? null : Math.max(step.wakeAt, least))
    }
    const { at } = event
    const loggedAt = this.#logTime
    if (step.finding) {
      const raised = raise(rule, cell.subject, step.finding, around)
      this.#tell({ type: 'found', raised, at, loggedAt, ref: this.#ref })
    } else if (step.cleared)
      this.#tell({ type: 'cleared', rule: rule.id, subject: cell.subject, at, loggedAt, ref: this.#ref })
  }

  #sleep(cell: Cell, wakeAt: EpochMs | null): void {
    if (wakeAt === cell.wakeAt) return
    this.#dirty.add(cell)
    if (wakeAt !== null) this.#putToSleep(cell, wakeAt)
    else {
      cell.wakeAt = null
      cell.site.sleeping.delete(cell)
    }
  }

  #putToSleep(cell: Cell, wakeAt: EpochMs): void {
    const { site } = cell
    const { clock } = this.#rules[cell.index]!
    cell.wakeAt = wakeAt
    site.sleeping.add(cell)
    if (wakeAt < site.earliest[clock]) site.earliest[clock] = wakeAt
  }

  /** Wakes everybody at a site whose moment has come, in the order of these moments. */
  #advance(site: SiteCell): void {
    site.clock.advance(this.#logTime)
    for (let wakes = 0; wakes < MOST_WAKES; wakes++) {
      if (!CLOCKS.some((clock) => site.earliest[clock] <= site.clock.now(clock))) return
      const first = this.#firstDue(site)
      if (!first) return
      this.#wake(first)
    }
  }

  /** The sleeper whose moment came first. When there is none, it is known anew when there will be one. */
  #firstDue(site: SiteCell): Cell | undefined {
    const earliest = { ...NOBODY }
    let first: Cell | undefined
    for (const cell of site.sleeping) {
      const { clock } = this.#rules[cell.index]!
      if (cell.wakeAt! < earliest[clock]) earliest[clock] = cell.wakeAt!
      if (this.#isDue(cell) && (!first || comesBefore(cell, first))) first = cell
    }
    site.earliest = earliest
    return first
  }

  #isDue(cell: Cell): boolean {
    return cell.wakeAt! <= cell.site.clock.now(this.#rules[cell.index]!.clock)
  }

  #wake(cell: Cell): void {
    const running = this.#rules[cell.index]!
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
      this.#step(running, cell, event)
    } catch (error) {
      this.#fail(running, cell.site.code, event, error)
    }
  }

  #fail(running: Running, site: string, event: WatchEvent, error: unknown): void {
    const { rule } = running
    this.#failing.set(rule.id, this.#logTime)
    const raised = failure(rule, site, event, error, this.#ref)
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
      site = { code, clock: new SiteClock(), sleeping: new Set(), earliest: { ...NOBODY } }
      this.#sites.set(code, site)
    }
    return site
  }

  #newCell(running: Running, subject: Subject, state?: unknown): Cell {
    const site = this.#site(subjectParts(subject).site)
    const cell: Cell = {
      index: running.index,
      subject,
      site,
      state: state === undefined ? running.rule.start(subject) : state,
      wakeAt: null,
      verdict: 'insufficient',
    }
    running.cells.set(subject, cell)
    return cell
  }

  #stored(cell: Cell): StoredState {
    const { rule } = this.#rules[cell.index]!
    const { subject, state, wakeAt, verdict } = cell
    return { rule: rule.id, version: rule.version, subject, state, wakeAt, verdict }
  }
}

function comesBefore(a: Cell, b: Cell): boolean {
  if (a.wakeAt !== b.wakeAt) return a.wakeAt! < b.wakeAt!
  if (a.index !== b.index) return a.index < b.index
  return a.subject < b.subject
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
  events: Iterable<Exclude<WatchEvent, TimeEvent>>,
  books: Books,
  until?: EpochMs,
): Signal[] {
  const signals: Signal[] = []
  const engine = new RuleEngine(rules, books, (signal) => signals.push(signal))
  for (const event of events) engine.take(event)
  if (until !== undefined) engine.tick(until, 0)
  return signals
}
