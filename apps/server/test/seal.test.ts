import { request } from 'node:http'
import {
  decodeBundle,
  leafHash,
  openCheckpoint,
  Prover,
  parseVkey,
  TreeBuilder,
  tilePath,
  verifyConsistency,
  verifyInclusion,
} from '@oiltrail/evidence'
import { sha256, suites } from '@oiltrail/evidence/node'
import { readLeaves } from '@oiltrail/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '../src/serve.ts'
import { type Collector, openStand, type Stand, until } from './stand.ts'

let stand: Stand
let server: RunningServer
let collector: Collector

beforeAll(async () => {
  stand = await openStand()
  server = stand.server
  collector = await stand.enrol('520327-S001-A')
  await collector.connect()
})
afterAll(async () => {
  await collector.close()
  await server.stop()
  await stand.close()
})

const base = (): string => `${server.url}/log/520327`

async function text(path: string): Promise<string> {
  const answer = await fetch(`${base()}/${path}`)
  expect(answer.status, path).toBe(200)
  return answer.text()
}

async function bytes(path: string): Promise<Uint8Array | undefined> {
  const answer = await fetch(`${base()}/${path}`)
  return answer.status === 200 ? new Uint8Array(await answer.arrayBuffer()) : undefined
}

/** The served checkpoint, opened with the served keys: both must have signed. */
async function checkpoint() {
  const keys = []
  for (const path of ['vkey', 'vkey-sm2']) {
    const key = parseVkey(sha256, (await text(path)).trim())
    if (!key.ok) throw new Error(key.problem.detail)
    keys.push(key.value)
  }
  const opened = openCheckpoint(await text('checkpoint'), keys, suites)
  if (!opened.ok) throw new Error(opened.problem.detail)
  expect(opened.value.signedBy).toHaveLength(2)
  return opened.value.checkpoint
}

/** Lets the log grow to at least so many entries, all sealed. */
async function grow(entries: number): Promise<number> {
  const missing = entries - server.context.nextPosition()
  const first = collector.volume.lines.length + 1
  collector.volume.fill(Math.max(0, missing))
  await Promise.all(
    Array.from({ length: Math.max(0, missing) }, (_, i) =>
      collector.send(collector.volume.batch(first + i, first + i)),
    ),
  )
  const size = server.context.nextPosition()
  await until('the checkpoint of all of it', async () => (await checkpoint()).size === size)
  return size
}

describe('the served log', () => {
  test('has a checkpoint also when it is empty, and one for every size afterwards', async () => {
    const size = await grow(5)
    const leaves = await readLeaves(stand.database.store.pool, 520327, 0, size)
    const naive = new TreeBuilder(sha256)
    for (const leaf of leaves) naive.append(leaf)
    expect(await checkpoint()).toMatchObject({ origin: 'oiltrail.invalid/520327', root: naive.root() })
  })

  test('equals a naive tree, and proofs made from its tiles verify', async () => {
    const older = await checkpoint()
    const size = await grow(600)
    const head = await checkpoint()
    const leaves = await readLeaves(stand.database.store.pool, 520327, 0, size)
    expect(Buffer.from(naiveRoot(leaves))).toEqual(Buffer.from(head.root))
    const prover = new Prover(sha256, (tile, width) => bytes(tilePath({ kind: 'hashes', ...tile, width })))
    for (const position of [0, 1, 255, 256, 511, 512, size - 1]) {
      const proof = await prover.inclusion(position, size)
      if (!proof.ok) throw new Error(proof.problem.detail)
      const hash = leafHash(sha256, leaves[position]!)
      expect(verifyInclusion(sha256, head, position, hash, proof.value).ok).toBe(true)
      expect(verifyInclusion(sha256, head, position === 0 ? 1 : 0, hash, proof.value).ok).toBe(false)
    }
    const consistency = await prover.consistency(older.size, size)
    if (!consistency.ok) throw new Error(consistency.problem.detail)
    expect(verifyConsistency(sha256, older, head, consistency.value).ok).toBe(true)
  })

  test('serves entry bundles that hold the leaves', async () => {
    const size = await grow(600)
    const leaves = await readLeaves(stand.database.store.pool, 520327, 0, size)
    const served: Uint8Array[] = []
    for (let index = 0; index * 256 < size; index++) {
      const width = Math.min(256, size - index * 256)
      const bundle = decodeBundle((await bytes(tilePath({ kind: 'entries', level: 0, index, width })))!)
      if (!bundle.ok) throw new Error(bundle.problem.detail)
      served.push(...bundle.value)
    }
    expect(served.map((leaf) => Buffer.from(leaf).toString())).toEqual(
      leaves.map((leaf) => Buffer.from(leaf).toString()),
    )
  })

  test('serves only what the checkpoint covers, under the one canonical path', async () => {
    const size = await grow(600)
    const width = size % 256
    for (const path of [
      `tile/0/002.p/${width + 1}`,
      'tile/0/002',
      'tile/0/003',
      'tile/1/001',
      'tile/1/000',
      'tile/0/2',
      'tile/0/x000/000',
      'tile/0/000.p/256',
      'tile/0/000.p/0',
      'tile/64/000',
      'tile/entries/003',
      'tile/0/../0/000',
    ])
      expect(await statusOf(`/log/520327/${path}`), path).toBe(404)
    expect((await bytes('tile/1/000.p/2'))?.length).toBe(64)
    expect((await bytes('tile/0/000.p/7'))?.length).toBe(7 * 32)
    expect(await statusOf('/log/520328/checkpoint')).toBe(404)
  })

  test('tells caches that tiles never change and checkpoints do', async () => {
    await grow(600)
    const tile = await fetch(`${base()}/tile/0/000`)
    expect(tile.headers.get('cache-control')).toContain('immutable')
    expect(tile.headers.get('content-type')).toBe('application/octet-stream')
    const head = await fetch(`${base()}/checkpoint`)
    expect(head.headers.get('cache-control')).toBe('no-cache')
    expect(head.headers.get('content-type')).toContain('text/plain')
  })

  test('goes on under the same keys after a restart', async () => {
    const before = { size: await grow(600), vkey: await text('vkey') }
    const older = await checkpoint()
    await collector.close()
    await server.stop()
    server = await stand.again()
    expect(await text('vkey')).toBe(before.vkey)
    // The platform names its rules in a log that names none yet.
    await until('the first checkpoint', async () => (await checkpoint()).size === before.size + 1)
    const site = await server.context.desk.revokeDevice('tester', collector.device, 'end of test')
    expect(site.ok).toBe(true)
    await until('the next checkpoint', async () => (await checkpoint()).size === before.size + 2)
    const prover = new Prover(sha256, (tile, width) => bytes(tilePath({ kind: 'hashes', ...tile, width })))
    const proof = await prover.consistency(older.size, before.size + 2)
    if (!proof.ok) throw new Error(proof.problem.detail)
    expect(verifyConsistency(sha256, older, await checkpoint(), proof.value).ok).toBe(true)
  })
})

/** RFC 6962 §2.1, word for word. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

/** Status of a path as it stands; fetch would tidy it up first. */
function statusOf(path: string): Promise<number | undefined> {
  return new Promise((answer, failed) => {
    const url = new URL(server.url)
    request({ host: url.hostname, port: url.port, path }, (response) => {
      response.resume()
      answer(response.statusCode)
    })
      .on('error', failed)
      .end()
  })
}
