import type { Answer } from '../api/endpoints.ts'

export type Row = Answer<'statistics'>[number]

/** A row with the millilitres of the same place and grade one period earlier, when compared and known. */
export interface ComparedRow extends Row {
  readonly beforeMillilitres?: number
}

function keyOf(row: Row, bucket: number): string {
  return `${bucket}|${row.place}|${row.grade ?? ''}`
}

/** Puts the former period beside the present one; `forward` maps a moment of the former into the present. */
export function compareRows(
  now: readonly Row[],
  before: readonly Row[],
  forward: (at: number) => number,
): ComparedRow[] {
  const former = new Map(before.map((row) => [keyOf(row, forward(row.bucket)), row.volumeMillilitres]))
  return now.map((row) => {
    const beforeMillilitres = former.get(keyOf(row, row.bucket))
    return beforeMillilitres === undefined ? row : { ...row, beforeMillilitres }
  })
}

/** A former period with fewer of its buckets on record than this share says nothing about the whole. */
const COVERED = 0.9

/** Whether the former period was on record as fully as the present one, so that their totals may be compared. */
export function isComparable(now: readonly Row[], before: readonly Row[]): boolean {
  const buckets = (rows: readonly Row[]): number => new Set(rows.map((row) => row.bucket)).size
  return before.length > 0 && buckets(before) >= buckets(now) * COVERED
}

/** Newest bucket first; places keep their order within it. */
export function newestFirst<T extends Row>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => b.bucket - a.bucket)
}

export interface Totals {
  readonly sales: number
  readonly volumeMillilitres: number
  readonly amountFen: number
  readonly boardMillilitres: number
  readonly unpricedSales: number
}

/** Sums of all rows, exact in integers. */
export function totalsOf(rows: readonly Row[]): Totals {
  const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0)
  return {
    sales: sum((row) => row.sales),
    volumeMillilitres: sum((row) => row.volumeMillilitres),
    amountFen: sum((row) => row.amountFen),
    boardMillilitres: sum((row) => row.boardMillilitres),
    unpricedSales: sum((row) => row.unpricedSales),
  }
}

/** One line or bar of the chart: a grade or a place over the buckets. */
export interface ChartSeries {
  readonly key: string
  readonly name: string
  readonly values: readonly number[]
}

/** At most this many places get a colour of their own; the rest are drawn together. */
export const NAMED_SERIES = 6

/** Rows as series: by grade when the question asks for grades, else by place, the largest first, the rest summed. */
export function seriesOf(
  rows: readonly Row[],
  byGrade: boolean,
  otherName: string,
): { buckets: number[]; series: ChartSeries[] } {
  const buckets = [...new Set(rows.map((row) => row.bucket))].sort((a, b) => a - b)
  const slot = new Map(buckets.map((bucket, i) => [bucket, i]))
  const found = new Map<string, { name: string; values: number[]; total: number }>()
  for (const row of rows) {
    const key = byGrade ? (row.grade ?? '') : row.place
    let series = found.get(key)
    if (!series) {
      series = { name: byGrade ? key : row.placeName, values: buckets.map(() => 0), total: 0 }
      found.set(key, series)
    }
    const i = slot.get(row.bucket)!
    series.values[i] = (series.values[i] ?? 0) + row.volumeMillilitres
    series.total += row.volumeMillilitres
  }
  const largest = [...found].sort(([, a], [, b]) => b.total - a.total)
  const named = byGrade ? largest : largest.slice(0, NAMED_SERIES)
  const rest = byGrade ? [] : largest.slice(NAMED_SERIES)
  const series = named.map(([key, { name, values }]) => ({ key, name, values }))
  if (rest.length > 0)
    series.push({
      key: '',
      name: otherName,
      values: buckets.map((_, i) => rest.reduce((sum, [, part]) => sum + (part.values[i] ?? 0), 0)),
    })
  return { buckets, series }
}
