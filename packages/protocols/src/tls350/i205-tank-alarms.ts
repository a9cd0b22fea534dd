import type { Result } from '@oiltrail/kernel'
import { type Report, reportOf, type TlsReport } from './report.ts'
import { hexDigits, twoDigits } from './text.ts'

/** Alarm types of a tank (category 02) as the manual numbers them. */
export const TANK_ALARMS: Readonly<Record<number, { zh: string; en: string }>> = {
  1: { zh: '设置数据错误', en: 'Setup data warning' },
  2: { zh: '油罐渗漏', en: 'Leak' },
  3: { zh: '高水位', en: 'High water' },
  4: { zh: '溢油', en: 'Overfill' },
  5: { zh: '低液位', en: 'Low product' },
  6: { zh: '突然失油', en: 'Sudden loss' },
  7: { zh: '高液位', en: 'High product' },
  8: { zh: '液位无效', en: 'Invalid level' },
  9: { zh: '探棒失联', en: 'Probe out' },
  10: { zh: '高水位预警', en: 'High water warning' },
  11: { zh: '需要进油', en: 'Delivery needed' },
  12: { zh: '超过最大容量', en: 'Maximum product' },
  13: { zh: '粗测渗漏不合格', en: 'Gross leak test failed' },
  14: { zh: '定期渗漏测试不合格', en: 'Periodic leak test failed' },
  15: { zh: '年度渗漏测试不合格', en: 'Annual leak test failed' },
  16: { zh: '需要定期测试', en: 'Periodic test needed' },
  17: { zh: '需要年度测试', en: 'Annual test needed' },
  18: { zh: '定期测试将到期', en: 'Periodic test soon needed' },
  19: { zh: '年度测试将到期', en: 'Annual test soon needed' },
  20: { zh: '渗漏测试进行中', en: 'Leak test active' },
  27: { zh: '油温过低', en: 'Cold temperature' },
  28: { zh: '缺少进油单', en: 'Missing delivery ticket' },
  30: { zh: '密度报警', en: 'Density' },
}

/** Active alarms of one tank: `TT nn`, nn (**hexadecimal**) times `AA`. */
export interface TankAlarms {
  readonly tank: number
  /** Types, decimal; see {@link TANK_ALARMS}. Unknown ones are kept. */
  readonly types: readonly number[]
}

/** 205 tank status. */
export const tankAlarms: TlsReport<TankAlarms> = reportOf('i205', 'tank alarms', {
  read(reader) {
    const tank = reader.decimal('TT', 2)
    const count = reader.hexadecimal('nn', 2)
    const types: number[] = []
    for (let i = 0; i < count; i++) types.push(reader.decimal('AA', 2))
    return { tank, types }
  },
  write: ({ tank, types }) => twoDigits(tank) + hexDigits(types.length, 2) + types.map(twoDigits).join(''),
})

/** Reads an answer to 205 from its text between SOH and ETX. */
export function parseAlarms205(text: string): Result<Report<TankAlarms>> {
  return tankAlarms.readAnswer(text)
}
