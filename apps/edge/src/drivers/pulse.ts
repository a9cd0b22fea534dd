import type { EpochMs } from '@oiltrail/kernel'
import { modbus } from '@oiltrail/protocols'
import type { PulseConfig } from '../config/schema.ts'
import type { StateMap, StateValue } from '../spool/frame.ts'
import { historyEnd, historyTotal } from '../station/history.ts'
import type { Observation } from '../station/recorder.ts'
import type { Station } from '../station/station.ts'
import { Cadence } from './cadence.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import { LineWatch } from './line-watch.ts'
import type { Driver } from './loop.ts'
import type { PortPool } from './ports.ts'
import { PulseReader, UPTIME_SLACK_SECONDS } from './pulse-reader.ts'
import { type MeterState, MOST_MILLILITRES_PER_MS, SaleMeter, SHORTEST_GAP_MS } from './sale-meter.ts'
import { UnsoldPulses } from './unsold.ts'

/** Fast enough to see a sale begin and end to the second. */
const POLL_MS = 1_000
/** People top up for a second or two after the nozzle clicks; a pause of this length is the end. */
const QUIET_MS = 4_000
const FLOW_EVERY_MS = 5_000

/** More than an input can count; 100 pulses a litre make 150 a second at the fastest nozzle. */
const MOST_PULSES_PER_SECOND = 5_000
/** A count that cannot be is believed as a new beginning when it goes on for so many reads: one more than it takes to say so. */
const READS_TO_BELIEVE_JUMP = 4

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
  readonly unsold: UnsoldPulses
  offsetMillilitres: number
  raw: number | undefined
  uptimeSeconds: number
  count: number
  /** Reads in a row whose count cannot follow from the one before. */
  jumps: number
}

/** What is known of the time since the look before. */
interface Since {
  readonly elapsedMs: number
  /** This process has not looked before. */
  readonly isFirst: boolean
}

/** A pulse counter module: sales of the nozzles on its inputs, their lines, and the contacts of the box. */
export class PulseDriver implements Driver {
  readonly subject: string
  readonly intervalMs = POLL_MS
  private readonly config: PulseConfig
  private readonly station: Station
  private readonly module: PulseReader
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
    this.module = new PulseReader(
      config,
      ports.modbusPort(config.port, config.framing ?? 'tcp'),
      station.clock.speed,
    )
    this.isBox = station.site.volume.find((driver) => driver.driver === 'pulse') === config
    this.cadence = new Cadence(station)
    this.inputs = config.nozzles.map((nozzle) => this.restore(nozzle))
  }

  private restore(config: PulseConfig['nozzles'][number]): Input {
    const key = `pulse:${config.nozzle}`
    const stored = this.station.recorder.state(key) as unknown as InputState | undefined
    const rules = {
      nozzle: config.nozzle,
      source: 'pulse',
      millilitres: (count: number) => input.offsetMillilitres + volumeOf(count, config.pulsesPerLitre),
      quietMs: QUIET_MS,
      flowEveryMs: FLOW_EVERY_MS,
    } as const
    const input: Input = {
      config,
      key,
      meter: new SaleMeter(rules, stored?.meter),
      line: new LineWatch(config.nozzle, config.loopOhms, stored?.line),
      unsold: new UnsoldPulses(),
      offsetMillilitres: stored?.offsetMillilitres ?? 0,
      raw: stored?.raw,
      uptimeSeconds: stored?.uptimeSeconds ?? 0,
      count: stored?.count ?? 0,
      jumps: 0,
    }
    return input
  }

  /**
   * The first look at a counter. Where history was imported the totalizer goes on from its end: a module whose count is
   * the totalizer already says where it stands; one that was started since has counted what came after; of one that ran
   * all along and counts from elsewhere only the growth from now on is known.
   */
  private begin(input: Input, pulses: number, uptimeSeconds: number, now: EpochMs): void {
    const { spool } = this.station
    const ended = historyTotal(spool, input.config.nozzle)
    input.raw = pulses
    input.uptimeSeconds = uptimeSeconds
    input.count = pulses
    if (ended === undefined) return
    const sinceMs = Math.max(now - historyEnd(spool), SHORTEST_GAP_MS)
    const ahead = volumeOf(pulses, input.config.pulsesPerLitre) - ended
    if (ahead >= 0 && ahead <= sinceMs * MOST_MILLILITRES_PER_MS) return
    input.offsetMillilitres = ended
    if (now - uptimeSeconds * 1_000 < historyEnd(spool)) input.count = 0
  }

  async poll(now: EpochMs): Promise<Exchange<unknown>> {
    const read = await this.module.read()
    if (!read.ok) {
      this.cadence.missed()
      return read
    }
    const { module, readings } = read.value
    if (this.isBox) await this.boxContacts(module)
    const storedAt = Math.max(0, ...this.inputs.map((input) => input.meter.state?.at ?? 0))
    const isFirst = !this.cadence.hasHeard
    const heard = this.cadence.heard(now, storedAt || undefined)
    let outcome: Exchange<unknown> = answered(undefined)
    const observations: Observation[] = []
    const state: Record<string, StateValue> = {}
    const observed: { nozzle: string; unsold: number }[] = []
    readings.forEach((reading, i) => {
      const input = this.inputs[i]!
      const { uptimeSeconds, mainsPresent } = module
      const counted = input.count
      if (input.raw === undefined) this.begin(input, reading.pulsesA, uptimeSeconds, now)
      else {
        const elapsedMs = Math.max(heard.sinceMs ?? 0, now - (input.meter.state?.at ?? now))
        if (!this.follow(input, reading, uptimeSeconds, { elapsedMs, isFirst })) {
          outcome = lost('silent', `input ${input.config.input} jumped to ${reading.pulsesA}`)
          return
        }
      }
      const step = this.owing
        ? input.meter.restate({ at: now, count: input.count, ...heard })
        : input.meter.read({ at: now, count: input.count, ...heard })
      const line = input.line.read(reading, now)
      const unsold = input.unsold.read({
        at: now,
        grown: volumeOf(input.count - counted, input.config.pulsesPerLitre),
        sinceMs: heard.interrupted ? undefined : heard.sinceMs,
        mainsPresent: mainsPresent || !this.isBox,
        observations: step.observations,
      })
      if (unsold !== undefined) observed.push({ nozzle: input.config.nozzle, unsold })
      observations.push(...step.observations)
      if (line) observations.push({ at: now, fact: line })
      if (step.keep || line) state[input.key] = stateOf(input)
    })
    await this.keep(observations, state)
    for (const { nozzle, unsold } of observed)
      await this.station.health.note('pulses-without-sale', nozzle, unsold, now)
    return outcome
  }

  /**
   * Takes a count over. One that no input can have reached since the last look is noise, unless it stays: then the counter
   * was set, and goes on from there, without pulses that nobody counted.
   */
  private follow(input: Input, reading: modbus.PulseInput, uptimeSeconds: number, since: Since): boolean {
    const growth = growthOf(input, reading, uptimeSeconds, since)
    const most = (Math.max(since.elapsedMs, SHORTEST_GAP_MS) / 1_000) * MOST_PULSES_PER_SECOND
    if (growth > most) {
      if (++input.jumps < READS_TO_BELIEVE_JUMP) return false
      const { nozzle } = input.config
      const detail = { nozzle, from: input.raw, to: reading.pulsesA }
      this.station.log.error(
        detail,
        '脉冲计数被改动,从新读数继续 / a counter was set; counting goes on from there',
      )
    } else input.count += growth
    input.jumps = 0
    input.raw = reading.pulsesA
    input.uptimeSeconds = uptimeSeconds
    return true
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

function volumeOf(pulses: number, pulsesPerLitre: number): number {
  return Math.round((pulses * 1_000) / pulsesPerLitre)
}

/**
 * Growth of a counter since the last look, over its wrap and over restarts of the module, after which it counts from 0. A
 * module that was started since has run no longer than the time that passed: one that seems younger by seconds had its
 * uptime read wrong before, and counts on. After a start of this process only the wall clock knows what passed, and after
 * a power cut that is wrong itself: there a lower uptime is a restart by itself.
 */
function growthOf(
  input: Input,
  { pulsesA }: modbus.PulseInput,
  uptimeSeconds: number,
  { elapsedMs, isFirst }: Since,
): number {
  const raw = input.raw ?? 0
  const isYounger = uptimeSeconds < input.uptimeSeconds
  const canBeNew = uptimeSeconds * 1_000 < elapsedMs + UPTIME_SLACK_SECONDS * 1_000
  const restarted =
    (isYounger && (isFirst || canBeNew)) || (pulsesA < raw && uptimeSeconds * 1_000 < elapsedMs)
  return restarted ? pulsesA : modbus.counterGrowth(raw, pulsesA)
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
