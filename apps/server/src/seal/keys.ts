import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NoteAlgorithm, type NoteSigner, noteSigner, type Signer } from '@oiltrail/evidence'
import { generateKeyPair, sha256, signerFromPkcs8 } from '@oiltrail/evidence/node'
import { ProblemError } from '@oiltrail/kernel'

const FILES: readonly { readonly algorithm: NoteAlgorithm; readonly file: string }[] = [
  { algorithm: 'Ed25519', file: 'log-ed25519.pem' },
  { algorithm: 'SM2-SM3', file: 'log-sm2.pem' },
]

/** Whether a data folder has keys of a log, which are made when its platform first starts. */
export function hasLogKeys(data: string): boolean {
  return FILES.some(({ file }) => existsSync(join(data, 'keys', file)))
}

/** Who signs the checkpoints of a log: Ed25519 first, for the world's tools, then SM2. */
export interface LogSigners {
  readonly ed25519: NoteSigner
  readonly sm2: NoteSigner
}

/**
 * Reads the private keys of the log from a folder, or makes them at the first start, readable for the owner alone. Throws
 * when a file cannot be read or is no key: a log that silently changed its key would be worthless.
 */
export async function readyLogSigners(directory: string, origin: string): Promise<LogSigners> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return signersFrom(directory, origin, async (path, algorithm) => {
    const key = generateKeyPair(algorithm)
    await writeFile(path, key.privateKeyPem, { mode: 0o600, flag: 'wx', flush: true })
    return key.signer
  })
}

/** Reads the keys of a log that exists. Throws CONFIG_INVALID when one is missing: made anew it would vouch for nothing. */
export async function readLogSigners(directory: string, origin: string): Promise<LogSigners> {
  return signersFrom(directory, origin, (path) => {
    const detail = `${path} is missing, a key of the log, which has entries that it must go on vouching for: is --data right? Else put the folder keys back from a copy, or everything with \`oiltrail restore FILE\` / 缺少日志密钥,已有日志不能换用新密钥:请检查 --data,或由备份放回 keys 目录,或用 oiltrail restore 整体恢复`
    throw new ProblemError({ code: 'CONFIG_INVALID', detail })
  })
}

/** Answers for a key whose file is not there. */
type WhenMissing = (path: string, algorithm: NoteAlgorithm) => Promise<Signer>

async function signersFrom(directory: string, origin: string, whenMissing: WhenMissing): Promise<LogSigners> {
  const signers: NoteSigner[] = []
  for (const { algorithm, file } of FILES) {
    const path = join(directory, file)
    const signer = (await readKey(path, algorithm)) ?? (await whenMissing(path, algorithm))
    const named = noteSigner(sha256, origin, signer)
    if (!named.ok) throw new ProblemError(named.problem)
    signers.push(named.value)
  }
  return { ed25519: signers[0]!, sm2: signers[1]! }
}

async function readKey(path: string, algorithm: NoteAlgorithm): Promise<Signer | undefined> {
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (pem === undefined) return undefined
  const signer = signerFromPkcs8(algorithm, pem)
  if (!signer.ok) throw new ProblemError({ ...signer.problem, where: path })
  return signer.value
}
