import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ok, type Result, refuse } from '@oiltrail/kernel'

/** A bundle of all public authorities has about 250,000 bytes. */
const MAX_AUTHORITY_BYTES = 1_048_576

/**
 * Certificates of the authority behind the platform, PEM. Read anew at each connection, so that a renewed file counts
 * without a restart. Refuses CONFIG_INVALID when there is no such file or no certificate in it; the reason is in both
 * languages.
 */
export function readAuthority(path: string): Result<Buffer> {
  const wrong = (zh: string, en: string): Result<Buffer> => refuse('CONFIG_INVALID', `${zh} / ${en}`, path)
  let pem: Buffer
  try {
    pem = readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return wrong(`证书文件无法读取:${path} (${code})`, `the file of the authority cannot be read (${code})`)
  }
  if (pem.length > MAX_AUTHORITY_BYTES) return wrong('证书文件过大', 'the file of the authority is too large')
  try {
    new X509Certificate(pem)
  } catch {
    return wrong(
      `不是 PEM 证书:${path}`,
      'the file of the authority holds no certificate in PEM (BEGIN CERTIFICATE)',
    )
  }
  return ok(pem)
}
