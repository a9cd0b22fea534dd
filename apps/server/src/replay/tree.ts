import {
  HASH_LENGTH,
  leafHash,
  type NoteKey,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  TreeBuilder,
} from '@oiltrail/evidence'
import { sha256, suites } from '@oiltrail/evidence/node'
import { equalBytes } from '@oiltrail/kernel'
import { readCursor, readTile, type Transaction } from '@oiltrail/store'
import type { Findings } from './findings.ts'

/** What of the log is sealed, and how much of the seal was checked. */
export interface SealReport {
  /** Entries that the tiles cover. */
  readonly sealed: number
  readonly tiles: number
  readonly checkpoints: number
}

/** Leaves of positions `from ≤ p < to`; undefined where an entry is missing. */
export type LeafSource = (from: number, to: number) => Promise<readonly (Uint8Array | undefined)[]>

/** Checkpoints read at once. */
const READ_CHECKPOINTS = 1_000

/**
 * Compares every leaf with its hash in the tiles, builds the whole tree again, and compares every tile and checkpoint with
 * it. A leaf that was changed together with its row shows here, at its place; one that was changed in the tiles too shows
 * in the tiles above and in the signed checkpoints.
 */
export async function auditSeal(
  tx: Transaction,
  county: number,
  vkeys: readonly NoteKey[],
  findings: Findings,
  leaves: LeafSource,
  head: number,
): Promise<SealReport> {
  const sealed = Math.min(await readCursor(tx, county, 'seal'), head)
  const tree = new TreeBuilder(sha256)
  const checkpoints = new CheckpointAuditor(tx, county, vkeys, findings)
  let tiles = 0
  for (let index = 0; index * TILE_WIDTH < head; index++) {
    const from = index * TILE_WIDTH
    const to = Math.min(from + TILE_WIDTH, head)
    const stored = await readTile(tx, county, 0, index)
    const found = await leaves(from, to)
    for (let position = from; position < Math.min(to, sealed); position++) {
      const place = (position - from) * HASH_LENGTH
      const inTile = stored?.subarray(place, place + HASH_LENGTH)
      const leaf = found[position - from]
      const hash = leaf && leafHash(sha256, leaf)
      if (inTile?.length !== HASH_LENGTH)
        findings.add('removed', 'tile', `level 0, index ${index}`, `it has no hash of position ${position}`)
      else if (hash && !equalBytes(hash, inTile))
        findings.add(
          'altered',
          'log_entry',
          `position ${position}`,
          'its leaf is not the one that was sealed',
        )
      // The tiles are followed upwards as they are, so that one changed leaf is named once and not by every root above it.
      tree.appendHash(inTile?.length === HASH_LENGTH ? inTile : (hash ?? new Uint8Array(HASH_LENGTH)))
      await checkpoints.reached(tree)
    }
    tiles += await compareTiles(tx, county, tree, findings)
  }
  await checkpoints.rest(tree.size)
  return { sealed, tiles, checkpoints: checkpoints.count }
}

async function compareTiles(
  tx: Transaction,
  county: number,
  tree: TreeBuilder,
  findings: Findings,
): Promise<number> {
  const changes = tree.takeChanges()
  for (const { level, index, hashes } of changes) {
    if (level === 0) continue
    const stored = await readTile(tx, county, level, index)
    // An open tile is compared as far as it is built by now; it comes again when it has grown.
    if (!stored || !equalBytes(stored.subarray(0, hashes.length), hashes))
      findings.add(
        'altered',
        'tile',
        `level ${level}, index ${index}`,
        'it does not hash what stands below it',
      )
  }
  return changes.length
}

interface CheckpointRecord {
  size: number
  root: Buffer
  note: string
}

/** Walks the stored checkpoints beside the growing tree. */
class CheckpointAuditor {
  count = 0
  readonly #tx: Transaction
  readonly #county: number
  readonly #vkeys: readonly NoteKey[]
  readonly #findings: Findings
  #waiting: CheckpointRecord[] = []
  #readTo = -1
  #exhausted = false

  constructor(tx: Transaction, county: number, vkeys: readonly NoteKey[], findings: Findings) {
    this.#tx = tx
    this.#county = county
    this.#vkeys = vkeys
    this.#findings = findings
  }

  /** Checks the checkpoint of exactly this size, if there is one. */
  async reached(tree: TreeBuilder): Promise<void> {
    const next = await this.#next()
    if (!next || next.size > tree.size) return
    this.#waiting.shift()
    this.#check(next, tree.size === next.size ? tree.root() : undefined)
  }

  /** Whatever is left names a size that the sealed log never had. */
  async rest(size: number): Promise<void> {
    for (let next = await this.#next(); next; next = await this.#next()) {
      this.#waiting.shift()
      if (next.size > 0 || size === 0)
        this.#findings.add('inserted', 'checkpoint', `size ${next.size}`, `only ${size} entries are sealed`)
    }
  }

  async #next(): Promise<CheckpointRecord | undefined> {
    if (this.#waiting.length === 0 && !this.#exhausted) {
      const { rows } = await this.#tx.query<CheckpointRecord>(
        'select size, root, note from checkpoint where county = $1 and size > $2 order by size limit $3',
        [this.#county, this.#readTo, READ_CHECKPOINTS],
      )
      this.#waiting = rows
      this.#readTo = rows.at(-1)?.size ?? this.#readTo
      this.#exhausted = rows.length < READ_CHECKPOINTS
    }
    return this.#waiting[0]
  }

  #check({ size, root, note }: CheckpointRecord, expected: Uint8Array | undefined): void {
    this.count++
    const wrong = (detail: string): void =>
      this.#findings.add('altered', 'checkpoint', `size ${size}`, detail)
    const parsed = parseNote(note)
    const stated = parsed.ok ? parseCheckpoint(parsed.value.text) : parsed
    if (!stated.ok) wrong(`its note cannot be read: ${stated.problem.detail}`)
    else if (stated.value.size !== size || !equalBytes(stated.value.root, root))
      wrong('its note states another size or root than its row')
    else if (expected && !equalBytes(expected, root)) wrong('the tiles do not lead to its root')
    else if (this.#vkeys.length > 0) {
      const opened = openCheckpoint(note, this.#vkeys, suites)
      if (!opened.ok) wrong(`its signature does not hold: ${opened.problem.detail}`)
    }
  }
}
