import type { RuleEditions } from '@oiltrail/domain'
import type { Clock } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import type { Logger } from 'pino'
import type { Intake } from '../intake/intake.ts'
import { sameEditions } from './editions.ts'

/** The log is told the time at most this often, and only when nothing else told it. */
export const TICK_MS = 60_000
/** How often, in real time, it is looked whether a tick is due. */
const LOOK_MS = 2_000

/** The log is told that the platform is back when it was silent for longer than this: a tick and one that was missed. */
const AWAY_MS = 2 * TICK_MS

/** What the log is told about the platform itself. */
interface Teller {
  readonly intake: Pick<Intake, 'state'>
  readonly log: Logger
}

async function stateStarted({ intake, log }: Teller, rules: RuleEditions, away: boolean): Promise<boolean> {
  const done = await intake.state({
    action: 'platform-started',
    effect: async (_tx, at) =>
      encodeDesk({ v: 1, action: 'platform-started', actor: 'server', at, away, rules }),
  })
  if (!done.ok)
    log.warn({ code: done.problem.code }, 'the log could not be told that the platform is at work')
  return done.ok
}

/** What a starting platform finds in its log. */
export interface LeftBehind {
  /** Time of receipt of the newest entry; undefined for an empty log. */
  readonly lastAt: number | undefined
  /** The editions stated last; undefined when none ever were. */
  readonly rules: RuleEditions | undefined
}

/**
 * States at the start that the platform was away, when it was: rules must not take for the silence of collectors what was the
 * silence of the platform; and by which editions of the rules it judges from now on, when they are not those stated last.
 * Returns whether the log names the editions now; an empty one is left empty.
 */
export async function stateReturn(
  teller: Teller,
  clock: Clock,
  { lastAt, rules }: LeftBehind,
  current: RuleEditions,
): Promise<boolean> {
  if (lastAt === undefined) return false
  const away = clock.now() - lastAt > AWAY_MS
  const known = rules !== undefined && sameEditions(rules, current)
  return away || !known ? stateStarted(teller, current, away) : true
}

/** Who waits for the time. */
export interface Awaiting {
  readonly logTime: number
  isAwaited(now: number): boolean
}

/** Whether the moment from which somebody waits, if anybody does, has come. */
export function isAwaited(awaits: number | undefined, now: number): boolean {
  return awaits !== undefined && awaits <= now
}

/** What a ticker is made of. */
export interface TickerParts {
  readonly intake: Intake
  readonly clock: Clock
  readonly watch: Awaiting
  readonly log: Logger
  /** Editions of the rules, when the log does not name them: stated once it is `TICK_MS` old. */
  readonly unstated: RuleEditions | undefined
}

/**
 * Tells the log the time while a rule waits and nothing else is logged (promise 5: time is a fact), so that a silent county
 * still notices its silence, and a replay notices it at the same moment.
 */
export class Ticker {
  readonly #timer: NodeJS.Timeout
  readonly #parts: TickerParts
  #lastAt = 0
  /** When the log was first seen to have an entry. */
  #begunAt: number | undefined
  /** Editions that the log does not name yet. */
  #unstated: RuleEditions | undefined
  #stating: Promise<unknown> | undefined

  constructor(parts: TickerParts) {
    this.#parts = parts
    this.#unstated = parts.unstated
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#stating
  }

  #look(): void {
    const { intake, clock, watch, log } = this.#parts
    const now = clock.now()
    if (this.#stating || !intake.isOpen) return
    if (this.#unstated && this.#isBegun(now)) {
      this.#stateEditions(this.#unstated)
      return
    }
    if (now - Math.max(watch.logTime, this.#lastAt) < TICK_MS || !watch.isAwaited(now)) return
    this.#lastAt = now
    this.#stating = intake
      .state({
        action: 'clock-ticked',
        effect: async (_tx, at) => encodeDesk({ v: 1, action: 'clock-ticked', actor: 'server', at }),
      })
      .then((done) => {
        if (!done.ok) log.warn({ code: done.problem.code }, 'the log could not be told the time')
      })
      .finally(() => {
        this.#stating = undefined
      })
  }

  /** A log of which more is to come: whoever only looks at a new platform finds it as empty as it was. */
  #isBegun(now: number): boolean {
    if (this.#parts.watch.logTime > 0) this.#begunAt ??= now
    return this.#begunAt !== undefined && now - this.#begunAt >= TICK_MS
  }

  #stateEditions(rules: RuleEditions): void {
    this.#begunAt = undefined
    this.#stating = stateStarted(this.#parts, rules, false)
      .then((done) => {
        if (done) this.#unstated = undefined
      })
      .finally(() => {
        this.#stating = undefined
      })
  }
}
