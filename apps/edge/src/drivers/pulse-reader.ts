import { modbus } from '@oiltrail/protocols'
import type { PulseConfig } from '../config/schema.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import { MAP_VERSION, type ModbusPort } from './modbus.ts'
import { MOST_MILLILITRES_PER_MS, SHORTEST_GAP_MS } from './sale-meter.ts'

/** How far two phases may be apart in one reading and not in the next: a pulse of each may be on its way. */
const PHASE_SKEW_PULSES = 2
/** Phases that are further apart than this tell nothing of each other: one of them is cut or was never wired. */
const PHASES_APART_PULSES = 20
/** A module's clock against ours: so much ahead between two readings, beside twice the time that passed. */
const UPTIME_SLACK_SECONDS = 60

/** What a module says at one moment. */
export interface ModuleReading {
  readonly module: modbus.PulseModule
  /** One per input configured, in that order. */
  readonly readings: readonly modbus.PulseInput[]
}

/**
 * Reads a pulse counter module. What does not follow from the reading before, in counts, contacts or uptime, is read twice
 * at once and believed when both agree: Modbus TCP has no check of its own, and one wrong bit is a litre or a cut mains.
 */
export class PulseReader {
  private readonly config: PulseConfig
  private readonly port: ModbusPort
  private readonly clockSpeed: number
  private wholeRead = true
  private before: { readonly reading: ModuleReading; readonly steadyMs: number } | undefined

  constructor(config: PulseConfig, port: ModbusPort, clockSpeed: number) {
    this.config = config
    this.port = port
    this.clockSpeed = clockSpeed
  }

  async read(): Promise<Exchange<ModuleReading>> {
    const first = await this.readOnce()
    if (!first.ok) return first
    let proven = first
    if (!this.before || !this.follows(this.before.reading, first.value, this.sinceMs(this.before.steadyMs))) {
      const second = await this.readOnce()
      if (!second.ok) return second
      if (!this.follows(first.value, second.value, SHORTEST_GAP_MS))
        return lost('silent', 'two readings in a row contradict each other')
      proven = second
    }
    const doubt = this.doubtOf(proven.value.module)
    if (doubt !== undefined) return lost('silent', doubt)
    this.before = { reading: proven.value, steadyMs: performance.now() }
    return proven
  }

  private sinceMs(steadyMs: number): number {
    return Math.max(SHORTEST_GAP_MS, (performance.now() - steadyMs) * this.clockSpeed)
  }

  /** Whether one reading can have come so long after another at an honest station. */
  private follows(before: ModuleReading, after: ModuleReading, sinceMs: number): boolean {
    const [was, is] = [before.module, after.module]
    const ranSeconds = is.uptimeSeconds - was.uptimeSeconds
    if (is.mainsPresent !== was.mainsPresent || is.doorOpen !== was.doorOpen) return false
    if (ranSeconds < 0 || ranSeconds > (2 * sinceMs) / 1_000 + UPTIME_SLACK_SECONDS) return false
    return this.config.nozzles.every(({ pulsesPerLitre }, i) => {
      const [old, now] = [before.readings[i]!, after.readings[i]!]
      const growth = modbus.counterGrowth(old.pulsesA, now.pulsesA)
      const growthB = modbus.counterGrowth(old.pulsesB, now.pulsesB)
      const most = (sinceMs * MOST_MILLILITRES_PER_MS * pulsesPerLitre) / 1_000
      return growth <= most && (areApart(old) || Math.abs(growth - growthB) <= PHASE_SKEW_PULSES)
    })
  }

  /** Why what answered cannot be the module that the configuration means; undefined when it can. */
  private doubtOf({ mapVersion, inputs }: modbus.PulseModule): string | undefined {
    if (mapVersion !== MAP_VERSION) return `register map ${mapVersion}, ${MAP_VERSION} is read`
    // 0: a module that does not say.
    const beyond = this.config.nozzles.find(({ input }) => inputs > 0 && input >= inputs)
    return beyond && `the module has ${inputs} inputs, none is number ${beyond.input}`
  }

  /** The module and all inputs in one request; a module that does not hold all registers is asked block by block. */
  private async readOnce(): Promise<Exchange<ModuleReading>> {
    const { unit, nozzles } = this.config
    const last = Math.max(...nozzles.map(({ input }) => modbus.blockAddress(modbus.PULSE_INPUT, input)))
    const length = last + modbus.PULSE_INPUT.length
    if (this.wholeRead && length <= modbus.MOST_REGISTERS_PER_READ) {
      const words = await this.port.registers(unit, 0, length)
      if (words.ok) return this.decode(words.value)
      if (words.exception === undefined) return words
      this.wholeRead = false
    }
    const module = await this.port.read(unit, modbus.PULSE_MODULE)
    if (!module.ok) return module
    const readings: modbus.PulseInput[] = []
    for (const { input } of nozzles) {
      const reading = await this.port.read(unit, modbus.PULSE_INPUT, input)
      if (!reading.ok) return reading
      readings.push(reading.value)
    }
    return answered({ module: module.value, readings })
  }

  private decode(words: readonly number[]): Exchange<ModuleReading> {
    const { PULSE_MODULE, PULSE_INPUT } = modbus
    const module = modbus.readBlock(PULSE_MODULE, words.slice(0, PULSE_MODULE.length))
    if (!module.ok) return lost('silent', `${module.problem.where}: ${module.problem.detail}`)
    const readings: modbus.PulseInput[] = []
    for (const { input } of this.config.nozzles) {
      const at = modbus.blockAddress(PULSE_INPUT, input)
      const reading = modbus.readBlock(PULSE_INPUT, words.slice(at, at + PULSE_INPUT.length))
      if (!reading.ok) return lost('silent', `${reading.problem.where}: ${reading.problem.detail}`)
      readings.push(reading.value)
    }
    return answered({ module: module.value, readings })
  }
}

function areApart({ pulsesA, pulsesB }: modbus.PulseInput): boolean {
  const ahead = modbus.counterGrowth(pulsesB, pulsesA)
  return Math.min(ahead, modbus.counterGrowth(pulsesA, pulsesB)) > PHASES_APART_PULSES
}
