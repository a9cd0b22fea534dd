import { randomBytes } from 'node:crypto'
import { sha256 } from '@oiltrail/evidence/node'
import { utf8Bytes } from '@oiltrail/kernel'

/** 32 signs that cannot be mistaken for each other when read aloud or from paper. */
const SIGNS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const GROUPS = 3
const GROUP_LENGTH = 4

/** A one-time code of 60 random bits, for example `K7QM-2XHA-V9TD`. */
export function makeEnrolCode(): string {
  const bytes = randomBytes(GROUPS * GROUP_LENGTH)
  const signs = Array.from(bytes, (byte) => SIGNS[byte % SIGNS.length]).join('')
  return Array.from({ length: GROUPS }, (_, i) => signs.slice(i * GROUP_LENGTH, (i + 1) * GROUP_LENGTH)).join(
    '-',
  )
}

/** What is stored of a code. Case and dashes do not matter to a person who types it. */
export function hashEnrolCode(code: string): Uint8Array {
  return sha256(utf8Bytes(code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')))
}

/** A transport token of 256 random bits, and what is stored of it. */
export function makeToken(): { readonly token: string; readonly hash: Uint8Array } {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: sha256(utf8Bytes(token)) }
}
