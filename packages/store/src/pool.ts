import pg from 'pg'
import type { Pipeline, Statement } from './pipeline.ts'

/**
 * One database transaction: a connection between BEGIN and COMMIT. Values go as `$1` parameters, never into the text.
 * `bigint` and whole `numeric` values come back as JavaScript numbers; one beyond 2^53 fails the query.
 */
export type Transaction = pg.PoolClient

/** An open database. */
export interface Store {
  readonly pool: pg.Pool
  /** The connection string, for tools that need a connection of their own. Holds the password: never log it. */
  readonly url: string
  /**
   * Runs `work` in a transaction and commits it. Whatever `work` throws rolls back and is thrown on. When the connection
   * breaks during the commit itself, the outcome is unknown to us and the error is thrown: read before you repeat.
   *
   * `lasting: false` does not wait for the disk (`synchronous_commit = off`): only for what can be made again from what
   * was waited for, as a crash of the database may undo the last of these transactions, whole and from the newest back.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: { readonly lasting?: boolean }): Promise<T>
  /**
   * A transaction in one round trip: BEGIN, the statements that `work` returns, and COMMIT leave together. When `work` must
   * read first it calls `open`, which begins the transaction then. Commits all or nothing, and throws, as `transaction` does.
   */
  round(
    work: (open: () => Promise<Transaction>) => Promise<Pipeline>,
    options?: { readonly lasting?: boolean },
  ): Promise<void>
  close(): Promise<void>
}

/** How a store is opened. */
export interface StoreOptions {
  /** Most connections at once. The embedded server takes 40 in all. */
  readonly max?: number
  /** Longest a statement may run, in milliseconds; 0 is for ever. */
  readonly statementTimeoutMs?: number
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string
  /** Told when an idle connection breaks. The pool replaces it; nothing is lost. */
  readonly onIdleError?: (error: Error) => void
}

const DEFAULT_CONNECTIONS = 10
/** Long enough for a rollup of a year, short enough that a lost lock does not hold a screen for ever. */
const DEFAULT_STATEMENT_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`the database holds ${text}, which is beyond 2^53`)
  return value
}

function numericNumber(text: string): number {
  return /^-?[0-9]+$/.test(text) ? wholeNumber(text) : Number(text)
}

const TEXT_PARSERS = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, wholeNumber],
  [pg.types.builtins.NUMERIC, numericNumber],
])

const types: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') => {
    const own = format === 'binary' ? undefined : TEXT_PARSERS.get(id)
    return own ?? pg.types.getTypeParser(id, format as 'text')
  }) as typeof pg.types.getTypeParser,
}

/** Opens a database by its connection string. Connections are made when first needed. */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? DEFAULT_CONNECTIONS,
    types,
    application_name: options.applicationName ?? 'oiltrail',
    statement_timeout: options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  // Without a listener an idle connection that breaks (the server restarted) would end our process.
  pool.on('error', (error) => options.onIdleError?.(error))
  // The pool takes its own listener away before whoever waits for the connection can put up theirs; a break in between
  // (`write EPIPE`) would end our process as well. Its query fails anyway, and the pool throws the connection away.
  pool.on('connect', (client) => client.on('error', () => undefined))
  let closing: Promise<void> | undefined
  return {
    pool,
    url,
    transaction: (work, options) => withClient(pool, (tx) => transaction(tx, work, beginning(options))),
    round: (work, options) => withClient(pool, (tx) => round(tx, work, beginning(options))),
    close: () => {
      closing ??= pool.end()
      return closing
    },
  }
}

const BEGIN: Statement = { name: 'begin', text: 'begin' }
const FLEETING: Statement = { name: 'fleeting', text: 'set local synchronous_commit = off' }
const COMMIT: Statement = { name: 'commit', text: 'commit' }

function beginning(options?: { readonly lasting?: boolean }): readonly Statement[] {
  return options?.lasting === false ? [BEGIN, FLEETING] : [BEGIN]
}

/** All in one round trip. */
function begun(tx: Transaction, begin: readonly Statement[]): Promise<unknown> {
  return tx.query(begin.map(({ text }) => text).join('; '))
}

async function transaction<T>(
  tx: Transaction,
  work: (tx: Transaction) => Promise<T>,
  begin: readonly Statement[],
): Promise<T> {
  await begun(tx, begin)
  const value = await work(tx)
  mustBeCommitted((await tx.query('commit')).command)
  return value
}

/** A statement failed and whoever sent it swallowed the error: PostgreSQL then rolls back and says so in the tag. */
function mustBeCommitted(tag: string | undefined): void {
  if (tag !== 'COMMIT') throw new Error('the transaction was rolled back: a statement in it had failed')
}

async function round(
  tx: Transaction,
  work: (open: () => Promise<Transaction>) => Promise<Pipeline>,
  begin: readonly Statement[],
): Promise<void> {
  let opened: Promise<unknown> | undefined
  const open = async (): Promise<Transaction> => {
    opened ??= begun(tx, begin)
    await opened
    return tx
  }
  const writes = await work(open)
  const tags = await writes.run(tx, { before: opened ? [] : begin, after: [COMMIT] })
  mustBeCommitted(tags.at(-1))
}

/** Lends a connection to `work`; rolls back whatever it has begun when it throws. */
async function withClient<T>(pool: pg.Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const tx = await pool.connect()
  let broken: Error | undefined
  const noticeBreak = (error: Error) => {
    broken = error
  }
  tx.on('error', noticeBreak)
  try {
    return await work(tx)
  } catch (error) {
    await tx.query('rollback').catch((failure: Error) => {
      broken ??= failure
    })
    throw error
  } finally {
    tx.removeListener('error', noticeBreak)
    tx.release(broken)
  }
}
