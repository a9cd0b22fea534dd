import type { Clock } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import type { Logger } from 'pino'
import type { Intake } from '../intake/intake.ts'

/** The log is told the time at most this often, and only when nothing else told it. */
export const TICK_MS = 60_000
/** How often, in real time, it is looked whether a tick is due. */
const LOOK_MS = 2_000

/** The log is told that the platform is back when it was silent for longer than this: a tick and one that was missed. */
const AWAY_MS = 2 * TICK_MS

/**
 * States at the start that the platform was away, when it was: rules must not take for the silence of collectors what was the
 * silence of the platform. `lastAt`: time of receipt of the log's newest entry, undefined for an empty log.
 */
export async function stateReturn(
  intake: Pick<Intake, 'state'>,
  clock: Clock,
  lastAt: number | undefined,
  log: Logger,
): Promise<void> {
  if (lastAt === undefined || clock.now() - lastAt <= AWAY_MS) return
  const done = await intake.state({
    action: 'platform-started',
    effect: async (_tx, at) => encodeDesk({ v: 1, action: 'platform-started', actor: 'server', at }),
  })
  if (!done.ok) log.warn({ code: done.problem.code }, 'the log could not be told that the platform is back')
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

/**
 * Tells the log the time while a rule waits and nothing else is logged (promise 5: time is a fact), so that a silent county
 * still notices its silence, and a replay notices it at the same moment.
 */
export class Ticker {
  readonly #timer: NodeJS.Timeout
  readonly #parts: { intake: Intake; clock: Clock; watch: Awaiting; log: Logger }
  #lastAt = 0
  #stating: Promise<unknown> | undefined

  constructor(parts: { intake: Intake; clock: Clock; watch: Awaiting; log: Logger }) {
    this.#parts = parts
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
}
