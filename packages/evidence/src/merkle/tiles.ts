import { isSafeCount, ok, type Result, refuse } from '@oiltrail/kernel'
import { HASH_LENGTH } from './hash.ts'
import type { Node } from './range.ts'

/** Hashes of a full tile, and levels of the tree that one tile spans: 256 = 2^8 (C2SP tlog-tiles). */
export const TILE_WIDTH = 256
export const TILE_HEIGHT = 8
/** Bytes of a full tile: 8,192. */
export const TILE_BYTES: number = TILE_WIDTH * HASH_LENGTH
/** Highest tile level of a tree of fewer than 2^53 leaves: 2^53 ≤ 256^7. */
export const TILE_LEVELS = 7

/** A tile: the `index`-th of tile level `level`; level 0 holds leaf hashes. */
export interface Tile {
  readonly level: number
  readonly index: number
}

/** How many hashes a tile holds in a tree of `size` leaves: 0 (no such tile) to 256. */
export function tileWidth(tile: Tile, size: number): number {
  const hashesAtLevel = Math.floor(size / TILE_WIDTH ** tile.level)
  return Math.max(0, Math.min(TILE_WIDTH, hashesAtLevel - tile.index * TILE_WIDTH))
}

/** The rightmost, partial tiles of a tree of `size` leaves, from level 0 up: what a restart has to load. */
export function partialTiles(size: number): Tile[] {
  const tiles: Tile[] = []
  let hashesAtLevel = size
  for (let level = 0; hashesAtLevel > 0; level++) {
    if (hashesAtLevel % TILE_WIDTH !== 0) tiles.push({ level, index: Math.floor(hashesAtLevel / TILE_WIDTH) })
    hashesAtLevel = Math.floor(hashesAtLevel / TILE_WIDTH)
  }
  return tiles
}

/** The tile from which a node's hash is read or computed: 2^`height` of its hashes from `offset` on. */
export function tileOfNode(node: Node): Tile & { readonly height: number; readonly offset: number } {
  const level = Math.floor(node.level / TILE_HEIGHT)
  const height = node.level % TILE_HEIGHT
  const firstHash = node.index * 2 ** height
  const index = Math.floor(firstHash / TILE_WIDTH)
  return { level, index, height, offset: firstHash - index * TILE_WIDTH }
}

/** A tile or entry bundle as a request names it; `width` is 256 unless a partial one was asked for. */
export interface TileRequest {
  readonly kind: 'hashes' | 'entries'
  /** 0 for entry bundles. */
  readonly level: number
  readonly index: number
  readonly width: number
}

/** Path of a tile or entry bundle below the log's prefix: `tile/0/x001/x234/067.p/112`, `tile/entries/000`. */
export function tilePath(request: TileRequest): string {
  let groups = String(request.index % 1000).padStart(3, '0')
  for (let rest = Math.floor(request.index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups = `x${String(rest % 1000).padStart(3, '0')}/${groups}`
  const level = request.kind === 'entries' ? 'entries' : String(request.level)
  const partial = request.width < TILE_WIDTH ? `.p/${request.width}` : ''
  return `tile/${level}/${groups}${partial}`
}

const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5})([0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/** Reads such a path. Refuses NOT_FOUND for anything but the one canonical spelling of a possible tile. */
export function parseTilePath(path: string): Result<TileRequest> {
  const none = (): Result<TileRequest> => refuse('NOT_FOUND', 'not the path of a tile')
  const match = PATH.exec(path)
  if (!match) return none()
  const entries = match[1] === 'entries'
  const level = entries ? 0 : Number(match[1])
  const index = Number((match[2] ?? '').replace(/[x/]/g, '') + match[3]!)
  const width = match[4] === undefined ? TILE_WIDTH : Number(match[4])
  if (level > 63 || !isSafeCount(index) || (match[4] !== undefined && width >= TILE_WIDTH)) return none()
  if (match[2]!.startsWith('x000/')) return none() // a leading group of zeros is a second name for one tile
  return ok({ kind: entries ? 'entries' : 'hashes', level, index, width })
}

/** Bytes of the longest entry of a bundle: its length travels as 16 bits. */
export const BUNDLE_ENTRY_LIMIT = 65_535

/** An entry bundle: up to 256 leaves, each behind its length as big-endian 16-bit integer. */
export function encodeBundle(leaves: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const leaf of leaves) length += 2 + leaf.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const leaf of leaves) {
    if (leaf.length > BUNDLE_ENTRY_LIMIT)
      throw new RangeError(`a leaf of ${leaf.length} bytes does not fit a bundle`)
    bytes[at] = leaf.length >> 8
    bytes[at + 1] = leaf.length & 0xff
    bytes.set(leaf, at + 2)
    at += 2 + leaf.length
  }
  return bytes
}

/** The leaves of an entry bundle. Refuses MALFORMED when it is cut, empty, or holds more than 256. */
export function decodeBundle(bytes: Uint8Array): Result<Uint8Array[]> {
  const leaves: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + 2 > bytes.length) return refuse('MALFORMED', 'cut inside a length', `entry ${leaves.length}`)
    const end = at + 2 + (bytes[at]! << 8) + bytes[at + 1]!
    if (end > bytes.length) return refuse('MALFORMED', 'cut inside an entry', `entry ${leaves.length}`)
    if (leaves.length === TILE_WIDTH) return refuse('OVERSIZED', 'more than 256 entries')
    leaves.push(bytes.subarray(at + 2, end))
    at = end
  }
  return leaves.length > 0 ? ok(leaves) : refuse('MALFORMED', 'an empty bundle')
}
