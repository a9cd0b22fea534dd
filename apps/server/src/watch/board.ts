import {
  type Alarm,
  type AlarmStep,
  type Command,
  causeOf,
  decideCleared,
  decideCommand,
  decideFound,
  decideReleased,
  decideSuppressed,
  evolve,
  type Found,
  isFinished,
  isOpen,
  RULE_FAILED,
  type Rule,
  type Signal,
  type Suppressor,
  subjectParts,
  type WindowBook,
  type Words,
} from '@oiltrail/domain'
import type { AlarmRow, AlarmStepRow } from '@oiltrail/store'

/** Findings fold without a word each; every other step is written. */
const SILENT: ReadonlySet<AlarmStep['step']> = new Set(['folded'])

/** Names an alarm across replays: its cause, and the entry of the log that raised it. */
export interface AlarmName {
  readonly rule: string
  readonly subject: string
  readonly position: number
}

/** What a round did to alarms. */
export interface BoardChange {
  readonly alarms: readonly AlarmRow[]
  readonly steps: readonly AlarmStepRow[]
  /** Numbers of alarms whose state changed beyond another fold. */
  readonly notable: ReadonlySet<number>
}

/**
 * The open alarms of a county in memory: takes signals and commands in the order of the log, decides, remembers what changed.
 * There is never more than one open alarm of a cause.
 */
export class AlarmBoard {
  readonly #rules: ReadonlyMap<string, Rule>
  readonly #windows: WindowBook
  readonly #byCause = new Map<string, Alarm>()
  readonly #byNumber = new Map<number, Alarm>()
  readonly #bySite = new Map<string, Set<number>>()
  readonly #sentences = new Map<number, Words>()
  readonly #steps = new Map<number, number>()
  #changed = new Map<number, Alarm>()
  #stepRows: AlarmStepRow[] = []
  #notable = new Set<number>()
  #last: number
  #suppressing = 0

  constructor(
    rules: readonly Rule[],
    windows: WindowBook,
    stored: {
      readonly openAlarms: readonly Alarm[]
      readonly steps: readonly { readonly alarm: number; readonly steps: number }[]
      readonly lastAlarm: number
    },
  ) {
    this.#rules = new Map([...rules, RULE_FAILED].map((rule) => [rule.id, rule]))
    this.#windows = windows
    this.#last = stored.lastAlarm
    for (const alarm of stored.openAlarms) this.#keep(alarm)
    for (const { alarm, steps } of stored.steps) this.#steps.set(alarm, steps)
  }

  /** Open alarms, in the order in which they were raised. */
  open(): Iterable<Alarm> {
    return this.#byNumber.values()
  }

  /** Takes what the engine signals. */
  signal(signal: Signal): void {
    const { at, ref, loggedAt } = signal
    if (signal.type === 'cleared') {
      const alarm = this.#byCause.get(causeOf(signal))
      for (const step of decideCleared(alarm, at)) this.#take(alarm!.alarm, step, ref.position, '')
      if (alarm?.active) this.#release(alarm, at, ref.position)
      return
    }
    const { raised } = signal
    const alarm = this.#byCause.get(causeOf(raised))
    const grade = raised.grade ?? this.#rules.get(raised.rule)!.grade
    const suppressor = alarm ? undefined : this.#suppressorOf(raised, at)
    const found: Found = { raised, grade, at, loggedAt, ref, ...(suppressor ? { suppressor } : {}) }
    const steps = decideFound(alarm, found, this.#last + 1)
    for (const step of steps) {
      const number = step.step === 'raised' ? step.alarm : alarm!.alarm
      this.#last = Math.max(this.#last, number)
      this.#take(number, step, ref.position, '')
    }
    const raising = steps.some((step) => step.step === 'raised' || step.step === 'returned')
    if (raising) this.#suppressChildren(this.#byCause.get(causeOf(raised))!, at, ref.position)
  }

  /** The alarm of a cause that a certain entry raised, while it is in memory. */
  find(name: AlarmName): Alarm | undefined {
    return this.#atSite(subjectParts(name.subject).site).find(
      (alarm) => causeOf(alarm) === causeOf(name) && alarm.openedRef.position === name.position,
    )
  }

  /**
   * Takes a person's command from the log. What the alarm's life does not allow (two people acted at once) changes nothing.
   * `stored` is the alarm with the number of its steps when it is finished and no longer in memory.
   */
  command(
    name: AlarmName,
    command: Command,
    position: number,
    stored?: { readonly alarm: Alarm; readonly steps: number },
  ): boolean {
    const open = this.#byCause.get(causeOf(name))
    const alarm = this.find(name) ?? stored?.alarm ?? open
    if (!alarm || (command.action === 'reopen' && open && open.alarm !== alarm.alarm)) return false
    const decided = decideCommand(alarm, command, this.#rules.get(alarm.rule)?.shelvable ?? true)
    if (!decided.ok) return false
    if (!this.#byNumber.has(alarm.alarm)) {
      this.#keep(alarm)
      this.#steps.set(alarm.alarm, stored?.steps ?? 0)
    }
    for (const step of decided.value) this.#take(alarm.alarm, step, position, command.actor)
    return true
  }

  /**
   * Windows end without an event: alarms they hid come into sight when the log's time has passed them, wherever their end is by
   * now. Of one that was forgotten the end is known that it had when it hid the alarm.
   */
  tick(logTime: number, position: number): void {
    if (this.#suppressing === 0) return
    for (const alarm of [...this.#byNumber.values()]) {
      const { suppressed } = alarm
      if (suppressed?.by !== 'window') continue
      if ((this.#windows.endOf(alarm.site, suppressed.window) ?? suppressed.until) >= logTime) continue
      for (const step of decideReleased(alarm, logTime)) this.#take(alarm.alarm, step, position, '')
    }
  }

  /** What changed since the last call. */
  takeChange(): BoardChange {
    const alarms = [...this.#changed.values()]
      .sort((a, b) => a.alarm - b.alarm)
      .map((alarm) => ({ alarm, sentence: this.#sentenceOf(alarm) }))
    const change = { alarms, steps: this.#stepRows, notable: this.#notable }
    for (const { alarm } of alarms) if (!isOpen(alarm)) this.#forget(alarm)
    this.#changed = new Map()
    this.#stepRows = []
    this.#notable = new Set()
    return change
  }

  #take(number: number, step: AlarmStep, position: number, actor: string): void {
    const alarm = evolve(this.#byNumber.get(number), step)
    this.#keep(alarm)
    this.#changed.set(number, alarm)
    if (step.step === 'folded' || step.step === 'returned') this.#sentences.delete(number)
    if (SILENT.has(step.step)) return
    this.#notable.add(number)
    const count = (this.#steps.get(number) ?? 0) + 1
    this.#steps.set(number, count)
    this.#stepRows.push({
      alarm: number,
      step: count,
      position,
      at: step.at,
      what: step.step === 'handled' ? step.action : step.step,
      actor,
      note: noteOf(step),
    })
  }

  #keep(alarm: Alarm): void {
    const known = this.#byNumber.get(alarm.alarm)
    this.#suppressing += (alarm.suppressed ? 1 : 0) - (known?.suppressed ? 1 : 0)
    this.#byNumber.set(alarm.alarm, alarm)
    const cause = causeOf(alarm)
    if (isOpen(alarm)) this.#byCause.set(cause, alarm)
    else if (this.#byCause.get(cause)?.alarm === alarm.alarm) this.#byCause.delete(cause)
    const atSite = this.#bySite.get(alarm.site) ?? new Set()
    atSite.add(alarm.alarm)
    this.#bySite.set(alarm.site, atSite)
  }

  #forget(alarm: Alarm): void {
    if (alarm.suppressed) this.#suppressing--
    this.#byNumber.delete(alarm.alarm)
    this.#bySite.get(alarm.site)?.delete(alarm.alarm)
    this.#sentences.delete(alarm.alarm)
    this.#steps.delete(alarm.alarm)
  }

  #atSite(site: string): Alarm[] {
    return [...(this.#bySite.get(site) ?? [])].map((number) => this.#byNumber.get(number)!)
  }

  /** What explains a new finding away: a declared window, or an open alarm of a rule it names. */
  #suppressorOf(found: { rule: string; subject: string; site: string }, at: number): Suppressor | undefined {
    const rule = this.#rules.get(found.rule)
    const window =
      rule?.hiddenByWindow === false ? undefined : rule && this.#windows.covering(found.subject, at)
    if (window) return { by: 'window', window: window.window, until: window.to }
    const parents = rule?.suppressedBy
    if (!parents?.length) return undefined
    const parent = this.#atSite(found.site).find((each) => isParent(each, found, parents))
    return parent && { by: 'alarm', alarm: parent.alarm, rule: parent.rule }
  }

  #suppressChildren(parent: Alarm, at: number, position: number): void {
    if (parent.suppressed || !parent.active) return
    for (const child of this.#atSite(parent.site)) {
      const parents = this.#rules.get(child.rule)?.suppressedBy
      if (!parents || !isParent(parent, child, parents)) continue
      const suppressor: Suppressor = { by: 'alarm', alarm: parent.alarm, rule: parent.rule }
      for (const step of decideSuppressed(child, suppressor, at)) this.#take(child.alarm, step, position, '')
    }
  }

  /** The parent is gone: what it hid comes into sight if it is still true. */
  #release(parent: Alarm, at: number, position: number): void {
    if (this.#suppressing === 0) return
    for (const child of this.#atSite(parent.site))
      if (child.suppressed?.by === 'alarm' && child.suppressed.alarm === parent.alarm)
        for (const step of decideReleased(child, at)) this.#take(child.alarm, step, position, '')
  }

  #sentenceOf(alarm: Alarm): Words {
    let words = this.#sentences.get(alarm.alarm)
    if (!words) {
      words = sentenceOf(this.#rules.get(alarm.rule), alarm)
      this.#sentences.set(alarm.alarm, words)
    }
    return words
  }
}

/** Whether an alarm explains another away: same site, a rule it names, and a subject that covers the other's. */
function isParent(
  parent: Alarm,
  child: { readonly rule: string; readonly subject: string; readonly site: string },
  parents: readonly string[],
): boolean {
  if (!parent.active || isFinishedFalse(parent) || !parents.includes(parent.rule)) return false
  if (parent.rule === child.rule && parent.subject === child.subject) return false
  const { kind } = subjectParts(parent.subject)
  return parent.subject === child.subject || kind === 'site' || kind === 'device' || kind === 'channel'
}

/** A parent that people called false explains nothing. */
function isFinishedFalse(alarm: Alarm): boolean {
  return isFinished(alarm) && alarm.handling === 'false'
}

/** The sentence of an alarm as its newest finding says it; a rule that throws here gets its title. */
export function sentenceOf(rule: Rule | undefined, alarm: Alarm): Words {
  const say = (language: 'zh' | 'en'): string => {
    try {
      return rule?.sentence(alarm.latest, language) ?? `${alarm.rule} ${alarm.subject}`
    } catch {
      return `${rule?.title[language] ?? alarm.rule} ${alarm.subject}`
    }
  }
  return { zh: say('zh'), en: say('en') }
}

function noteOf(step: AlarmStep): string {
  switch (step.step) {
    case 'handled':
      return step.note
    case 'shelved':
      return step.shelf.reason
    case 'raised':
    case 'suppressed':
      if (!step.suppressed) return ''
      return step.suppressed.by === 'alarm'
        ? `alarm ${step.suppressed.alarm}`
        : `window ${step.suppressed.window}`
    default:
      return ''
  }
}
