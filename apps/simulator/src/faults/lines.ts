import type { LineState } from '../devices/conditions.ts'
import { setLine } from '../devices/modules.ts'
import type { Fault } from './fault.ts'

function lineFault(name: string, state: Exclude<LineState, 'normal'>, zh: string, en: string): Fault {
  return {
    name,
    zh,
    en,
    subject: 'nozzle',
    begin({ devices, nozzles }, at) {
      const tapped = nozzles.filter((nozzle) => nozzle.plan.input !== undefined)
      for (const nozzle of tapped)
        setLine(nozzle, devices.conditions.lines.get(nozzle.plan.nozzle)!, state, at)
      return (end) => {
        for (const nozzle of tapped)
          setLine(nozzle, devices.conditions.lines.get(nozzle.plan.nozzle)!, 'normal', end)
      }
    },
  }
}

/** The pulse line is cut: open loop, no pulse is counted. */
export const lineCut: Fault = lineFault('line-cut', 'cut', '脉冲信号线被剪断', 'A pulse line is cut')
/** The pulse line is shorted: no resistance, no pulse is counted. */
export const lineShort: Fault = lineFault(
  'line-short',
  'shorted',
  '脉冲信号线被短接',
  'A pulse line is shorted',
)
/** The pulse line was opened and joined again elsewhere: other resistance, phases turned round; pulses count on. */
export const lineRewired: Fault = lineFault(
  'line-rewired',
  'rewired',
  '脉冲信号线被改接',
  'A pulse line is rewired',
)
