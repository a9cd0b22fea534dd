import { chinaTimestamp, fromChina } from '@oiltrail/kernel'

/** A moment as a field for date and time wants it, in China time: `2026-11-23T14:05`. */
export function fieldOfMoment(at: number): string {
  return chinaTimestamp(at).slice(0, 16).replace(' ', 'T')
}

/** The moment that such a field means in China time, whatever zone the browser is in; undefined when it means none. */
export function momentOfField(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})$/.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const at = fromChina(year, month, day, hour, minute)
  return fieldOfMoment(at) === text ? at : undefined
}
