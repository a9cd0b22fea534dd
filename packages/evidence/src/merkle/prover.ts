import { isSafeCount, ok, type Result, refuse } from '@oiltrail/kernel'
import { HASH_LENGTH, nodeHash, type Sha256 } from './hash.ts'
import {
  consistencyRanges,
  foldRange,
  inclusionRanges,
  type LeafRange,
  type Node,
  rangeNodes,
} from './range.ts'
import { TILE_BYTES, TILE_HEIGHT, TILE_LEVELS, type Tile, tileOfNode, tileWidth } from './tiles.ts'

/**
 * Gives the stored hashes of a tile, at least `width` of them (more do not disturb: hashes of a tile never change), or
 * undefined when there is no such tile. From the database, from `/log/<county>/tile/…`, or from a test's map.
 */
export type TileReader = (tile: Tile, width: number) => Promise<Uint8Array | undefined>

/** A tile in memory with the hashes above its own, made when first needed: `rows[h]` holds the nodes of height h. */
interface Pyramid {
  readonly width: number
  readonly rows: (Uint8Array | undefined)[][]
}

/** Tiles kept in memory: 1,024 × 16 KiB with the hashes above = 16 MiB at most. */
const REMEMBERED_TILES = 1_024

/**
 * Makes proofs from tiles. Keeps the tiles it read, so that the proofs of a whole export read each tile once and hash
 * each inner node once. One prover serves trees of any size of the same log.
 */
export class Prover {
  private readonly sha256: Sha256
  private readonly read: TileReader
  private readonly remembered = new Map<number, Pyramid>()

  constructor(sha256: Sha256, read: TileReader) {
    this.sha256 = sha256
    this.read = read
  }

  /**
   * Inclusion proof of leaf `position` in the tree of `size` leaves. Refuses INVALID_REQUEST for a position that is not
   * in it, NOT_FOUND when a tile is missing.
   */
  async inclusion(position: number, size: number): Promise<Result<Uint8Array[]>> {
    if (!isSafeCount(position) || !isSafeCount(size) || position >= size)
      return refuse('INVALID_REQUEST', `position ${position} is not in a tree of ${size} leaves`)
    return this.hashes(inclusionRanges(position, size), size)
  }

  /** Consistency proof from the tree of `older` leaves to that of `newer`. Refuses like `inclusion`. */
  async consistency(older: number, newer: number): Promise<Result<Uint8Array[]>> {
    if (!isSafeCount(older) || !isSafeCount(newer) || older > newer)
      return refuse('INVALID_REQUEST', `a tree of ${older} leaves is not older than one of ${newer}`)
    return this.hashes(consistencyRanges(older, newer), newer)
  }

  /** Root of the tree of `size` leaves (at least 1), computed from its tiles: what an independent checker does. */
  async root(size: number): Promise<Result<Uint8Array>> {
    if (!isSafeCount(size) || size === 0) return refuse('INVALID_REQUEST', 'an empty tree has no tiles')
    const hashes = await this.hashes([{ from: 0, to: size }], size)
    return hashes.ok ? ok(hashes.value[0]!) : hashes
  }

  private async hashes(ranges: readonly LeafRange[], size: number): Promise<Result<Uint8Array[]>> {
    const proof: Uint8Array[] = []
    for (const range of ranges) {
      const parts: Uint8Array[] = []
      for (const node of rangeNodes(range)) {
        const hash = await this.node(node, size)
        if (!hash.ok) return hash
        parts.push(hash.value)
      }
      proof.push(foldRange(this.sha256, parts))
    }
    return ok(proof)
  }

  private async node(node: Node, size: number): Promise<Result<Uint8Array>> {
    const { level, index, height, offset } = tileOfNode(node)
    const needed = offset + 2 ** height
    // Levels are below 8, so that this number names a tile uniquely.
    const id = index * (TILE_LEVELS + 1) + level
    let pyramid = this.remembered.get(id)
    if (pyramid === undefined || pyramid.width < needed) {
      const width = tileWidth({ level, index }, size)
      const bytes = await this.read({ level, index }, width)
      if (bytes === undefined || bytes.length < width * HASH_LENGTH || bytes.length > TILE_BYTES)
        return refuse('NOT_FOUND', `tile ${level}/${index} is missing or too short`)
      pyramid = pyramidOf(bytes, width)
      if (this.remembered.size >= REMEMBERED_TILES)
        this.remembered.delete(this.remembered.keys().next().value!)
      this.remembered.set(id, pyramid)
    }
    return ok(this.inTile(pyramid, height, offset / 2 ** height))
  }

  private inTile(pyramid: Pyramid, height: number, place: number): Uint8Array {
    const row = pyramid.rows[height]!
    const known = row[place]
    if (known) return known
    const left = this.inTile(pyramid, height - 1, place * 2)
    const right = this.inTile(pyramid, height - 1, place * 2 + 1)
    const hash = nodeHash(this.sha256, left, right)
    row[place] = hash
    return hash
  }
}

function pyramidOf(bytes: Uint8Array, width: number): Pyramid {
  const rows: (Uint8Array | undefined)[][] = Array.from({ length: TILE_HEIGHT }, () => [])
  for (let i = 0; i < width; i++) rows[0]!.push(bytes.slice(i * HASH_LENGTH, (i + 1) * HASH_LENGTH))
  return { width, rows }
}
