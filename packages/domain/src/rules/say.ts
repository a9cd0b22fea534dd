import { chinaParts, type EpochMs } from '@oiltrail/kernel'

/** How sentences of alarms write numbers and times. */

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `11-23 14:02` in China time. */
export function momentText(at: EpochMs | string | undefined): string {
  const { month, day, hour, minute } = chinaParts(Number(at))
  return `${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`
}

/** `11-23 14:02–14:31`; the second date only when it is another day. */
export function spanText(from: EpochMs | string | undefined, to: EpochMs | string | undefined): string {
  const begin = momentText(from)
  const end = momentText(to)
  return `${begin}–${end.slice(0, 5) === begin.slice(0, 5) ? end.slice(6) : end}`
}

/** `412.6 L` from millilitres. */
export function litresText(millilitres: number | string | undefined): string {
  return `${(Math.round(Number(millilitres) / 100) / 10).toFixed(1)} L`
}

/** `35 min`, `4 h 10 min`, `2 d 3 h` from milliseconds, whole minutes. */
export function durationText(milliseconds: number | string | undefined): string {
  const minutes = Math.max(0, Math.floor(Number(milliseconds) / 60_000))
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
