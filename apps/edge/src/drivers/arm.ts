import type { EpochMs } from '@oiltrail/kernel'
import { modbus } from '@oiltrail/protocols'
import type { ArmConfig } from '../config/schema.ts'
import type { StateValue } from '../spool/frame.ts'
import { historyLoad, type LoadEnd } from '../station/history.ts'
import type { Observation } from '../station/recorder.ts'
import type { Station } from '../station/station.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import type { Driver } from './loop.ts'
import { MAP_VERSION, type ModbusPort } from './modbus.ts'
import type { PortPool } from './ports.ts'

/** A batch takes minutes. */
const POLL_MS = 5_000
/** Meter clocks that are this wrong are not believed; the collector's own time stands instead. */
const WORST_CLOCK_MS = 86_400_000

/** A meter that stands before the batch last stated this often in a row was set back or replaced. */
const READS_TO_BELIEVE_RESET = 3

/** What a meter keeps of its last batch, and must state twice alike. The rest goes on with the batch that runs. */
const FINISHED = [
  'mapVersion',
  'batch',
  'volumeMillilitres',
  'volume20Millilitres',
  'temperatureCentiCelsius',
  'totalMillilitres',
  'startedAtSeconds',
  'endedAtSeconds',
] as const satisfies readonly (keyof modbus.ArmMeter)[]

/**
 * The batch meters of a depot's loading arms. Each finished batch is stated once, by its number. The meter keeps only
 * the last: batches finished while it could not be read show as growth of the totalizer between two loads.
 */
export class ArmDriver implements Driver {
  readonly subject: string
  readonly intervalMs = POLL_MS
  private readonly config: ArmConfig
  private readonly station: Station
  private readonly port: ModbusPort
  /** Last batch stated, by arm. */
  private readonly stated = new Map<string, LoadEnd>()
  /** How often in a row a meter stood before what was stated, by arm. */
  private readonly setBack = new Map<string, number>()

  constructor(config: ArmConfig, station: Station, ports: PortPool) {
    this.subject = `arm ${config.port}`
    this.config = config
    this.station = station
    this.port = ports.modbusPort(config.port, config.framing ?? 'tcp')
    for (const { arm } of config.arms) {
      // A load that ended between the end of an imported history and the first look is not before our time.
      const stored = station.recorder.state(keyOf(arm)) ?? historyLoad(station.spool, arm)
      if (typeof stored === 'number') this.stated.set(arm, { batch: stored, totalMillilitres: 0 })
      else if (stored) this.stated.set(arm, stored as unknown as LoadEnd)
    }
  }

  async poll(now: EpochMs): Promise<Exchange<unknown>> {
    for (const { arm, input } of this.config.arms) {
      const read = await this.port.read(this.config.unit, modbus.ARM_METER, input)
      if (!read.ok) return read
      if (read.value.mapVersion !== MAP_VERSION)
        return lost('silent', `register map ${read.value.mapVersion}, ${MAP_VERSION} is read`)
      const stated = await this.batch(arm, input, read.value, now)
      if (!stated.ok) return stated
    }
    return answered(undefined)
  }

  private async batch(
    arm: string,
    input: number,
    meter: modbus.ArmMeter,
    now: EpochMs,
  ): Promise<Exchange<unknown>> {
    const known = this.stated.get(arm)
    const { batch, totalMillilitres } = meter
    if (known && batch === known.batch) {
      this.setBack.delete(arm)
      return answered(undefined)
    }
    // Loads are money: what is new is read twice before it is stated.
    const again = await this.port.read(this.config.unit, modbus.ARM_METER, input)
    if (!again.ok) return again
    if (FINISHED.some((field) => again.value[field] !== meter[field]))
      return lost('silent', `${arm} states two batches: ${batch} and ${again.value.batch}`)
    // The totalizer never goes back: another number beside a total that did not grow is no load.
    const isLoad = known !== undefined && totalMillilitres > known.totalMillilitres
    if (known && !isLoad) {
      const reads = (this.setBack.get(arm) ?? 0) + 1
      this.setBack.set(arm, reads)
      if (reads < READS_TO_BELIEVE_RESET) return answered(undefined)
      this.station.log.warn(
        { arm, batch, totalMillilitres, known },
        '鹤管表被复位或更换 / the meter of an arm was set back or replaced',
      )
    }
    const state: Record<string, StateValue> = { [keyOf(arm)]: { batch, totalMillilitres } }
    // The first look at a meter tells where it stands; the batch it holds was before our time.
    const done = await this.station.recorder.record(isLoad ? [loadOf(arm, meter, now)] : [], state)
    if (done.ok) {
      this.stated.set(arm, { batch, totalMillilitres })
      this.setBack.delete(arm)
    }
    return answered(undefined)
  }
}

function keyOf(arm: string): string {
  return `arm:${arm}`
}

function loadOf(arm: string, meter: modbus.ArmMeter, now: EpochMs): Observation {
  const endedAt = meter.endedAtSeconds * 1_000
  const durationMs = Math.max(0, endedAt - meter.startedAtSeconds * 1_000)
  const at = Math.abs(now - endedAt) < WORST_CLOCK_MS && endedAt <= now ? endedAt : now
  return {
    at,
    fact: {
      kind: 'load',
      arm,
      batch: meter.batch,
      volumeMillilitres: meter.volumeMillilitres,
      volume20Millilitres: meter.volume20Millilitres,
      temperatureCentiCelsius: meter.temperatureCentiCelsius,
      totalMillilitres: meter.totalMillilitres,
      startedAt: Math.max(0, at - Math.min(durationMs, WORST_CLOCK_MS)),
    },
  }
}
