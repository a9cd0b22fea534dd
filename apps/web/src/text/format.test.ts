import { fromChina } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  age,
  changePercent,
  formatBucket,
  formatBytes,
  formatChange,
  formatLitres,
  formatMoment,
  formatNumber,
  formatRecent,
  formatTime,
  formatYuan,
  shortHash,
  spaced,
} from './format.ts'

describe('numbers', () => {
  it.each([
    [0, 0, '0'],
    [999, 0, '1'],
    [499, 0, '0'],
    [12_480_000, 0, '12,480'],
    [32_450, 2, '32.45'],
    [-1_500, 1, '−1.5'],
    [9_999_999_999_990, 2, '9,999,999,999.99'],
  ])('shows %d mL with %d decimals as %s', (millilitres, decimals, text) => {
    expect(formatLitres(millilitres, decimals)).toBe(text)
  })

  it('shows every amount of fen exactly, to the last fen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (fen) => {
        const text = formatYuan(fen).replaceAll(',', '')
        return /^\d+\.\d\d$/.test(text) && Number(text.replace('.', '')) === fen
      }),
    )
  })

  it('groups by three in both languages', () => {
    expect(formatNumber(1_204_331)).toBe('1,204,331')
  })

  it.each([
    [4, '▲4.0 %'],
    [-12.4, '▼12 %'],
    [0, '±0.0 %'],
    [-0.04, '±0.0 %'],
    [2800, '▲2,800 %'],
    [9.94, '▲9.9 %'],
    [9.96, '▲10 %'],
  ])('shows a change of %d per cent as %s', (percent, text) => {
    expect(formatChange(percent)).toBe(text)
  })

  it('compares with nothing as undefined, never as infinity', () => {
    expect(changePercent(5, 0)).toBeUndefined()
    expect(changePercent(110, 100)).toBeCloseTo(10)
  })

  it.each([
    [812, '812 B'],
    [4_300, '4.2 KB'],
    [1_153_434, '1.1 MB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('times', () => {
  const at = fromChina(2026, 11, 23, 14, 5, 32)

  it('shows China time wherever the browser stands', () => {
    expect(formatTime(at)).toBe('14:05:32')
    expect(formatRecent(at, Date.parse('2026-11-23T15:59:59Z'))).toBe('14:05:32')
    expect(formatRecent(at, Date.parse('2026-11-23T16:00:00Z'))).toBe('11-23 14:05')
    expect(formatMoment(at)).toBe('2026-11-23 14:05:32')
  })

  it.each([
    ['hour', '11-23 14:05'],
    ['day', '2026-11-23'],
    ['month', '2026-11'],
    ['year', '2026'],
    ['all', ''],
  ] as const)('labels a bucket of one %s', (bucket, text) => {
    expect(formatBucket(at, bucket)).toBe(text)
  })

  it.each([
    [-5_000, 0, 'second'],
    [59_999, 59, 'second'],
    [60_000, 1, 'minute'],
    [3_599_999, 59, 'minute'],
    [3_600_000, 1, 'hour'],
    [47 * 3_600_000, 47, 'hour'],
    [48 * 3_600_000, 2, 'day'],
  ])('tells an age of %d ms as %d %s', (span, count, unit) => {
    expect(age(span)).toEqual({ count, unit })
  })
})

describe('text', () => {
  it('puts a thin space between Chinese and Latin, once, and nowhere else', () => {
    expect(spaced('永和加油站3号枪')).toBe('永和加油站\u20093\u2009号枪')
    expect(spaced('今日 24 小时')).toBe('今日 24 小时')
    expect(spaced('L/h 12')).toBe('L/h 12')
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => spaced(spaced(text)) === spaced(text)))
  })

  it('shortens a long hash and leaves a short one', () => {
    expect(shortHash('8f3a4c00000000000000000000000091c2')).toBe('8f3a4c…91c2')
    expect(shortHash('8f3a4c')).toBe('8f3a4c')
  })
})
