import type { Endpoint, EndpointName, Endpoints } from '@oiltrail/contract'
import { type County, FENGGANG } from '@oiltrail/domain'
import { type Problem, type ProblemCode, ProblemError, type Result } from '@oiltrail/kernel'
import type { z } from 'zod'
import type { ServerContext } from '../context.ts'
import type { Live } from './live.ts'
import type { Turns } from './turns.ts'

/** What every handler is given. */
export interface ApiParts {
  readonly context: ServerContext
  readonly live: Live
  /** One handling of an alarm at a time: the second of two officers is told what the first has done. */
  readonly alarmTurns: Turns<number>
  /** One withdrawal of a statement at a time, by `notice N-1` or `window W-1`. */
  readonly withdrawalTurns: Turns<string>
}

type Part<E extends Endpoint, P extends 'params' | 'query' | 'body'> = E[P] extends z.ZodType
  ? z.output<E[P]>
  : undefined

/** A request after validation by the endpoint's own schemas. */
export interface Input<E extends Endpoint> {
  readonly params: Part<E, 'params'>
  readonly query: Part<E, 'query'>
  readonly body: Part<E, 'body'>
}

/** Answers one endpoint. Refuses by throwing `ProblemError` with a code of the catalogue. */
export type Handler<K extends EndpointName> = (
  input: Input<Endpoints[K]>,
  parts: ApiParts,
) => Promise<z.output<Endpoints[K]['response']>>

/** Some of the endpoints with their handlers. */
export type Handlers<K extends EndpointName = EndpointName> = { readonly [N in K]: Handler<N> }

/** Unwinds with a refusal. */
export function fail(code: ProblemCode, detail: string, where?: string): never {
  const problem: Problem = where === undefined ? { code, detail } : { code, detail, where }
  throw new ProblemError(problem)
}

/** The value of a result, or its refusal thrown. */
export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new ProblemError(result.problem)
  return result.value
}

/** The county with its names. One without a gazetteer is called by its code. */
export function countyOf(code: string): County {
  return code === FENGGANG.code ? FENGGANG : { code, zh: code, en: code, towns: [] }
}

/** A number from a query within bounds. */
export function bounded(value: number, least: number, most: number, where: string): number {
  if (value < least || value > most)
    fail('INVALID_REQUEST', `${value}; it must be from ${least} to ${most}`, where)
  return value
}

/** Items by the text that `key` gives for each, in their order. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = key(item)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return groups
}
