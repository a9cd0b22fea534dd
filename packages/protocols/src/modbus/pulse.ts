import type { RegisterBlock } from './block.ts'

/** The pulse counter module itself: also the contacts of the collector's box. */
export interface PulseModule {
  /** Version of this map; 1. */
  readonly mapVersion: number
  /** Mains voltage is present; false while the module lives from its capacitor. */
  readonly mainsPresent: boolean
  readonly doorOpen: boolean
  /** Seconds since the module started; smaller than before means a restart, and counters from 0. */
  readonly uptimeSeconds: number
  /** Major × 256 + minor. */
  readonly firmware: number
  /** Inputs fitted, at most 8. */
  readonly inputs: number
}

/** One input: a nozzle's encoder with two phases, on a supervised line. */
export interface PulseInput {
  /** Pulses of phase A since the module started, modulo 2^32. */
  readonly pulsesA: number
  readonly pulsesB: number
  /** Resistance of the line with its end resistor; 65,535 means open. */
  readonly loopOhms: number
  /** Which phase led at the last pulse; the installer knows which is right. */
  readonly phase: 'unknown' | 'a-leads' | 'b-leads'
  /** See {@link PULSE_FLAGS}; unknown bits are kept. */
  readonly flags: number
}

/** Bits of an input's `flags`, held until 60 s after their cause is gone, so that no poll misses them. */
export const PULSE_FLAGS = {
  /** Resistance above the window. */
  lineCut: 1,
  /** Resistance below the window. */
  lineShorted: 2,
  /** Phase relation turned round while pulses came. */
  phaseTurned: 4,
  /** Phases counted differently by more than 20 since the module started. */
  phasesDiffer: 8,
} as const

/** `loopOhms` of an open line. */
export const LOOP_OPEN = 65_535

/** Module block, registers 0 to 7. */
export const PULSE_MODULE: RegisterBlock<PulseModule> = {
  name: 'pulse module',
  start: 0,
  length: 8,
  stride: 8,
  count: 1,
  wordOrder: 'high-first',
  fields: [
    { name: 'mapVersion', at: 0, type: 'u16' },
    { name: 'mainsPresent', at: 1, type: 'flag' },
    { name: 'doorOpen', at: 2, type: 'flag' },
    { name: 'uptimeSeconds', at: 3, type: 'u32' },
    { name: 'firmware', at: 5, type: 'u16' },
    { name: 'inputs', at: 6, type: 'u16' },
  ],
}

/** Input blocks, registers 16 to 22, 32 to 38 …, eight of them. */
export const PULSE_INPUT: RegisterBlock<PulseInput> = {
  name: 'pulse input',
  start: 16,
  length: 7,
  stride: 16,
  count: 8,
  wordOrder: 'high-first',
  fields: [
    { name: 'pulsesA', at: 0, type: 'u32' },
    { name: 'pulsesB', at: 2, type: 'u32' },
    { name: 'loopOhms', at: 4, type: 'u16' },
    { name: 'phase', at: 5, type: 'choice', choices: ['unknown', 'a-leads', 'b-leads'] },
    { name: 'flags', at: 6, type: 'u16' },
  ],
}
