import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@oiltrail/evidence/node'
import { ProblemError, toHex, utf8Bytes } from '@oiltrail/kernel'

/** Name of the secret's file in the folder of keys. */
export const ENROL_SECRET = 'enrol-secret'

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

/** A transport token, and what is stored of it. */
export interface Token {
  readonly token: string
  readonly hash: Uint8Array
}

/** A transport token of 256 random bits that nobody is told. */
export function makeToken(): Token {
  return tokenOf(randomBytes(32))
}

/**
 * The token of one enrolment: from the platform's secret, the code, the device and its keys. The same enrolment asked for again
 * gives the same token, so that a collector whose answer was lost needs no new code, and yet only its hash is kept.
 */
export function enrolmentToken(
  secret: Uint8Array,
  codeHash: Uint8Array,
  device: string,
  keys: readonly { readonly channel: string; readonly publicKey: Uint8Array }[],
): Token {
  const parts = keys.map(({ channel, publicKey }) => `${channel} ${toHex(publicKey)}`).sort()
  const text = ['oiltrail-token-v1', toHex(codeHash), device, ...parts].join('\n')
  return tokenOf(createHmac('sha256', secret).update(text).digest())
}

function tokenOf(bytes: Buffer): Token {
  const token = bytes.toString('base64url')
  return { token, hash: sha256(utf8Bytes(token)) }
}

const SECRET_BYTES = 32

/** Reads the secret of `enrolmentToken` from a folder, or makes it at the first start, readable for the owner alone. */
export async function readyEnrolSecret(directory: string): Promise<Uint8Array> {
  const path = join(directory, ENROL_SECRET)
  let text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const fresh = `${randomBytes(SECRET_BYTES).toString('base64url')}\n`
    await writeFile(path, fresh, { mode: 0o600, flag: 'wx', flush: true })
    text = fresh
  }
  const secret = Buffer.from(text.trim(), 'base64url')
  if (secret.length !== SECRET_BYTES)
    throw new ProblemError({
      code: 'CONFIG_INVALID',
      detail: 'not the secret that was made here / 文件内容已损坏',
      where: path,
    })
  return secret
}
