import { ProblemError } from '@oiltrail/kernel'

/** What somebody did to a row. */
export type Tampering = 'altered' | 'removed' | 'inserted'

/** One row that is not what the log says, or one entry that is not what its seal says. */
export interface Finding {
  readonly tampering: Tampering
  readonly table: string
  /** The row's key in the words of its table, for example `position 17` or `nozzle_id 3, hour 496012`. */
  readonly key: string
  /** What differs, in English, for the expert. */
  readonly detail: string
}

/** Findings kept; beyond it only their number is told. */
export const MAX_FINDINGS = 1_000

function nameOf({ table, key, detail }: Finding): string {
  return `${table} ${key} ${detail}`
}

/** Collects findings within a bound. */
export class Findings {
  readonly list: Finding[] = []
  count = 0

  add(tampering: Tampering, table: string, key: string, detail: string): void {
    this.count++
    if (this.list.length < MAX_FINDINGS) this.list.push({ tampering, table, key, detail })
  }

  /** Takes over what another check found, but for rows that are named here already in the same words. */
  addAll(others: readonly Finding[], count: number): void {
    const known = new Set(this.list.map(nameOf))
    const fresh = others.filter((finding) => !known.has(nameOf(finding)))
    for (const { tampering, table, key, detail } of fresh) this.add(tampering, table, key, detail)
    this.count += count - others.length
  }
}

/** SQLSTATE classes of values that a table or a type does not take. */
const DATA_CLASSES = ['22', '23']
/** A column or a table that we made is not there any more. */
const MISSING = ['42703', '42P01']

/**
 * Runs a part of a check. What was altered beyond reading (numbers that no log holds, bytes that are no batch, columns that
 * contradict each other) becomes a finding about `table` instead of the end of the whole check; undefined then. Failures
 * of the machine or the database are thrown on.
 */
export async function readable<T>(
  findings: Findings,
  table: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !isOfData(error)) throw error
    findings.add('altered', table, 'as a whole', `it holds what cannot be read: ${error.message}`)
    return undefined
  }
}

function isOfData(error: Error): boolean {
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && code.length === 5)
    return DATA_CLASSES.includes(code.slice(0, 2)) || MISSING.includes(code)
  return error instanceof ProblemError || error instanceof TypeError || error instanceof RangeError
}

const WORDS: Readonly<Record<Tampering, string>> = {
  altered: 'altered 被改动',
  removed: 'removed 被删除',
  inserted: 'inserted 被插入',
}

/** A finding as one line for a person. */
export function describeFinding({ tampering, table, key, detail }: Finding): string {
  return `${table} [${key}]: ${WORDS[tampering]}: ${detail}`
}
