import type { Submittable } from 'pg'
import type { Transaction } from './pool.ts'

/** The PostgreSQL types that the binary encoder knows. */
export type CopyType = 'int2' | 'int4' | 'int8' | 'float8' | 'text' | 'bytea' | 'jsonb' | 'bool'

/** One column of a COPY: its name in the table and its exact PostgreSQL type (binary COPY converts nothing). */
export interface CopyColumn {
  readonly name: string
  readonly type: CopyType
}

/** A frame of the protocol is closed at the first row after this many bytes, so that the server's read buffer stays small. */
const FRAME_BYTES = 256 * 1024
/** Most bytes of one COPY. Callers work in batches of thousands of rows; more than this is a mistake of theirs. */
const MAX_COPY_BYTES = 256 * 1024 * 1024
const FIRST_BUFFER_BYTES = 1024 * 1024
/** Larger buffers are given back to the collector instead of being kept for the next COPY. */
const KEEP_BUFFER_BYTES = 16 * 1024 * 1024
const KEEP_BUFFERS = 4

const COPY_DATA = 0x64
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4])
/** Signature, flags, header extension length: PostgreSQL documentation, COPY, "Binary Format". */
const FILE_HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const TWO_32 = 0x1_0000_0000
const JSONB_VERSION = 1

const spareBuffers: Buffer[] = []

/** Rows in PostgreSQL's binary COPY format, framed as CopyData messages, in one growing buffer. */
class CopyEncoder {
  private buffer: Buffer
  private at = 0
  private frameStart = 0

  constructor() {
    this.buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES)
    this.openFrame()
    this.at += FILE_HEADER.copy(this.buffer, this.at)
  }

  private openFrame(): void {
    this.frameStart = this.at
    this.buffer[this.at] = COPY_DATA
    this.at += 5
  }

  private closeFrame(): void {
    this.buffer.writeInt32BE(this.at - this.frameStart - 1, this.frameStart + 1)
  }

  private reserve(bytes: number): void {
    const needed = this.at + bytes
    if (needed <= this.buffer.length) return
    if (needed > MAX_COPY_BYTES) throw new RangeError(`one COPY holds at most ${MAX_COPY_BYTES} bytes`)
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, needed))
    this.buffer.copy(larger, 0, 0, this.at)
    this.buffer = larger
  }

  row(columns: readonly CopyColumn[], values: readonly unknown[]): void {
    if (values.length !== columns.length)
      throw new RangeError(`a row has ${values.length} values for ${columns.length} columns`)
    if (this.at - this.frameStart > FRAME_BYTES) {
      this.closeFrame()
      this.reserve(5)
      this.openFrame()
    }
    // Room for the count and for every fixed-size value of the row; values of variable size reserve their own.
    this.reserve(2 + columns.length * 12)
    this.u16(columns.length)
    for (let i = 0; i < columns.length; i++) {
      const value = values[i]
      if (value === null || value === undefined) this.u32(0xffff_ffff)
      else this.value(columns[i]!, value, columns.length - i)
    }
  }

  private value(column: CopyColumn, value: unknown, columnsLeft: number): void {
    switch (column.type) {
      case 'int8':
        if (!Number.isSafeInteger(value)) throw unfit(column, value)
        this.u32(8)
        this.u32(Math.floor((value as number) / TWO_32))
        this.u32((value as number) >>> 0)
        return
      case 'int4':
        if (((value as number) | 0) !== value) throw unfit(column, value)
        this.u32(4)
        this.u32(value as number)
        return
      case 'int2':
        if (((value as number) << 16) >> 16 !== value) throw unfit(column, value)
        this.u32(2)
        this.u16(value as number)
        return
      case 'bool':
        if (typeof value !== 'boolean') throw unfit(column, value)
        this.u32(1)
        this.buffer[this.at++] = value ? 1 : 0
        return
      case 'float8':
        if (typeof value !== 'number') throw unfit(column, value)
        this.u32(8)
        this.at = this.buffer.writeDoubleBE(value, this.at)
        return
      case 'text':
        if (typeof value !== 'string') throw unfit(column, value)
        this.text(value, columnsLeft)
        return
      case 'jsonb':
        this.json(column, value, columnsLeft)
        return
      case 'bytea':
        if (!(value instanceof Uint8Array)) throw unfit(column, value)
        this.reserve(value.length + columnsLeft * 12)
        this.u32(value.length)
        this.buffer.set(value, this.at)
        this.at += value.length
    }
  }

  private text(value: string, columnsLeft: number): void {
    this.reserve(value.length * 3 + columnsLeft * 12) // UTF-8 takes at most three bytes a UTF-16 unit
    const lengthAt = this.at
    const length = this.buffer.write(value, lengthAt + 4, 'utf8')
    this.u32(length)
    this.at += length
  }

  private json(column: CopyColumn, value: unknown, columnsLeft: number): void {
    const text = JSON.stringify(value)
    if (text === undefined) throw unfit(column, value)
    this.reserve(text.length * 3 + 1 + columnsLeft * 12)
    const lengthAt = this.at
    this.buffer[lengthAt + 4] = JSONB_VERSION
    const length = 1 + this.buffer.write(text, lengthAt + 5, 'utf8')
    this.u32(length)
    this.at += length
  }

  private u32(value: number): void {
    const { buffer, at } = this
    buffer[at] = value >>> 24
    buffer[at + 1] = value >>> 16
    buffer[at + 2] = value >>> 8
    buffer[at + 3] = value
    this.at = at + 4
  }

  private u16(value: number): void {
    this.buffer[this.at] = value >>> 8
    this.buffer[this.at + 1] = value
    this.at += 2
  }

  /** The framed bytes with trailer and CopyDone. They stay valid until `reuse`. */
  finish(): Buffer {
    this.reserve(2 + COPY_DONE.length)
    this.u16(0xffff)
    this.closeFrame()
    this.at += COPY_DONE.copy(this.buffer, this.at)
    return this.buffer.subarray(0, this.at)
  }

  /** Gives the buffer to the next COPY. Only when no socket can still read from it. */
  reuse(): void {
    if (this.buffer.length <= KEEP_BUFFER_BYTES && spareBuffers.length < KEEP_BUFFERS)
      spareBuffers.push(this.buffer)
  }
}

function unfit(column: CopyColumn, value: unknown): RangeError {
  const shown =
    typeof value === 'string' ? `a text of ${value.length} characters` : String(value).slice(0, 40)
  return new RangeError(`column ${column.name} (${column.type}) cannot hold ${shown}`)
}

/** An SQL identifier in quotes. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

interface RawConnection {
  readonly stream: { write(bytes: Buffer): boolean; cork?(): void; uncork?(): void }
  query(text: string): void
}

/**
 * One COPY FROM STDIN over pg's own connection. Statement, data and end leave in one go, without waiting for the server's
 * leave to send: when it refuses the statement it skips the data, as the protocol demands of it (53.2.6).
 */
class CopyIn implements Submittable {
  private readonly statement: string
  private readonly data: Buffer
  private readonly done: (error: Error | undefined, rows: number) => void
  private rows = 0

  constructor(statement: string, data: Buffer, done: (error: Error | undefined, rows: number) => void) {
    this.statement = statement
    this.data = data
    this.done = done
  }

  submit(connection: unknown): void {
    const { stream } = connection as RawConnection
    stream.cork?.()
    ;(connection as RawConnection).query(this.statement)
    stream.write(this.data)
    stream.uncork?.()
  }

  handleCopyInResponse(): void {
    // Nothing to do: the data are on their way.
  }
  handleCommandComplete(message: { text: string }): void {
    this.rows = Number(/^COPY ([0-9]+)$/.exec(message.text)?.[1] ?? 0)
  }
  handleReadyForQuery(): void {
    this.done(undefined, this.rows)
  }
  handleError(error: Error): void {
    this.done(error, 0)
  }
}

/**
 * Appends rows to a table by binary COPY: the fastest durable way in. Values stand in the order of `columns`; `null` and
 * `undefined` are NULL; `jsonb` takes any JSON value, `bytea` a Uint8Array, integers JavaScript numbers.
 * Throws a RangeError, before anything is sent, when a value does not fit its column, and the server's error otherwise
 * (the transaction is then aborted, as after any failed statement).
 */
export async function copyRows(
  tx: Transaction,
  table: string,
  columns: readonly CopyColumn[],
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  if (rows.length === 0) return
  const { statement, bytes, reuse } = encodeCopy(table, columns, rows)
  await sendCopy(tx, statement, bytes, rows.length)
  // Only now, when the server has taken all of it, can no socket write still refer to the buffer.
  reuse()
}

/** A COPY ready to be sent. */
export interface EncodedCopy {
  readonly statement: string
  /** CopyData messages and CopyDone. */
  readonly bytes: Buffer
  /** Gives the memory of `bytes` to a later COPY: only once the server has answered. */
  reuse(): void
}

/** The statement and the data of a COPY. Throws a RangeError when a value does not fit its column. */
export function encodeCopy(
  table: string,
  columns: readonly CopyColumn[],
  rows: readonly (readonly unknown[])[],
): EncodedCopy {
  const encoder = new CopyEncoder()
  for (const row of rows) encoder.row(columns, row)
  const names = columns.map((column) => quoteIdentifier(column.name)).join(', ')
  const statement = `copy ${quoteIdentifier(table)} (${names}) from stdin (format binary)`
  return { statement, bytes: encoder.finish(), reuse: () => encoder.reuse() }
}

function sendCopy(tx: Transaction, statement: string, data: Buffer, expectedRows: number): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.query(
      new CopyIn(statement, data, (error, rows) => {
        if (error) reject(error)
        else if (rows !== expectedRows) reject(new Error(`COPY took ${rows} of ${expectedRows} rows`))
        else resolve()
      }),
    )
  })
}
