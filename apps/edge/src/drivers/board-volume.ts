import type { EpochMs } from '@oiltrail/kernel'
import type { TaxportConfig } from '../config/schema.ts'
import type { StateValue } from '../spool/frame.ts'
import type { Observation } from '../station/recorder.ts'
import type { Station } from '../station/station.ts'
import { Cadence } from './cadence.ts'
import { answered, type Exchange } from './exchange.ts'
import type { Driver } from './loop.ts'
import type { PortPool } from './ports.ts'
import { type MeterReading, type MeterState, SaleMeter } from './sale-meter.ts'
import { dialectOf, TaxClient } from './taxclient.ts'

/** Shorter than the shortest sale and the pause after it, longer than a board needs to answer for all its guns. */
const POLL_MS = 4_000
/** One poll without growth ends a sale: the totals of most boards grow only when the nozzle is hung up. */
const QUIET_MS = 3_000
/** 30 L/min, by which the beginning of a sale is put that was seen only at its end. */
const USUAL_MILLILITRES_PER_MS = 0.5

interface Gun {
  readonly number: number
  readonly key: string
  readonly meter: SaleMeter
}

/** Volume from a dispenser's board, where pulses may not be tapped: sales are the growth of the grand total (0x89). */
export class BoardVolumeDriver implements Driver {
  readonly subject: string
  readonly intervalMs = POLL_MS
  private readonly station: Station
  private readonly client: TaxClient
  private readonly cadence: Cadence
  private readonly guns: Gun[]
  private owing = false

  constructor(config: TaxportConfig, station: Station, ports: PortPool) {
    this.subject = `taxport ${config.port}`
    this.station = station
    this.client = new TaxClient(ports.bytePort(config.port), dialectOf(config.dialect))
    this.cadence = new Cadence(station)
    this.guns = config.nozzles.map(({ nozzle, gun }) => {
      const key = `board:${nozzle}`
      const stored = station.recorder.state(key) as unknown as MeterState | undefined
      const rules = {
        nozzle,
        source: 'board',
        millilitres: (count: number) => count,
        quietMs: QUIET_MS,
        flowEveryMs: 0,
      } as const
      return { number: gun, key, meter: new SaleMeter(rules, stored) }
    })
  }

  async poll(now: EpochMs): Promise<Exchange<unknown>> {
    const counts: { gun: Gun; count: number; confirmed: boolean }[] = []
    for (const gun of this.guns) {
      const before = gun.meter.state?.count
      const known = before === undefined ? undefined : { volumeMillilitres: before }
      const totals = await this.client.provenTotals(gun.number, known)
      if (!totals.ok) return this.missed(totals)
      const count = totals.value.volumeMillilitres
      counts.push({ gun, count, confirmed: await this.isOneSale(gun, count) })
    }
    const storedAt = Math.max(0, ...this.guns.map((gun) => gun.meter.state?.at ?? 0))
    const heard = this.cadence.heard(now, storedAt || undefined)
    const observations: Observation[] = []
    const state: Record<string, StateValue> = {}
    for (const { gun, count, confirmed } of counts) {
      const reading: MeterReading = { at: now, count, ...heard, confirmed }
      const step = this.owing ? gun.meter.restate(reading) : gun.meter.read(reading)
      observations.push(...step.observations.map(withBeginning))
      if (step.keep) state[gun.key] = { ...gun.meter.state } as unknown as StateValue
    }
    if (observations.length === 0 && Object.keys(state).length === 0) return answered(undefined)
    const done = await this.station.recorder.record(observations, state)
    this.owing = !done.ok
    return answered(undefined)
  }

  /** After an interruption: whether all growth is the one sale that the board shows (0x86). */
  private async isOneSale(gun: Gun, count: number): Promise<boolean> {
    const before = gun.meter.state?.count
    if (!this.cadence.interrupted || before === undefined || count <= before) return false
    const sale = await this.client.lastSale(gun.number)
    return sale.ok && sale.value?.volumeMillilitres === count - before
  }

  private missed<T>(outcome: T): T {
    this.cadence.missed()
    return outcome
  }
}

/** A sale seen only at its end began, at the latest, as long before as its volume takes to flow. */
function withBeginning(observation: Observation): Observation {
  const { at, fact } = observation
  if (fact.kind !== 'sale') return observation
  const began = Math.round(at - fact.volumeMillilitres / USUAL_MILLILITRES_PER_MS)
  return { at, fact: { ...fact, startedAt: Math.max(0, Math.min(fact.startedAt, began)) } }
}
