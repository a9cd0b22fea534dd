import { chinaParts, chinaTimestamp, DAY_MS, HOUR_MS } from '@oiltrail/kernel'

/** Numbers and times as people read them. Both languages group digits by three with a comma. */
const grouped = new Map<number, Intl.NumberFormat>()

/** 1234567.5 → `1,234,567.50` with two decimals. */
export function formatNumber(value: number, decimals = 0): string {
  let format = grouped.get(decimals)
  if (!format) {
    format = new Intl.NumberFormat('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    })
    grouped.set(decimals, format)
  }
  const text = format.format(value)
  return text.startsWith('-') ? `−${text.slice(1)}` : text
}

/** Millilitres as litres, without the unit. */
export function formatLitres(millilitres: number, decimals = 0): string {
  return formatNumber(millilitres / 1000, decimals)
}

/** Fen as yuan with two decimals, without the sign. */
export function formatYuan(fen: number): string {
  return formatNumber(fen / 100, 2)
}

/** Change against a former value, in per cent; undefined when there is nothing to compare with. */
export function changePercent(now: number, before: number): number | undefined {
  return before > 0 ? ((now - before) / before) * 100 : undefined
}

/** `▲4 %`, `▼12 %`, `±0 %`; below ten per cent with one decimal. */
export function formatChange(percent: number): string {
  const size = Math.abs(percent)
  const text = formatNumber(size, size < 9.95 ? 1 : 0)
  const mark = Number(text.replaceAll(',', '')) === 0 ? '±' : percent > 0 ? '▲' : '▼'
  return `${mark}${text} %`
}

/** `14:05:32` in China time. */
export function formatTime(at: number): string {
  return chinaTimestamp(at).slice(11)
}

/** `14:05:32` on the day of `now`, `11-22 14:05` on any other: a bare time of yesterday would pass for one of today. */
export function formatRecent(at: number, now: number): string {
  return formatDate(at) === formatDate(now) ? formatTime(at) : formatShortMoment(at)
}

/** `2026-11-23` in China time. */
export function formatDate(at: number): string {
  return chinaTimestamp(at).slice(0, 10)
}

/** `2026-11-23 14:05:32` in China time. */
export const formatMoment: (at: number) => string = chinaTimestamp

/** `11-23 14:05` in China time: for columns that list a few days. */
export function formatShortMoment(at: number): string {
  return chinaTimestamp(at).slice(5, 16)
}

export type Bucket = 'hour' | 'day' | 'month' | 'year' | 'all'

/** The start of a bucket as its label: `11-23 14 时` is left to the caller; this gives `11-23 14:00`, `2026-11-23`, `2026-11`, `2026`. */
export function formatBucket(at: number, bucket: Bucket): string {
  const text = chinaTimestamp(at)
  switch (bucket) {
    case 'hour':
      return text.slice(5, 16)
    case 'day':
      return text.slice(0, 10)
    case 'month':
      return text.slice(0, 7)
    case 'year':
      return text.slice(0, 4)
    case 'all':
      return ''
  }
}

/** How long ago, in the coarsest fitting unit. Negative spans (clocks apart) count as zero. */
export function age(milliseconds: number): { count: number; unit: 'second' | 'minute' | 'hour' | 'day' } {
  const span = Math.max(0, milliseconds)
  if (span < 60_000) return { count: Math.floor(span / 1000), unit: 'second' }
  if (span < HOUR_MS) return { count: Math.floor(span / 60_000), unit: 'minute' }
  if (span < 2 * DAY_MS) return { count: Math.floor(span / HOUR_MS), unit: 'hour' }
  return { count: Math.floor(span / DAY_MS), unit: 'day' }
}

/** `8f3a4c…91c2` of a long hash. */
export function shortHash(hex: string): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 6)}…${hex.slice(-4)}`
}

/** Bytes as `812 B`, `4.2 KB`, `1.1 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1_048_576
    ? `${formatNumber(bytes / 1024, 1)} KB`
    : `${formatNumber(bytes / 1_048_576, 1)} MB`
}

/** Hour of the day in China time, 0–23. */
export function hourOfDay(at: number): number {
  return chinaParts(at).hour
}

const HAN = '\\u3400-\\u9fff\\uf900-\\ufaff'
const LATIN = 'A-Za-z0-9#%¥−'
const BETWEEN = new RegExp(`(?<=[${HAN}])(?=[${LATIN}])|(?<=[${LATIN}])(?=[${HAN}])`, 'gu')

/** Puts a thin space between Chinese and Latin characters, as look.md asks. */
export function spaced(text: string): string {
  return text.replace(BETWEEN, '\u2009')
}
