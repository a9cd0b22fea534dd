/**
 * One column of some rows as a PostgreSQL array of whole numbers, for `unnest($1::int8[])`. The driver's own way writes, quotes
 * and escapes every number as if it were text; with many touched rows a round that is a good part of the round's work.
 */
export function wholeNumbers<T>(rows: readonly T[], pick: (row: T) => number | null): string {
  let literal = '{'
  for (let i = 0; i < rows.length; i++) {
    if (i > 0) literal += ','
    literal += pick(rows[i]!) ?? 'NULL'
  }
  return `${literal}}`
}

/** One column of some rows as a PostgreSQL array of texts, for `unnest($1::text[])` or `jsonb[]`. */
export function texts<T>(rows: readonly T[], pick: (row: T) => string | null): string {
  let literal = '{'
  for (let i = 0; i < rows.length; i++) {
    if (i > 0) literal += ','
    const text = pick(rows[i]!)
    literal += text === null ? 'NULL' : `"${NEEDS_ESCAPE.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`
  }
  return `${literal}}`
}

const NEEDS_ESCAPE = /["\\]/
