import { DAY_MS, type EpochMs } from '@oiltrail/kernel'
import { driftAt, gaussianAt, seedOf } from '../random.ts'
import { bentChart, type Chart } from './chart.ts'
import type { SiteBody } from './site.ts'
import type { Inflow, TankBody } from './tank.ts'

/** Noise of one reading: ripples, electronics. */
const NOISE_MICROMETRES = 300
/** The probe wanders by this much over weeks. */
const DRIFT_MICROMETRES = 500
const DRIFT_PERIOD_MS = 18 * DAY_MS
const NOISE_CELSIUS = 0.04
/** A gauge reads once a second; readings in between are the same. */
const READS_EVERY_MS = 1_000
/** Deliveries that a console keeps per tank. */
const KEPT_DELIVERIES = 10

/** What a gauge shows of a tank: its own resolution of 0.1 mm, 0.1 L, 0.1 °C. */
export interface GaugeReading {
  readonly volumeLitres: number
  readonly correctedLitres: number
  readonly ullageLitres: number
  readonly heightMillimetres: number
  readonly waterMillimetres: number
  readonly celsius: number
  readonly waterLitres: number
  readonly delivering: boolean
}

/** A delivery as the gauge saw it; console times have minutes only. */
export interface SeenDelivery {
  readonly tank: string
  readonly startedAt: EpochMs
  readonly endedAt: EpochMs
  readonly start: GaugeReading
  readonly end: GaugeReading
}

interface Probe {
  readonly tank: TankBody
  readonly shown: Chart
  readonly waterMillilitres: number
  readonly noise: number
  readonly drift: number
  readonly seen: SeenDelivery[]
  start: { at: EpochMs; reading: GaugeReading } | undefined
}

/** The tank gauge (液位仪) of a site: true heights with noise and drift, through charts that are slightly wrong. */
export class Gauge {
  private readonly site: SiteBody
  private readonly probes: ReadonlyMap<string, Probe>

  constructor(seed: number, site: SiteBody) {
    this.site = site
    const probes = new Map<string, Probe>()
    for (const [code, tank] of site.tanks)
      probes.set(code, {
        tank,
        shown: bentChart(tank.chart, tank.plan.chartError),
        waterMillilitres: tank.chart.volumeAt(tank.plan.waterMicrometres),
        noise: seedOf(seed, `gauge noise ${site.code} ${code}`),
        drift: seedOf(seed, `gauge drift ${site.code} ${code}`),
        seen: [],
        start: undefined,
      })
    this.probes = probes
  }

  /** One reading of a tank. A pure function of the tank's state and the second. */
  read(tank: string, at: EpochMs): GaugeReading {
    const probe = this.probe(tank)
    const moment = this.site.tankMoment(tank, at)
    const second = Math.floor(at / READS_EVERY_MS)
    const waterHeight = probe.tank.plan.waterMicrometres
    const trueHeight = probe.tank.chart.heightAt(moment.millilitres + probe.waterMillilitres)
    const wander = DRIFT_MICROMETRES * driftAt(probe.drift, at, DRIFT_PERIOD_MS)
    const height = tenths(
      Math.max((trueHeight + wander + NOISE_MICROMETRES * gaussianAt(probe.noise, second)) / 1000, 0),
    )
    const celsius = tenths(moment.celsius + NOISE_CELSIUS * gaussianAt(probe.noise + 1, second))
    const gross = probe.shown.volumeAt(height * 1000)
    const waterVolume = probe.shown.volumeAt(waterHeight)
    const volume = Math.max(gross - waterVolume, 0)
    return {
      volumeLitres: tenths(volume / 1000),
      correctedLitres: tenths((volume * probe.tank.correction(celsius)) / 1000),
      ullageLitres: tenths((probe.tank.plan.capacityMillilitres - gross) / 1000),
      heightMillimetres: height,
      waterMillimetres: tenths(waterHeight / 1000),
      celsius,
      waterLitres: tenths(waterVolume / 1000),
      delivering: probe.tank.inflow !== undefined,
    }
  }

  /** Notes how a tank stood before oil began to run in. */
  deliveryStarts(tank: string, at: EpochMs): void {
    this.probe(tank).start = { at, reading: this.read(tank, at) }
  }

  /** Closes a delivery once the surface is calm; remembers and returns it, or undefined when its start was not seen. */
  deliveryEnds(tank: string, inflow: Inflow, at: EpochMs): SeenDelivery | undefined {
    const probe = this.probe(tank)
    const start = probe.start
    probe.start = undefined
    if (!start || start.at > inflow.startedAt) return undefined
    const seen = {
      tank,
      startedAt: toMinute(start.at),
      endedAt: toMinute(inflow.endsAt),
      start: start.reading,
      end: this.read(tank, at),
    }
    probe.seen.unshift(seen)
    probe.seen.length = Math.min(probe.seen.length, KEPT_DELIVERIES)
    return seen
  }

  /** Deliveries kept for a tank, newest first. */
  deliveries(tank: string): readonly SeenDelivery[] {
    return this.probe(tank).seen
  }

  /** Clears the console's delivery memory, as after its reports were taken. */
  forgetDeliveries(): void {
    for (const probe of this.probes.values()) probe.seen.length = 0
  }

  private probe(tank: string): Probe {
    const probe = this.probes.get(tank)
    if (!probe) throw new Error(`site ${this.site.code} has no tank ${tank}`)
    return probe
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}

function toMinute(at: EpochMs): EpochMs {
  return Math.floor(at / 60_000) * 60_000
}
