import {
  encodeBundle,
  encodeVkey,
  HASH_LENGTH,
  parseTilePath,
  TILE_WIDTH,
  type TileRequest,
} from '@oiltrail/evidence'
import { readLeaves, readTile, type Store } from '@oiltrail/store'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Seal } from './follower.ts'
import type { LogSigners } from './keys.ts'

/** Tiles never change (c2sp.org/tlog-tiles): they may be kept for a year, the longest that caches know. */
const IMMUTABLE = 'public, max-age=31536000, immutable'

/** What the routes of a log need. */
export interface LogRouteParts {
  readonly store: Store
  readonly county: { readonly number: number; readonly code: string }
  readonly seal: Seal
  readonly signers: LogSigners
}

/**
 * The log of a county as static resources in the C2SP tlog-tiles layout (docs/formats/log.md §3). Public: whoever holds
 * a checkpoint must be able to check it without asking anybody.
 */
export async function registerLogRoutes(app: FastifyInstance, parts: LogRouteParts): Promise<void> {
  const prefix = `/log/${parts.county.code}`
  const text = (reply: FastifyReply, body: string): FastifyReply =>
    reply
      .header('content-type', 'text/plain; charset=utf-8')
      .header('access-control-allow-origin', '*')
      .send(body)
  app.get(`${prefix}/checkpoint`, async (_request, reply) => {
    const checkpoint = parts.seal.checkpoint
    reply.header('cache-control', 'no-cache')
    return checkpoint ? text(reply, checkpoint.note) : none(reply)
  })
  app.get(`${prefix}/vkey`, async (_request, reply) =>
    text(reply.header('cache-control', 'no-cache'), `${encodeVkey(parts.signers.ed25519.key)}\n`),
  )
  app.get(`${prefix}/vkey-sm2`, async (_request, reply) =>
    text(reply.header('cache-control', 'no-cache'), `${encodeVkey(parts.signers.sm2.key)}\n`),
  )
  app.get<{ Params: { '*': string } }>(`${prefix}/tile/*`, async (request, reply) => {
    const tile = parseTilePath(`tile/${request.params['*']}`)
    if (!tile.ok || !covers(parts.seal.checkpoint?.size ?? 0, tile.value)) return none(reply)
    const bytes = await readResource(parts, tile.value)
    if (!bytes) return none(reply)
    return reply
      .header('content-type', 'application/octet-stream')
      .header('cache-control', IMMUTABLE)
      .header('access-control-allow-origin', '*')
      .send(bytes)
  })
}

function none(reply: FastifyReply): FastifyReply {
  // A tile that does not exist yet may exist in a second.
  return reply
    .code(404)
    .header('cache-control', 'no-cache')
    .header('content-type', 'text/plain; charset=utf-8')
    .header('access-control-allow-origin', '*')
    .send('not found\n')
}

/** Whether a tree of `size` leaves has that many hashes in the tile. */
export function covers(size: number, tile: TileRequest): boolean {
  const hashes = Math.floor(size / TILE_WIDTH ** tile.level)
  return tile.index * TILE_WIDTH + tile.width <= hashes
}

async function readResource(parts: LogRouteParts, tile: TileRequest): Promise<Uint8Array | undefined> {
  const { store, county } = parts
  if (tile.kind === 'entries') {
    const from = tile.index * TILE_WIDTH
    const leaves = await readLeaves(store.pool, county.number, from, from + tile.width)
    return leaves.length === tile.width ? encodeBundle(leaves) : undefined
  }
  const hashes = await readTile(store.pool, county.number, tile.level, tile.index)
  const bytes = tile.width * HASH_LENGTH
  return hashes && hashes.length >= bytes ? hashes.subarray(0, bytes) : undefined
}
