import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Problem, ProblemError } from '@oiltrail/kernel'
import { migrate, openStore, type Postgres, type Store, startPostgres } from '@oiltrail/store'
import type { Logger } from 'pino'

/** Connections of the server: one holds the ownership, one commits, one for each follower, the rest for questions. */
const MOST_CONNECTIONS = 16
const FIRST_RESTART_MS = 200
const LAST_RESTART_MS = 5_000
/** A database that cannot be started this often in a row needs a person. */
const MOST_RESTARTS = 12

/** With less room than a few pieces of its journal (16 MB each) a database cannot start, and room can come back. */
const FULL_DISK_BYTES = 64 * 1024 * 1024

/** Where the database is. */
export interface DatabaseOptions {
  /** Your own; undefined runs the built-in one in `data/postgres`. */
  readonly url: string | undefined
  readonly data: string
  readonly log: Logger
  /** Whether to bring the schema up to date; `restore` wants it as it is. */
  readonly migrate: boolean
  /**
   * Whether a log must already be there: then no empty built-in database is ever made in its place, nor an empty one of your own
   * taken for it, DATABASE_LOST. A second log under the same keys would be what a forger makes.
   */
  readonly mustExist: boolean
  /** Aborted when nobody wants it any more: a start under way is then broken off. */
  readonly cancelled?: AbortSignal | undefined
  /** The built-in database ended and could not be started again, or is gone. */
  readonly onGivenUp: (problem: Problem) => void
}

/** An open, migrated database; the built-in one is watched, and started again when it dies. */
export interface Database {
  readonly store: Store
  /** Version of its schema; 0 when it was not brought up to date. */
  readonly version: number
  /** Process id of the built-in database's postmaster, for the figures; undefined with your own. */
  pid(): number | undefined
  close(): Promise<void>
}

/** Starts or reaches the database and brings its schema up to date if asked to. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const keeper = options.url === undefined ? new PostgresKeeper(options) : undefined
  const url = options.url ?? (await keeper!.start(options.mustExist))
  let closing = false
  const store = openStore(url, {
    max: MOST_CONNECTIONS,
    applicationName: 'oiltrail-server',
    // While we close, the server may be quicker to end a connection than we are.
    onIdleError: (error) => {
      if (!closing) options.log.warn({ err: error.message }, 'a database connection broke')
    },
  })
  let version = 0
  try {
    if (options.url !== undefined && options.mustExist && !(await holdsLog(store))) throw withoutLog(options)
    const { from, to } = options.migrate ? await migrate(store) : { from: 0, to: 0 }
    version = to
    if (from !== to) options.log.info({ from, to }, 'database schema brought up to date')
  } catch (error) {
    await store.close()
    await keeper?.stop()
    throw error
  }
  return {
    store,
    version,
    pid: () => keeper?.pid,
    close: async () => {
      closing = true
      await store.close()
      await keeper?.stop()
    },
  }
}

/** A log has its head before anything is sealed, so before there are keys. */
async function holdsLog({ pool }: Store): Promise<boolean> {
  const { rows } = await pool.query<{ made: boolean }>("select to_regclass('log_head') is not null as made")
  return rows[0]!.made && (await pool.query('select from log_head limit 1')).rowCount === 1
}

function withoutLog({ data }: DatabaseOptions): ProblemError {
  const detail = `the database of DATABASE_URL holds no log, the one of ${data} lies elsewhere / DATABASE_URL 所指的数据库中没有日志,不是 ${data} 原来所用的库`
  return new ProblemError({ code: 'DATABASE_LOST', detail })
}

/** Runs the built-in PostgreSQL and starts it again when it was killed or crashed. */
class PostgresKeeper {
  private readonly options: DatabaseOptions
  private running: Postgres | undefined
  private restarting: Promise<void> | undefined
  private stopping = false

  constructor(options: DatabaseOptions) {
    this.options = options
  }

  get pid(): number | undefined {
    return this.running?.pid
  }

  async start(mustExist: boolean): Promise<string> {
    const { data, log, cancelled } = this.options
    this.running = await startPostgres({
      directory: join(data, 'postgres'),
      mustExist,
      ...(cancelled && { cancelled }),
      log: { info: (text) => log.info(text), error: (text) => log.error(text) },
      onExit: (reason) => {
        this.running = undefined
        if (this.stopping) return
        log.error({ reason }, 'the database ended; it is started again')
        this.restarting ??= this.restart().finally(() => {
          this.restarting = undefined
        })
      },
    })
    return this.running.url
  }

  async stop(): Promise<void> {
    this.stopping = true
    await this.restarting
    await this.running?.stop()
  }

  private async restart(): Promise<void> {
    let wait = FIRST_RESTART_MS
    for (let tries = 0; tries < MOST_RESTARTS && !this.stopping; ) {
      try {
        // It ran: whatever is missing now was there.
        await this.start(true)
        return
      } catch (error) {
        if (error instanceof ProblemError) return this.giveUp(error.problem)
        const full = await isFull(this.options.data)
        this.options.log.error({ err: error, wait, full }, 'the database could not be started')
        // Giving up would not make room; whoever makes it should not have to start us as well.
        if (!full) tries++
        await sleep(wait)
        wait = Math.min(wait * 2, LAST_RESTART_MS)
      }
    }
    this.giveUp({ code: 'STORE_FAILED', detail: 'the database cannot be started / 数据库无法启动' })
  }

  private giveUp(problem: Problem): void {
    if (!this.stopping) this.options.onGivenUp(problem)
  }
}

async function isFull(directory: string): Promise<boolean> {
  const room = await statfs(directory).catch(() => undefined)
  return room !== undefined && room.bavail * room.bsize < FULL_DISK_BYTES
}
