import type { Fault } from './fault.ts'

/** Longer than any collector waits for a console. */
const SLOW_ANSWER_MS = 8_000

/** The console does not answer. */
export const gaugeSilent: Fault = {
  name: 'gauge-silent',
  zh: '液位仪不应答',
  en: 'The tank gauge does not answer',
  subject: 'none',
  begin({ devices }) {
    devices.conditions.gauge.silent = true
    return () => {
      devices.conditions.gauge.silent = false
    }
  },
}

/** The console answers seconds late. */
export const gaugeSlow: Fault = {
  name: 'gauge-slow',
  zh: '液位仪应答迟缓',
  en: 'The tank gauge answers seconds late',
  subject: 'none',
  begin({ devices }) {
    devices.conditions.gauge.delayMs = SLOW_ANSWER_MS
    return () => {
      devices.conditions.gauge.delayMs = 0
    }
  },
}

/** The batch meters of a depot do not answer. */
export const armSilent: Fault = {
  name: 'arm-silent',
  zh: '鹤管计量仪不应答',
  en: 'The batch meters of the loading arms do not answer',
  subject: 'none',
  begin({ devices }) {
    devices.conditions.arms.silent = true
    return () => {
      devices.conditions.arms.silent = false
    }
  },
}
