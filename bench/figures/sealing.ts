import { createHash, hash } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noteSigner, signCheckpoint, TreeBuilder } from '@oiltrail/evidence'
import { generateKeyPair, sha256 } from '@oiltrail/evidence/node'
import { encodeLeaf } from '@oiltrail/protocols/uplink'
import { writeCheckpoint, writeTiles } from '@oiltrail/store'
import { benchDatabase } from '../database.ts'
import { type Benchmark, costText, figure, interleaved, timed } from '../figure.ts'

const LEAVES = 60_000
const ROUND_LEAVES = 2_000
const BARE_SYNC_EVERY = 256
const REPETITIONS = 5
const COUNTY = 520327
const ORIGIN = 'oiltrail.invalid/520327'

function makeLeaves(): Uint8Array[] {
  return Array.from({ length: LEAVES }, (_, i) =>
    encodeLeaf({
      v: 1,
      type: 'batch',
      county: String(COUNTY),
      receivedAt: 1_795_413_932_000 + i,
      device: '520327-S001-A',
      channel: 'volume',
      first: i * 50 + 1,
      last: i * 50 + 50,
      raw: createHash('sha256').update(String(i)).digest('hex'),
    }),
  )
}

function bareHash(prefix: number, parts: readonly Uint8Array[]): Buffer {
  const input = Buffer.concat([Buffer.of(prefix), ...parts])
  return Buffer.from(hash('sha256', input, 'binary'), 'latin1') // the quickest way through OpenSSL on Node 20
}

/** The least that RFC 6962 asks: hash leaves, fold complete subtrees, keep the leaf hashes on disk. */
function bareLoop(leaves: readonly Uint8Array[], file: number): Buffer {
  const stack: { level: number; hash: Buffer }[] = []
  const row = Buffer.alloc(BARE_SYNC_EVERY * 32)
  for (const [i, leaf] of leaves.entries()) {
    let node = { level: 0, hash: bareHash(0, [leaf]) }
    node.hash.copy(row, (i % BARE_SYNC_EVERY) * 32)
    for (let top = stack.at(-1); top?.level === node.level; top = stack.at(-1)) {
      stack.pop()
      node = { level: node.level + 1, hash: bareHash(1, [top.hash, node.hash]) }
    }
    stack.push(node)
    if (i % BARE_SYNC_EVERY === BARE_SYNC_EVERY - 1) {
      writeSync(file, row)
      fdatasyncSync(file)
    }
  }
  return stack.map((node) => node.hash).reduceRight((right, left) => bareHash(1, [left, right]))
}

/** Sealing as the follower does it (tree, tiles and a checkpoint signed twice, in PostgreSQL) against the bare loop. */
export const sealing: Benchmark = {
  name: 'sealing',
  async run() {
    const leaves = makeLeaves()
    const database = await benchDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'oiltrail-bench-'))
    const signers = (['Ed25519', 'SM2-SM3'] as const).map((algorithm) => {
      const signer = noteSigner(sha256, ORIGIN, generateKeyPair(algorithm).signer)
      if (!signer.ok) throw new Error(signer.problem.detail)
      return signer.value
    })
    const roots = new Set<string>()
    let repetition = 0
    try {
      const costs = await interleaved(REPETITIONS, {
        product: async () => {
          const county = COUNTY + repetition++
          return timed(async () => {
            const tree = new TreeBuilder(sha256)
            for (let from = 0; from < LEAVES; from += ROUND_LEAVES) {
              await database.store.transaction(async (tx) => {
                await tx.query('set local synchronous_commit = off') // as every follower; the checkpoint's commit waits
                for (const leaf of leaves.slice(from, from + ROUND_LEAVES)) tree.append(leaf)
                await writeTiles(tx, county, tree.takeChanges())
              })
            }
            const head = { size: tree.size, root: tree.root() }
            const note = signCheckpoint({ origin: ORIGIN, ...head }, signers)
            await database.store.transaction((tx) =>
              writeCheckpoint(tx, county, { ...head, note, signedAt: 0 }),
            )
            roots.add(Buffer.from(head.root).toString('hex'))
          })
        },
        bare: () =>
          timed(() => {
            const file = openSync(join(folder, `bare-${repetition}`), 'w')
            roots.add(bareLoop(leaves, file).toString('hex'))
            closeSync(file)
          }),
      })
      if (roots.size !== 1) throw new Error('the two sides disagree about the root')
      return [
        figure(
          'sealing against bare RFC 6962 loop with an fsync per 256 entries',
          'entries/s',
          { value: LEAVES / costs.product.seconds, against: LEAVES / costs.bare.seconds },
          ['>=', 0.5],
          [`product ${costText(costs.product)}; bare ${costText(costs.bare)}; database CPU not included`],
        ),
      ]
    } finally {
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
