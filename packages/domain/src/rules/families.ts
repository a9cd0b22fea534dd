import { clockOf } from './clock.ts'
import type { Readable } from './event.ts'
import type { Measure, Reducer, Rule, RuleClock } from './rule.ts'
import type { Subject } from './subject.ts'

/** A rule, or a measure, at work. */
export interface Running {
  /** Place in the list of rules; measures come after them. */
  readonly index: number
  readonly clock: RuleClock
  readonly reducer: Reducer
  readonly rule: Rule | undefined
  readonly measure: Measure | undefined
  /** Its place among the members of its family. */
  readonly member: number
}

/**
 * Rules and measures that ask the same of an event: whose state does it concern? It is answered once for all of them, and what
 * each keeps of a subject stands side by side. A sale concerns ten rules, nearly all by its nozzle.
 */
export interface Family<Cell> {
  readonly subjectsOf: Reducer['subjectsOf']
  /** What each member keeps of a subject, by `Running.member`. */
  readonly rows: Map<Subject, (Cell | undefined)[]>
}

/** Members of one family that read an event one after another. */
export interface Readers<Cell> {
  readonly family: Family<Cell>
  readonly members: readonly Running[]
}

/** Who runs, and who reads what. */
export class Families<Cell> {
  readonly running: readonly Running[]
  readonly #families: readonly Family<Cell>[]
  readonly #readers = new Map<Readable, readonly Readers<Cell>[]>()

  constructor(rules: readonly Rule[], measures: readonly Measure[]) {
    const families = new Map<Reducer['subjectsOf'], Family<Cell>>()
    const members = new Map<Family<Cell>, number>()
    const ofRunning: Family<Cell>[] = []
    this.running = [...rules, ...measures].map((each, index): Running => {
      const family = families.get(each.subjectsOf) ?? { subjectsOf: each.subjectsOf, rows: new Map() }
      families.set(each.subjectsOf, family)
      const member = members.get(family) ?? 0
      members.set(family, member + 1)
      ofRunning.push(family)
      const measure = 'tells' in each ? each : undefined
      return {
        index,
        clock: clockOf(each),
        reducer: each,
        rule: measure ? undefined : (each as Rule),
        measure,
        member,
      }
    })
    this.#families = ofRunning
    for (const each of this.running) for (const name of new Set(each.reducer.reads)) this.#join(name, each)
  }

  /** Readers of an event, in the order of rules. */
  readersOf(name: Readable): readonly Readers<Cell>[] | undefined {
    return this.#readers.get(name)
  }

  /** What all members of its family keep of a subject. */
  row({ index }: Running, subject: Subject): (Cell | undefined)[] {
    return rowOf(this.#families[index]!, subject)
  }

  /** What each rule and measure keeps, one after another. */
  *cells(): Generator<Cell> {
    for (const { index, member } of this.running)
      for (const row of this.#families[index]!.rows.values()) {
        const cell = row[member]
        if (cell) yield cell
      }
  }

  #join(name: Readable, each: Running): void {
    const family = this.#families[each.index]!
    const readers = this.#readers.get(name) ?? []
    const last = readers.at(-1)
    // Only neighbours join: the order of rules is that of their alarms.
    const joined =
      last?.family === family
        ? [...readers.slice(0, -1), { family, members: [...last.members, each] }]
        : [...readers, { family, members: [each] }]
    this.#readers.set(name, joined)
  }
}

/** What the members of a family keep of a subject. */
export function rowOf<Cell>({ rows }: Family<Cell>, subject: Subject): (Cell | undefined)[] {
  let row = rows.get(subject)
  if (!row) {
    row = []
    rows.set(subject, row)
  }
  return row
}
