import type { Problem } from '@oiltrail/kernel'

/** The same sentence in both languages. */
export interface Words {
  readonly zh: string
  readonly en: string
}

/** Where something is wrong: line of the file (from 1), position in the log if it is about an entry. */
export interface Failure {
  readonly line: number
  readonly position?: number
  readonly problem: Problem
}

/** One thing that was checked, over the whole file. */
export interface Step {
  readonly id: string
  readonly title: Words
  readonly checked: number
  readonly failed: number
  /** The first failure in the order of the file. */
  readonly first?: Failure
}

/** Counts the checks of one step and remembers the first that failed. */
export class StepTally {
  readonly id: string
  readonly title: Words
  private checked = 0
  private failed = 0
  private first: Failure | undefined

  constructor(id: string, zh: string, en: string) {
    this.id = id
    this.title = { zh, en }
  }

  /** Counts one check that held; true. */
  pass(): boolean {
    this.checked++
    return true
  }

  /** Counts one check that did not; false. */
  fail(problem: Problem, line: number, position?: number): boolean {
    this.checked++
    this.failed++
    this.first ??= position === undefined ? { line, problem } : { line, position, problem }
    return false
  }

  /** The state so far. */
  step(): Step {
    const { id, title, checked, failed } = this
    return this.first ? { id, title, checked, failed, first: this.first } : { id, title, checked, failed }
  }
}
