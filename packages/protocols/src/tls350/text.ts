import { chinaParts, type EpochMs, fromChina, ok, type Result, refuse } from '@oiltrail/kernel'

/** Walks along the text of an answer. The first wrong field stays in `fault`; what is read after it is worthless. */
export class TextReader {
  private readonly text: string
  private at = 0
  private fault: string | undefined

  constructor(text: string) {
    this.text = text
  }

  /** Whether there is more to read and nothing was wrong so far. */
  get more(): boolean {
    return this.fault === undefined && this.at < this.text.length
  }

  /** Next `length` characters, which must match. */
  take(field: string, length: number, pattern: RegExp): string {
    const piece = this.text.slice(this.at, this.at + length)
    if (this.fault === undefined && (piece.length !== length || !pattern.test(piece))) this.fault = field
    this.at += length
    return piece
  }

  /** Decimal number of so many digits; 0 after a fault. */
  decimal(field: string, length: number): number {
    const digits = this.take(field, length, /^[0-9]+$/)
    return this.fault === undefined ? Number(digits) : 0
  }

  /** Hexadecimal number of so many digits; 0 after a fault. */
  hexadecimal(field: string, length: number): number {
    const digits = this.take(field, length, /^[0-9A-Fa-f]+$/)
    return this.fault === undefined ? Number.parseInt(digits, 16) : 0
  }

  /** IEEE 754 single in eight hexadecimal digits, most significant first. */
  float(field: string): number {
    return floatOfBits(this.hexadecimal(field, 8))
  }

  /** `YYMMDDHHmm` in China time. */
  time(field: string): EpochMs {
    const digits = this.take(field, 10, /^[0-9]+$/)
    const at = this.fault === undefined ? parseConsoleTime(digits) : 0
    if (at === undefined) this.fault = field
    return at ?? 0
  }

  /** The value read, if all of the text was used and nothing was wrong. Refuses MALFORMED, TRAILING_BYTES. */
  done<T>(value: T): Result<T> {
    if (this.fault !== undefined)
      return refuse('MALFORMED', `wrong or cut short before character ${this.at}`, this.fault)
    if (this.at < this.text.length)
      return refuse('TRAILING_BYTES', `${this.text.length - this.at} characters after the end`)
    return ok(value)
  }
}

const view = new DataView(new ArrayBuffer(4))

function floatOfBits(bits: number): number {
  view.setUint32(0, bits)
  return view.getFloat32(0)
}

/** Reads a float from its eight hexadecimal digits, or returns undefined. May be NaN or infinite. */
export function parseFloatHex(digits: string): number | undefined {
  return /^[0-9A-Fa-f]{8}$/.test(digits) ? floatOfBits(Number.parseInt(digits, 16)) : undefined
}

/** Eight upper-case hexadecimal digits of the nearest IEEE 754 single. */
export function writeFloatHex(value: number): string {
  view.setFloat32(0, value)
  return view.getUint32(0).toString(16).toUpperCase().padStart(8, '0')
}

/** Reads `YYMMDDHHmm` in China time (years 2000 to 2099), or returns undefined for a date that does not exist. */
export function parseConsoleTime(digits: string): EpochMs | undefined {
  const match = /^([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/.exec(digits)
  if (!match) return undefined
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const at = fromChina(2000 + year, month, day, hour, minute)
  // A date that rolled over (31 June, hour 24) does not write back as it was read.
  return writeConsoleTime(at) === digits ? at : undefined
}

/** `YYMMDDHHmm` in China time; seconds are cut off. */
export function writeConsoleTime(at: EpochMs): string {
  const p = chinaParts(at)
  return [p.year % 100, p.month, p.day, p.hour, p.minute].map(twoDigits).join('')
}

/** Two decimal digits. Throws RangeError above 99. */
export function twoDigits(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 99) throw new RangeError(`${value} in two digits`)
  return String(value).padStart(2, '0')
}

/** Upper-case hexadecimal digits of a fixed number. Throws RangeError when the value needs more. */
export function hexDigits(value: number, length: number): string {
  const text = value.toString(16).toUpperCase()
  if (!Number.isInteger(value) || value < 0 || text.length > length)
    throw new RangeError(`${value} in ${length} hexadecimal digits`)
  return text.padStart(length, '0')
}
