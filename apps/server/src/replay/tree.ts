import {
  type Checkpoint,
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
  /** Entries that the newest checkpoint covers. */
  readonly signed: number
  readonly tiles: number
  readonly checkpoints: number
}

/** Leaves of positions `from ≤ p < to`; undefined where an entry is missing. */
export type LeafSource = (from: number, to: number) => Promise<readonly (Uint8Array | undefined)[]>

/** Who must have signed the checkpoints, and one that somebody kept. */
export interface SealTrust {
  readonly vkeys: readonly NoteKey[]
  /** A signed checkpoint from outside the house. */
  readonly older?: string
}

/** Checkpoints read at once. */
const READ_CHECKPOINTS = 1_000
/**
 * Entries that arrived over a longer time than this cannot have stayed without a checkpoint, which is signed every second;
 * generous, since the clock of a demo runs faster.
 */
const LONGEST_UNSIGNED_MS = 10 * 60_000
/** More levels than a tree of 2^63 leaves has in tiles of 256. */
const MOST_LEVELS = 8

/**
 * Compares every leaf with its hash in the tiles, builds the whole tree again, and compares every tile and checkpoint with
 * it. A leaf that was changed together with its row shows here, at its place; one that was changed in the tiles too shows
 * in the tiles above and in the signed checkpoints.
 */
export async function auditSeal(
  tx: Transaction,
  county: number,
  trust: SealTrust,
  findings: Findings,
  leaves: LeafSource,
  head: number,
): Promise<SealReport> {
  const sealed = Math.min(await readCursor(tx, county, 'seal'), head)
  const tree = new TreeBuilder(sha256)
  const checkpoints = new CheckpointAuditor(tx, county, trust.vkeys, findings)
  const kept = trust.older === undefined ? undefined : new KeptCheckpoint(trust.older, trust.vkeys, findings)
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
      if (inTile?.length !== HASH_LENGTH) {
        // A tile that was cut or removed is one row, and one finding.
        if (position === from || (stored && place <= stored.length))
          findings.add(
            'removed',
            'tile',
            `level 0, index ${index}`,
            `it has no hash from position ${position} on`,
          )
      } else if (hash && !equalBytes(hash, inTile))
        findings.add(
          'altered',
          'log_entry',
          `position ${position}`,
          'its leaf is not the one that was sealed',
        )
      // The tiles are followed upwards as they are, so that one changed leaf is named once and not by every root above it.
      tree.appendHash(inTile?.length === HASH_LENGTH ? inTile : (hash ?? new Uint8Array(HASH_LENGTH)))
      await checkpoints.reached(tree)
      kept?.reached(tree)
    }
    tiles += await compareTiles(tx, county, tree, findings)
  }
  await checkpoints.rest(tree.size)
  kept?.rest(tree.size)
  await auditSurplus(tx, county, sealed, findings)
  await auditUnsigned(tx, county, checkpoints.newest, sealed, findings)
  return { sealed, signed: Math.max(checkpoints.newest, 0), tiles, checkpoints: checkpoints.count }
}

/** Tiles, and hashes in the last tile of a level, that a tree of this size does not have. */
async function auditSurplus(
  tx: Transaction,
  county: number,
  sealed: number,
  findings: Findings,
): Promise<void> {
  const { rows } = await tx.query<{ level: number; index: string; surplus: string }>(
    `select level, index::text as index, (octet_length(hashes) - has)::text as surplus from (
       select level, index, hashes, $3 * least(greatest(case when level between 0 and $4
           then floor($2::numeric / 256::numeric ^ level) else 0 end - index::numeric * $5, 0), $5) as has
       from tile where county = $1
     ) t where octet_length(hashes) > has order by level, index limit 100`,
    [county, sealed, HASH_LENGTH, MOST_LEVELS, TILE_WIDTH],
  )
  for (const { level, index, surplus } of rows)
    findings.add(
      'inserted',
      'tile',
      `level ${level}, index ${index}`,
      `it holds ${surplus} bytes more than a tree of ${sealed} leaves has there`,
    )
}

/** The end of the log is signed within a second; checkpoints that are missing there were removed. */
async function auditUnsigned(
  tx: Transaction,
  county: number,
  newest: number,
  sealed: number,
  findings: Findings,
): Promise<void> {
  if (newest >= sealed || sealed === 0) return
  const { rows } = await tx.query<{ span: number | null }>(
    `select max(received_at) - min(received_at) as span from log_entry
     where county = $1 and position in ($2::bigint, $3::bigint)`,
    [county, Math.max(newest, 0), sealed - 1],
  )
  const span = rows[0]?.span ?? 0
  // The empty log is signed when a platform first starts, so that a log without any checkpoint never was.
  if (newest < 0 || span > LONGEST_UNSIGNED_MS)
    findings.add(
      'removed',
      'checkpoint',
      `sizes above ${Math.max(newest, 0)}`,
      `no checkpoint covers the entries up to ${sealed - 1}, received over ${Math.round(span / 1_000)} s; one is signed every second`,
    )
}

/** A checkpoint that an auditor kept: the log must have grown from it. */
class KeptCheckpoint {
  readonly #checkpoint: Checkpoint | undefined
  readonly #findings: Findings

  constructor(note: string, vkeys: readonly NoteKey[], findings: Findings) {
    this.#findings = findings
    const opened = openCheckpoint(note, vkeys, suites)
    if (opened.ok) this.#checkpoint = opened.value.checkpoint
    else
      findings.add(
        'altered',
        'checkpoint',
        'the one that was kept',
        `it is not a checkpoint that the keys of this log signed: ${opened.problem.detail}`,
      )
  }

  /** Compares the roots when the tree is as large as it was then. */
  reached(tree: TreeBuilder): void {
    const kept = this.#checkpoint
    if (kept?.size !== tree.size || equalBytes(kept.root, tree.root())) return
    this.#findings.add(
      'altered',
      'log_entry',
      `positions 0 to ${kept.size - 1}`,
      'they do not lead to the root of the checkpoint that was kept: the log before it was made anew',
    )
  }

  /** A log never gets shorter. */
  rest(size: number): void {
    const kept = this.#checkpoint
    if (kept === undefined || kept.size <= size) return
    this.#findings.add(
      'removed',
      'log_entry',
      `positions ${size} to ${kept.size - 1}`,
      `the checkpoint that was kept covers ${kept.size} entries, ${size} are sealed: the log was cut, or an older copy of the database put in its place`,
    )
  }
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
    if (!stored) findings.add('removed', 'tile', `level ${level}, index ${index}`, 'the tree has one there')
    // An open tile is compared as far as it is built by now; it comes again when it has grown.
    else if (!equalBytes(stored.subarray(0, hashes.length), hashes))
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
  /** Size of the largest checkpoint that the tree reached; -1 before any. */
  newest = -1
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

  /** Checks the checkpoint of exactly this size, if there is one, and before the first entry that of the empty log. */
  async reached(tree: TreeBuilder): Promise<void> {
    for (let next = await this.#next(); next && next.size <= tree.size; next = await this.#next()) {
      this.#waiting.shift()
      this.#check(next, tree.size === next.size ? tree.root() : undefined)
    }
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
    this.newest = size
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
      else {
        const unsigned = this.#vkeys.filter((key) => !opened.value.signedBy.includes(key))
        if (unsigned.length > 0)
          wrong(`it lacks the signature of ${unsigned.map((key) => key.algorithm).join(' and ')}`)
      }
    }
  }
}
