import { CHINA_OFFSET_MS, DAY_MS, type EpochMs } from '@oiltrail/kernel'
import { driftAt, seedOf } from '../random.ts'

/** Hills of northern Guizhou: mean 15.3 °C, January 4 °C, July 25 °C. */
const MEAN_CELSIUS = 15.3
const YEAR_SWING = 10.5
const DAY_SWING = 4
const WEATHER_SWING = 3.5
/** Two metres below ground the year arrives weakened and five weeks late. */
const GROUND_MEAN = 16.2
const GROUND_SWING = 6
const GROUND_LAG_MS = 36 * DAY_MS
const YEAR_MS = 365.2425 * DAY_MS
/** Warmest day of the year, counted from New Year. */
const WARMEST_MS = 202 * DAY_MS
const WARMEST_HOUR_SHARE = 15 / 24

function yearWave(at: EpochMs): number {
  return Math.cos((2 * Math.PI * (at + CHINA_OFFSET_MS - WARMEST_MS)) / YEAR_MS)
}

/** Air and ground temperature of the county as functions of time. */
export interface Climate {
  airCelsius(at: EpochMs): number
  groundCelsius(at: EpochMs): number
  /** What a large tank above ground feels: the air's mean of the day. */
  dayMeanCelsius(at: EpochMs): number
}

/** The county's climate under a seed: season, hour, and weather that changes over days. */
export function climate(seed: number): Climate {
  const identity = seedOf(seed, 'weather')
  const dayMeanCelsius = (at: EpochMs): number =>
    MEAN_CELSIUS + YEAR_SWING * yearWave(at) + WEATHER_SWING * driftAt(identity, at, 3 * DAY_MS)
  return {
    dayMeanCelsius,
    airCelsius: (at) => {
      const dayShare = (((at + CHINA_OFFSET_MS) % DAY_MS) + DAY_MS) % DAY_MS
      const dayWave = Math.cos(2 * Math.PI * (dayShare / DAY_MS - WARMEST_HOUR_SHARE))
      return dayMeanCelsius(at) + DAY_SWING * dayWave
    },
    groundCelsius: (at) => GROUND_MEAN + GROUND_SWING * yearWave(at - GROUND_LAG_MS),
  }
}
