import { randomBytes } from 'node:crypto'
import {
  type Alarm,
  type AlarmAction,
  type Command,
  type DeliveryNotice,
  decideCommand,
  decideWithdrawal,
  type QuietWindow,
  type Rule,
  type SettingsChange,
  type Stated,
  settingsFault,
  type WatchStatement,
  type Withdrawal,
  watchStatement,
} from '@oiltrail/domain'
import { type Clock, ok, type Result, refuse } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import type { Intake } from '../intake/intake.ts'

/** Longest an answer waits until the watch has followed its own statement. */
const FOLLOW_MS = 5_000
/** A change of settings may not begin further back: what was judged stays judged. */
const LATEST_START_MS = 60_000

/** What people state about alarms, rules and deliveries; every statement is a log entry before it is answered. */
export class WatchOffice {
  readonly rules: readonly Rule[]
  readonly #intake: Intake
  readonly #clock: Clock
  readonly #reached: (position: number) => Promise<void>
  /** A trial of settings runs; one at a time. */
  trying = false

  constructor(parts: {
    rules: readonly Rule[]
    intake: Intake
    clock: Clock
    /** Resolves when the watch has committed everything before a position. */
    reached: (position: number) => Promise<void>
  }) {
    this.rules = parts.rules
    this.#intake = parts.intake
    this.#clock = parts.clock
    this.#reached = parts.reached
  }

  rule(id: string): Rule | undefined {
    return this.rules.find((rule) => rule.id === id)
  }

  /** What a person does with an alarm. CONFLICT, FORBIDDEN or INVALID_REQUEST when its life does not allow it. */
  async handle(
    alarm: Alarm,
    order: { action: AlarmAction; actor: string; note: string; minutes?: number | undefined },
  ): Promise<Result<{ position: number }>> {
    const { action, actor, note, minutes } = order
    const at = this.#clock.now()
    const until = minutes === undefined ? {} : { until: at + minutes * 60_000 }
    const command: Command = { action, actor, note, at, ...until }
    const decided = decideCommand(alarm, command, this.rule(alarm.rule)?.shelvable ?? true)
    if (!decided.ok) return decided
    const { rule, subject, openedRef } = alarm
    const name = { rule, subject, position: openedRef.position }
    return this.#state({ v: 1, action: 'alarm-handled', actor, at, alarm: name, do: action, note, ...until })
  }

  /** Changes settings. NOT_FOUND for an unknown rule, INVALID_REQUEST for values out of bounds or a start in the past. */
  async change(actor: string, change: SettingsChange, reason: string): Promise<Result<{ position: number }>> {
    const rule = this.rule(change.rule)
    if (!rule) return refuse('NOT_FOUND', `there is no rule ${change.rule}`, 'rule')
    const fault = settingsFault(rule.settings, change.values)
    if (fault) return refuse('INVALID_REQUEST', fault.detail, `values.${fault.key}`)
    const at = this.#clock.now()
    if (change.from < at - LATEST_START_MS)
      return refuse('INVALID_REQUEST', 'settings cannot be changed for the past', 'from')
    return this.#state({ v: 1, action: 'settings-changed', actor, at, change, reason })
  }

  /** Registers a delivery. */
  async notice(
    actor: string,
    order: Omit<DeliveryNotice, 'notice'> & { notice?: string | undefined },
  ): Promise<Result<{ position: number; notice: string }>> {
    const notice = order.notice ?? makeNumber('N')
    const at = this.#clock.now()
    const done = await this.#state({
      v: 1,
      action: 'delivery-noticed',
      actor,
      at,
      notice: { ...order, notice },
    })
    return done.ok ? ok({ ...done.value, notice }) : done
  }

  /** Declares a maintenance or verification window. */
  async window(
    actor: string,
    order: Omit<QuietWindow, 'window'> & { window?: string | undefined },
  ): Promise<Result<{ position: number; window: string }>> {
    const window = order.window ?? makeNumber('W')
    const at = this.#clock.now()
    const done = await this.#state({
      v: 1,
      action: 'window-declared',
      actor,
      at,
      window: { ...order, window },
    })
    return done.ok ? ok({ ...done.value, window }) : done
  }

  /** Takes a notice or a window back. CONFLICT when it was taken back before, or when everything was judged with it. */
  async withdraw(
    stated: Stated,
    order: { withdrawal: Withdrawal; actor: string; reason: string },
  ): Promise<Result<{ position: number }>> {
    const at = this.#clock.now()
    const decided = decideWithdrawal(stated, at)
    return decided.ok ? this.#state({ v: 1, action: 'withdrawn', at, ...order }) : decided
  }

  async #state(statement: WatchStatement): Promise<Result<{ position: number }>> {
    const checked = watchStatement.safeParse(statement)
    if (!checked.success) {
      const issue = checked.error.issues[0]!
      return refuse('INVALID_REQUEST', issue.message.slice(0, 200), issue.path.join('.').slice(0, 100))
    }
    const done = await this.#intake.state({
      action: statement.action,
      effect: async (_tx, at) => encodeDesk({ ...statement, at }),
    })
    if (!done.ok) return done
    await Promise.race([this.#reached(done.value.position + 1), pause(FOLLOW_MS)])
    return ok({ position: done.value.position })
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds).unref())
}

/** A number that nobody else gives: day and 40 random bits. */
function makeNumber(letter: string): string {
  return `${letter}-${randomBytes(5).toString('hex').toUpperCase()}`
}
