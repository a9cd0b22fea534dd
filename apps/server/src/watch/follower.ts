import { setImmediate as turn } from 'node:timers/promises'
import { type Alarm, RULES, type Rule } from '@oiltrail/domain'
import {
  type AlarmRow,
  addAlarmSteps,
  findAlarm,
  loadWatch,
  type NoticeRow,
  putAlarms,
  putStatements,
  putWatchChannels,
  putWatchClock,
  putWatchStates,
  readRowsAt,
  type SettingsChangeRow,
  type Transaction,
  type WindowRow,
} from '@oiltrail/store'
import type { Follower } from '../follow/follower.ts'
import type { LogEntry } from '../log/entry.ts'
import { AlarmBoard } from './board.ts'
import { definite, type WatchDesk, Watcher } from './watcher.ts'

/** Longest the event loop is kept busy with rules before intake and sockets get their turn. */
const SLICE_MS = 5

/** How the follower is made. */
export interface WatchOptions {
  /** The county's six digits as an integer. */
  readonly county: number
  /** For tests and for replays with some rules only. */
  readonly rules?: readonly Rule[]
  /** Told after each commit which alarms changed beyond another fold. Must not throw. */
  readonly onAlarms?: (alarms: readonly AlarmRow[]) => void
}

/** What people stated in one round. */
class Stated {
  readonly registrations: Extract<WatchDesk, { action: 'site-registered' }>['site'][] = []
  readonly devices: { device: string; site: string }[] = []
  readonly settings: SettingsChangeRow[] = []
  readonly notices: NoticeRow[] = []
  readonly windows: WindowRow[] = []
}

/**
 * The watch: rules over the log of a county, and the life of their alarms. States of rules, alarms, their steps and the cursor
 * commit together, so that an alarm is raised once, whatever happens to the process.
 */
export class WatchFollower implements Follower {
  readonly name = 'watch'
  readonly #options: WatchOptions
  readonly #rules: readonly Rule[]
  #watcher!: Watcher
  #board!: AlarmBoard
  #told: readonly AlarmRow[] = []
  /** Milliseconds spent in rules and decoding, without waiting for the database; for measurements. */
  busyMs = 0

  constructor(options: WatchOptions) {
    this.#options = options
    this.#rules = options.rules ?? RULES
  }

  /** The rules it runs. */
  get rules(): readonly Rule[] {
    return this.#rules
  }

  /** Log time as far as it has followed. */
  get logTime(): number {
    return this.#watcher.engine.logTime
  }

  /** Whether somebody waits for a moment that lies not after `now`: then the log should be told the time. */
  isAwaited(now: number): boolean {
    const next = this.#watcher.engine.nextWake()
    return this.#watcher.waits || (next !== undefined && next <= now)
  }

  /** Open alarms, for tests and figures. */
  openAlarms(): Alarm[] {
    return [...this.#board.open()]
  }

  async reload(tx: Transaction): Promise<void> {
    const memory = await loadWatch(tx, this.#options.county)
    this.#told = []
    this.#watcher = new Watcher(this.#rules, (signal) => this.#board.signal(signal), memory)
    this.#board = new AlarmBoard(this.#rules, this.#watcher.windows, memory)
  }

  async apply(tx: Transaction, entries: readonly LogEntry[]): Promise<void> {
    const { county } = this.#options
    const stated = new Stated()
    const readBack = (positions: readonly number[]) => readRowsAt(tx, county, positions)
    let began = performance.now()
    for (const entry of entries) {
      if (performance.now() - began > SLICE_MS) {
        this.busyMs += performance.now() - began
        await turn()
        began = performance.now()
      }
      const desk = await this.#watcher.take(entry, readBack)
      if (desk) await this.#state(tx, stated, desk, entry)
      this.#board.tick(this.#watcher.engine.logTime, entry.position)
    }
    const change = this.#board.takeChange()
    this.busyMs += performance.now() - began
    await putStatements(tx, county, stated)
    await putAlarms(tx, county, change.alarms)
    await addAlarmSteps(tx, county, change.steps)
    await putWatchStates(tx, county, this.#watcher.engine.takeChanged())
    await putWatchChannels(tx, county, this.#watcher.takeChannels())
    await putWatchClock(tx, county, this.#watcher.engine.logTime, this.#watcher.engine.failing())
    this.#told = change.alarms.filter((row) => change.notable.has(row.alarm.alarm))
  }

  committed(): void {
    const told = this.#told
    this.#told = []
    if (told.length > 0) this.#options.onAlarms?.(told)
  }

  async #state(tx: Transaction, stated: Stated, desk: WatchDesk, entry: LogEntry): Promise<void> {
    const { position, receivedAt: statedAt } = entry
    const { actor } = desk
    switch (desk.action) {
      case 'site-registered':
        stated.registrations.push(desk.site)
        return
      case 'device-enrolled':
        stated.devices.push({ device: desk.device, site: desk.site })
        return
      case 'settings-changed':
        stated.settings.push({ position, change: desk.change, actor, reason: desk.reason, statedAt })
        return
      case 'delivery-noticed':
        stated.notices.push({ position, notice: definite(desk.notice), actor, statedAt })
        return
      case 'window-declared':
        stated.windows.push({ position, window: desk.window, actor, statedAt })
        return
      case 'alarm-handled': {
        const { do: action, note, until, alarm: name } = desk
        const command = { action, actor, note, at: statedAt, ...(until === undefined ? {} : { until }) }
        const stored = this.#board.find(name) ? undefined : await findAlarm(tx, this.#options.county, name)
        this.#board.command(name, command, position, stored)
      }
    }
  }
}
