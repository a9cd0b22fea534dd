import {
  believe,
  type HeardEvent,
  type RecordedFact,
  type Rule,
  RuleEngine,
  SettingsBook,
  type Signal,
  SiteBook,
  type Surroundings,
  SWEEP_MS,
  WindowBook,
} from '@oiltrail/domain'
import { CHANNELS, type Channel, isProblemCode, ProblemError } from '@oiltrail/kernel'
import { type DeskEntry, decodeDesk } from '@oiltrail/protocols/uplink'
import { channelNumber, channelOf, type WatchChannelRow, type WatchMemory } from '@oiltrail/store'
import { readBatch } from '../log/batch.ts'
import type { LogEntry } from '../log/entry.ts'
import { storable } from '../views/records.ts'
import { type ChannelDocument, type Telling, WatchChannel } from './channels.ts'

/** Entries read back at once when what waited behind a gap is shown at last: at most 256 KB each. */
const READ_BACK = 32

/** What events of a channel share. */
type ChannelBase = Pick<HeardEvent, 'at' | 'loggedAt' | 'ref' | 'site' | 'device' | 'channel'>

/** Reads entries of the log again, in the order of positions. */
export type ReadBack = (positions: readonly number[]) => Promise<readonly LogEntry[]>

/** The parts of stored memory that watching needs; without it, it begins at the start of the log. */
export type WatcherMemory = Pick<
  WatchMemory,
  'logTime' | 'failing' | 'states' | 'channels' | 'registrations' | 'devices' | 'settings' | 'windows'
>

/** What desk entries of the watch mean to others. */
export type WatchDesk = Extract<
  DeskEntry,
  {
    action:
      | 'alarm-handled'
      | 'settings-changed'
      | 'delivery-noticed'
      | 'window-declared'
      | 'withdrawn'
      | 'site-registered'
      | 'device-enrolled'
  }
>

/**
 * Turns log entries into events and shows them to rules: believes records, puts each channel in the order of its chain, keeps
 * the books. Only memory: the follower stores it, and a replay over the past runs one of its own.
 */
export class Watcher {
  readonly engine: RuleEngine
  readonly sites = new SiteBook()
  readonly windows = new WindowBook()
  readonly settings: SettingsBook
  readonly #channels = new Map<string, WatchChannel>()
  readonly #waiting = new Set<WatchChannel>()
  readonly #devices = new Map<string, string>()
  /** Channels that changed, as they stood when their newest entry had been taken: the same whatever the rounds. */
  #changed = new Map<WatchChannel, ChannelDocument>()
  #readBack: ReadBack = async () => []
  readonly #trial: boolean

  /** A trial begins anywhere in the log, and its settings are not changed by what it reads there. */
  constructor(rules: readonly Rule[], tell: (signal: Signal) => void, memory?: WatcherMemory, trial = false) {
    this.#trial = trial
    this.settings = new SettingsBook(rules.map((rule) => [rule.id, rule.settings] as const))
    const books = { sites: this.sites, windows: this.windows, settings: this.settings }
    this.engine = new RuleEngine(rules, books, tell)
    if (memory) this.#load(memory)
  }

  /** Whether facts of some channel wait behind a gap. */
  get waits(): boolean {
    return this.#waiting.size > 0
  }

  siteOf(device: string | undefined): string {
    return (device !== undefined && this.#devices.get(device)) || ''
  }

  #load(memory: WatcherMemory): void {
    for (const site of memory.registrations) this.sites.take(site)
    for (const { device, site } of memory.devices) this.#devices.set(device, site)
    for (const change of memory.settings) this.settings.take(change)
    for (const window of memory.windows) this.windows.take(window)
    for (const row of memory.channels) {
      const stored = row.document as ChannelDocument
      const channel = new WatchChannel(row.device, channelOf(row.channel), stored)
      this.#channels.set(`${row.device}.${channel.channel}`, channel)
      if (channel.waits) this.#waiting.add(channel)
      const clock = this.engine.clock(channel.site)
      const { toldAt, heardAt, lagMs } = stored
      Object.assign(clock.channel(row.device, channel.channel), {
        toldAt,
        heardAt,
        lagMs,
        waiting: channel.waits,
      })
    }
    this.engine.load(memory.states, memory.logTime, memory.failing)
  }

  /** Channels whose document changed since the last call. */
  takeChannels(): WatchChannelRow[] {
    const rows = [...this.#changed].map(([channel, document]): WatchChannelRow => {
      return { device: channel.device, channel: channelNumber(channel.channel), document }
    })
    this.#changed = new Map()
    return rows
  }

  /** Takes one entry. Returns its statement when it is one that others store or act on. */
  async take(entry: LogEntry, readBack: ReadBack): Promise<WatchDesk | undefined> {
    this.#readBack = readBack
    const before = this.engine.logTime
    if (entry.type === 'desk' && entry.code === 'platform-started') this.#resume(entry)
    this.engine.tick(entry.receivedAt, entry.position)
    if (this.#waiting.size > 0 && Math.floor(before / SWEEP_MS) < Math.floor(entry.receivedAt / SWEEP_MS))
      await this.#giveUp(entry)
    if (entry.type === 'batch') await this.#batch(entry)
    else if (entry.type === 'refusal') this.#refusal(entry)
    else return this.#desk(entry)
    return undefined
  }

  /** Clocks stood still while the platform was away; one that was upgraded in between two entries was not. */
  #resume({ raw, receivedAt }: LogEntry): void {
    const decoded = decodeDesk(raw)
    if (decoded.ok && decoded.value.action === 'platform-started' && decoded.value.away === false) return
    this.engine.resume(receivedAt)
    for (const channel of this.#channels.values()) this.#note(channel)
  }

  #channel(device: string, name: Channel, first: number): WatchChannel {
    const key = `${device}.${name}`
    let channel = this.#channels.get(key)
    if (!channel) {
      channel = new WatchChannel(device, name)
      if (this.#trial) channel.beginAt(first)
      channel.site = this.siteOf(device)
      this.#channels.set(key, channel)
    }
    return channel
  }

  async #batch(entry: LogEntry): Promise<void> {
    const channel = this.#channel(entry.device!, entry.channel!, entry.firstSeq!)
    const arrival = channel.arrive(entry.position, entry.firstSeq!, entry.lastSeq!, entry.receivedAt)
    if (arrival.replay) return
    const base = this.#base(entry, channel)
    this.engine.take({ type: 'heard', ...base, firstSeq: entry.firstSeq!, lastSeq: entry.lastSeq! })
    if (arrival.opened) this.#gap('gap-opened', base, arrival.opened)
    for (const gap of arrival.filled) this.#gap('gap-filled', base, gap)
    for (const gap of arrival.passed) this.#gap('gap-passed', base, gap)
    await this.#tell(channel, arrival.tell, entry)
    this.#note(channel)
  }

  /** Notes for the clock of its site whether a channel waits, and how it stands for storing. */
  #note(channel: WatchChannel): void {
    if (channel.waits) this.#waiting.add(channel)
    else this.#waiting.delete(channel)
    const clock = this.engine.clock(channel.site)
    const time = clock.channel(channel.device, channel.channel)
    time.waiting = channel.waits
    this.#changed.set(channel, channel.document(time))
  }

  #base(entry: LogEntry, channel: WatchChannel): ChannelBase {
    const { device, channel: name, site } = channel
    return {
      at: entry.receivedAt,
      loggedAt: entry.receivedAt,
      ref: { position: entry.position, seq: 0 },
      site,
      device,
      channel: name,
    }
  }

  #gap(
    type: 'gap-opened' | 'gap-filled' | 'gap-passed',
    base: ChannelBase,
    gap: readonly [number, number],
  ): void {
    if (this.engine.wants(type)) this.engine.take({ type, ...base, firstSeq: gap[0], lastSeq: gap[1] })
  }

  async #giveUp(entry: LogEntry): Promise<void> {
    const waiting = [...this.#waiting].sort((a, b) =>
      `${a.device}.${a.channel}` < `${b.device}.${b.channel}` ? -1 : 1,
    )
    for (const channel of waiting) {
      const given = channel.giveUp(entry.receivedAt)
      if (!given) continue
      this.#gap('gap-passed', this.#base(entry, channel), given.passed)
      await this.#tell(channel, given.tell, undefined)
      this.#note(channel)
    }
  }

  /** Shows records to rules; entries other than the one at hand are read back in small groups. */
  async #tell(
    channel: WatchChannel,
    tellings: readonly Telling[],
    here: LogEntry | undefined,
  ): Promise<void> {
    for (let i = 0; i < tellings.length; ) {
      const telling = tellings[i]!
      if (telling.position === here?.position) {
        this.#tellEntry(channel, here, telling)
        i++
        continue
      }
      const group = tellings.slice(i, i + READ_BACK).filter((each) => each.position !== here?.position)
      const entries = new Map(
        (await this.#readBack(group.map((each) => each.position))).map((entry) => [entry.position, entry]),
      )
      for (const each of group) {
        const entry = entries.get(each.position)
        if (entry) this.#tellEntry(channel, entry, each)
      }
      i += group.length
    }
  }

  #tellEntry(channel: WatchChannel, entry: LogEntry, { first, last, late }: Telling): void {
    const records = readRecords(entry)
    if (!records) return
    const { device, channel: name, site } = channel
    const around = this.#surroundings(channel, entry.receivedAt)
    for (let seq = first; seq <= last; seq++) {
      const fact = records[seq - entry.firstSeq!]!
      if (!this.engine.wants(fact.kind) && !this.engine.wants('refused-record')) {
        if (!late) this.engine.pass(site, device, name, fact.at, entry.receivedAt)
        continue
      }
      const ref = { position: entry.position, seq }
      const loggedAt = entry.receivedAt
      const problem = believe(fact, around) ?? storable(fact)
      // Written out, not spread from a common part: this runs for every record.
      if (!problem) {
        const { at } = fact
        this.engine.take({ type: 'fact', at, loggedAt, ref, site, device, channel: name, fact, late })
      } else {
        const { code } = problem
        const common = { at: loggedAt, loggedAt, ref, site, device, channel: name }
        this.engine.take({ type: 'refused-record', ...common, code, kind: fact.kind })
      }
    }
  }

  #surroundings(channel: WatchChannel, receivedAt: number): Surroundings {
    const parts = this.sites.everAt(channel.site)
    return {
      channel: channel.channel,
      receivedAt,
      hasNozzle: (code) => parts?.nozzles.has(code) ?? false,
      hasTank: (code) => parts?.tanks.has(code) ?? false,
      hasArm: (code) => parts?.arms.has(code) ?? false,
    }
  }

  #refusal(entry: LogEntry): void {
    if (!this.engine.wants('refusal') || entry.code === undefined || !isProblemCode(entry.code)) return
    this.engine.take({
      type: 'refusal',
      at: entry.receivedAt,
      loggedAt: entry.receivedAt,
      ref: { position: entry.position, seq: 0 },
      site: this.siteOf(entry.device),
      ...(entry.device === undefined ? {} : { device: entry.device }),
      ...(entry.channel === undefined ? {} : { channel: entry.channel }),
      code: entry.code,
    })
  }

  #desk(entry: LogEntry): WatchDesk | undefined {
    const decoded = decodeDesk(entry.raw)
    // What this version cannot read was written by a newer one; it stays in the log until all is built anew.
    if (!decoded.ok) return undefined
    const desk = decoded.value
    const base = {
      at: entry.receivedAt,
      loggedAt: entry.receivedAt,
      ref: { position: entry.position, seq: 0 },
    }
    switch (desk.action) {
      case 'site-registered':
        this.engine.take({ type: 'registration', ...base, site: desk.site.site, document: desk.site })
        return desk
      case 'device-enrolled':
        this.#enrol(desk.device, desk.site, entry.receivedAt)
        this.engine.take({
          type: 'device',
          ...base,
          site: desk.site,
          device: desk.device,
          action: 'enrolled',
        })
        return desk
      case 'device-revoked': {
        const { device } = desk
        this.engine.take({ type: 'device', ...base, site: this.siteOf(device), device, action: 'revoked' })
        return undefined
      }
      case 'delivery-noticed': {
        const { notice } = desk
        this.engine.take({ type: 'notice', ...base, site: notice.site, notice: definite(notice) })
        return desk
      }
      case 'window-declared':
        this.engine.take({ type: 'window', ...base, site: desk.window.site, window: desk.window })
        return desk
      case 'withdrawn': {
        const { withdrawal } = desk
        this.engine.take({ type: 'withdrawal', ...base, site: withdrawal.site, withdrawal })
        return desk
      }
      case 'settings-changed':
        if (!this.#trial) this.settings.take(desk.change)
        return desk
      case 'alarm-handled':
        return desk
      // The gauge states what it stated before: no rule reads by a decided chart.
      case 'chart-decided':
      case 'clock-ticked':
      case 'platform-started':
        return undefined
    }
  }

  /** From now on its channels are waited for, until they turn out to be silent. */
  #enrol(device: string, site: string, at: number): void {
    this.#devices.set(device, site)
    for (const name of CHANNELS) {
      const channel = this.#channel(device, name, 1)
      channel.site = site
      const time = this.engine.clock(site).channel(device, name)
      time.heardAt = Math.max(time.heardAt, at)
      this.#note(channel)
    }
  }
}

/** Optional fields that are absent, not undefined. */
export function definite<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

/** Undefined when the raw bytes are no longer the batch that was accepted: audit says so; rules go on. */
function readRecords(entry: LogEntry): readonly RecordedFact[] | undefined {
  try {
    return readBatch(entry).records
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}
