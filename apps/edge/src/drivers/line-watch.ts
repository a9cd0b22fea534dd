import type { FactOf } from '@oiltrail/domain'
import { dayIndex, type EpochMs } from '@oiltrail/kernel'
import { modbus } from '@oiltrail/protocols'
import type { StateValue } from '../spool/frame.ts'

type Line = FactOf<'line'>

/** A line whose resistance has moved by more than this from its reference has been opened and closed again. */
const REWIRED_PERCENT = 20
/** The same state this often in a row before it is believed. */
const AGREEING_READS = 3
const { lineCut, lineShorted, phaseTurned, phasesDiffer } = modbus.PULSE_FLAGS

interface LineState {
  /** Resistance and leading phase of the line as it was accepted. */
  readonly referenceOhms: number
  readonly referencePhase: Line['phase']
  readonly said: Line['state']
  /** Day on which the state was last stated. */
  readonly saidDay: number
}

/** Watches the line of one nozzle: cut, shorted, or rewired (防拆、防改接). Stated when it changes and once a day. */
export class LineWatch {
  private readonly nozzle: string
  private state_: LineState | undefined
  private readonly configuredOhms: number | undefined
  private candidate: Line['state'] | undefined
  private agreeing = 0
  /** Resistances of the newest reads. */
  private ohms: readonly number[] = []

  constructor(nozzle: string, configuredOhms: number | undefined, stored: StateValue | undefined) {
    this.nozzle = nozzle
    this.configuredOhms = configuredOhms
    this.state_ = (stored ?? undefined) as unknown as LineState | undefined
  }

  get state(): StateValue {
    return (this.state_ ?? null) as unknown as StateValue
  }

  /** Takes one reading; returns what has to be stated. */
  read(reading: modbus.PulseInput, now: EpochMs): Line | undefined {
    const state = this.classify(reading)
    this.agreeing = state === this.candidate ? this.agreeing + 1 : 1
    this.candidate = state
    this.ohms = [...this.ohms, reading.loopOhms].slice(-AGREEING_READS)
    if (this.agreeing < AGREEING_READS) return undefined
    const known = this.state_
    const today = dayIndex(now)
    if (known && known.said === state && known.saidDay === today) {
      this.learnPhase(reading, state)
      return undefined
    }
    this.state_ = {
      // The first sound reads of a new installation are what it will be compared with: of three the middle one, for
      // Modbus TCP does not tell when one is wrong.
      referenceOhms:
        this.configuredOhms ?? (known?.referenceOhms || (state === 'normal' ? middleOf(this.ohms) : 0)),
      referencePhase: known?.referencePhase ?? 'unknown',
      said: state,
      saidDay: today,
    }
    this.learnPhase(reading, state)
    return { kind: 'line', nozzle: this.nozzle, state, loopOhms: reading.loopOhms, phase: reading.phase }
  }

  /** A phase relation is known only once pulses came. */
  private learnPhase(reading: modbus.PulseInput, state: Line['state']): void {
    if (this.state_?.referencePhase === 'unknown' && reading.phase !== 'unknown' && state === 'normal')
      this.state_ = { ...this.state_, referencePhase: reading.phase }
  }

  private classify({ loopOhms, phase, flags }: modbus.PulseInput): Line['state'] {
    if (flags & lineCut || loopOhms >= modbus.LOOP_OPEN) return 'cut'
    if (flags & lineShorted) return 'shorted'
    if (flags & (phaseTurned | phasesDiffer)) return 'rewired'
    const reference = this.configuredOhms ?? this.state_?.referenceOhms ?? 0
    if (reference > 0 && Math.abs(loopOhms - reference) * 100 > reference * REWIRED_PERCENT) return 'rewired'
    const usual = this.state_?.referencePhase ?? 'unknown'
    return usual !== 'unknown' && phase !== 'unknown' && phase !== usual ? 'rewired' : 'normal'
  }
}

function middleOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!
}
