import { GRADE_FACTS } from '@oiltrail/domain'
import type { EpochMs } from '@oiltrail/kernel'
import {
  ARM_METER,
  type ArmMeter,
  blockAddress,
  LOOP_OPEN,
  PULSE_FLAGS,
  PULSE_INPUT,
  PULSE_MODULE,
  type PulseInput,
  type RegisterBlock,
  writeBlock,
} from '@oiltrail/protocols/modbus'
import { MILLILITRES_PER_PULSE } from '../county/plan.ts'
import type { NozzleBody } from '../physics/nozzle.ts'
import type { ArmBody, SiteBody } from '../physics/site.ts'
import type { LineCondition, LineState, SiteConditions } from './conditions.ts'

/** The module was started long before any history. */
const UPTIME_BEFORE_SECONDS = 8_640_000
const FIRMWARE = 0x0103
const TWO_32 = 4_294_967_296
/** Shorted loop, and how much a rewired one differs. */
const SHORTED_OHMS = 4
const REWIRED_OHMS = 310
/** The module holds a flag for this long after its cause is gone. */
const FLAG_HOLD_MS = 60_000
/** Unit 1 is the first module or meter of a site, unit 2 the next. */
const FIRST_UNIT = 1

/** Unit number of an arm's meter. */
export function armUnit(input: number): number {
  return FIRST_UNIT + Math.floor(input / ARM_METER.count)
}

/** Place of an arm within its meter. */
export function armInput(input: number): number {
  return input % ARM_METER.count
}

/** Registers of a site's pulse module at a moment. */
export function pulseImage(
  site: SiteBody,
  conditions: SiteConditions,
  startsAt: EpochMs,
  at: EpochMs,
): number[] {
  const registers = new Array<number>(
    blockAddress(PULSE_INPUT, PULSE_INPUT.count - 1) + PULSE_INPUT.stride,
  ).fill(0)
  place(registers, PULSE_MODULE, 0, {
    mapVersion: 1,
    mainsPresent: conditions.mains,
    doorOpen: conditions.cabinetOpen,
    uptimeSeconds: UPTIME_BEFORE_SECONDS + Math.floor((at - startsAt) / 1000),
    firmware: FIRMWARE,
    inputs: PULSE_INPUT.count,
  })
  for (const nozzle of site.nozzles)
    if (nozzle.plan.input !== undefined)
      place(registers, PULSE_INPUT, nozzle.plan.input, inputOf(nozzle, conditions, at))
  return registers
}

function place<T>(registers: number[], block: RegisterBlock<T>, index: number, values: T): void {
  const address = blockAddress(block, index)
  for (const [i, word] of writeBlock(block, values).entries()) registers[address + i] = word
}

/** Pulses that the encoder has given in all: the module was set to the dispenser's totalizer when it was fitted. */
export function encoderPulses(nozzle: NozzleBody, at: EpochMs): number {
  const running = nozzle.running(at)?.meteredMillilitres ?? 0
  return (nozzle.totalMillilitres + running) / MILLILITRES_PER_PULSE
}

/** Pulses that reach the module over a line: none while it is cut or shorted, and those are lost. */
export function shownPulses(nozzle: NozzleBody, line: LineCondition | undefined, at: EpochMs): number {
  return line?.frozenAt ?? encoderPulses(nozzle, at) - (line?.lostPulses ?? 0)
}

/** Resistance of a nozzle's supervised loop in a state of its line. */
export function loopOhmsOf(nozzle: NozzleBody, state: LineState): number {
  const { loopOhms } = nozzle.plan
  const loop: Record<LineState, number> = {
    normal: loopOhms,
    cut: LOOP_OPEN,
    shorted: SHORTED_OHMS,
    rewired: loopOhms + REWIRED_OHMS,
  }
  return loop[state]
}

function inputOf(nozzle: NozzleBody, conditions: SiteConditions, at: EpochMs): PulseInput {
  const line = conditions.lines.get(nozzle.plan.nozzle)!
  const count = shownPulses(nozzle, line, at) % TWO_32
  return {
    pulsesA: count,
    pulsesB: count,
    loopOhms: loopOhmsOf(nozzle, line.state),
    phase: line.state === 'rewired' ? 'b-leads' : 'a-leads',
    flags: line.state !== 'normal' || at < line.flagsUntil ? line.flags : 0,
  }
}

const FLAGS_OF: Readonly<Record<LineState, number>> = {
  normal: 0,
  cut: PULSE_FLAGS.lineCut,
  shorted: PULSE_FLAGS.lineShorted,
  rewired: PULSE_FLAGS.phaseTurned,
}

/** Breaks or mends the pulse line of a nozzle. While it is cut or shorted no pulse is counted, and none comes back. */
export function setLine(nozzle: NozzleBody, line: LineCondition, state: LineState, at: EpochMs): void {
  const pulses = encoderPulses(nozzle, at)
  if (line.frozenAt !== undefined) {
    line.lostPulses = pulses - line.frozenAt
    line.frozenAt = undefined
  }
  if (state === 'cut' || state === 'shorted') line.frozenAt = pulses - line.lostPulses
  if (state === 'normal') line.flagsUntil = at + FLAG_HOLD_MS
  else line.flags = FLAGS_OF[state]
  line.state = state
}

/** Registers of one meter of a depot at a moment, or undefined when there is no such unit. */
export function armImage(site: SiteBody, unit: number, at: EpochMs): number[] | undefined {
  const arms = site.arms.filter((arm) => armUnit(arm.plan.input) === unit)
  if (arms.length === 0) return undefined
  const registers = new Array<number>(blockAddress(ARM_METER, ARM_METER.count - 1) + ARM_METER.stride).fill(0)
  for (const arm of arms) place(registers, ARM_METER, armInput(arm.plan.input), meterOf(arm, at))
  return registers
}

function meterOf(arm: ArmBody, at: EpochMs): ArmMeter {
  const running = arm.running(at)
  const last = arm.lastLoad
  return {
    mapVersion: 1,
    state: running ? 'loading' : 'idle',
    product: Number(GRADE_FACTS[arm.plan.grade].oilCode),
    runningMillilitres: running?.grossMillilitres ?? 0,
    batch: last?.batch ?? arm.openingBatch,
    volumeMillilitres: last?.grossMillilitres ?? 0,
    volume20Millilitres: last?.volume20Millilitres ?? 0,
    temperatureCentiCelsius: last ? Math.round(last.celsius * 10) * 10 : 0,
    totalMillilitres: arm.totalMillilitres,
    startedAtSeconds: last ? Math.floor(last.startedAt / 1000) : 0,
    endedAtSeconds: last ? Math.floor(last.endsAt / 1000) : 0,
  }
}
