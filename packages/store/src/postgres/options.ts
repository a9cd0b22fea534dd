/** Where the supervisor says what it does; a pino logger fits. */
export interface PostgresLog {
  info(message: string): void
  error(message: string): void
}

/** How to start the built-in database. */
export interface PostgresOptions {
  /** Its own folder, made when missing: cluster, password, sockets. */
  readonly directory: string
  readonly log: PostgresLog
  /** Whether a database must already be there: then none is ever created, and a missing one is DATABASE_LOST. */
  readonly mustExist?: boolean
  /** Told once when the server ends without having been asked to. It is never restarted behind your back. */
  readonly onExit?: (reason: string) => void
  /** For a server that several test processes share: it runs until this process ends instead of ours, and its folder is then deleted. */
  readonly untilProcessEnds?: number
  /** Aborted when nobody wants the database any more: a start under way then throws the reason, and nothing of it is left running. */
  readonly cancelled?: AbortSignal
  /** Settings over ours, for tests and measurements. */
  readonly settings?: Readonly<Record<string, string>>
}
