import { type EpochMs, ok, type Result, refuse } from '@oiltrail/kernel'
import { type Command, writeCommand } from './command.ts'
import { checkAnswer, writeAnswerFrame } from './frame.ts'
import { TextReader, twoDigits, writeConsoleTime } from './text.ts'

/** What every report begins with. */
export interface Report<T> {
  /** Tank asked for; 0 for all. */
  readonly tank: number
  /** The console's clock, cut to the minute. */
  readonly consoleAt: EpochMs
  readonly items: readonly T[]
}

/** One function of the console: command and answer, read and write, side by side. */
export interface TlsReport<T> {
  /** For example `i201`. */
  readonly functionCode: string
  readonly name: string
  /** Bytes of the command; tank 0 asks for all. Throws RangeError. */
  writeRequest(tank: number, securityCode?: string): Uint8Array
  /** The tank a command asks for. Refuses UNKNOWN_KIND when it is another function. */
  readRequest(command: Command): Result<number>
  /** Bytes of the answer. Throws RangeError for what the format cannot carry. */
  writeAnswer(report: Report<T>): Uint8Array
  /** Reads the text between SOH and ETX. Refuses UNKNOWN_KIND, MALFORMED, BAD_CHECKSUM, TRAILING_BYTES. */
  readAnswer(text: string): Result<Report<T>>
}

/** How the items of a report are laid out; the reader stands at the first and must leave nothing. */
export interface ItemCodec<T> {
  read(reader: TextReader): T
  write(item: T): string
}

/** A report whose body is one item after another. */
export function reportOf<T>(functionCode: string, name: string, item: ItemCodec<T>): TlsReport<T> {
  return reportWith(functionCode, name, {
    read(reader) {
      const items: T[] = []
      while (reader.more) items.push(item.read(reader))
      return items
    },
    write: (items) => items.map(item.write).join(''),
  })
}

/** A report whose body is read as a whole. */
export function reportWith<T>(
  functionCode: string,
  name: string,
  body: { read(reader: TextReader): T[]; write(items: readonly T[]): string },
): TlsReport<T> {
  return {
    functionCode,
    name,
    writeRequest: (tank, securityCode) =>
      writeCommand(
        securityCode === undefined ? { functionCode, tank } : { functionCode, tank, securityCode },
      ),
    readRequest: (command) =>
      command.functionCode === functionCode
        ? ok(command.tank)
        : refuse('UNKNOWN_KIND', `function ${command.functionCode}, ${functionCode} expected`),
    writeAnswer: ({ tank, consoleAt, items }) =>
      writeAnswerFrame(functionCode + twoDigits(tank) + writeConsoleTime(consoleAt) + body.write(items)),
    readAnswer(text) {
      const checked = checkAnswer(text)
      if (!checked.ok) return checked
      const found = checked.value.slice(0, functionCode.length)
      if (found !== functionCode)
        return refuse('UNKNOWN_KIND', `function ${found}, ${functionCode} expected`, 'function')
      const reader = new TextReader(checked.value.slice(functionCode.length))
      const tank = reader.decimal('tank', 2)
      const consoleAt = reader.time('console time')
      const items = body.read(reader)
      return reader.done({ tank, consoleAt, items })
    },
  }
}
