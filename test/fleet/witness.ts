import { createHash, createPublicKey, verify } from 'node:crypto'

/**
 * An outsider who trusts nobody: reads a county's log over HTTP with nothing but the public C2SP formats and Node's own
 * cryptography, none of the product's code.
 */
export interface WitnessedLeaf {
  type: string
  device?: string
  channel?: string
  first?: number
  last?: number
  code?: string
  raw: string
}

export interface Witnessed {
  readonly size: number
  readonly leaves: readonly WitnessedLeaf[]
  readonly root: string
}

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** RFC 6962 §2.1, word by word. */
export function naiveRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!)
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)))
}

/** RFC 9162 §2.1.3.2: the root to which a proof of inclusion leads. Hashes and root in hex. */
export function naiveInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  hashes: readonly string[],
): string {
  let [fn, sn] = [index, size - 1]
  let hash = sha256(Uint8Array.of(0), leaf)
  for (const hex of hashes) {
    const other = Buffer.from(hex, 'hex')
    if (sn === 0) throw new Error('the proof is longer than the tree is high')
    if (fn % 2 === 1 || fn === sn) {
      hash = sha256(Uint8Array.of(1), other, hash)
      for (; fn % 2 === 0 && fn !== 0; fn = Math.floor(fn / 2)) sn = Math.floor(sn / 2)
    } else hash = sha256(Uint8Array.of(1), hash, other)
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  if (sn !== 0) throw new Error('the proof is shorter than the tree is high')
  return hash.toString('hex')
}

function tileNumber(n: number): string {
  const last = String(n % 1000).padStart(3, '0')
  return n < 1000 ? last : `${tileNumber(Math.floor(n / 1000)).replace(/(^|\/)(\d{3})$/, '$1x$2')}/${last}`
}

async function fetchBytes(url: string): Promise<Buffer> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return Buffer.from(await answer.arrayBuffer())
}

/** Checks the Ed25519 line of a signed note against a verifier key `name+hash+base64(0x01 ‖ key)`. */
export function checkNote(note: string, vkey: string): string {
  // The key is base64 and may itself hold a plus sign.
  const [, name = '', hash = '', key = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey.trim()) ?? []
  const blank = note.lastIndexOf('\n\n')
  const text = note.slice(0, blank + 1)
  const raw = Buffer.from(key, 'base64')
  const id = sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4)
  if (raw[0] !== 1 || id.toString('hex') !== hash)
    throw new Error('the verifier key does not match its own hash')
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw.subarray(1)])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  for (const line of note.slice(blank + 2).split('\n')) {
    const [dash, signer, base64 = ''] = line.split(' ')
    const signature = Buffer.from(base64, 'base64')
    if (dash !== '—' || signer !== name || !signature.subarray(0, 4).equals(id)) continue
    if (verify(null, Buffer.from(text), publicKey, signature.subarray(4))) return text
    throw new Error('the checkpoint has a wrong signature')
  }
  throw new Error('the checkpoint is not signed by the key of the log')
}

/** Reads the whole log behind `base` and checks it: signature, every entry, root. Throws at the first thing that is wrong. */
export async function witness(base: string, county = '520327'): Promise<Witnessed> {
  const log = `${base}/log/${county}`
  const vkey = (await fetchBytes(`${log}/vkey`)).toString()
  const text = checkNote((await fetchBytes(`${log}/checkpoint`)).toString(), vkey)
  const [origin, sizeText, rootText] = text.split('\n')
  if (origin !== vkey.split('+')[0]) throw new Error(`origin ${origin} is not the key's name`)
  const size = Number(sizeText)
  const leaves: Buffer[] = []
  for (let n = 0; leaves.length < size; n++) {
    const width = Math.min(256, size - n * 256)
    let bundle = await fetchBytes(`${log}/tile/entries/${tileNumber(n)}${width < 256 ? `.p/${width}` : ''}`)
    for (let i = 0; i < width; i++) {
      const length = bundle.readUInt16BE(0)
      leaves.push(bundle.subarray(2, 2 + length))
      bundle = bundle.subarray(2 + length)
    }
    if (bundle.length !== 0) throw new Error(`bundle ${n} has bytes behind its last entry`)
  }
  const root = naiveRoot(leaves)
  if (root.toString('base64') !== rootText)
    throw new Error(`the entries hash to ${root.toString('base64')}, the checkpoint says ${rootText}`)
  return {
    size,
    leaves: leaves.map((leaf) => JSON.parse(leaf.toString()) as WitnessedLeaf),
    root: root.toString('hex'),
  }
}
