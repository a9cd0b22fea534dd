/** Bytes of each of the two numbers of a signature over a 256-bit curve. */
const NUMBER_LENGTH = 32
const SEQUENCE = 0x30
const INTEGER = 0x02

/**
 * Takes a DER signature (SEQUENCE of two INTEGERs, r and s) apart into r ‖ s, 64 bytes. Undefined unless the encoding is
 * the one and only DER of two positive numbers of at most 256 bits: no spare zeros, no long lengths, nothing behind.
 */
export function signatureNumbers(der: Uint8Array): Uint8Array | undefined {
  if (der.length < 8 || der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined
  const numbers = new Uint8Array(2 * NUMBER_LENGTH)
  let at = 2
  for (let i = 1; i <= 2; i++) {
    const length = der[at + 1] ?? 0
    const end = at + 2 + length
    if (der[at] !== INTEGER || length === 0 || end > der.length) return undefined
    let start = at + 2
    const first = der[start]!
    if (first >= 0x80) return undefined // negative
    if (first === 0) {
      if ((der[start + 1] ?? 0) < 0x80 || length === 1) return undefined // zero, or a spare leading zero
      start++
    }
    if (end - start > NUMBER_LENGTH) return undefined
    numbers.set(der.subarray(start, end), i * NUMBER_LENGTH - (end - start))
    at = end
  }
  return at === der.length ? numbers : undefined
}

/** The DER signature of r ‖ s (64 bytes, both positive). */
export function signatureDer(numbers: Uint8Array): Uint8Array {
  const parts: number[] = []
  for (const from of [0, NUMBER_LENGTH]) {
    let start = from
    while (start < from + NUMBER_LENGTH - 1 && numbers[start] === 0) start++
    const digits = [...numbers.subarray(start, from + NUMBER_LENGTH)]
    if (digits[0]! >= 0x80) digits.unshift(0)
    parts.push(INTEGER, digits.length, ...digits)
  }
  return Uint8Array.from([SEQUENCE, parts.length, ...parts])
}
