import { modbus } from '@oiltrail/protocols'
import type { PulseConfig } from '../config/schema.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import { MAP_VERSION, type ModbusPort } from './modbus.ts'
import { MOST_MILLILITRES_PER_MS, SHORTEST_GAP_MS } from './sale-meter.ts'

/** Exceptions of a module that does not hold all registers: illegal address, illegal count. Busy ones can be asked again. */
const CANNOT_SERVE: ReadonlySet<number | undefined> = new Set([2, 3])
/** A module's clock against ours: so much ahead between two readings, beside twice the time that passed. */
export const UPTIME_SLACK_SECONDS = 60

/** What a module says at one moment. */
export interface ModuleReading {
  readonly module: modbus.PulseModule
  /** One per input configured, in that order. */
  readonly readings: readonly modbus.PulseInput[]
}

/**
 * Reads a pulse counter module. Whatever is new, in counts, contacts or uptime, is read twice at once: Modbus TCP has no
 * check of its own, and one wrong bit is a litre or a cut mains. The first reading is believed if the second does not
 * fall behind it: a count that was read too high would have to be too high again.
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
    const steadyMs = performance.now()
    if (!this.isAtRest(first.value)) {
      const second = await this.readOnce()
      if (!second.ok) return second
      if (!this.follows(first.value, second.value, this.sinceMs(steadyMs)))
        return lost('silent', 'two readings in a row contradict each other')
    }
    const doubt = this.doubtOf(first.value.module)
    if (doubt !== undefined) return lost('silent', doubt)
    this.before = { reading: first.value, steadyMs }
    return first
  }

  private sinceMs(steadyMs: number): number {
    return Math.max(SHORTEST_GAP_MS, (performance.now() - steadyMs) * this.clockSpeed)
  }

  /** Whether nothing is new since the reading before but the time that passed. */
  private isAtRest(now: ModuleReading): boolean {
    if (!this.before) return false
    const { reading: was, steadyMs } = this.before
    return (
      isSameBox(was.module, now.module, this.sinceMs(steadyMs)) &&
      now.readings.every(({ pulsesA }, i) => pulsesA === was.readings[i]!.pulsesA)
    )
  }

  /** Whether one reading can stand right behind another: as much grown as a nozzle delivers meanwhile, and nothing back. */
  private follows(first: ModuleReading, second: ModuleReading, sinceMs: number): boolean {
    return (
      isSameBox(first.module, second.module, sinceMs) &&
      this.config.nozzles.every(({ pulsesPerLitre }, i) => {
        const most = (sinceMs * MOST_MILLILITRES_PER_MS * pulsesPerLitre) / 1_000
        return modbus.counterGrowth(first.readings[i]!.pulsesA, second.readings[i]!.pulsesA) <= most
      })
    )
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
      if (!CANNOT_SERVE.has(words.exception)) return words
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

/** Whether contacts are as they were, and the module ran on for about as long as passed. */
function isSameBox(was: modbus.PulseModule, is: modbus.PulseModule, sinceMs: number): boolean {
  const ranSeconds = is.uptimeSeconds - was.uptimeSeconds
  return (
    is.mainsPresent === was.mainsPresent &&
    is.doorOpen === was.doorOpen &&
    ranSeconds >= 0 &&
    ranSeconds <= (2 * sinceMs) / 1_000 + UPTIME_SLACK_SECONDS
  )
}
