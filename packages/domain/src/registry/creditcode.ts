const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]

/** Check character of a unified social credit code (GB 32100 §5), or undefined when the 17 characters are not of its alphabet. */
export function creditCodeCheck(first17: string): string | undefined {
  if (first17.length !== 17) return undefined
  let sum = 0
  for (const [i, character] of [...first17].entries()) {
    const value = ALPHABET.indexOf(character)
    if (value < 0) return undefined
    sum += value * WEIGHTS[i]!
  }
  return ALPHABET[(31 - (sum % 31)) % 31]
}

/** Whether an 18-character unified social credit code is well formed and its check character right. */
export function isCreditCode(code: string): boolean {
  return code.length === 18 && creditCodeCheck(code.slice(0, 17)) === code[17]
}
