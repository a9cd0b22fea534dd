import { ok, type Result, refuse } from '@oiltrail/kernel'
import { type Store, type Transaction, takeLog } from '@oiltrail/store'

/** First of the two numbers of the advisory lock; the second is the county. Any constant, the same in every server. */
const LOCK_CLASS = 20_327
/** How often a starting server asks whether the other has gone. */
const ASK_MS = 200

/**
 * The right to write a county's log. One server holds it: an advisory lock on a connection of its own, which ends with the
 * process however it dies, and an epoch in `log_head`, which every commit checks. The lock keeps a second server from
 * starting; the epoch keeps a first one that only seemed dead from ever committing again.
 */
export class ShardOwner {
  private readonly store: Store
  private readonly county: number
  private holder: Transaction | undefined
  private readonly onBreak: () => void
  epoch = 0

  private constructor(store: Store, county: number, onBreak: () => void) {
    this.store = store
    this.county = county
    this.onBreak = onBreak
  }

  /**
   * Takes the log of a county, waiting a bounded time for another server to go. Refuses SHARD_OWNED when it does not.
   * `onBreak` is called when the connection that holds the lock breaks; `holdsLock` tries to get it back. Throws once `cancelled`.
   */
  static async take(
    store: Store,
    county: number,
    waitMs: number,
    onBreak: () => void,
    cancelled?: AbortSignal,
  ): Promise<Result<ShardOwner>> {
    const owner = new ShardOwner(store, county, onBreak)
    const deadline = performance.now() + waitMs
    while (!(await owner.lock())) {
      cancelled?.throwIfAborted()
      if (performance.now() >= deadline)
        return refuse('SHARD_OWNED', `another server has been writing the log of ${county} for ${waitMs} ms`)
      await new Promise((wake) => setTimeout(wake, ASK_MS))
    }
    owner.epoch = await store.transaction((tx) => takeLog(tx, county))
    return ok(owner)
  }

  /**
   * Takes the lock again if its connection broke. False when another server has it. Throws while the database is away.
   * Whether anybody wrote in between is told by the epoch in `log_head`.
   */
  async holdsLock(): Promise<boolean> {
    return this.holder !== undefined || (await this.lock())
  }

  /** Lets go, so that the next server need not wait. */
  async release(): Promise<void> {
    const { holder } = this
    this.holder = undefined
    holder?.release(true)
  }

  private async lock(): Promise<boolean> {
    const client = await this.store.pool.connect()
    // From its first moment and to its last: an error that nobody listens to would end the process.
    client.on('error', () => {
      if (this.holder !== client) return
      this.holder = undefined
      client.release(true)
      this.onBreak()
    })
    try {
      const { rows } = await client.query<{ taken: boolean }>(
        'select pg_try_advisory_lock($1, $2) as taken',
        [LOCK_CLASS, this.county],
      )
      if (!rows[0]?.taken) {
        client.release(true)
        return false
      }
    } catch (error) {
      client.release(true)
      throw error
    }
    this.holder = client
    return true
  }
}
