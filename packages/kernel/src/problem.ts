import { CATALOGUE, type ProblemCode } from './catalogue.ts'

/** One refusal: a code of the catalogue, where it was found, and the facts of this case (English, for the log and the expert). */
export interface Problem {
  readonly code: ProblemCode
  readonly detail: string
  readonly where?: string
}

/** A problem in flight, for the few places (HTTP handlers, command lines) where unwinding is the right thing. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.code}${problem.where ? ` at ${problem.where}` : ''}: ${problem.detail}`)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

/** Builds a refusal. `where` names the field, line or record at fault. */
export function refuse(code: ProblemCode, detail: string, where?: string): { ok: false; problem: Problem } {
  return { ok: false, problem: where === undefined ? { code, detail } : { code, detail, where } }
}

/** The words a person reads for a problem: what happened, and what to do now. */
export function explainProblem(
  problem: Problem,
  language: 'zh' | 'en',
): { happened: string; remedy: string } {
  const entry = CATALOGUE[problem.code]
  return { happened: entry[language], remedy: language === 'zh' ? entry.remedyZh : entry.remedyEn }
}
