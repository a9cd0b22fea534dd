import { describe, expect, it } from 'vitest'
import { compareRows, isComparable, newestFirst, type Row, seriesOf, totalsOf } from './compare.ts'

function row(bucket: number, place: string, volumeMillilitres: number, grade?: Row['grade']): Row {
  return {
    bucket,
    place,
    placeName: place,
    sales: 1,
    volumeMillilitres,
    amountFen: 100,
    unpricedSales: 0,
    unpricedMillilitres: 0,
    boardSales: 1,
    boardMillilitres: volumeMillilitres,
    boardFen: 100,
    ...(grade ? { grade } : {}),
  }
}

describe('comparison with the former period', () => {
  it('puts the same place and grade beside each other and nothing else', () => {
    const rows = compareRows(
      [row(100, 'A', 5, '92'), row(100, 'A', 6, '95'), row(100, 'B', 7, '92')],
      [row(0, 'A', 4, '92'), row(0, 'C', 9, '92')],
      (at) => at + 100,
    )
    expect(rows.map((r) => r.beforeMillilitres)).toEqual([4, undefined, undefined])
  })

  it('is refused when the former period is hardly on record', () => {
    const now = Array.from({ length: 10 }, (_, i) => row(i, 'A', 1))
    expect(isComparable(now, now.slice(0, 8))).toBe(false)
    expect(isComparable(now, now.slice(0, 9))).toBe(true)
    expect(isComparable([], [])).toBe(false)
  })
})

describe('the pivot', () => {
  const rows = [row(1, 'A', 10), row(1, 'B', 20), row(2, 'A', 30)]

  it('sums exactly', () => {
    expect(totalsOf(rows)).toMatchObject({ sales: 3, volumeMillilitres: 60, amountFen: 300 })
  })

  it('lists the newest first and keeps the order of places', () => {
    expect(newestFirst(rows).map((r) => `${r.bucket}${r.place}`)).toEqual(['2A', '1A', '1B'])
  })

  it('gathers small places under one name without losing a millilitre', () => {
    const many = Array.from({ length: 9 }, (_, i) => row(1, `P${i}`, i + 1))
    const { series } = seriesOf(many, false, 'others')
    expect(series).toHaveLength(7)
    expect(series.at(-1)).toMatchObject({ name: 'others', values: [1 + 2 + 3] })
    expect(series.flatMap((s) => s.values).reduce((a, b) => a + b)).toBe(45)
  })

  it('stacks by grade with zeros where a bucket has none', () => {
    const { buckets, series } = seriesOf([row(2, 'A', 5, '95'), row(1, 'A', 7, '92')], true, '')
    expect(buckets).toEqual([1, 2])
    expect(series).toEqual([
      { key: '92', name: '92', values: [7, 0] },
      { key: '95', name: '95', values: [0, 5] },
    ])
  })
})
