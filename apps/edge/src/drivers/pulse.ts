import type { EpochMs } from '@oiltrail/kernel'
import { modbus } from '@oiltrail/protocols'
import type { PulseConfig } from '../config/schema.ts'
import type { StateMap, StateValue } from '../spool/frame.ts'
import { historyEnd, historyTotal } from '../station/history.ts'
import type { Observation } from '../station/recorder.ts'
import type { Station } from '../station/station.ts'
import { Cadence } from './cadence.ts'
import { answered, type Exchange } from './exchange.ts'
import { LineWatch } from './line-watch.ts'
import type { Driver } from './loop.ts'
import type { ModbusPort } from './modbus.ts'
import type { PortPool } from './ports.ts'
import { type MeterState, SaleMeter } from './sale-meter.ts'

/** Fast enough to see a sale begin and end to the second. */
const POLL_MS = 1_000
/** People top up for a second or two after the nozzle clicks; a pause of this length is the end. */
const QUIET_MS = 4_000
const FLOW_EVERY_MS = 5_000

/** What of one input survives a restart. */
interface InputState {
  /** Counter as last seen, and the module's uptime then. */
  readonly raw: number
  readonly uptimeSeconds: number
  /** Pulses counted in all, over restarts of the module. */
  readonly count: number
  /** Totalizer at count 0: imported history ends there. */
  readonly offsetMillilitres: number
  readonly meter: MeterState
  readonly line: StateValue
}

interface Input {
  readonly config: PulseConfig['nozzles'][number]
  readonly key: string
  readonly meter: SaleMeter
  readonly line: LineWatch
  readonly offsetMillilitres: number
  raw: number | undefined
  uptimeSeconds: number
  count: number
}

/** A pulse counter module: sales of the nozzles on its inputs, their lines, and the contacts of the box. */
export class PulseDriver implements Driver {
  readonly subject: string
  readonly intervalMs = POLL_MS
  private readonly config: PulseConfig
  private readonly station: Station
  private readonly port: ModbusPort
  private readonly cadence: Cadence
  /** The box's own contacts are wired to the first module only. */
  private readonly isBox: boolean
  private readonly inputs: Input[]
  /** Records were refused: the totalizers have to be stated again. */
  private owing = false

  constructor(config: PulseConfig, station: Station, ports: PortPool) {
    this.subject = `pulse ${config.port}`
    this.config = config
    this.station = station
    this.port = ports.modbusPort(config.port, config.framing ?? 'tcp')
    this.isBox = station.site.volume.find((driver) => driver.driver === 'pulse') === config
    this.cadence = new Cadence(station)
    this.inputs = config.nozzles.map((nozzle) => this.restore(nozzle))
  }

  private restore(config: PulseConfig['nozzles'][number]): Input {
    const key = `pulse:${config.nozzle}`
    const stored = this.station.recorder.state(key) as unknown as InputState | undefined
    const offsetMillilitres =
      stored?.offsetMillilitres ?? historyTotal(this.station.spool, config.nozzle) ?? 0
    const rules = {
      nozzle: config.nozzle,
      source: 'pulse',
      millilitres: (count: number) => offsetMillilitres + Math.round((count * 1_000) / config.pulsesPerLitre),
      quietMs: QUIET_MS,
      flowEveryMs: FLOW_EVERY_MS,
    } as const
    return {
      config,
      key,
      meter: new SaleMeter(rules, stored?.meter),
      line: new LineWatch(config.nozzle, config.loopOhms, stored?.line),
      offsetMillilitres,
      raw: stored?.raw,
      uptimeSeconds: stored?.uptimeSeconds ?? 0,
      count: stored?.count ?? 0,
    }
  }

  async poll(now: EpochMs): Promise<Exchange<unknown>> {
    const module = await this.port.read(this.config.unit, modbus.PULSE_MODULE)
    if (!module.ok) return this.missed(module)
    const readings: modbus.PulseInput[] = []
    for (const { config } of this.inputs) {
      const reading = await this.port.read(this.config.unit, modbus.PULSE_INPUT, config.input)
      if (!reading.ok) return this.missed(reading)
      readings.push(reading.value)
    }
    if (this.isBox) await this.boxContacts(module.value)
    const storedAt = Math.max(0, ...this.inputs.map((input) => input.meter.state?.at ?? 0))
    const heard = this.cadence.heard(now, storedAt || undefined)
    const observations: Observation[] = []
    const state: Record<string, StateValue> = {}
    readings.forEach((reading, i) => {
      const input = this.inputs[i]!
      const elapsedMs = now - (input.meter.state?.at ?? now)
      // A module that ran already when the imported history ended has counted sales that stand in it.
      const since = historyEnd(this.station.spool)
      if (input.raw === undefined && now - module.value.uptimeSeconds * 1_000 < since)
        input.raw = reading.pulsesA
      count(input, reading, module.value.uptimeSeconds, elapsedMs)
      const step = this.owing
        ? input.meter.restate({ at: now, count: input.count, ...heard })
        : input.meter.read({ at: now, count: input.count, ...heard })
      const line = input.line.read(reading, now)
      observations.push(...step.observations)
      if (line) observations.push({ at: now, fact: line })
      if (step.keep || line) state[input.key] = stateOf(input)
    })
    await this.keep(observations, state)
    return answered(undefined)
  }

  private missed<T>(outcome: T): T {
    this.cadence.missed()
    return outcome
  }

  private async keep(observations: readonly Observation[], state: StateMap): Promise<void> {
    if (observations.length === 0 && Object.keys(state).length === 0) return
    const done = await this.station.recorder.record(observations, state)
    this.owing = !done.ok
  }

  private async boxContacts({ mainsPresent, doorOpen }: modbus.PulseModule): Promise<void> {
    const { health } = this.station
    if (mainsPresent) await health.clear('mains-lost')
    else if (!health.isOpen('mains-lost')) {
      await health.raise('mains-lost')
      // The capacitor lasts seconds. Whatever can still be said is on disk, and on its way, now.
      await health.note('last-gasp', '', this.station.spool.unsentCount)
    }
    if (doorOpen) await health.raise('cabinet-opened')
    else await health.clear('cabinet-opened')
  }
}

/** Follows a counter over its wrap and over restarts of the module, after which it counts from 0. */
function count(input: Input, reading: modbus.PulseInput, uptimeSeconds: number, elapsedMs: number): void {
  const { raw } = input
  // Up for less time than has passed since the last look: it started in between.
  const restarted =
    uptimeSeconds < input.uptimeSeconds ||
    (raw !== undefined && reading.pulsesA < raw && uptimeSeconds * 1_000 < elapsedMs)
  if (raw === undefined || restarted) input.count += reading.pulsesA
  else input.count += modbus.counterGrowth(raw, reading.pulsesA)
  input.raw = reading.pulsesA
  input.uptimeSeconds = uptimeSeconds
}

function stateOf(input: Input): StateValue {
  const state: Omit<InputState, 'meter'> & { meter: unknown } = {
    raw: input.raw ?? 0,
    uptimeSeconds: input.uptimeSeconds,
    count: input.count,
    offsetMillilitres: input.offsetMillilitres,
    meter: input.meter.state,
    line: input.line.state,
  }
  return state as unknown as StateValue
}
