import type { FactOf } from '@oiltrail/domain'
import type { EpochMs } from '@oiltrail/kernel'
import { tls350 } from '@oiltrail/protocols'
import type { GaugeConfig } from '../config/schema.ts'
import type { StateValue } from '../spool/frame.ts'
import { historyDelivery } from '../station/history.ts'
import type { Observation } from '../station/recorder.ts'
import type { Station } from '../station/station.ts'
import type { BytePort } from './byteport.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import type { Driver } from './loop.ts'
import type { PortPool } from './ports.ts'

const POLL_SECONDS = 30
/** Real time for an answer: a console measures sixteen tanks one after the other. */
const ANSWER_TIMEOUT_MS = 6_000
/** A level is stated when it moved by more than the gauge's noise (3 σ of 0.5 mm), or when this long nothing was said. */
const HEIGHT_NOISE_MICROMETRES = 1_500
const TEMPERATURE_NOISE_CENTI_CELSIUS = 50
const LEVEL_EVERY_MS = 600_000
/** A delivery that ends later than this by our clock has not ended: the console's clock is ahead. */
const CLOCK_TOLERANCE_MS = 60_000
/** Deliveries are asked for this often, and whenever one has just ended. */
const DELIVERIES_EVERY_MS = 300_000

type Level = FactOf<'level'>

interface Tank {
  readonly tank: string
  readonly number: number
  readonly key: string
  said: { at: EpochMs; fact: Level } | undefined
  /** End of the newest delivery stated. */
  delivery: EpochMs | undefined
}

/** A tank gauge in the Veeder-Root computer format: levels (201) and deliveries (202). */
export class GaugeDriver implements Driver {
  readonly subject: string
  readonly intervalMs: number
  private readonly station: Station
  private readonly port: BytePort
  private readonly securityCode: string | undefined
  private readonly tanks: Tank[]
  private delivering = false
  private deliveriesAt: EpochMs | undefined

  constructor(config: GaugeConfig, station: Station, ports: PortPool) {
    this.subject = `gauge ${config.port}`
    this.intervalMs = (config.pollSeconds ?? POLL_SECONDS) * 1_000
    this.station = station
    this.port = ports.bytePort(config.port)
    this.securityCode = config.securityCode
    this.tanks = config.tanks.map(({ tank, number }) => {
      const key = `gauge:${tank}`
      const stored = station.recorder.state(key)
      const delivery = typeof stored === 'number' ? stored : historyDelivery(station.spool, tank)
      return { tank, number, key, said: undefined, delivery }
    })
  }

  async poll(now: EpochMs): Promise<Exchange<unknown>> {
    const inventory = await this.ask(tls350.inventory)
    if (!inventory.ok) return inventory
    await this.levels(inventory.value.items, now)
    const delivering = inventory.value.items.some(
      (item) => (item.statusBits & tls350.TANK_STATUS.deliveryInProgress) !== 0,
    )
    const ended = this.delivering && !delivering
    this.delivering = delivering
    const dueIn = (this.deliveriesAt ?? Number.NEGATIVE_INFINITY) + DELIVERIES_EVERY_MS - now
    const missing = this.tanks.filter(
      ({ number }) => !inventory.value.items.some(({ tank }) => tank === number),
    )
    const whole: Exchange<unknown> =
      missing.length === 0
        ? answered(undefined)
        : lost('silent', `no tank ${missing.map(({ number }) => number).join(', ')} in the answer`)
    if (!ended && dueIn > 0 && dueIn <= DELIVERIES_EVERY_MS) return whole
    const kept = await this.ask(tls350.deliveries)
    if (!kept.ok) return kept
    await this.deliveries(kept.value.items, now)
    this.deliveriesAt = now
    return whole
  }

  private async ask<T>(report: tls350.TlsReport<T>): Promise<Exchange<tls350.Report<T>>> {
    const decoder = new tls350.AnswerDecoder()
    let problem = ''
    const listen = (bytes: Uint8Array): tls350.Report<T> | undefined => {
      for (const event of decoder.feed(bytes)) {
        const read = event.ok ? report.readAnswer(event.value) : event
        if (read.ok) return read.value
        problem = `${read.problem.code} ${read.problem.detail}`
      }
      return undefined
    }
    // Another answer than the one asked for is not the end: the right one may stand behind it.
    const outcome = await this.port.exchange(
      report.writeRequest(0, this.securityCode),
      listen,
      ANSWER_TIMEOUT_MS,
    )
    return outcome.ok || !problem ? outcome : lost(outcome.loss, problem)
  }

  private async levels(items: readonly tls350.Inventory[], now: EpochMs): Promise<void> {
    const observations: { tank: Tank; fact: Level }[] = []
    for (const tank of this.tanks) {
      const of = items.filter(({ tank: number }) => number === tank.number)
      const [item] = of
      // Two readings of one tank in one answer: nobody can say which is true.
      if (!item || of.length > 1) continue
      const level = tls350.levelFact(tank.tank, item)
      if (!level.ok)
        this.station.log.warn(
          { tank: tank.tank, problem: level.problem },
          '液位读数不可用 / a level cannot be used',
        )
      else if (isNews(tank, level.value, now)) observations.push({ tank, fact: level.value })
    }
    if (observations.length === 0) return
    const done = await this.station.recorder.record(observations.map(({ fact }) => ({ at: now, fact })))
    if (done.ok) for (const { tank, fact } of observations) tank.said = { at: now, fact }
  }

  /**
   * Deliveries that are newer than the last one stated. The first look at a gauge only tells where it stands. What ends in
   * the future waits until it is past: a console whose clock was wrong for a day must not hide what comes after.
   */
  private async deliveries(items: readonly tls350.TankDeliveries[], now: EpochMs): Promise<void> {
    for (const tank of this.tanks) {
      const seen: Observation[] = []
      for (const delivery of items.find(({ tank: number }) => number === tank.number)?.deliveries ?? []) {
        const fact = tls350.deliveryFact(tank.tank, delivery)
        if (fact.ok) {
          if (fact.value.at <= now + CLOCK_TOLERANCE_MS) seen.push(fact.value)
        } else
          this.station.log.warn(
            { tank: tank.tank, problem: fact.problem },
            '卸油记录不可用 / a delivery cannot be used',
          )
      }
      seen.sort((a, b) => a.at - b.at)
      const newest = seen.at(-1)?.at ?? 0
      const fresh = tank.delivery === undefined ? [] : seen.filter(({ at }) => at > tank.delivery!)
      if (tank.delivery !== undefined && fresh.length === 0) continue
      const state: Record<string, StateValue> = { [tank.key]: newest }
      const done = await this.station.recorder.record(fresh, state)
      if (done.ok) tank.delivery = newest
    }
  }
}

function isNews(tank: Tank, level: Level, now: EpochMs): boolean {
  if (!tank.said) return true
  const { at, fact } = tank.said
  return (
    now - at >= LEVEL_EVERY_MS ||
    now < at ||
    fact.statusBits !== level.statusBits ||
    Math.abs(fact.heightMicrometres - level.heightMicrometres) >= HEIGHT_NOISE_MICROMETRES ||
    Math.abs(fact.waterMicrometres - level.waterMicrometres) >= HEIGHT_NOISE_MICROMETRES ||
    Math.abs(fact.temperatureCentiCelsius - level.temperatureCentiCelsius) >= TEMPERATURE_NOISE_CENTI_CELSIUS
  )
}
