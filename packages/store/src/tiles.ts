import type { Transaction } from './pool.ts'

/** A hash tile: up to 256 hashes of 32 bytes; fewer only at the right edge of the tree. */
export interface TileRow {
  readonly level: number
  readonly index: number
  readonly hashes: Uint8Array
}

/** A signed tree head. */
export interface CheckpointRow {
  /** Number of leaves. */
  readonly size: number
  readonly root: Uint8Array
  /** The signed note; docs/formats/checkpoint.md. */
  readonly note: string
  readonly signedAt: number
}

interface CheckpointRecord {
  size: number
  root: Buffer
  note: string
  signed_at: number
}

function checkpointOf(row: CheckpointRecord): CheckpointRow {
  return { size: row.size, root: row.root, note: row.note, signedAt: row.signed_at }
}

/** Writes tiles: new ones, and those at the right edge that grew. */
export async function writeTiles(tx: Transaction, county: number, tiles: readonly TileRow[]): Promise<void> {
  if (tiles.length === 0) return
  await tx.query({
    name: 'write_tiles',
    text: `insert into tile (county, level, index, hashes)
           select $1, t.level, t.index, t.hashes from unnest($2::smallint[], $3::bigint[], $4::bytea[]) as t (level, index, hashes)
           on conflict (county, level, index) do update set hashes = excluded.hashes`,
    values: [
      county,
      tiles.map((tile) => tile.level),
      tiles.map((tile) => tile.index),
      tiles.map((tile) => Buffer.from(tile.hashes.buffer, tile.hashes.byteOffset, tile.hashes.length)),
    ],
  })
}

/** One tile, as wide as it is stored. */
export async function readTile(
  tx: Pick<Transaction, 'query'>,
  county: number,
  level: number,
  index: number,
): Promise<Uint8Array | undefined> {
  const { rows } = await tx.query<{ hashes: Buffer }>({
    name: 'read_tile',
    text: 'select hashes from tile where county = $1 and level = $2 and index = $3',
    values: [county, level, index],
  })
  return rows[0]?.hashes
}

/** Keeps a checkpoint. The same size signed again keeps the first note. */
export async function writeCheckpoint(tx: Transaction, county: number, row: CheckpointRow): Promise<void> {
  await tx.query(
    `insert into checkpoint (county, size, root, note, signed_at) values ($1, $2, $3, $4, $5)
     on conflict (county, size) do nothing`,
    [county, row.size, row.root, row.note, row.signedAt],
  )
}

/** The newest checkpoint. */
export async function readLatestCheckpoint(
  tx: Pick<Transaction, 'query'>,
  county: number,
): Promise<CheckpointRow | undefined> {
  const { rows } = await tx.query<CheckpointRecord>({
    name: 'latest_checkpoint',
    text: 'select size, root, note, signed_at from checkpoint where county = $1 order by size desc limit 1',
    values: [county],
  })
  return rows[0] && checkpointOf(rows[0])
}

/** Leaves of the tree in order, positions `from` ≤ p < `to`. */
export async function readLeaves(
  tx: Pick<Transaction, 'query'>,
  county: number,
  from: number,
  to: number,
): Promise<Uint8Array[]> {
  const { rows } = await tx.query<{ leaf: Buffer }>({
    name: 'read_leaves',
    text: 'select leaf from log_entry where county = $1 and position >= $2 and position < $3 order by position',
    values: [county, from, to],
  })
  return rows.map((row) => row.leaf)
}
