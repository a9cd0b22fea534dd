import { join } from 'node:path'
import { suites } from '@oiltrail/evidence/node'
import { type Channel, type Clock, explainProblem, type Problem } from '@oiltrail/kernel'
import type { Logger } from 'pino'
import type { EdgeConfig, SiteConfig } from '../config/schema.ts'
import { DriverLoop } from '../drivers/loop.ts'
import { PortPool } from '../drivers/ports.ts'
import { driversOf } from '../drivers/registry.ts'
import { readIdentity } from '../keys/identity.ts'
import { KeyRing } from '../keys/keyring.ts'
import { spoolDirectory } from '../spool/recover.ts'
import { Spool } from '../spool/spool.ts'
import { importHistory } from '../station/history.ts'
import { Station } from '../station/station.ts'
import { StationWatch } from '../station/watch.ts'
import type { Carrier, Credential } from '../uplink/carrier.ts'
import { HttpCarrier } from '../uplink/https.ts'
import { MqttCarrier } from '../uplink/mqtt.ts'
import { NetworkWatch } from '../uplink/network.ts'
import { Uplink } from '../uplink/uplink.ts'
import { enrolmentWatch } from './enrolled.ts'
import { lockFolder } from './lock.ts'
import type { Ending } from './supervisor.ts'

/** One reads while another syncs; more would only take memory. */
const IMPORTS_AT_ONCE = 3
/** Real time for the last records to get their receipts when stopping. */
const DRAIN_MS = 1_500

/** One channel of all sites of a configuration, in a process of its own. */
export class ChannelProcess {
  private readonly config: EdgeConfig
  private readonly channel: Channel
  private readonly clock: Clock
  private readonly log: Logger
  private readonly abort = new AbortController()
  private stations: Station[] = []
  private loops: DriverLoop[] = []
  private ports: PortPool | undefined
  private uplink: Uplink | undefined
  private watch: StationWatch | undefined
  private network: NetworkWatch | undefined

  constructor(config: EdgeConfig, channel: Channel, clock: Clock, log: Logger) {
    this.config = config
    this.channel = channel
    this.clock = clock
    this.log = log
  }

  /** Starts collecting. Throws when no spool can be opened: the supervisor tries again. */
  async start(after: Ending | undefined): Promise<void> {
    const lock = await lockFolder(this.config.directory, this.channel)
    if (!lock.ok) throw new Error(lock.problem.detail)
    const enrolled = enrolmentWatch(this.config, this.abort.signal)
    for (const site of this.config.sites) {
      const station = await this.openStation(site)
      if (station) this.stations.push(station)
    }
    if (this.stations.length === 0) throw new Error('no spool could be opened')
    this.startUplink(enrolled)
    const waiting = [...this.stations]
    const bringUpNext = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await this.bringUp(next, after)
    }
    await Promise.all(Array.from({ length: IMPORTS_AT_ONCE }, bringUpNext))
    if (this.abort.signal.aborted) return
    this.watch = new StationWatch(this.stations, this.clock, this.log)
    this.watch.start()
  }

  private async openStation(site: SiteConfig): Promise<Station | undefined> {
    const { directory } = this.config
    const { channel, log } = this
    const { device } = site
    const complain = (problem: Problem): undefined => {
      const words = { zh: explainProblem(problem, 'zh'), en: explainProblem(problem, 'en') }
      log.fatal({ device, channel, problem, ...words }, '通道无法启动 / the channel cannot start')
      return undefined
    }
    const identity = await readIdentity(directory, device)
    if (!identity.ok) return complain(identity.problem)
    if (!identity.value) return complain({ code: 'UNKNOWN_KEY', detail: 'the device has no keys yet' })
    const { algorithm } = identity.value
    const spool = await Spool.open({
      directory: spoolDirectory(directory, device, channel),
      device,
      channel,
      algorithm,
      hash: suites[algorithm].hash,
      maxBytes: this.config.spoolMegabytes * 1_048_576,
      onFatal: (error) => {
        log.fatal({ device, channel, err: error }, '磁盘故障,进程退出 / the disk failed; the process ends')
        process.exit(1)
      },
    })
    if (!spool.ok) return complain(spool.problem)
    const keys = await KeyRing.load(directory, identity.value, channel, spool.value)
    if (!keys.ok) return complain(keys.problem)
    return new Station({ site, channel, spool: spool.value, keys: keys.value, clock: this.clock, log })
  }

  private startUplink(enrolled: Map<string, string>): void {
    const { config, channel, log } = this
    const credential = (): Credential | undefined => {
      for (const [device, token] of enrolled) return { device, token }
      return undefined
    }
    const web = config.uplink.startsWith('http')
    const carrier: Carrier = web
      ? new HttpCarrier({ url: config.uplink, caFile: config.ca, log })
      : new MqttCarrier({ url: config.uplink, channel, caFile: config.ca, credential, log })
    this.network = new NetworkWatch(this.clock, log)
    this.uplink = new Uplink({
      streams: this.stations.map((station) => ({
        county: config.county,
        device: station.device,
        channel,
        spool: station.spool,
        keys: station.keys,
        enrolled: () => enrolled.has(station.device),
      })),
      carrier,
      log,
      onNetwork: (up, reason) => this.network?.note(up, reason),
    })
    this.uplink.start()
  }

  /** History first, so that the chain stays in the order of time; then the word that we are here, and the drivers. */
  private async bringUp(station: Station, after: Ending | undefined): Promise<void> {
    await this.importHistory(station)
    if (this.abort.signal.aborted) return
    await station.announceStart(after)
    await this.network?.join(station)
    this.ports ??= new PortPool()
    for (const driver of driversOf(station, this.channel, this.ports)) {
      const loop = new DriverLoop(driver, station, this.clock)
      this.loops.push(loop)
      loop.start()
    }
  }

  private async importHistory(station: Station): Promise<void> {
    if (this.config.history === undefined) return
    const file = `${station.device}.${this.channel}.jsonl`
    const imported = await importHistory(station.spool, join(this.config.history, file), this.log)
    if (!imported.ok) {
      this.log.error(
        { device: station.device, file, problem: imported.problem },
        '历史数据导入中止 / the import of history stopped',
      )
      return
    }
    if (imported.value !== undefined) await station.health.note('history-imported', file, imported.value)
  }

  /** Stops cleanly: drivers, last words, uplink, spools. */
  async stop(): Promise<void> {
    if (this.abort.signal.aborted) return
    this.abort.abort()
    this.watch?.stop()
    this.network?.stop()
    await Promise.all(this.loops.map((loop) => loop.stop()))
    await this.ports?.close()
    for (const station of this.stations) await station.health.note('stopped')
    await this.uplink?.stop(DRAIN_MS)
    await Promise.all(this.stations.map((station) => station.spool.close()))
  }
}
