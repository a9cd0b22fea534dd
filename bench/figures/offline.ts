import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  defaultOrigin,
  EvidenceWriter,
  encodeVkey,
  noteSigner,
  Prover,
  signCheckpoint,
  TreeBuilder,
} from '@oiltrail/evidence'
import { generateKeyPair, platform, sha256 } from '@oiltrail/evidence/node'
import { toBase64, toHex } from '@oiltrail/kernel'
import { encodeDesk, encodeLeaf, type Leaf } from '@oiltrail/protocols/uplink'
import { runVerify } from '../../apps/verify/src/cli.ts'
import { nextBatch, testLanes } from '../../test/fleet/fleet.ts'
import { type Benchmark, costText, figure, interleaved, timed } from '../figure.ts'

const BATCHES = 2_000
const RECORDS = 100
const REPETITIONS = 3
const COUNTY = '520327'
const START = 1_795_413_932_000

interface Entry {
  readonly leaf: Uint8Array
  readonly raw: Uint8Array
}

/** A log of one device: its enrolment, then its batches. */
function makeLog(): { entries: Entry[]; site: string } {
  const lane = testLanes(0)[0]!
  const { device, site, channel, key } = lane
  const keys = [{ channel, algorithm: key.signer.algorithm, publicKey: toBase64(key.signer.publicKey) }]
  const enrolled = encodeDesk({
    v: 1,
    action: 'device-enrolled',
    actor: device,
    at: START,
    device,
    site,
    keys,
  })
  const leafOf = (rest: Partial<Leaf>, raw: Uint8Array, at: number): Uint8Array =>
    encodeLeaf({ v: 1, ...placed(rest, at), raw: toHex(sha256(raw)) } as Leaf)
  const placed = ({ type, ...rest }: Partial<Leaf>, receivedAt: number): object => ({
    type,
    county: COUNTY,
    receivedAt,
    ...rest,
  })
  const entries: Entry[] = [
    { leaf: leafOf({ type: 'desk', action: 'device-enrolled' }, enrolled, START), raw: enrolled },
  ]
  for (let i = 1; i <= BATCHES; i++) {
    const at = START + i * RECORDS * 1_000
    const { first, last, bytes } = nextBatch(lane, RECORDS, at)
    entries.push({ leaf: leafOf({ type: 'batch', device, channel, first, last }, bytes, at), raw: bytes })
  }
  return { entries, site }
}

async function writeEvidence(path: string): Promise<string> {
  const { entries, site } = makeLog()
  const tree = new TreeBuilder(sha256)
  for (const entry of entries) tree.append(entry.leaf)
  const tiles = new Map(tree.takeChanges().map((tile) => [`${tile.level}/${tile.index}`, tile.hashes]))
  const prover = new Prover(sha256, async ({ level, index }) => tiles.get(`${level}/${index}`))
  const origin = defaultOrigin(COUNTY)
  const signer = noteSigner(sha256, origin, generateKeyPair('Ed25519').signer)
  if (!signer.ok) throw new Error(signer.problem.detail)
  const vkey = encodeVkey(signer.value.key)
  const checkpoint = signCheckpoint({ origin, size: tree.size, root: tree.root() }, [signer.value])
  const writer = new EvidenceWriter(platform)
  const span = { from: START + 1, to: START + (BATCHES + 1) * RECORDS * 1_000 }
  const lines = [
    writer.manifest({
      v: 1,
      type: 'oiltrail-evidence',
      county: COUNTY,
      origin,
      site,
      ...span,
      checkpoint,
      vkeys: [vkey],
    }),
  ]
  for (const [position, entry] of entries.entries()) {
    const proof = await prover.inclusion(position, tree.size)
    if (!proof.ok) throw new Error(proof.problem.detail)
    const line = { position, ...entry, proof: proof.value }
    lines.push(position === 0 ? writer.key(line) : writer.entry(line))
  }
  lines.push(writer.end())
  writeFileSync(path, lines.join(''))
  return vkey
}

/** The auditor's program over an evidence file of 200,000 records: file, chains, signatures, inclusion. */
export const offlineVerify: Benchmark = {
  name: 'offline verify',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'oiltrail-bench-'))
    try {
      const file = join(folder, 'evidence.jsonl')
      const vkey = await writeEvidence(file)
      const words: string[] = []
      const { verify } = await interleaved(REPETITIONS, {
        verify: () =>
          timed(async () => {
            const output = {
              out: (line: string) => words.push(line),
              err: (line: string) => words.push(line),
            }
            const code = await runVerify([file, '--vkey', vkey, '--lang', 'en'], output)
            if (code !== 0) throw new Error(`the evidence does not verify:\n${words.join('\n')}`)
          }),
      })
      return [
        figure(
          'offline verify',
          'records/s',
          { value: (BATCHES * RECORDS) / verify.seconds },
          ['>=', 100_000],
          [costText(verify)],
        ),
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
