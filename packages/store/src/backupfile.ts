import type { Hash } from 'node:crypto'

/**
 * The frames of a backup file (the whole of which is gzipped): one byte of kind, four of big-endian length, the payload.
 * Order: header, attachments, then for each table its description and its data as PostgreSQL's binary COPY, then the manifest.
 */
const KINDS = { header: 0x48, attachment: 0x41, table: 0x54, data: 0x44, manifest: 0x4d } as const
type FrameKind = keyof typeof KINDS
const KIND_OF = new Map<number, FrameKind>(
  Object.entries(KINDS).map(([kind, byte]) => [byte, kind as FrameKind]),
)

const FRAME_HEADER_BYTES = 5
/** PostgreSQL sends COPY in far smaller pieces, and no JSON of ours comes near; a longer frame is damage. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
const MAX_ATTACHMENTS = 100

/** What a backup says of itself first. */
export interface BackupHeader {
  readonly format: 'oiltrail-backup'
  readonly version: 1
  /** Number of the last migration. */
  readonly schema: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** What a backup says of itself last: for each table its rows and the SHA-256 of its data. */
export interface BackupManifest extends BackupHeader {
  readonly parts: readonly { readonly table: string; readonly rows: number; readonly sha256: string }[]
}

/** One frame: JSON, or bytes as they are. */
export function encodeFrame(kind: FrameKind, content: object): Buffer {
  const payload = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content))
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length)
  frame[0] = KINDS[kind]
  frame.writeUInt32BE(payload.length, 1)
  frame.set(payload, FRAME_HEADER_BYTES)
  return frame
}

interface Frame {
  readonly kind: FrameKind
  readonly payload: Buffer
}

function damaged(why: string): Error {
  return new Error(`the backup is damaged / 备份已损坏: ${why}`)
}

/** Reads the frames of a backup in their order; every method throws when the file holds something else or ends. */
export class BackupReader {
  private readonly chunks: AsyncIterator<Buffer>
  private pending: Buffer = Buffer.alloc(0)
  private ahead: Frame | undefined

  constructor(bytes: AsyncIterable<Buffer>) {
    this.chunks = bytes[Symbol.asyncIterator]()
  }

  private async fill(count: number): Promise<void> {
    const parts = [this.pending]
    let length = this.pending.length
    while (length < count) {
      const next = await this.chunks.next().catch((error: Error) => {
        throw damaged(error.message)
      })
      if (next.done) throw damaged('it ends too early')
      parts.push(next.value)
      length += next.value.length
    }
    if (parts.length > 1) this.pending = Buffer.concat(parts, length)
  }

  private take(count: number): Buffer {
    const taken = this.pending.subarray(0, count)
    this.pending = this.pending.subarray(count)
    return taken
  }

  private async peek(): Promise<Frame> {
    if (this.ahead) return this.ahead
    await this.fill(FRAME_HEADER_BYTES)
    const head = this.take(FRAME_HEADER_BYTES)
    const kind = KIND_OF.get(head[0]!)
    const length = head.readUInt32BE(1)
    if (!kind || length > MAX_FRAME_BYTES) throw damaged('it is not a backup of ours')
    await this.fill(length)
    this.ahead = { kind, payload: this.take(length) }
    return this.ahead
  }

  /** The next frame's bytes if it is of this kind. */
  private async next(kind: FrameKind): Promise<Buffer | undefined> {
    const frame = await this.peek()
    if (frame.kind !== kind) return undefined
    this.ahead = undefined
    return frame.payload
  }

  private async json(kind: FrameKind): Promise<unknown> {
    const payload = await this.next(kind)
    if (!payload) return undefined
    try {
      return JSON.parse(payload.toString('utf8')) as unknown
    } catch {
      throw damaged(`its ${kind} is not JSON`)
    }
  }

  async header(): Promise<BackupHeader> {
    const header = (await this.json('header')) as BackupHeader | undefined
    if (header?.format !== 'oiltrail-backup' || !Number.isSafeInteger(header.schema) || header.schema < 1)
      throw damaged('it has no header')
    if (header.version !== 1)
      throw new Error(
        `the backup has format ${String(header.version)}; this program reads 1 / 备份格式不受支持`,
      )
    return header
  }

  async attachments(): Promise<Record<string, Uint8Array>> {
    const all: Record<string, Uint8Array> = {}
    for (let count = 0; count <= MAX_ATTACHMENTS; count++) {
      const one = (await this.json('attachment')) as { name: string; base64: string } | undefined
      if (!one) return all
      if (typeof one.name !== 'string' || typeof one.base64 !== 'string')
        throw damaged('an attachment has no name')
      all[one.name] = Buffer.from(one.base64, 'base64')
    }
    throw damaged('it has too many attachments')
  }

  /** The next table's description, or undefined when all were read. */
  async table(): Promise<{ name: string; columns: string[] } | undefined> {
    const table = (await this.json('table')) as { name: string; columns: string[] } | undefined
    if (table && (typeof table.name !== 'string' || !Array.isArray(table.columns)))
      throw damaged('a table has no name')
    return table
  }

  /** The data of the table whose description was read last, hashed on the way. */
  async *data(hash: Hash): AsyncGenerator<Buffer> {
    for (let chunk = await this.next('data'); chunk; chunk = await this.next('data')) {
      hash.update(chunk)
      yield chunk
    }
  }

  async manifest(): Promise<BackupManifest> {
    const manifest = (await this.json('manifest')) as BackupManifest | undefined
    if (!manifest) throw damaged('it has no manifest')
    return manifest
  }
}
