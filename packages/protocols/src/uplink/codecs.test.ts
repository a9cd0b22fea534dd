import { platform } from '@oiltrail/evidence/node'
import { fromHex, utf8Bytes, utf8Text } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BatchHeader } from './batch.ts'
import { type DeskEntry, decodeDesk, encodeDesk } from './desk.ts'
import { enrolProofBytes } from './enrol.ts'
import { Keyring } from './keyring.ts'
import { encodeLeaf } from './leaf.ts'
import { decodeReceipt, type Receipt } from './receipt.ts'
import { ChainOfBatches } from './spans.ts'
import type { VerifiedBatch } from './verify.ts'

describe('leaves', () => {
  it('are spelled as docs/formats/log.md §2 shows, in one way only', () => {
    const raw = 'ab'.repeat(32)
    const batch = encodeLeaf({
      v: 1,
      type: 'batch',
      county: '520327',
      receivedAt: 1795413932155,
      device: '520327-S001-A',
      channel: 'volume',
      first: 1204,
      last: 1205,
      raw,
    })
    expect(utf8Text(batch)).toBe(
      `{"v":1,"type":"batch","county":"520327","receivedAt":1795413932155,"device":"520327-S001-A","channel":"volume","first":1204,"last":1205,"raw":"${raw}"}`,
    )
    const refusal = encodeLeaf({
      v: 1,
      type: 'refusal',
      county: '520327',
      receivedAt: 1,
      code: 'BAD_SIGNATURE',
      raw,
    })
    expect(utf8Text(refusal)).toBe(
      `{"v":1,"type":"refusal","county":"520327","receivedAt":1,"code":"BAD_SIGNATURE","raw":"${raw}"}`,
    )
  })
})

describe('receipts', () => {
  const receipt: Receipt = {
    v: 1,
    outcome: 'stored',
    device: '520327-S001-A',
    channel: 'volume',
    first: 1,
    last: 2,
    head: 'ab'.repeat(32),
    position: 3,
    at: 4,
  }
  it('come back as sent, refusals with their code', () => {
    for (const sent of [
      receipt,
      { ...receipt, outcome: 'refused', code: 'CHAIN_FORK', detail: 'x' } as const,
    ])
      expect(decodeReceipt(JSON.stringify(sent))).toEqual({ ok: true, value: sent })
  })
  it('are refused when a field is missing or of another type, and never throw', () => {
    for (const field of Object.keys(receipt)) {
      const { [field as 'v']: _, ...rest } = receipt
      expect(decodeReceipt(JSON.stringify(rest)).ok, field).toBe(false)
      expect(decodeReceipt(JSON.stringify({ ...receipt, [field]: [] })).ok, field).toBe(false)
    }
    expect(decodeReceipt(JSON.stringify({ ...receipt, code: 'toString' })).ok).toBe(false)
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (junk) => !decodeReceipt(junk).ok))
  })
})

describe('desk entries', () => {
  const enrolled: DeskEntry = {
    v: 1,
    action: 'device-enrolled',
    actor: 'admin',
    at: 1,
    device: '520327-S001-A',
    site: 'S001',
    keys: [{ channel: 'volume', algorithm: 'Ed25519', publicKey: 'AAAA' }],
  }
  it('come back as written', () => {
    expect(decodeDesk(encodeDesk(enrolled))).toEqual({ ok: true, value: enrolled })
  })
  it('of junk neither throw nor put a key into a ring', () => {
    const header = {
      device: enrolled.device,
      channel: 'volume',
      first: 1,
      key: '0'.repeat(16),
    } as BatchHeader
    const anyKeys = fc.oneof(
      fc.jsonValue(),
      fc.array(
        fc.record({ channel: fc.constant('volume'), algorithm: fc.string(), publicKey: fc.jsonValue() }),
      ),
    )
    fc.assert(
      fc.property(anyKeys, fc.jsonValue(), (keys, record) => {
        const ring = new Keyring(platform)
        const decoded = decodeDesk(utf8Bytes(JSON.stringify({ ...enrolled, keys })))
        if (decoded.ok) ring.desk(decoded.value, 0)
        const object = (typeof record === 'object' && record !== null ? record : {}) as Record<
          string,
          unknown
        >
        ring.rotate({ ...header, alg: 'Ed25519' }, 1, object, 1)
        return !ring.find(header, 1, 5).ok
      }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8Bytes)), (junk) => !decodeDesk(junk).ok),
    )
  })
})

describe('the proof of an enrolling key', () => {
  it('signs the text of docs/formats/uplink.md §6', () => {
    expect(utf8Text(enrolProofBytes('ABCD-EFGH', '520327-S001-A', 'price'))).toBe(
      'oiltrail-enrol-v1\n520327-S001-A\nprice\nABCD-EFGH\n',
    )
  })
})

describe('the chain over batches', () => {
  const LENGTH = 300
  const chain: Uint8Array[] = [new Uint8Array(32)]
  for (let seq = 1; seq <= LENGTH; seq++) chain.push(platform.sha256(chain[seq - 1]!, utf8Bytes(String(seq))))
  const hex = (seq: number): string => Buffer.from(chain[seq]!).toString('hex')
  const piece = (first: number, last: number): VerifiedBatch => ({
    batch: {
      header: { first, before: hex(first - 1) },
      lines: Array.from({ length: last - first + 1 }, () => new Uint8Array(0)),
    } as unknown as VerifiedBatch['batch'],
    hashes: chain.slice(first, last + 1),
  })
  const pieces = fc.array(
    fc.tuple(fc.integer({ min: 1, max: LENGTH }), fc.integer({ min: 0, max: 40 })).map(([first, more]) => ({
      first,
      last: Math.min(LENGTH, first + more),
    })),
    { minLength: 1, maxLength: 40 },
  )

  it('accepts true pieces in any order and overlap, and knows what is missing', () => {
    fc.assert(
      fc.property(pieces, (ranges) => {
        const of = new ChainOfBatches()
        for (const { first, last } of ranges) expect(of.add(piece(first, last)).ok).toBe(true)
        const covered = new Set(
          ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
        )
        const runs = of.runs()
        const listed = runs.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, i) => first + i),
        )
        expect(listed).toEqual([...covered].sort((a, b) => a - b))
        for (const [i, run] of runs.entries())
          if (i > 0) expect(run.first).toBeGreaterThan(runs[i - 1]!.last + 1)
      }),
    )
  })

  it('refuses a piece of another chain wherever it meets or overlaps a true one', () => {
    fc.assert(
      fc.property(pieces, fc.nat(), (ranges, choice) => {
        const of = new ChainOfBatches()
        for (const { first, last } of ranges) of.add(piece(first, last))
        const { first, last } = ranges[choice % ranges.length]!
        const alien = (seq: number): Uint8Array => platform.sha256(chain[seq]!)
        const from = first + (choice % (last - first + 1))
        const forged = piece(from, last)
        const hashes = forged.hashes.map((_, i) => alien(from + i))
        const before = Buffer.from(alien(from - 1)).toString('hex')
        const header = { ...forged.batch.header, before }
        expect(of.add({ batch: { ...forged.batch, header }, hashes }).ok).toBe(false)
      }),
    )
  })

  it('begins with 32 zero bytes', () => {
    const first = piece(1, 1)
    const header = { ...first.batch.header, before: 'ab'.repeat(32) }
    expect(new ChainOfBatches().add({ ...first, batch: { ...first.batch, header } }).ok).toBe(false)
    expect(fromHex(hex(0))).toEqual(new Uint8Array(32))
  })
})
