import { equalBytes, fromHex, toHex } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../node/index.ts'
import {
  emptyRoot,
  leafHash,
  nodeHash,
  Prover,
  parseTilePath,
  partialTiles,
  TILE_WIDTH,
  type Tile,
  TreeBuilder,
  tilePath,
  tileWidth,
  verifyConsistency,
  verifyInclusion,
} from './index.ts'

const leafOf = (i: number): Uint8Array => Uint8Array.of(i & 0xff, (i >> 8) & 0xff, i >> 16)

/** Merkle tree hash straight from the definition in RFC 6962 §2.1, with nothing shared with the code under test. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!)
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)))
}
function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))]
}
function naiveSubproof(m: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(leaves)]
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))]
}

/** A log as the seal keeps it: rows that are replaced as they grow. */
class Rows {
  readonly rows = new Map<string, Uint8Array>()
  reads = 0
  write(tree: TreeBuilder): void {
    for (const { level, index, hashes } of tree.takeChanges()) this.rows.set(`${level}/${index}`, hashes)
  }
  get(tile: Tile): Uint8Array | undefined {
    return this.rows.get(`${tile.level}/${tile.index}`)
  }
  readonly read = async (tile: Tile): Promise<Uint8Array | undefined> => {
    this.reads++
    return this.get(tile)
  }
}

function grown(size: number): { rows: Rows; tree: TreeBuilder; leaves: Uint8Array[] } {
  const tree = new TreeBuilder(sha256)
  const rows = new Rows()
  const leaves = Array.from({ length: size }, (_, i) => leafOf(i))
  for (const leaf of leaves) tree.append(leaf)
  rows.write(tree)
  return { rows, tree, leaves }
}

function value<T>(result: { ok: true; value: T } | { ok: false; problem: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problem))
  return result.value
}

describe('the Merkle tree', () => {
  it('gives the known answers of RFC 6962 test data', () => {
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ]
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    expect(toHex(emptyRoot(sha256))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    const tree = new TreeBuilder(sha256)
    for (const [i, input] of inputs.entries()) {
      tree.append(fromHex(input)!)
      expect(toHex(tree.root())).toBe(roots[i])
    }
  })

  it('proves inclusion and consistency exactly as RFC 6962 defines them, for every pair of sizes up to 70', async () => {
    const { rows, leaves } = grown(70)
    const prover = new Prover(sha256, rows.read)
    for (let size = 1; size <= 70; size++) {
      const head = { size, root: naiveRoot(leaves.slice(0, size)) }
      expect(toHex(value(await prover.root(size)))).toBe(toHex(head.root))
      for (let m = 0; m < size; m++) {
        const proof = value(await prover.inclusion(m, size))
        expect(proof.map(toHex)).toEqual(naivePath(m, leaves.slice(0, size)).map(toHex))
        expect(verifyInclusion(sha256, head, m, leafHash(sha256, leaves[m]!), proof).ok).toBe(true)
      }
      for (let older = 0; older <= size; older++) {
        const proof = value(await prover.consistency(older, size))
        if (older > 0)
          expect(proof.map(toHex)).toEqual(naiveSubproof(older, leaves.slice(0, size), true).map(toHex))
        const olderHead = { size: older, root: naiveRoot(leaves.slice(0, older)) }
        expect(verifyConsistency(sha256, olderHead, head, proof).ok).toBe(true)
      }
    }
  })

  it('holds for larger trees over several tiles', async () => {
    const { rows, leaves } = grown(66_000)
    const root = naiveRoot(leaves)
    const prover = new Prover(sha256, rows.read)
    expect(equalBytes(value(await prover.root(66_000)), root)).toBe(true)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 66_000 }), fc.nat(), async (size, seed) => {
        const position = seed % size
        const head = { size, root: value(await prover.root(size)) }
        const inclusion = value(await prover.inclusion(position, size))
        expect(
          verifyInclusion(sha256, head, position, leafHash(sha256, leaves[position]!), inclusion).ok,
        ).toBe(true)
        const consistency = value(await prover.consistency(size, 66_000))
        expect(verifyConsistency(sha256, head, { size: 66_000, root }, consistency).ok).toBe(true)
      }),
      { numRuns: 300 },
    )
    expect(rows.reads).toBeLessThan(600)
  })

  it('accepts no proof for another leaf, position, size or root, nor one with a hash changed, lost or added', async () => {
    const { rows, leaves } = grown(600)
    const prover = new Prover(sha256, rows.read)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 600 }), fc.nat(), fc.nat(), async (size, seed, change) => {
        const position = seed % size
        const head = { size, root: value(await prover.root(size)) }
        const leaf = leafHash(sha256, leaves[position]!)
        const proof = value(await prover.inclusion(position, size))
        const flipped = proof.map((hash, i) => (i === change % proof.length ? hash.map((b) => b ^ 1) : hash))
        const forged: [typeof head, number, Uint8Array, Uint8Array[]][] = [
          [head, position, leaf.map((b) => b ^ 1), proof],
          [head, position, leaf, flipped],
          [head, position, leaf, proof.slice(1)],
          [head, position, leaf, [...proof, proof[0]!]],
          [{ size, root: head.root.map((b) => b ^ 1) }, position, leaf, proof],
          [head, size, leaf, proof],
          [head, -1, leaf, proof],
          [head, position + 0.5, leaf, proof],
        ]
        const other = change % size
        if (other !== position) forged.push([head, other, leaf, proof])
        for (const [h, p, l, path] of forged) expect(verifyInclusion(sha256, h, p, l, path).ok).toBe(false)

        const older = 1 + (change % (size - 1))
        const olderHead = { size: older, root: value(await prover.root(older)) }
        const consistency = value(await prover.consistency(older, size))
        const bad = { size: older, root: olderHead.root.map((b) => b ^ 1) }
        expect(verifyConsistency(sha256, bad, head, consistency).ok).toBe(false)
        expect(verifyConsistency(sha256, olderHead, head, consistency.slice(1)).ok).toBe(false)
        expect(verifyConsistency(sha256, olderHead, head, [...consistency, leaf]).ok).toBe(false)
        expect(verifyConsistency(sha256, head, olderHead, consistency).ok).toBe(false)
      }),
      { numRuns: 200 },
    )
  })

  it('resumes at any size from its open tiles alone and goes on as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 1, max: 700 }), (size, more) => {
        const { rows, tree } = grown(size)
        const open = partialTiles(size)
        expect(open.length).toBeLessThanOrEqual(3)
        const resumed = value(
          TreeBuilder.resume(
            sha256,
            size,
            open.map((tile) => rows.get(tile)),
          ),
        )
        expect(toHex(resumed.root())).toBe(toHex(tree.root()))
        for (let i = size; i < size + more; i++) {
          tree.append(leafOf(i))
          resumed.append(leafOf(i))
        }
        expect(toHex(resumed.root())).toBe(toHex(tree.root()))
        const changes = (of: TreeBuilder): string[] =>
          of.takeChanges().map((change) => `${change.level}/${change.index} ${toHex(change.hashes)}`)
        expect(changes(resumed)).toEqual(changes(tree))
      }),
      { numRuns: 25 },
    )
  })

  it('refuses to resume from a tile that is missing or too short', () => {
    const { rows } = grown(300)
    const open = partialTiles(300).map((tile) => rows.get(tile))
    expect(TreeBuilder.resume(sha256, 300, [open[0], undefined]).ok).toBe(false)
    expect(TreeBuilder.resume(sha256, 300, [open[0]!.slice(32), open[1]]).ok).toBe(false)
  })

  it('writes tiles that hold what the tiles specification says, whenever they are written', () => {
    const tree = new TreeBuilder(sha256)
    const rows = new Rows()
    const level0: Uint8Array[] = []
    let next = 0
    for (const step of [1, 254, 1, 1, 255, 256, 3, 1000, 64_000, 77]) {
      for (let i = 0; i < step; i++) {
        level0.push(leafHash(sha256, leafOf(next)))
        tree.append(leafOf(next++))
      }
      rows.write(tree)
    }
    let hashes = level0
    for (let level = 0; hashes.length > 0; level++) {
      for (let index = 0; index * TILE_WIDTH < hashes.length; index++) {
        const expected = hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
        expect(tileWidth({ level, index }, next)).toBe(expected.length)
        expect(toHex(rows.get({ level, index })!)).toBe(expected.map(toHex).join(''))
      }
      const above: Uint8Array[] = []
      for (let at = 0; at + TILE_WIDTH <= hashes.length; at += TILE_WIDTH) {
        let row = hashes.slice(at, at + TILE_WIDTH)
        while (row.length > 1)
          row = row.flatMap((hash, i) => (i % 2 ? [] : [nodeHash(sha256, hash, row[i + 1]!)]))
        above.push(row[0]!)
      }
      hashes = above
    }
  })

  it('describes a tree of 70,000 as the tiles specification does', () => {
    expect(tileWidth({ level: 0, index: 272 }, 70_000)).toBe(256)
    expect(tileWidth({ level: 0, index: 273 }, 70_000)).toBe(112)
    expect(tileWidth({ level: 1, index: 1 }, 70_000)).toBe(17)
    expect(tileWidth({ level: 2, index: 0 }, 70_000)).toBe(1)
    expect(tileWidth({ level: 3, index: 0 }, 70_000)).toBe(0)
    expect(partialTiles(256)).toEqual([{ level: 1, index: 0 }])
  })

  it('spells a tile in one way only', () => {
    const path = tilePath({ kind: 'hashes', level: 0, index: 1_234_067, width: 256 })
    expect(path).toBe('tile/0/x001/x234/067')
    expect(tilePath({ kind: 'entries', level: 0, index: 273, width: 112 })).toBe('tile/entries/273.p/112')
    fc.assert(
      fc.property(
        fc.record({
          kind: fc.constantFrom('hashes' as const, 'entries' as const),
          level: fc.integer({ min: 0, max: 63 }),
          index: fc.integer({ min: 0, max: 35_184_372_088_831 }),
          width: fc.integer({ min: 1, max: 256 }),
        }),
        (request) => {
          const named = request.kind === 'entries' ? { ...request, level: 0 } : request
          expect(parseTilePath(tilePath(named))).toEqual({ ok: true, value: named })
        },
      ),
    )
    for (const junk of [
      'tile/0/1',
      'tile/00/001',
      'tile/64/001',
      'tile/0/x000/001',
      'tile/0/000.p/256',
      'tile/0/000.p/0',
      'tile/0/000.p/01',
      'tile/0/000/',
      'tile/0/../000',
      'tile/entries/000\n',
      'tile/data/000',
      '/tile/0/000',
    ])
      expect(parseTilePath(junk).ok, junk).toBe(false)
    fc.assert(
      fc.property(
        fc.string(),
        (text) => !parseTilePath(`tile/0/${text}`).ok || /^(x\d{3}\/)*\d{3}(\.p\/\d+)?$/.test(text),
      ),
    )
  })
})
