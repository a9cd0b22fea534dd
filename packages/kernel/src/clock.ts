import type { EpochMs } from './units.ts'

/** Where the time comes from. Pure code takes it as an argument; only a `main.ts` makes one. */
export interface Clock {
  now(): EpochMs
  /** How many milliseconds of this clock pass in one real millisecond. 1 in the field; more in a fast demo. */
  readonly speed: number
}

/**
 * A clock that runs `speed` times as fast as `real`, anchored so that both agree at `anchor`.
 * With speed 1 it is the real clock.
 */
export function scaledClock(real: () => EpochMs, anchor: EpochMs, speed: number): Clock {
  return { speed, now: () => (speed === 1 ? real() : Math.round(anchor + (real() - anchor) * speed)) }
}

/** China Standard Time, UTC+8 all year (GB/T 7408 local time; no daylight saving since 1992). */
export const CHINA_OFFSET_MS = 8 * 3_600_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Hours since 1970-01-01T00:00 China time. */
export function hourIndex(at: EpochMs): number {
  return Math.floor((at + CHINA_OFFSET_MS) / HOUR_MS)
}

/** Days since 1970-01-01 China time. */
export function dayIndex(at: EpochMs): number {
  return Math.floor((at + CHINA_OFFSET_MS) / DAY_MS)
}

/** The moment at which an hour begins. */
export function hourStart(index: number): EpochMs {
  return index * HOUR_MS - CHINA_OFFSET_MS
}

/** The moment at which a day begins in China. */
export function dayStart(index: number): EpochMs {
  return index * DAY_MS - CHINA_OFFSET_MS
}

/** Calendar parts in China time; month and day count from 1. */
export function chinaParts(at: EpochMs): {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  weekday: number
} {
  const d = new Date(at + CHINA_OFFSET_MS)
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
    weekday: d.getUTCDay(),
  }
}

/** `2026-11-23 14:05:32` in China time. */
export function chinaTimestamp(at: EpochMs): string {
  return new Date(at + CHINA_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** The moment of a China wall-clock time; month and day count from 1. */
export function fromChina(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
): EpochMs {
  return Date.UTC(year, month - 1, day, hour, minute, second) - CHINA_OFFSET_MS
}

/**
 * Reads `OILTRAIL_CLOCK`, `<anchor epoch ms>x<speed>`, by which server, edge and simulator of a fast demo share one
 * clock. Undefined or empty text means the real clock; a malformed text is an error.
 */
export function parseClock(text: string | undefined, real: () => EpochMs): Clock {
  if (!text) return scaledClock(real, 0, 1)
  const match = /^([0-9]{1,15})x([0-9]{1,4}(?:\.[0-9]{1,3})?)$/.exec(text)
  if (!match || Number(match[2]) <= 0)
    throw new Error(
      `OILTRAIL_CLOCK must read <epoch ms>x<speed>, for example 1795413600000x10; it reads ${text}`,
    )
  return scaledClock(real, Number(match[1]), Number(match[2]))
}
