import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ALGORITHMS, type Algorithm, type Signer } from '@oiltrail/evidence'
import { generateKeyPair, signerFromPkcs8 } from '@oiltrail/evidence/node'
import { CHANNELS, type Channel, ok, type Result, refuse } from '@oiltrail/kernel'
import { z } from 'zod'
import { writePrivateFile } from './private-file.ts'

const identitySchema = z.strictObject({
  v: z.literal(1),
  device: z.string(),
  /** Algorithm of the first keys; its hash is the hash of both chains for ever. */
  algorithm: z.enum(ALGORITHMS),
  /** Key ids of the first keys. */
  keys: z.strictObject({ volume: z.string(), price: z.string() }),
  /** What enrolment gave: the MQTT password of the box, and when. */
  enrolled: z.strictObject({ token: z.string().min(1), at: z.int(), code: z.string() }).optional(),
})

/** Who a device is: its first keys and its enrolment. Kept in `<directory>/keys/<device>.json`, mode 0600. */
export type Identity = z.infer<typeof identitySchema>

function identityPath(directory: string, device: string): string {
  return join(directory, 'keys', `${device}.json`)
}

/** Path of one private key, PKCS #8 in PEM. Files are never overwritten: the key id is part of the name. */
export function keyPath(directory: string, device: string, channel: Channel, keyId: string): string {
  return join(directory, 'keys', `${device}.${channel}.${keyId}.pem`)
}

/** Reads who a device is. Undefined when it has no keys yet; SPOOL_CORRUPT when the file is damaged. */
export async function readIdentity(directory: string, device: string): Promise<Result<Identity | undefined>> {
  const path = identityPath(directory, device)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(undefined)
    return refuse(
      'SPOOL_CORRUPT',
      `the identity cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      path,
    )
  }
  try {
    const identity = identitySchema.parse(JSON.parse(text))
    if (identity.device === device) return ok(identity)
  } catch {
    // Said below; the text may hold the token and is not quoted.
  }
  return refuse('SPOOL_CORRUPT', 'the identity file is damaged', path)
}

/** Writes who a device is. */
export async function writeIdentity(directory: string, identity: Identity): Promise<void> {
  await writePrivateFile(identityPath(directory, identity.device), `${JSON.stringify(identity)}\n`)
}

/** Reads who a device is, making its keys at the first time. */
export async function ensureIdentity(
  directory: string,
  device: string,
  algorithm: Algorithm,
): Promise<Result<Identity>> {
  const known = await readIdentity(directory, device)
  if (!known.ok) return known
  if (known.value) return ok(known.value)
  const keys: Record<Channel, string> = { volume: '', price: '' }
  for (const channel of CHANNELS) {
    const { signer, privateKeyPem } = generateKeyPair(algorithm)
    await writePrivateFile(keyPath(directory, device, channel, signer.keyId), privateKeyPem)
    keys[channel] = signer.keyId
  }
  const identity: Identity = { v: 1, device, algorithm, keys }
  await writeIdentity(directory, identity)
  return ok(identity)
}

/** Loads one private key. Refuses UNKNOWN_KEY when its file is missing, unreadable or another key. */
export async function loadSigner(
  directory: string,
  device: string,
  channel: Channel,
  keyId: string,
  algorithm: Algorithm,
): Promise<Result<Signer>> {
  const path = keyPath(directory, device, channel, keyId)
  let pem: string
  try {
    pem = await readFile(path, 'utf8')
  } catch (error) {
    return refuse(
      'UNKNOWN_KEY',
      `the key file cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      path,
    )
  }
  const signer = signerFromPkcs8(algorithm, pem)
  if (!signer.ok) return refuse('UNKNOWN_KEY', signer.problem.detail, path)
  return signer.value.keyId === keyId ? signer : refuse('UNKNOWN_KEY', 'the file holds another key', path)
}
