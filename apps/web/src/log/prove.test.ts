import {
  defaultOrigin,
  encodeVkey,
  leafHash,
  nodeHash,
  noteSigner,
  type Platform,
  type Signer,
  signCheckpoint,
} from '@oiltrail/evidence'
import { generateKeyPair, platform as nodePlatform } from '@oiltrail/evidence/node'
import { platform as webPlatform } from '@oiltrail/evidence/web'
import { asciiBytes, fromBase64, toBase64, toHex, utf8Bytes, utf8Text } from '@oiltrail/kernel'
import { encodeBatch, encodeLeaf } from '@oiltrail/protocols/uplink'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../api/endpoints.ts'
import { en } from '../text/en.ts'
import { zh } from '../text/zh.ts'
import { readClaim } from './claim.ts'
import { prove } from './prove.ts'

type Entry = Answer<'entry'>

const { sha256, suites } = nodePlatform
const DEVICE = '520327-S001-A'
const RECORDS = [
  '{"seq":1204,"at":1795413932120,"kind":"total","nozzle":"3","totalMillilitres":998877660,"source":"pulse"}',
  '{"seq":1205,"at":1795413932121,"kind":"total","nozzle":"4","totalMillilitres":12,"source":"pulse"}',
]

/** Root and audit path by the recursive definition of RFC 6962 §2.1, not by the code under test. */
function tree(leaves: readonly Uint8Array[], position: number): { root: Uint8Array; path: Uint8Array[] } {
  if (leaves.length === 1) return { root: leafHash(sha256, leaves[0]!), path: [] }
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const left = tree(leaves.slice(0, split), position)
  const right = tree(leaves.slice(split), position - split)
  const path = position < split ? [...left.path, right.root] : [...right.path, left.root]
  return { root: nodeHash(sha256, left.root, right.root), path }
}

function signedBatch(signer: Signer): Uint8Array {
  const suite = suites[signer.algorithm]
  const lines = RECORDS.map(utf8Bytes)
  let head: Uint8Array = new Uint8Array(32)
  for (const line of lines) head = suite.hash(head, line)
  return encodeBatch(
    {
      county: '520327',
      device: DEVICE,
      channel: 'volume',
      first: 1204,
      before: '0'.repeat(64),
      head: toHex(head),
      lines,
    },
    signer,
  )
}

/** An entry as an honest platform would answer it: third of five leaves, sealed and signed. */
function honest(algorithm: 'SM2-SM3' | 'Ed25519' | 'P256-SHA256'): { entry: Entry; vkeys: string } {
  const { signer } = generateKeyPair(algorithm)
  const raw = signedBatch(signer)
  const receivedAt = 1_795_413_932_155
  const leaf = encodeLeaf({
    v: 1,
    type: 'batch',
    county: '520327',
    receivedAt,
    device: DEVICE,
    channel: 'volume',
    first: 1204,
    last: 1205,
    raw: toHex(sha256(raw)),
  })
  const others = ['a', 'b', 'c', 'd'].map(asciiBytes)
  const { root, path } = tree([others[0]!, others[1]!, leaf, others[2]!, others[3]!], 2)
  const origin = defaultOrigin('520327')
  const log = noteSigner(sha256, origin, generateKeyPair('Ed25519').signer)
  if (!log.ok) throw new Error(log.problem.detail)
  const note = signCheckpoint({ origin, size: 5, root }, [log.value])
  return {
    vkeys: `${encodeVkey(log.value.key)}\n`,
    entry: {
      position: 2,
      type: 'batch',
      receivedAt,
      device: DEVICE,
      channel: 'volume',
      firstSeq: 1204,
      lastSeq: 1205,
      bytes: raw.length,
      rawHash: toHex(sha256(raw)),
      raw: toBase64(raw),
      leaf: toBase64(leaf),
      proof: {
        checkpoint: { size: 5, root: toHex(root), signedAt: receivedAt + 1_000, note },
        hashes: path.map(toHex),
      },
      keys: [{ keyId: signer.keyId, algorithm, publicKey: toBase64(signer.publicKey) }],
      refusedRecords: [],
    },
  }
}

const PLATFORMS: readonly [string, Platform][] = [
  ['browser', webPlatform],
  ['node', nodePlatform],
]

function failures(entry: Entry, vkeys: string, text?: string): string[] {
  const claim = text === undefined ? undefined : readClaim(text)
  return prove(entry, vkeys, claim, webPlatform)
    .filter((step) => step.outcome === 'failed')
    .map((step) => step.key)
}

/** The entry with one bit of a base64 field turned over. */
function flipped(entry: Entry, field: 'raw' | 'leaf', at: number): Entry {
  const bytes = fromBase64(entry[field])!.slice()
  bytes[at] = bytes[at]! ^ 1
  return { ...entry, [field]: toBase64(bytes) }
}

describe('the proof of an entry', () => {
  it.each(['SM2-SM3', 'Ed25519', 'P256-SHA256'] as const)(
    'passes every step for an honest %s batch',
    (algorithm) => {
      const { entry, vkeys } = honest(algorithm)
      for (const [name, platform] of PLATFORMS) {
        const steps = prove(entry, vkeys, undefined, platform)
        expect(
          steps.map((step) => `${step.key} ${step.outcome}`),
          name,
        ).toEqual(['raw', 'leaf', 'path', 'root', 'vkey', 'chain', 'signature'].map((key) => `${key} passed`))
        for (const words of [zh, en])
          for (const step of steps) expect(step.say(words).length).toBeGreaterThan(10)
      }
    },
  )

  it('fails for every changed byte of the raw bytes', () => {
    const { entry, vkeys } = honest('Ed25519')
    const length = fromBase64(entry.raw)!.length
    for (let at = 0; at < length; at += 7)
      expect(failures(flipped(entry, 'raw', at), vkeys), `byte ${at}`).toContain('raw')
  })

  it('fails for every changed byte of the leaf', () => {
    const { entry, vkeys } = honest('Ed25519')
    const length = fromBase64(entry.leaf)!.length
    for (let at = 0; at < length; at += 7)
      expect(failures(flipped(entry, 'leaf', at), vkeys), `byte ${at}`).toContain('path')
  })

  it('names the step that a lying platform breaks', () => {
    const { entry, vkeys } = honest('Ed25519')
    const proof = entry.proof!
    const { checkpoint } = proof
    const stranger = honest('Ed25519')
    expect(failures({ ...entry, position: 3 }, vkeys)).toEqual(['path'])
    expect(failures({ ...entry, proof: { ...proof, hashes: proof.hashes.slice(1) } }, vkeys)).toEqual([
      'path',
    ])
    expect(
      failures({ ...entry, proof: { ...proof, checkpoint: { ...checkpoint, size: 6 } } }, vkeys),
    ).toContain('root')
    expect(failures(entry, stranger.vkeys)).toEqual(['vkey'])
    expect(failures(entry, '')).toEqual(['vkey'])
    expect(failures({ ...entry, keys: stranger.entry.keys }, vkeys)).toEqual(['signature'])
    expect(failures({ ...entry, device: '520327-S002-A' }, vkeys)).toEqual(['leaf'])
    expect(failures({ ...entry, receivedAt: entry.receivedAt + 1 }, vkeys)).toEqual(['leaf'])
  })

  it('says what was not done when no checkpoint covers the entry yet, and claims nothing', () => {
    const { entry, vkeys } = honest('Ed25519')
    const { proof: _, ...unsealed } = entry
    const steps = prove(unsealed, vkeys, undefined, webPlatform)
    expect(steps.filter((step) => step.outcome === 'skipped').map((step) => step.key)).toEqual([
      'path',
      'vkey',
    ])
  })
})

describe('what a person gives', () => {
  const { entry, vkeys } = honest('Ed25519')
  const batch = utf8Text(fromBase64(entry.raw)!)!

  it('may be the whole batch, also pasted with other line ends', () => {
    for (const text of [batch, batch.trimEnd(), batch.replaceAll('\n', '\r\n'), `\n${batch}\n`])
      expect(failures(entry, vkeys, text)).toEqual([])
    expect(readClaim(batch)).toMatchObject({ kind: 'batch', device: DEVICE, channel: 'volume', seq: 1204 })
  })

  it('may be one record, which must be the very line of the batch', () => {
    expect(failures(entry, vkeys, RECORDS[1])).toEqual([])
    expect(failures(entry, vkeys, RECORDS[1]!.replace('12', '13'))).toEqual(['record'])
    expect(failures(entry, vkeys, RECORDS[1]!.replace('1205', '1206'))).toEqual(['record'])
  })

  it('fails when one character of the batch was changed', () => {
    expect(failures(entry, vkeys, batch.replace('998877660', '998877661'))).toEqual(['same'])
  })

  it.each(['', '{}', 'null', '[1]', '{"seq":0,"kind":"x"}', '{"seq":"1","kind":"x"}', 'x'.repeat(300_000)])(
    'is refused when it is neither: %.20s',
    (text) => {
      expect(readClaim(text)).toBeUndefined()
    },
  )
})
