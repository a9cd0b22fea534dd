import { RULE_FAILED, RULES, type Rule } from '@oiltrail/domain'
import type { Clock } from '@oiltrail/kernel'
import type { AlarmRow, Store } from '@oiltrail/store'
import type { Logger } from 'pino'
import { alarmShape } from '../api/alarms.ts'
import type { Live } from '../api/live.ts'
import type { Following } from '../follow/following.ts'
import { FollowLoop } from '../follow/loop.ts'
import type { LogFeed } from '../log/feed.ts'
import { WatchFollower } from './follower.ts'
import { WatchThread } from './thread.ts'
import { type Awaiting, isAwaited } from './ticker.ts'

/** Alarms of one round that are told one by one; a screen that sees a flood loads its list again anyway. */
const ALARMS_TOLD = 200

/** The watch at work. */
export type Watching = Following & Awaiting

/** What the watch is started with. */
export interface WatchParts {
  readonly store: Store
  readonly county: number
  readonly feed: LogFeed
  readonly live: Live
  readonly clock: Clock
  readonly log: Logger
  /** For tests: these rules, in this thread, since functions cannot be handed to another. */
  readonly rules: readonly Rule[] | undefined
}

/** Starts the watch; resolves when it has read its tables. */
export async function startWatch(parts: WatchParts): Promise<Watching> {
  const { store, county, feed, log, live, clock, rules } = parts
  const onAlarms = (rows: readonly AlarmRow[]): void => tellAlarms(live, rows, rules ?? RULES, clock)
  if (rules) return startHere(parts, rules, onAlarms)
  const thread = new WatchThread({ url: store.url, county, feed, log, onAlarms })
  try {
    await thread.started()
    return thread
  } catch (error) {
    await thread.stop()
    throw error
  }
}

async function startHere(
  { store, county, feed, log }: WatchParts,
  rules: readonly Rule[],
  onAlarms: (rows: readonly AlarmRow[]) => void,
): Promise<Watching> {
  const follower = new WatchFollower({ county, rules, onAlarms })
  const loop = new WatchLoop({ store, county, feed, follower, log })
  await loop.start()
  return loop
}

class WatchLoop extends FollowLoop implements Watching {
  readonly #follower: WatchFollower

  constructor(parts: ConstructorParameters<typeof FollowLoop>[0] & { readonly follower: WatchFollower }) {
    super(parts)
    this.#follower = parts.follower
  }

  get logTime(): number {
    return this.#follower.logTime
  }

  isAwaited(now: number): boolean {
    return isAwaited(this.#follower.awaits, now)
  }
}

function tellAlarms(live: Live, rows: readonly AlarmRow[], rules: readonly Rule[], clock: Clock): void {
  const now = clock.now()
  const ruleOf = (id: string) => (id === RULE_FAILED.id ? RULE_FAILED : rules.find((rule) => rule.id === id))
  const views = rows.slice(-ALARMS_TOLD).map((row) => alarmShape(row, ruleOf(row.alarm.rule), now))
  live.hub.send(
    live.hub.position,
    views.map((view) => ['alarm', view] as const),
  )
}
