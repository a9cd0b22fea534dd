import type { Problem } from './problem.ts'

/** What a function that may refuse its input returns: a value, or the problem found. Never thrown, never null. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem }

/** Wraps a value as a success. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}
