import { reportWith, type TlsReport } from './report.ts'
import { twoDigits } from './text.ts'

/** One active alarm or warning: `AA NN TT`, all decimal. */
export interface SystemAlarm {
  /** 1 system, 2 tank, 3 liquid sensor, 5 input … */
  readonly category: number
  /** Type within its category; category 2 numbers as {@link TANK_ALARMS}. */
  readonly type: number
  /** Tank or sensor. */
  readonly number: number
}

/** Category 0 says that all functions are normal: no item. */
const ALL_NORMAL = '000000'

/** 101 system status. */
export const systemAlarms: TlsReport<SystemAlarm> = reportWith('i101', 'system alarms', {
  read(reader) {
    const items: SystemAlarm[] = []
    while (reader.more) {
      const category = reader.decimal('AA', 2)
      const type = reader.decimal('NN', 2)
      const number = reader.decimal('TT', 2)
      if (category !== 0) items.push({ category, type, number })
    }
    return items
  },
  write: (items) =>
    items.length === 0
      ? ALL_NORMAL
      : items.map((a) => [a.category, a.type, a.number].map(twoDigits).join('')).join(''),
})
