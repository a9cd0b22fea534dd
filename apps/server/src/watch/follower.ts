import { setImmediate as turn } from 'node:timers/promises'
import { type Alarm, RULES, type Rule } from '@oiltrail/domain'
import {
  type AlarmRow,
  addAlarmSteps,
  findAlarm,
  loadWatch,
  type NoticeRow,
  putAlarms,
  putRemembered,
  putStatements,
  readCursor,
  readEntries,
  readRowsAt,
  type SettingsChangeRow,
  type Transaction,
  type WindowRow,
  type WithdrawalRow,
} from '@oiltrail/store'
import type { Follower } from '../follow/follower.ts'
import type { LogEntry } from '../log/entry.ts'
import { AlarmBoard } from './board.ts'
import { definite, type WatchDesk, Watcher } from './watcher.ts'

/** Longest the event loop is kept busy with rules before intake and sockets get their turn. */
const SLICE_MS = 5
/**
 * What rules remember is written at most so often, and for at most this share of the time: every record changes some states,
 * and writing them each time would cost more than all rules. After a crash the end of the log is simply run again.
 */
const REMEMBER_EVERY_MS = 1_000
const REMEMBER_SHARE = 1 / 50
/** Entries of the log read at once when its end is run again. */
const CATCH_UP = { entries: 2_000, bytes: 4 * 1024 * 1024 }

/** How the follower is made. */
export interface WatchOptions {
  /** The county's six digits as an integer. */
  readonly county: number
  /** For tests and for replays with some rules only. */
  readonly rules?: readonly Rule[]
  /** What rules remember is written at most so often; `Infinity`: when asked for only. */
  readonly rememberEveryMs?: number
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
  readonly withdrawals: WithdrawalRow[] = []

  /** Whether the books were changed that rules look things up in. */
  get changesBooks(): boolean {
    const { registrations, devices, settings, windows, withdrawals } = this
    return [registrations, devices, settings, windows, withdrawals].some((list) => list.length > 0)
  }
}

/**
 * The watch: rules over the log of a county, and the life of their alarms. Alarms, their steps and the cursor commit together, so
 * that an alarm is raised once, whatever happens to the process. What rules remember follows behind (`remember`): whoever
 * starts runs them over the log from there to the cursor, in silence, and they remember the same.
 */
export class WatchFollower implements Follower {
  readonly name = 'watch'
  readonly #options: WatchOptions
  readonly #rules: readonly Rule[]
  #watcher!: Watcher
  #board!: AlarmBoard
  #told: readonly AlarmRow[] = []
  /** Position before which everything has been followed. */
  #followed = 0
  #rememberedAt = 0
  #rememberCostMs = 0
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

  /** From when on somebody waits for the log to be told the time; undefined while nobody does. */
  get awaits(): number | undefined {
    const { engine, waits } = this.#watcher
    return waits ? 0 : engine.nextWake()
  }

  /** Open alarms, for tests and figures. */
  openAlarms(): Alarm[] {
    return [...this.#board.open()]
  }

  async reload(tx: Transaction): Promise<void> {
    await this.#load(tx, await readCursor(tx, this.#options.county, this.name))
  }

  /** Instead of `reload`: begins at the start of the log with empty tables, whatever the cursor says. */
  async begin(tx: Transaction): Promise<void> {
    await this.#load(tx, 0)
  }

  async #load(tx: Transaction, followed: number): Promise<void> {
    const { county } = this.#options
    const memory = await loadWatch(tx, county)
    this.#told = []
    let silent = true
    this.#watcher = new Watcher(
      this.#rules,
      (signal) => {
        if (!silent) this.#board.signal(signal)
      },
      memory,
    )
    this.#followed = followed
    await this.#runAgain(tx, memory.rememberedPosition, followed)
    silent = false
    this.#board = new AlarmBoard(this.#rules, this.#watcher.windows, memory)
    this.#rememberedAt = performance.now()
  }

  /** The books are those of the cursor already: whenever they change, everything is remembered at once. */
  async #runAgain(tx: Transaction, from: number, until: number): Promise<void> {
    const { county } = this.#options
    const readBack = (positions: readonly number[]) => readRowsAt(tx, county, positions)
    for (let next = from; next < until; ) {
      const limits = { ...CATCH_UP, entries: Math.min(CATCH_UP.entries, until - next) }
      const entries = await readEntries(tx, county, next, limits)
      for (const entry of entries) await this.#watcher.take(entry, readBack)
      if (entries.length === 0) return
      next = entries.at(-1)!.position + 1
    }
  }

  /** Writes what rules remember of everything followed so far. */
  async remember(tx: Transaction): Promise<void> {
    const began = performance.now()
    const { engine } = this.#watcher
    await putRemembered(tx, this.#options.county, {
      position: this.#followed,
      logTime: engine.logTime,
      failing: engine.failing(),
      states: engine.takeChanged(),
      channels: this.#watcher.takeChannels(),
    })
    this.#rememberedAt = performance.now()
    this.#rememberCostMs = this.#rememberedAt - began
  }

  async rest(tx: Transaction): Promise<void> {
    await this.remember(tx)
  }

  #isTimeToRemember(): boolean {
    const { rememberEveryMs = REMEMBER_EVERY_MS } = this.#options
    const spared = Math.max(rememberEveryMs, this.#rememberCostMs / REMEMBER_SHARE)
    return performance.now() - this.#rememberedAt >= spared
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
    const last = entries.at(-1)
    if (last) this.#followed = last.position + 1
    if (stated.changesBooks || this.#isTimeToRemember()) await this.remember(tx)
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
      case 'withdrawn': {
        const withdrawn = { position, at: statedAt, actor, reason: desk.reason }
        stated.withdrawals.push({ withdrawal: desk.withdrawal, withdrawn })
        return
      }
      case 'alarm-handled': {
        const { do: action, note, until, alarm: name } = desk
        const command = { action, actor, note, at: statedAt, ...(until === undefined ? {} : { until }) }
        const stored = this.#board.find(name) ? undefined : await findAlarm(tx, this.#options.county, name)
        this.#board.command(name, command, position, stored)
      }
    }
  }
}
