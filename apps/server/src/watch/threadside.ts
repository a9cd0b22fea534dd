import { constants, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { type AlarmRow, openStore } from '@oiltrail/store'
import { pino } from 'pino'
import type { FollowFigures } from '../follow/following.ts'
import { FollowLoop } from '../follow/loop.ts'
import type { LogEntry } from '../log/entry.ts'
import { LogFeed } from '../log/feed.ts'
import type { ThreadTask } from '../thread.ts'
import { WatchFollower } from './follower.ts'

/** The watch runs in a thread of its own: rules never make a collector or a screen wait. */
export const WATCH_ROLE = 'oiltrail-watch'

/** What the thread is given at its start. */
export interface WatchTask extends ThreadTask {
  readonly role: typeof WATCH_ROLE
  /** Address of the database, with its password: it stays in this process. */
  readonly url: string
  readonly county: number
  readonly nextPosition: number
  readonly logLevel: string
}

/** What the thread is told: entries just committed, or where the log stands; or to come to an end. */
export type ToWatch =
  | { readonly entries: readonly LogEntry[] }
  | { readonly nextPosition: number }
  | { readonly stop: true }

/** How far the thread has come. */
export interface WatchState {
  readonly position: number
  readonly figures: FollowFigures
  readonly logTime: number
  /** See `WatchFollower.awaits`. */
  readonly awaits: number | undefined
}

/** What the thread tells. */
export type FromWatch =
  | { readonly type: 'state'; readonly state: WatchState }
  | { readonly type: 'alarms'; readonly rows: readonly AlarmRow[] }
  | { readonly type: 'log'; readonly line: string }

/** The watch reads and writes in one transaction at a time, and reads back now and then. */
const CONNECTIONS = 2
/** How often it is told how far the thread has come while nothing else is told: time passes for rules that wait. */
const STATE_EVERY_MS = 1_000

/** The life of the thread: follows the log until it is told to stop. */
export function runWatch({ url, county, nextPosition, logLevel }: WatchTask): void {
  const port = parentPort!
  const tell = (message: FromWatch): void => port.postMessage(message)
  // When cores are short, taking records in and showing them goes first, and the watch catches up; a county's own flow asks for less
  // than a hundredth of a core, which even the last in line is given. On Linux this is for the thread alone.
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW)
  const log = pino({ level: logLevel }, { write: (line: string) => tell({ type: 'log', line }) })
  const store = openStore(url, { max: CONNECTIONS, applicationName: 'oiltrail-watch' })
  const feed = new LogFeed(nextPosition)
  const follower = new WatchFollower({
    county,
    onAlarms: (rows) => tell({ type: 'alarms', rows }),
  })
  const loop = new FollowLoop({
    store,
    county,
    feed,
    follower,
    log,
    onRound: () => tellState(),
  })
  let timer: NodeJS.Timeout | undefined
  const tellState = (): void =>
    tell({
      type: 'state',
      state: {
        position: loop.position,
        figures: loop.figures,
        logTime: follower.logTime,
        awaits: follower.awaits,
      },
    })
  port.on('message', (message: ToWatch) => {
    if ('entries' in message) feed.append(message.entries)
    else if ('nextPosition' in message) feed.moveTo(message.nextPosition)
    else void end()
  })
  const end = async (): Promise<void> => {
    clearInterval(timer)
    await loop.stop()
    await store.close()
    port.close()
  }
  const start = async (): Promise<void> => {
    await loop.start()
    timer = setInterval(tellState, STATE_EVERY_MS)
    tellState()
  }
  // A start that fails ends the thread with its error; the main thread starts another.
  void start().catch((error: unknown) => {
    setImmediate(() => {
      throw error
    })
  })
}
