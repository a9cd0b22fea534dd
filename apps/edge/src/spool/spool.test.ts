import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suites } from '@oiltrail/evidence/node'
import { toHex, utf8Bytes } from '@oiltrail/kernel'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DISK, type SpoolFiles } from './files.ts'
import { segmentFirst } from './segment.ts'
import { type LineOf, Spool, type SpoolOptions } from './spool.ts'
import { verifySpool } from './verify.ts'

let directory: string
const open: Spool[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spool-'))
})
afterEach(async () => {
  for (const spool of open.splice(0)) await spool.close()
  await rm(directory, { recursive: true })
})

async function opened(overrides: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await Spool.open({
    directory,
    device: '520327-S001-A',
    channel: 'volume',
    algorithm: 'SM2-SM3',
    hash: suites['SM2-SM3'].hash,
    maxBytes: 1_048_576,
    segmentBytes: 4_096,
    groupDelayMs: 0,
    onFatal: (error) => {
      throw error
    },
    ...overrides,
  })
  if (!spool.ok) throw new Error(spool.problem.detail)
  open.push(spool.value)
  return spool.value
}

const line =
  (text: string): LineOf =>
  (seq) =>
    utf8Bytes(`{"seq":${seq},"text":"${text}"}`)
const lines = (count: number, text = 'x'): LineOf[] => Array.from({ length: count }, () => line(text))
const hashFor = (): (typeof suites)['SM2-SM3']['hash'] => suites['SM2-SM3'].hash

async function verified(): Promise<{ records: number; last: number; head: string; tornBytes: number }> {
  const report = await verifySpool(directory, hashFor)
  if (!report.ok) throw new Error(`${report.problem.where} ${report.problem.detail}`)
  return report.value
}

async function segments(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => segmentFirst(name) !== undefined).sort()
}

describe('a spool', () => {
  it('numbers and chains records as the uplink format says, and gives them back in any slice', async () => {
    const spool = await opened()
    for (let i = 0; i < 40; i++) await spool.commit(lines(3, 'y'.repeat(40)))
    let hash: Uint8Array = new Uint8Array(32)
    const all = [toHex(hash)]
    for (let seq = 1; seq <= 120; seq++) {
      hash = suites['SM2-SM3'].hash(hash, line('y'.repeat(40))(seq))
      all.push(toHex(hash))
    }
    expect(spool.head).toBe(all[120])
    for (const first of [1, 2, 17, 60, 119, 120]) {
      const slice = await spool.read(first, { records: 50, bytes: 100_000 })
      if (!slice.ok) throw new Error(slice.problem.detail)
      expect(toHex(slice.value.before)).toBe(all[first - 1])
      expect(toHex(slice.value.head)).toBe(all[first - 1 + slice.value.lines.length])
      expect(slice.value.lines.map((one) => Buffer.from(one).toString())[0]).toContain(`"seq":${first},`)
    }
    expect((await segments()).length).toBeGreaterThan(2)
    expect((await verified()).records).toBe(120)
  })

  it('goes on after a restart with the same numbers, hashes, state and receipts', async () => {
    const first = await opened()
    await first.commit(lines(10), { counter: 7 })
    await first.commit([], { counter: 8 })
    first.acknowledge(3, 5)
    await first.close()
    const again = await opened()
    expect(again.nextSeq).toBe(11)
    expect(again.head).toBe(first.head)
    expect(again.state('counter')).toBe(8)
    expect(again.missing(1, 10)).toEqual([
      [1, 2],
      [6, 10],
    ])
    await again.commit(lines(1))
    expect((await verified()).last).toBe(11)
  })

  it('deletes a segment only when all of its records have receipts, in whatever order they come', async () => {
    const spool = await opened({ maxBytes: 1_048_576, segmentBytes: 1_024 })
    for (let i = 0; i < 60; i++) await spool.commit(lines(1, 'z'.repeat(100)))
    const before = await segments()
    expect(before.length).toBeGreaterThan(4)
    const second = segmentFirst(before[1]!)!
    const third = segmentFirst(before[2]!)!
    spool.acknowledge(second, third - 2)
    await spool.flush()
    expect(await segments()).toContain(before[1])
    spool.acknowledge(third - 1, third - 1)
    await spool.flush()
    expect(await segments()).not.toContain(before[1])
    await spool.close()
    const again = await opened({ segmentBytes: 1_024 })
    expect(again.repairs).toEqual([])
    expect(again.missing(1, 60)).toEqual([
      [1, second - 1],
      [third, 60],
    ])
  })

  it('cuts a torn tail of any length and loses no commit that was acknowledged', async () => {
    const spool = await opened({ segmentBytes: 1_048_576 })
    const ends: number[] = []
    for (let i = 0; i < 6; i++) {
      await spool.commit(lines(2, 't'.repeat(i * 10)), { i })
      ends.push(spool.usedBytes)
    }
    await spool.close()
    const [name] = await segments()
    const whole = await readFile(join(directory, name!))
    for (let cut = ends[0]!; cut < whole.length; cut += 7) {
      await writeFile(join(directory, name!), whole.subarray(0, cut))
      const again = await opened({ segmentBytes: 1_048_576 })
      const kept = ends.filter((end) => end <= cut).length
      expect(again.nextSeq).toBe(kept * 2 + 1)
      expect(again.state('i')).toBe(kept - 1)
      expect(again.repairs.length).toBe(ends.includes(cut) ? 0 : 1)
      await again.commit(lines(1))
      expect((await verified()).last).toBe(kept * 2 + 1)
      await again.close()
    }
  })

  it('ignores junk behind the last frame, even junk that looks like the beginning of one', async () => {
    const spool = await opened()
    await spool.commit(lines(3))
    await spool.close()
    const [name] = await segments()
    await appendFile(join(directory, name!), Buffer.from('OTF1\x00\x00\x00\xffjunkOTF1', 'latin1'))
    expect((await verified()).tornBytes).toBe(16)
    const again = await opened()
    expect(again.repairs[0]?.tornBytes).toBe(16)
    expect(again.nextSeq).toBe(4)
  })

  it('starts empty again when the power went while its first segment was being made', async () => {
    await writeFile(join(directory, '0000000000000001.seg'), 'OTF1\x00')
    const spool = await opened()
    expect(spool.nextSeq).toBe(1)
    await spool.commit(lines(1))
    expect((await verified()).last).toBe(1)
  })

  it('keeps the records on both sides of a damaged stretch and never gives its numbers away again', async () => {
    const spool = await opened({ segmentBytes: 1_048_576 })
    for (let i = 0; i < 10; i++) await spool.commit(lines(1, 'd'.repeat(50)))
    await spool.close()
    const [name] = await segments()
    const bytes = await readFile(join(directory, name!))
    bytes[bytes.indexOf('"seq":5,') + 10]! ^= 0xff
    await writeFile(join(directory, name!), bytes)
    expect((await verifySpool(directory, hashFor)).ok).toBe(false)
    const again = await opened()
    expect(again.nextSeq).toBe(11)
    expect(again.head).toBe(spool.head)
    expect(again.repairs[0]?.lostRecords).toBe(1)
    expect(again.missing(1, 10)).toEqual([
      [1, 4],
      [6, 10],
    ])
    const around = await again.read(6, { records: 5, bytes: 10_000 })
    expect(around.ok && around.value.lines.length).toBe(5)
  })

  it('refuses the newest record when full, keeps the old ones, keeps room for self-checks, and recovers by receipts', async () => {
    const spool = await opened({ maxBytes: 16_384, segmentBytes: 2_048 })
    let kept = 0
    for (;;) {
      const done = await spool.commit(lines(1, 'f'.repeat(200)))
      if (!done.ok) {
        expect(done.problem.code).toBe('SPOOL_FULL')
        break
      }
      kept++
    }
    expect(spool.nextSeq).toBe(kept + 1)
    expect(spool.usedBytes).toBeLessThanOrEqual(16_384)
    expect((await spool.commit(lines(1, 'health'), {}, true)).ok).toBe(true)
    expect((await spool.read(1, { records: 1, bytes: 1_000 })).ok).toBe(true)
    spool.acknowledge(1, kept)
    await spool.flush()
    expect((await spool.commit(lines(1, 'f'.repeat(200)))).ok).toBe(true)
    expect((await verified()).last).toBe(kept + 2)
  })

  it('gives numbers back when the disk has no room, and continues the chain when it has again', async () => {
    let room = true
    const files: SpoolFiles = {
      ...DISK,
      async write(file, bytes, position) {
        if (room) return await DISK.write(file, bytes, position)
        // What a full disk does: a part arrives, then the error.
        await DISK.write(file, bytes.subarray(0, bytes.length >> 1), position)
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      },
    }
    const spool = await opened({ files, segmentBytes: 700 })
    await spool.commit(lines(2))
    room = false
    const refused = await Promise.all([
      spool.commit(lines(1)),
      spool.commit(lines(3)),
      spool.commit(lines(1)),
    ])
    expect(refused.map((one) => (one.ok ? '' : one.problem.code))).toEqual([
      'SPOOL_FULL',
      'SPOOL_FULL',
      'SPOOL_FULL',
    ])
    expect(spool.nextSeq).toBe(3)
    for (let i = 0; i < 5; i++) expect((await spool.commit(lines(4))).ok).toBe(false)
    room = true
    for (let i = 0; i < 10; i++) expect((await spool.commit(lines(2))).ok).toBe(true)
    expect((await verified()).last).toBe(22)
    await spool.close()
    expect((await opened()).nextSeq).toBe(23)
  })

  it('says that it can no longer be trusted when a sync fails', async () => {
    const fatal: unknown[] = []
    const files: SpoolFiles = {
      ...DISK,
      sync: () => Promise.reject(Object.assign(new Error('i/o'), { code: 'EIO' })),
    }
    const spool = await opened({ files, onFatal: (error) => fatal.push(error) })
    void spool.commit(lines(1))
    await spool.flush()
    expect(fatal.length).toBe(1)
  })

  it('refuses the spool of another device and of another hash', async () => {
    const spool = await opened()
    await spool.commit(lines(1))
    await spool.close()
    const options = { ...spool.identity, hash: hashFor(), maxBytes: 1_000_000, onFatal: () => {} }
    expect(await Spool.open({ ...options, device: '520327-S002-A' })).toMatchObject({
      ok: false,
      problem: { code: 'SPOOL_CORRUPT' },
    })
    expect(await Spool.open({ ...options, algorithm: 'Ed25519' })).toMatchObject({
      ok: false,
      problem: { code: 'SPOOL_CORRUPT' },
    })
  })

  it('recovers something that verifies from any damage of its newest segment', async () => {
    const spool = await opened({ segmentBytes: 1_048_576 })
    for (let i = 0; i < 5; i++) await spool.commit(lines(2, 'any'), { i })
    await spool.close()
    const [name] = await segments()
    const whole = await readFile(join(directory, name!))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length * 8 - 1 }), async (bit) => {
        const bytes = Buffer.from(whole)
        bytes[bit >> 3]! ^= 1 << (bit & 7)
        await writeFile(join(directory, name!), bytes)
        const again = await Spool.open({
          ...spool.identity,
          hash: hashFor(),
          maxBytes: 1_000_000,
          onFatal: () => {},
        })
        if (!again.ok) return
        // Every record that is still offered is the one that was written.
        for (const [first, last] of again.value.missing(1, again.value.durableSeq)) {
          for (let seq = first; seq <= last; seq++) {
            const slice = await again.value.read(seq, { records: 1, bytes: 1_000 })
            expect(slice.ok && Buffer.from(slice.value.lines[0]!).toString()).toBe(
              `{"seq":${seq},"text":"any"}`,
            )
          }
        }
        await again.value.close()
      }),
      { numRuns: 150 },
    )
  })
})
