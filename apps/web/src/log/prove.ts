import { leafHash, openCheckpoint, type Platform, parseVkey, verifyInclusion } from '@oiltrail/evidence'
import { equalBytes, fromBase64, fromHex, ok, parseJsonBytes, refuse, toHex } from '@oiltrail/kernel'
import { decodeBatch, verifyBatch, walkChain } from '@oiltrail/protocols/uplink'
import type { Answer } from '../api/endpoints.ts'
import { formatMoment, formatNumber } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import type { Claim } from './claim.ts'

type Entry = Answer<'entry'>

/** One step of a proof: what was computed and whether it held, as a sentence in the reader's language. */
export interface ProofStep {
  readonly key: keyof Words['verify']['step']
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly say: (words: Words) => string
}

interface Evidence {
  readonly entry: Entry
  readonly raw: Uint8Array
  readonly leaf: Uint8Array
  readonly claim: Claim | undefined
  /** Verifier keys of the log, a line each. */
  readonly vkeys: string
  readonly platform: Platform
}

function step(key: ProofStep['key'], held: boolean, say: ProofStep['say']): ProofStep {
  return { key, outcome: held ? 'passed' : 'failed', say }
}

function skip(key: ProofStep['key'], say: ProofStep['say']): ProofStep {
  return { key, outcome: 'skipped', say }
}

/** The bytes given against those in the log: a batch as a whole, a record as its line of the batch. */
function compareClaim({ claim, raw }: Evidence): ProofStep[] {
  if (!claim) return []
  if (claim.kind === 'batch' && claim.bytes) {
    const same = equalBytes(claim.bytes, raw)
    return [step('same', same, (w) => w.verify.say.same(same))]
  }
  const batch = decodeBatch(raw)
  if (!batch.ok) return [step('record', false, (w) => w.verify.say.recordWrong)]
  const line = claim.seq - batch.value.header.first
  const found = batch.value.lines[line]
  const same = found !== undefined && (claim.bytes === undefined || equalBytes(found, claim.bytes))
  return [
    step('record', same, (w) =>
      same ? w.verify.say.record(formatNumber(claim.seq), line + 2) : w.verify.say.recordWrong,
    ),
  ]
}

function checkRaw({ raw, leaf, platform }: Evidence): ProofStep {
  const hash = toHex(platform.sha256(raw))
  const stated = (parseJsonBytes(leaf) as { raw?: unknown } | undefined)?.raw
  return step('raw', stated === hash, (w) =>
    stated === hash ? w.verify.say.raw(hash) : w.verify.say.rawWrong(hash, String(stated)),
  )
}

/** The leaf must say what the screen says of the entry. */
function checkLeaf({ entry, leaf, platform }: Evidence): ProofStep {
  const stated = parseJsonBytes(leaf) as Record<string, unknown> | undefined
  const agrees =
    stated?.v === 1 &&
    stated.type === entry.type &&
    stated.receivedAt === entry.receivedAt &&
    (entry.type !== 'batch' ||
      (stated.device === entry.device &&
        stated.channel === entry.channel &&
        stated.first === entry.firstSeq &&
        stated.last === entry.lastSeq))
  const hash = toHex(leafHash(platform.sha256, leaf))
  return step('leaf', agrees, (w) => (agrees ? w.verify.say.leaf(hash) : w.verify.say.leafWrong))
}

function checkPath({ entry, leaf, platform }: Evidence): ProofStep {
  if (!entry.proof) return skip('path', (w) => w.verify.say.noProof)
  const { checkpoint } = entry.proof
  const hashes = entry.proof.hashes.map((hash) => fromHex(hash) ?? new Uint8Array(0))
  const head = { size: checkpoint.size, root: fromHex(checkpoint.root) ?? new Uint8Array(0) }
  const held = verifyInclusion(
    platform.sha256,
    head,
    entry.position,
    leafHash(platform.sha256, leaf),
    hashes,
  ).ok
  return step('path', held, (w) =>
    held
      ? w.verify.say.path(hashes.length, formatNumber(entry.position), formatNumber(checkpoint.size))
      : w.verify.say.pathWrong,
  )
}

/** The signed note must state the very root the path led to, under a published key. */
function checkCheckpoint({ entry, vkeys, platform }: Evidence): ProofStep[] {
  if (!entry.proof) return [skip('vkey', (w) => w.verify.say.noProof)]
  const { checkpoint } = entry.proof
  const keys = vkeys
    .split('\n')
    .slice(0, 8)
    .flatMap((line) => {
      const key = parseVkey(platform.sha256, line.trim())
      return key.ok ? [key.value] : []
    })
  const opened = openCheckpoint(checkpoint.note, keys, platform.suites)
  if (!opened.ok) return [step('vkey', false, (w) => w.verify.say.vkeyWrong)]
  const signed = opened.value.checkpoint
  const agrees = signed.size === checkpoint.size && toHex(signed.root) === checkpoint.root
  return [
    step('root', agrees, (w) =>
      agrees ? w.verify.say.root(checkpoint.root, formatNumber(checkpoint.size)) : w.verify.say.rootWrong,
    ),
    step('vkey', true, (w) => w.verify.say.vkey(signed.origin, formatMoment(checkpoint.signedAt))),
  ]
}

/** The collector's own chain and signature; an entry without them says what it proves and what not. */
function checkBatch({ entry, raw, platform }: Evidence): ProofStep[] {
  if (entry.type === 'refusal') return [skip('signature', (w) => w.verify.say.refusal)]
  if (entry.type === 'desk') return [skip('signature', (w) => w.verify.say.notBatch)]
  const batch = decodeBatch(raw)
  if (!batch.ok) {
    const { code, detail } = batch.problem
    return [step('chain', false, (w) => w.verify.say.batchWrong(code, detail))]
  }
  const { header, lines } = batch.value
  const chain = walkChain(batch.value, platform.suites[header.alg])
  const chainStep = step('chain', chain.ok, (w) =>
    chain.ok
      ? w.verify.say.chain(lines.length, header.alg)
      : w.verify.say.batchWrong(chain.problem.code, chain.problem.detail),
  )
  const verified = verifyBatch(
    raw,
    (wanted) => {
      const key = entry.keys.find((other) => other.keyId === wanted.key && other.algorithm === wanted.alg)
      const publicKey = key && fromBase64(key.publicKey)
      return publicKey
        ? ok({ algorithm: wanted.alg, publicKey })
        : refuse('UNKNOWN_KEY', `key ${wanted.key} is not known`)
    },
    platform.suites,
  )
  return [
    chainStep,
    step('signature', verified.ok, (w) =>
      verified.ok
        ? w.verify.say.signature(header.device, header.key, header.alg)
        : w.verify.say.batchWrong(verified.problem.code, verified.problem.detail),
    ),
  ]
}

/**
 * Proves an entry in the order in which an auditor would ask: are these the bytes, does the leaf name them, does the path lead
 * to the root, is the root signed, and did the collector sign them. Every step is made, also after one has failed.
 */
export function prove(
  entry: Entry,
  vkeys: string,
  claim: Claim | undefined,
  platform: Platform,
): ProofStep[] {
  const raw = fromBase64(entry.raw)
  const leaf = fromBase64(entry.leaf)
  if (!raw || !leaf) return [step('raw', false, (w) => w.verify.unreadable)]
  const evidence: Evidence = { entry, raw, leaf, claim, vkeys, platform }
  return [
    ...compareClaim(evidence),
    checkRaw(evidence),
    checkLeaf(evidence),
    checkPath(evidence),
    ...checkCheckpoint(evidence),
    ...checkBatch(evidence),
  ]
}
