/** Reads big-endian fields from a byte string; running out of bytes sets `overrun` instead of throwing. */
export class ByteReader {
  readonly bytes: Uint8Array
  private readonly view: DataView
  offset = 0
  overrun = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.bytes.length - this.offset
  }

  private take(count: number): number {
    const at = this.offset
    if (count < 0 || at + count > this.bytes.length) {
      this.overrun = true
      this.offset = this.bytes.length
      return -1
    }
    this.offset = at + count
    return at
  }

  u8(): number {
    const at = this.take(1)
    return at < 0 ? 0 : this.view.getUint8(at)
  }
  u16(): number {
    const at = this.take(2)
    return at < 0 ? 0 : this.view.getUint16(at)
  }
  u32(): number {
    const at = this.take(4)
    return at < 0 ? 0 : this.view.getUint32(at)
  }
  slice(count: number): Uint8Array {
    const at = this.take(count)
    return at < 0 ? new Uint8Array(0) : this.bytes.subarray(at, at + count)
  }
  /** ASCII text of a fixed length; a byte above 0x7F becomes U+FFFD. */
  ascii(count: number): string {
    return asciiText(this.slice(count))
  }
}

/** Text of ASCII bytes; a byte above 0x7F becomes U+FFFD. */
export function asciiText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : '\uFFFD'
  return text
}

/** Bytes of an ASCII text; a character above 0x7F becomes `?`. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    bytes[i] = code < 0x80 ? code : 0x3f
  }
  return bytes
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** Lower-case hexadecimal text. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Bytes of hexadecimal text, or undefined when the text is not of even length or holds another character. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** One byte string after another. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Whether two byte strings are equal. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BASE64_VALUE = new Map([...BASE64].map((character, value) => [character, value]))

/** Standard base64 with padding (RFC 4648 §4). For short values; bulk data uses the platform's own. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1], bytes[i + 2]]
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    text += BASE64[word >> 18]! + BASE64[(word >> 12) & 63]!
    text += (b === undefined ? '=' : BASE64[(word >> 6) & 63]!) + (c === undefined ? '=' : BASE64[word & 63]!)
  }
  return text
}

/** Bytes of standard base64 text, or undefined when it is not canonical (length, padding, alphabet, spare bits). */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let at = 0
  for (let i = 0; i < text.length; i += 4) {
    let word = 0
    for (let j = 0; j < 4; j++) word = (word << 6) | (BASE64_VALUE.get(text[i + j]!) ?? 0)
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = (word >> shift) & 0xff
  }
  return toBase64(bytes) === text ? bytes : undefined
}
