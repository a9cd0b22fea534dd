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

/** Collects findings within a bound. */
export class Findings {
  readonly list: Finding[] = []
  count = 0

  add(tampering: Tampering, table: string, key: string, detail: string): void {
    this.count++
    if (this.list.length < MAX_FINDINGS) this.list.push({ tampering, table, key, detail })
  }
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
