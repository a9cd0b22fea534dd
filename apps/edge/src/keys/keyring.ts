import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FactOf } from '@oiltrail/domain'
import { ALGORITHMS, type Algorithm, type Signer } from '@oiltrail/evidence'
import { generateKeyPair, signerFromPkcs8 } from '@oiltrail/evidence/node'
import { type Channel, ok, type Result, refuse, toBase64 } from '@oiltrail/kernel'
import { z } from 'zod'
import type { StateMap } from '../spool/frame.ts'
import type { Spool } from '../spool/spool.ts'
import { type Identity, keyPath, loadSigner } from './identity.ts'
import { writePrivateFile } from './private-file.ts'

/** Key under which a spool keeps its changes of keys. */
const STATE_KEY = 'keys'

const successionSchema = z.array(
  z.strictObject({ keyId: z.string(), algorithm: z.enum(ALGORITHMS), announcedAt: z.int() }),
)

interface Reign {
  /** First record that this key signs. */
  readonly from: number
  readonly signer: Signer
}

/** The keys of one channel in their order: which record is signed by which. */
export class KeyRing {
  private readonly directory: string
  private readonly device: string
  private readonly channel: Channel
  private readonly spool: Spool
  private readonly reigns: Reign[]

  private constructor(
    directory: string,
    identity: Identity,
    channel: Channel,
    spool: Spool,
    reigns: Reign[],
  ) {
    this.directory = directory
    this.device = identity.device
    this.channel = channel
    this.spool = spool
    this.reigns = reigns
  }

  /** Loads the first key and its successors that the chain has announced. Refuses UNKNOWN_KEY. */
  static async load(
    directory: string,
    identity: Identity,
    channel: Channel,
    spool: Spool,
  ): Promise<Result<KeyRing>> {
    const succession = successionSchema.safeParse(spool.state(STATE_KEY) ?? [])
    if (!succession.success)
      return refuse('SPOOL_CORRUPT', 'the succession of keys is damaged', identity.device)
    const planned = [
      { keyId: identity.keys[channel], algorithm: identity.algorithm, announcedAt: 0 },
      ...succession.data,
    ]
    const reigns: Reign[] = []
    for (const [i, { keyId, algorithm, announcedAt }] of planned.entries()) {
      const retired = planned[i + 1] && spool.firstUnacknowledged(1) === undefined
      const signer = await loadSigner(directory, identity.device, channel, keyId, algorithm)
      if (signer.ok) reigns.push({ from: announcedAt + 1, signer: signer.value })
      else if (!retired) return signer
    }
    return ok(new KeyRing(directory, identity, channel, spool, reigns))
  }

  /** The key that signs record `seq`, and the last record it signs (Infinity while it reigns). */
  signerFor(seq: number): { signer: Signer; last: number } {
    const at = this.reigns.findLastIndex((reign) => reign.from <= seq)
    const next = this.reigns[at + 1]
    return {
      signer: this.reigns[Math.max(0, at)]!.signer,
      last: next ? next.from - 1 : Number.POSITIVE_INFINITY,
    }
  }

  /** The oldest announcement without receipt: nothing behind it may be sent, its key is not known yet. */
  get barrier(): number {
    for (const { from } of this.reigns) if (from > 1 && !this.spool.acked.has(from - 1)) return from - 1
    return Number.POSITIVE_INFINITY
  }

  /**
   * Takes up a key that `edge rotate` left for this channel: announces it in the chain, from where it signs.
   * The key file is in place before the announcement, and the request goes last, so that a crash repeats nothing.
   */
  async takeSuccessor(
    commit: (fact: FactOf<'key'>, state: StateMap) => Promise<Result<unknown>>,
  ): Promise<Result<string | undefined>> {
    const request = successorPath(this.directory, this.device, this.channel)
    let text: string
    try {
      text = await readFile(request, 'utf8')
    } catch {
      return ok(undefined)
    }
    const read = readSuccessor(text)
    if (!read.ok) {
      await rename(request, `${request}.refused`)
      return read
    }
    const { algorithm, pem, signer } = read.value
    const reigning = this.reigns.at(-1)!.signer
    if ((algorithm === 'SM2-SM3') !== (reigning.algorithm === 'SM2-SM3')) {
      await rename(request, `${request}.refused`)
      return refuse('UNKNOWN_KEY', `the hash of the chain cannot change from ${reigning.algorithm}`, request)
    }
    if (signer.keyId !== reigning.keyId) {
      await writePrivateFile(keyPath(this.directory, this.device, this.channel, signer.keyId), pem)
      const announcedAt = this.spool.nextSeq
      const earlier = successionSchema.parse(this.spool.state(STATE_KEY) ?? [])
      // In force before the record is durable: whatever follows it must already find its own key.
      this.reigns.push({ from: announcedAt + 1, signer })
      const done = await commit(
        { kind: 'key', algorithm, publicKey: toBase64(signer.publicKey) },
        { [STATE_KEY]: [...earlier, { keyId: signer.keyId, algorithm, announcedAt }] },
      )
      if (!done.ok) {
        this.reigns.pop()
        return done
      }
    }
    await rm(request, { force: true })
    return ok(signer.keyId)
  }
}

function readSuccessor(text: string): Result<{ algorithm: Algorithm; pem: string; signer: Signer }> {
  const end = text.indexOf('\n')
  const algorithm = ALGORITHMS.find((name) => name === text.slice(0, end))
  if (!algorithm) return refuse('UNKNOWN_KEY', 'the new key names no algorithm')
  const pem = text.slice(end + 1)
  const signer = signerFromPkcs8(algorithm, pem)
  return signer.ok
    ? ok({ algorithm, pem, signer: signer.value })
    : refuse('UNKNOWN_KEY', signer.problem.detail)
}

function successorPath(directory: string, device: string, channel: Channel): string {
  return join(directory, 'keys', `${device}.${channel}.next`)
}

/** Makes a new key for a channel and leaves it for the running collector to take up. Returns its key id. */
export async function leaveSuccessor(
  directory: string,
  device: string,
  channel: Channel,
  algorithm: Algorithm,
): Promise<string> {
  const { signer, privateKeyPem } = generateKeyPair(algorithm)
  await writePrivateFile(successorPath(directory, device, channel), `${algorithm}\n${privateKeyPem}`)
  return signer.keyId
}
