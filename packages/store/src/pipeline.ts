import type { Submittable } from 'pg'
import { type CopyColumn, type EncodedCopy, encodeCopy } from './copy.ts'
import type { Transaction } from './pool.ts'

/** One statement with its `$1` parameters; arrays go as array literals (`wholeNumbers`, `texts`). */
export interface Statement {
  /** The connection prepares a text once under its name. */
  readonly name: string
  readonly text: string
  readonly values?: readonly (string | number | boolean | Uint8Array | null)[]
}

/** What stands around the statements of a pipeline when they are sent. */
export interface Frame {
  readonly before?: readonly Statement[]
  readonly after?: readonly Statement[]
}

interface Step {
  readonly statement: Statement
  readonly data?: EncodedCopy
  /** Rows that COPY must have taken. */
  readonly rows?: number
}

/**
 * Statements that leave together and are answered together: one round trip instead of one each (PostgreSQL documentation,
 * 53.2.3 "Extended Query", one Sync at the end). After the first that fails the server skips all others, a COMMIT among
 * them too; so what must hold is said by a statement that fails when it does not (`mustTouch`).
 */
export class Pipeline {
  readonly #steps: Step[] = []

  get isEmpty(): boolean {
    return this.#steps.length === 0
  }

  add(statement: Statement): void {
    this.#steps.push({ statement })
  }

  /**
   * Appends rows to a table by binary COPY; values as in `copyRows`. Throws a RangeError at once when a value does not fit
   * its column.
   */
  copy(table: string, columns: readonly CopyColumn[], rows: readonly (readonly unknown[])[]): void {
    if (rows.length === 0) return
    const data = encodeCopy(table, columns, rows)
    this.#steps.push({ statement: { name: `copy ${table}`, text: data.statement }, data, rows: rows.length })
  }

  /** Sends everything and waits for the last answer; returns the command tags. Throws the error of the statement that failed. */
  async run(tx: Transaction, frame: Frame = {}): Promise<readonly string[]> {
    const around = (statements: readonly Statement[] = []): Step[] =>
      statements.map((statement) => ({ statement }))
    const steps = [...around(frame.before), ...this.#steps, ...around(frame.after)]
    if (steps.length === 0) return []
    const tags = await send(tx, steps)
    for (const [i, { rows, statement, data }] of steps.entries()) {
      if (rows !== undefined && tags[i] !== `COPY ${rows}`)
        throw new Error(`${statement.name}: ${tags[i]}, and not ${rows} rows`)
      // Only now, when the server has taken all of it, can no socket write still refer to the buffer.
      data?.reuse()
    }
    return tags
  }
}

/** A statement that fails with a division by zero when it touches no row. `sql` is an INSERT or UPDATE without RETURNING. */
export function mustTouch(sql: string): string {
  return `with touched as (${sql} returning 1) select 1 / count(*) from touched`
}

/** SQLSTATE of what `mustTouch` raises. */
export const TOUCHED_NOTHING = '22012'

interface RawConnection {
  readonly stream: { write(bytes: Buffer): boolean; cork(): void; uncork(): void }
  /** Text of each statement that this connection has prepared, by name. */
  readonly parsedStatements: Record<string, string>
  parse(message: { name: string; text: string }): void
  bind(message: { statement: string; values: unknown[] }): void
  execute(message: object): void
  close(message: { type: 'S'; name: string }): void
  sync(): void
}

class Sending implements Submittable {
  readonly #steps: readonly Step[]
  readonly #done: (error: Error | undefined, tags: readonly string[]) => void
  readonly #tags: string[] = []

  constructor(steps: readonly Step[], done: (error: Error | undefined, tags: readonly string[]) => void) {
    this.#steps = steps
    this.#done = done
  }

  submit(raw: unknown): void {
    const connection = raw as RawConnection
    connection.stream.cork()
    for (const { statement, data } of this.#steps) {
      const { name, text, values = [] } = statement
      if (connection.parsedStatements[name] !== text) {
        // A pipeline that failed may have prepared it without our knowing; closing what is not there does no harm.
        connection.close({ type: 'S', name })
        connection.parse({ name, text })
      }
      connection.bind({ statement: name, values: values.map(parameter) })
      connection.execute({})
      if (data) connection.stream.write(data.bytes)
    }
    connection.sync()
    connection.stream.uncork()
  }

  handleCopyInResponse(): void {
    // Nothing to do: the data are on their way. If the server refuses the statement it skips them (53.2.6).
  }
  handleDataRow(): void {
    // Of `mustTouch`; that there is one is all it says.
  }
  handleCommandComplete(message: { text: string }): void {
    this.#tags.push(message.text)
  }
  handleReadyForQuery(raw: unknown): void {
    const { parsedStatements } = raw as RawConnection
    for (const { statement } of this.#steps) parsedStatements[statement.name] = statement.text
    this.#done(undefined, this.#tags)
  }
  handleError(error: Error): void {
    this.#done(error, this.#tags)
  }
}

function send(tx: Transaction, steps: readonly Step[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    tx.query(new Sending(steps, (error, tags) => (error ? reject(error) : resolve(tags))))
  })
}

/** As the driver's `bind` wants it: text, bytes, or null. */
function parameter(value: string | number | boolean | Uint8Array | null): string | Buffer | null {
  if (value === null || typeof value === 'string') return value
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length)
    : String(value)
}
