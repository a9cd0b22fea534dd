import type { EpochMs } from '@oiltrail/kernel'
import { modbus } from '@oiltrail/protocols'
import type { ArmConfig } from '../config/schema.ts'
import type { StateValue } from '../spool/frame.ts'
import type { Observation } from '../station/recorder.ts'
import type { Station } from '../station/station.ts'
import { answered, type Exchange } from './exchange.ts'
import type { Driver } from './loop.ts'
import type { ModbusPort } from './modbus.ts'
import type { PortPool } from './ports.ts'

/** A batch takes minutes. */
const POLL_MS = 5_000
/** Meter clocks that are this wrong are not believed; the collector's own time stands instead. */
const WORST_CLOCK_MS = 86_400_000

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
  private readonly batches = new Map<string, number>()

  constructor(config: ArmConfig, station: Station, ports: PortPool) {
    this.subject = `arm ${config.port}`
    this.config = config
    this.station = station
    this.port = ports.modbusPort(config.port, config.framing ?? 'tcp')
    for (const { arm } of config.arms) {
      const stored = station.recorder.state(keyOf(arm))
      if (typeof stored === 'number') this.batches.set(arm, stored)
    }
  }

  async poll(now: EpochMs): Promise<Exchange<unknown>> {
    for (const { arm, input } of this.config.arms) {
      const read = await this.port.read(this.config.unit, modbus.ARM_METER, input)
      if (!read.ok) return read
      await this.batch(arm, read.value, now)
    }
    return answered(undefined)
  }

  private async batch(arm: string, meter: modbus.ArmMeter, now: EpochMs): Promise<void> {
    const known = this.batches.get(arm)
    if (meter.batch === known) return
    const state: Record<string, StateValue> = { [keyOf(arm)]: meter.batch }
    // The first look at a meter tells where it stands; the batch it holds was before our time.
    const observations: Observation[] = known === undefined ? [] : [loadOf(arm, meter, now)]
    const done = await this.station.recorder.record(observations, state)
    if (done.ok) this.batches.set(arm, meter.batch)
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
