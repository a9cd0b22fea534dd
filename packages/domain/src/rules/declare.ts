import type { Setting } from './settings.ts'

/** Day from which defaults without an older source hold: the day the platform began to watch. */
const FIRST_DAY = '2026-11-01'

/** One row of a settings table: label in both languages, unit, default, bounds, source. */
export function setting(
  label: readonly [zh: string, en: string],
  unit: string,
  [value, least, most]: readonly [value: number, least: number, most: number],
  source: string,
  effective: string = FIRST_DAY,
): Setting {
  return { label: { zh: label[0], en: label[1] }, unit, value, least, most, source, effective }
}

/** Our own proposal, to be weighed by the county. */
export const PROPOSED = 'P'
