import { ARM_METER } from './arm.ts'
import { PULSE_INPUT, PULSE_MODULE } from './pulse.ts'

export * from './arm.ts'
export * from './block.ts'
export * from './pulse.ts'
export * from './table.ts'

/** Every block of our own register maps. */
export const REGISTER_BLOCKS = [PULSE_MODULE, PULSE_INPUT, ARM_METER] as const
