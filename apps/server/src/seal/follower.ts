import { emptyRoot, partialTiles, signCheckpoint, TreeBuilder, type TreeHead } from '@oiltrail/evidence'
import { sha256 } from '@oiltrail/evidence/node'
import { type Clock, equalBytes, ProblemError } from '@oiltrail/kernel'
import {
  type CheckpointRow,
  readCursor,
  readLatestCheckpoint,
  readTile,
  type Store,
  type Transaction,
  writeCheckpoint,
  writeTiles,
} from '@oiltrail/store'
import type { Logger } from 'pino'
import type { Follower } from '../follow/follower.ts'
import type { LogEntry } from '../log/entry.ts'
import type { LogSigners } from './keys.ts'
import type { HeadMark } from './mark.ts'

/** Checkpoints are signed at most this often, and only when the tree grew. */
const SIGN_EVERY_MS = 1_000
/** Tiles are written some times a second: often enough for the next checkpoint, seldom enough to be felt by nobody. */
const TILES_EVERY_MS = 200

/** What the seal works with. */
export interface SealParts {
  readonly store: Store
  readonly county: number
  readonly origin: string
  readonly signers: LogSigners
  readonly mark: HeadMark
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The Merkle tree over a county's log (promise 8, docs/formats/log.md §3): leaves become tiles as entries come, beside
 * the log and never in its way; a timer signs the newest committed head.
 */
export class Seal implements Follower {
  readonly name = 'seal'
  readonly paceMs = TILES_EVERY_MS
  readonly ignoresRecords = true
  private readonly parts: SealParts
  private tree = new TreeBuilder(sha256)
  /** Head of the committed tiles. */
  private head: TreeHead = { size: 0, root: emptyRoot(sha256) }
  private pending: TreeHead | undefined
  private newest: CheckpointRow | undefined
  private readonly listeners = new Set<(checkpoint: CheckpointRow) => void>()
  private timer: NodeJS.Timeout | undefined
  private signing: Promise<void> | undefined
  private signedAt = Number.NEGATIVE_INFINITY
  private stopped = false

  constructor(parts: SealParts) {
    this.parts = parts
  }

  /** The newest committed checkpoint. */
  get checkpoint(): CheckpointRow | undefined {
    return this.newest
  }

  /** Calls back with every new checkpoint, once it is committed. */
  onCheckpoint(listener: (checkpoint: CheckpointRow) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async reload(tx: Transaction): Promise<void> {
    const { county, mark } = this.parts
    await mark.check(tx)
    const size = await readCursor(tx, county, this.name)
    const rows: (Uint8Array | undefined)[] = []
    for (const tile of partialTiles(size)) rows.push(await readTile(tx, county, tile.level, tile.index))
    const tree = TreeBuilder.resume(sha256, size, rows)
    if (!tree.ok) throw new ProblemError(tree.problem)
    const root = tree.value.root()
    const newest = await readLatestCheckpoint(tx, county)
    if (newest && (newest.size > size || (newest.size === size && !equalBytes(newest.root, root))))
      throw new ProblemError({
        code: 'EVIDENCE_INVALID',
        detail: `the tiles of ${size} leaves do not lead to the signed checkpoint of ${newest.size}`,
      })
    if (newest) await mark.keep(newest)
    this.tree = tree.value
    this.head = { size, root }
    this.pending = undefined
    this.newest = newest
    this.schedule()
  }

  async apply(tx: Transaction, entries: readonly LogEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.position !== this.tree.size)
        throw new Error(`entry ${entry.position} does not follow a tree of ${this.tree.size} leaves`)
      this.tree.append(entry.leaf)
    }
    await writeTiles(tx, this.parts.county, this.tree.takeChanges())
    this.pending = { size: this.tree.size, root: this.tree.root() }
  }

  committed(): void {
    if (this.pending) this.head = this.pending
    this.pending = undefined
    this.schedule()
  }

  /** Signs what is committed and not signed yet, and signs no more. */
  async stop(): Promise<void> {
    clearTimeout(this.timer)
    this.stopped = true
    await this.signing
    await this.sign().catch((error: unknown) =>
      this.parts.log.warn({ err: error }, 'the last checkpoint could not be signed; the next start does it'),
    )
  }

  private schedule(): void {
    if (this.stopped || this.timer || this.signing || this.newest?.size === this.head.size) return
    const wait = Math.max(0, this.signedAt + SIGN_EVERY_MS - performance.now())
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.signing = this.sign()
        .catch((error: unknown) => this.parts.log.error({ err: error }, 'a checkpoint could not be written'))
        .finally(() => {
          this.signing = undefined
          this.schedule()
        })
    }, wait)
  }

  private async sign(): Promise<void> {
    const { store, county, origin, signers, mark, clock } = this.parts
    const { size, root } = this.head
    if (this.newest?.size === size) return
    this.signedAt = performance.now()
    const note = signCheckpoint({ origin, size, root }, [signers.ed25519, signers.sm2])
    const row: CheckpointRow = { size, root, note, signedAt: clock.now() }
    // This commit waits for the disk, and with it for the tiles written before: a checkpoint never outlives its tiles.
    await store.transaction(async (tx) => {
      // After a crash of the database the last rounds may be gone, which the loop will notice at its next one.
      if ((await readCursor(tx, county, this.name)) < size)
        throw new Error(`the tiles of ${size} leaves are not in the database any more`)
      await writeCheckpoint(tx, county, row)
    })
    // Nobody is shown a checkpoint that the mark does not know.
    await mark.keep(row)
    this.newest = row
    for (const listener of this.listeners) listener(row)
  }
}
