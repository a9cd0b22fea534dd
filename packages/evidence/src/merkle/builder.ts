import { ok, type Result, refuse } from '@oiltrail/kernel'
import { emptyRoot, HASH_LENGTH, leafHash, nodeHash, type Sha256 } from './hash.ts'
import { foldRange, rangeNodes } from './range.ts'
import { partialTiles, TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, type Tile, tileOfNode } from './tiles.ts'

/** A tile as it has to be written: all its hashes so far, 32 bytes each. Replaces the row of the same level and index. */
export interface TileChange extends Tile {
  readonly hashes: Uint8Array
}

interface Complete {
  readonly level: number
  readonly hash: Uint8Array
}

/**
 * The growing Merkle tree of a log. It remembers one hash per set bit of its size and the open tile of each level, so
 * memory and restart cost O(log n); an appended leaf costs two hashes.
 *
 * Use: `append…` → write `takeChanges()` and the checkpoint over `root()` in one transaction. After a rollback the tree
 * is ahead of the database: throw it away and `resume`.
 */
export class TreeBuilder {
  private readonly sha256: Sha256
  private leaves = 0
  /** Complete subtrees from the left, each smaller than the one before (the binary digits of the size). */
  private readonly frontier: Complete[] = []
  /** Bytes of the open tile of each tile level. */
  private readonly open: Uint8Array[] = []
  private readonly full: TileChange[] = []
  private readonly touched = new Set<number>()

  /** An empty tree. */
  constructor(sha256: Sha256) {
    this.sha256 = sha256
  }

  /**
   * The tree of `size` leaves, from the stored rows of `partialTiles(size)`, in that order (rows may be wider than
   * needed). Refuses EVIDENCE_INVALID when a row is missing or too short. Compare `root()` with the newest checkpoint
   * before going on: this trusts the rows.
   */
  static resume(
    sha256: Sha256,
    size: number,
    rows: readonly (Uint8Array | undefined)[],
  ): Result<TreeBuilder> {
    const tree = new TreeBuilder(sha256)
    tree.leaves = size
    for (const [i, tile] of partialTiles(size).entries()) {
      const bytes = (Math.floor(size / TILE_WIDTH ** tile.level) % TILE_WIDTH) * HASH_LENGTH
      const row = rows[i]
      if (row === undefined || row.length < bytes || row.length > TILE_BYTES)
        return refuse(
          'EVIDENCE_INVALID',
          'a tile is missing or too short',
          `tile ${tile.level}/${tile.index}`,
        )
      tree.openTile(tile.level).set(row.subarray(0, bytes))
    }
    for (const node of rangeNodes({ from: 0, to: size }))
      tree.frontier.push({ level: node.level, hash: tree.fromOpenTile(node) })
    return ok(tree)
  }

  /** Number of leaves. */
  get size(): number {
    return this.leaves
  }

  /** Appends a leaf by its bytes. */
  append(leaf: Uint8Array): void {
    this.appendHash(leafHash(this.sha256, leaf))
  }

  /** Appends a leaf by its hash (`leafHash`). */
  appendHash(hash: Uint8Array): void {
    let complete: Complete = { level: 0, hash }
    let width = 1
    for (;;) {
      // Every eighth level is stored; its hash's place is its number among the complete subtrees of that width.
      if (complete.level % TILE_HEIGHT === 0)
        this.store(complete.level / TILE_HEIGHT, Math.floor(this.leaves / width), complete.hash)
      const left = this.frontier.at(-1)
      if (left === undefined || left.level !== complete.level) break
      this.frontier.pop()
      complete = { level: left.level + 1, hash: nodeHash(this.sha256, left.hash, complete.hash) }
      width *= 2
    }
    this.frontier.push(complete)
    this.leaves++
  }

  /** Merkle tree hash over all leaves. */
  root(): Uint8Array {
    if (this.frontier.length === 0) return emptyRoot(this.sha256)
    return foldRange(
      this.sha256,
      this.frontier.map((complete) => complete.hash),
    )
  }

  /** Tiles that changed since the last call, full ones and open ones; forgets them. */
  takeChanges(): TileChange[] {
    const changes = this.full.splice(0)
    for (const level of this.touched) {
      const count = Math.floor(this.leaves / TILE_WIDTH ** level)
      const width = count % TILE_WIDTH
      if (width > 0)
        changes.push({
          level,
          index: Math.floor(count / TILE_WIDTH),
          hashes: this.openTile(level).slice(0, width * HASH_LENGTH),
        })
    }
    this.touched.clear()
    return changes
  }

  private openTile(level: number): Uint8Array {
    this.open[level] ??= new Uint8Array(TILE_BYTES)
    return this.open[level]
  }

  private store(level: number, place: number, hash: Uint8Array): void {
    const offset = place % TILE_WIDTH
    const tile = this.openTile(level)
    tile.set(hash, offset * HASH_LENGTH)
    if (offset < TILE_WIDTH - 1) this.touched.add(level)
    else {
      this.full.push({ level, index: Math.floor(place / TILE_WIDTH), hashes: tile.slice() })
      this.touched.delete(level)
    }
  }

  private fromOpenTile(node: { level: number; index: number }): Uint8Array {
    const { level, height, offset } = tileOfNode(node)
    const bytes = this.openTile(level)
    return subtreeHash(this.sha256, bytes, offset, height)
  }
}

/** Hash over 2^`height` hashes of a tile from number `offset` on. */
export function subtreeHash(sha256: Sha256, tile: Uint8Array, offset: number, height: number): Uint8Array {
  if (height === 0) return tile.slice(offset * HASH_LENGTH, (offset + 1) * HASH_LENGTH)
  const half = 2 ** (height - 1)
  return nodeHash(
    sha256,
    subtreeHash(sha256, tile, offset, height - 1),
    subtreeHash(sha256, tile, offset + half, height - 1),
  )
}
