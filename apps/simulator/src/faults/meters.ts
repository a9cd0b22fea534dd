import { tamper } from './books.ts'
import type { Fault } from './fault.ts'

/** One per cent of every litre stays in the tank. */
const WHEEL_GAIN = 1.01
/** Three pulses in a hundred come from a box between encoder and board. */
const INJECTED_GAIN = 1.03

/** Pulses are added between encoder and board: the board counts more than the wheel turned. */
export const pulseInjector: Fault = tamper(
  'pulse-injector',
  { zh: '编码器与主板之间加装脉冲发生器(+3 %)', en: 'A pulse injector between encoder and board (+3 %)' },
  { injectedGain: INJECTED_GAIN },
)

/** The measuring wheel was changed: encoder, display and books agree, only the tank knows. */
export const meterWheel: Fault = tamper(
  'meter-wheel',
  { zh: '计量轮被改动(多计 1 %)', en: 'The measuring wheel was changed (counts 1 % too much)' },
  { meterGain: WHEEL_GAIN },
)
