import { CATALOGUE, isProblemCode } from '@oiltrail/kernel'
import type { Language } from '../settings.tsx'

/** What a refusal code of the catalogue says; a code of a newer platform stands for itself. */
export function codeWords(code: string, language: Language): string {
  return isProblemCode(code) ? CATALOGUE[code][language] : code
}
