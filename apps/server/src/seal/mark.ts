import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Checkpoint,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  partialTiles,
  TreeBuilder,
} from '@oiltrail/evidence'
import { sha256, suites } from '@oiltrail/evidence/node'
import { equalBytes, ProblemError } from '@oiltrail/kernel'
import { readCursor, readHead, readLeaves, readTile, type Transaction } from '@oiltrail/store'
import type { LogSigners } from './keys.ts'
import { declarationPath } from './restored.ts'
import { replaceOnDisk, syncFolder, textOf } from './sidefile.ts'

/** Leaves read at once where the tiles have not come as far as the mark. */
const READ_LEAVES = 1_000

/** Whose mark it is. */
export interface MarkParts {
  /** The folder of the log's keys. */
  readonly keys: string
  readonly county: { readonly number: number; readonly code: string }
  readonly origin: string
  readonly signers: LogSigners
}

/**
 * The newest checkpoint of a log, kept beside its keys and outside its database: who goes on from an older copy of the
 * database would sign a second history under the name of the first. A checkpoint is shown to nobody before it is kept here, and
 * kept here only after it was committed; so a database that was not exchanged is never behind its mark, however the process ended.
 */
export class HeadMark {
  readonly #parts: MarkParts
  readonly #path: string
  #head: Checkpoint | undefined

  private constructor(parts: MarkParts) {
    this.#parts = parts
    this.#path = markPath(parts.keys, parts.county.code)
  }

  /** Reads the mark, if there is one yet. Throws CONFIG_INVALID when it is not of this log or cannot be read. */
  static async open(parts: MarkParts): Promise<HeadMark> {
    const mark = new HeadMark(parts)
    const note = await textOf(mark.#path)
    if (note !== undefined) mark.#head = mark.#read(note)
    return mark
  }

  /** Number of entries that the checkpoint covers; undefined before the first. */
  get size(): number | undefined {
    return this.#head?.size
  }

  /** Keeps a committed checkpoint; on disk when it resolves. One that is not newer is let be. */
  async keep({ note }: { readonly note: string }): Promise<void> {
    const head = this.#read(note)
    if (this.#head && head.size <= this.#head.size) return
    await replaceOnDisk(this.#parts.keys, this.#path, note)
    this.#head = head
  }

  /** Throws DATABASE_OLDER unless the log in the database begins with exactly the entries of the mark. */
  async check(tx: Transaction): Promise<void> {
    const mark = this.#head
    if (!mark) return
    const { number, code } = this.#parts.county
    const entries = (await readHead(tx, number))?.nextPosition ?? 0
    const told = `${this.#path} holds the checkpoint of ${mark.size} entries that was signed last`
    const toldZh = `${this.#path} 中最后签署的检查点涵盖 ${mark.size} 条`
    if (entries < mark.size)
      throw older(
        `the log of ${code} has ${entries} entries in this database, but ${told}`,
        `该库中 ${code} 的日志有 ${entries} 条,而${toldZh}`,
      )
    const root = await rootOf(tx, number, mark.size)
    if (!root || !equalBytes(root, mark.root))
      throw older(
        `the first ${mark.size} entries of the log of ${code} in this database are others than those signed: ${told}`,
        `该库中 ${code} 的日志前 ${mark.size} 条与已签署的不同:${toldZh}`,
      )
  }

  /** Gives the mark up: the log may go on from what the database holds, once it has said so. Returns the size that was given up. */
  async surrender(): Promise<number> {
    const { keys, county } = this.#parts
    await rename(this.#path, declarationPath(keys, county.code))
    await syncFolder(keys)
    return this.#head!.size
  }

  #read(note: string): Checkpoint {
    const { origin, signers } = this.#parts
    const keys = [signers.ed25519.key, signers.sm2.key]
    const opened = openCheckpoint(note, keys, suites)
    if (opened.ok && opened.value.checkpoint.origin === origin) return opened.value.checkpoint
    const name = originOf(note)
    const [en, zh] =
      name === undefined || name === origin
        ? [
            'is damaged or signed by other keys: put it back from a copy',
            '已损坏或由其他密钥签署,请由副本恢复',
          ]
        : [
            `is of the log ${name}, not of ${origin}: the name of a log (--origin) never changes`,
            `属于日志 ${name},而非 ${origin}:日志名称(--origin)不可更改`,
          ]
    const detail = `${this.#path}, the checkpoint signed last, ${en} / 最后签署的检查点 ${zh}`
    throw new ProblemError({ code: 'CONFIG_INVALID', detail })
  }
}

function markPath(keys: string, county: string): string {
  return join(keys, `checkpoint-${county}`)
}

/** Root of the first `size` entries: from the tiles as far as they are, from the leaves beyond. Undefined when some are missing. */
async function rootOf(tx: Transaction, county: number, size: number): Promise<Uint8Array | undefined> {
  const tiled = Math.min(size, await readCursor(tx, county, 'seal'))
  const rows: (Uint8Array | undefined)[] = []
  for (const tile of partialTiles(tiled)) rows.push(await readTile(tx, county, tile.level, tile.index))
  const resumed = TreeBuilder.resume(sha256, tiled, rows)
  if (!resumed.ok) return undefined
  const tree = resumed.value
  while (tree.size < size) {
    const leaves = await readLeaves(tx, county, tree.size, Math.min(size, tree.size + READ_LEAVES))
    if (leaves.length === 0) return undefined
    for (const leaf of leaves) tree.append(leaf)
    // Nobody asks for the tiles of this tree; kept, they would be as large as the log.
    tree.takeChanges()
  }
  return tree.root()
}

function older(en: string, zh: string): ProblemError {
  return new ProblemError({ code: 'DATABASE_OLDER', detail: `${en} / ${zh}` })
}

function originOf(note: string): string | undefined {
  const parsed = parseNote(note)
  const checkpoint = parsed.ok ? parseCheckpoint(parsed.value.text) : undefined
  return checkpoint?.ok ? checkpoint.value.origin : undefined
}
