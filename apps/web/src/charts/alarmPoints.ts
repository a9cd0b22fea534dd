import type { AlarmGrade } from '@oiltrail/domain'
import { GRADE_ORDER } from '../alarms/grouping.ts'
import { THEMES } from '../theme/tokens.ts'

/** An alarm as a chart shows it. */
export interface ChartAlarm {
  /** Where it stands on the axis of time: a moment, or the label of a bucket. */
  readonly at: number | string
  readonly grade: AlarmGrade
}

/** The gravest of the alarms that stand at one place, in the order of the places. */
export function gravestAt(alarms: readonly ChartAlarm[]): ChartAlarm[] {
  const gravest = new Map<number | string, ChartAlarm>()
  for (const alarm of alarms) {
    const known = gravest.get(alarm.at)
    if (!known || GRADE_ORDER.indexOf(alarm.grade) < GRADE_ORDER.indexOf(known.grade))
      gravest.set(alarm.at, alarm)
  }
  return [...gravest.values()]
}

const SYMBOLS: Readonly<Record<AlarmGrade, string>> = {
  red: 'diamond',
  orange: 'triangle',
  yellow: 'circle',
  blue: 'rect',
}
const { alarmRed, alarmOrange, alarmYellow, alarmBlue } = THEMES.office
const COLOURS: Readonly<Record<AlarmGrade, string>> = {
  red: alarmRed,
  orange: alarmOrange,
  yellow: alarmYellow,
  blue: alarmBlue,
}

/** Marks of alarms upon a series, at the height that `heightOf` tells, in the shape and colour of their grade. */
export function alarmPoints(
  alarms: readonly ChartAlarm[],
  heightOf: (at: number | string) => number,
): { markPoint?: object } {
  if (alarms.length === 0) return {}
  return {
    markPoint: {
      silent: true,
      animation: false,
      data: gravestAt(alarms).map(({ at, grade }) => ({
        coord: [at, heightOf(at)],
        symbol: SYMBOLS[grade],
        symbolSize: 10,
        symbolOffset: [0, -8],
        itemStyle: { color: COLOURS[grade] },
        label: { show: false },
      })),
    },
  }
}
