import { ALGORITHMS, type Algorithm, type Suites } from '@oiltrail/evidence'
import { generateKeyPair, suites } from '@oiltrail/evidence/node'
import { suites as webSuites } from '@oiltrail/evidence/web'
import {
  concatBytes,
  fromHex,
  ok,
  type ProblemCode,
  refuse,
  toHex,
  utf8Bytes,
  utf8Text,
} from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BATCH_LIMITS, decodeBatch, encodeBatch, walkChain } from './batch.ts'
import { type FindKey, type VerifiedBatch, verifyBatch } from './verify.ts'

const keys = Object.fromEntries(
  ALGORITHMS.map((algorithm) => [algorithm, generateKeyPair(algorithm).signer]),
) as Record<Algorithm, ReturnType<typeof generateKeyPair>['signer']>

function linesOf(texts: readonly string[]): Uint8Array[] {
  return texts.map((text, i) => utf8Bytes(JSON.stringify({ seq: 7 + i, text })))
}

/** A signed batch of these records, beginning at number 7. */
function makeBatch(algorithm: Algorithm, lines: readonly Uint8Array[]): Uint8Array {
  const before = '5a'.repeat(32)
  let head = fromHex(before)!
  for (const line of lines) head = suites[algorithm].hash(head, line)
  const draft = {
    county: '520327',
    device: '520327-S001-A',
    channel: 'volume',
    first: 7,
    before,
    lines,
  } as const
  return encodeBatch({ ...draft, head: toHex(head) }, keys[algorithm])
}

const findKey: FindKey = (header) => {
  if (header.device !== '520327-S001-A') return refuse('UNKNOWN_DEVICE', header.device)
  const signer = keys[header.alg]
  return signer.keyId === header.key ? ok(signer) : refuse('UNKNOWN_KEY', header.key)
}
const codeOf = (bytes: Uint8Array, on: Suites = suites): ProblemCode | 'ok' => {
  const verified = verifyBatch(bytes, findKey, on)
  return verified.ok ? 'ok' : verified.problem.code
}
const edited = (bytes: Uint8Array, from: string | RegExp, to: string): Uint8Array =>
  utf8Bytes(utf8Text(bytes)!.replace(from, to))

describe('a batch', () => {
  it('of any records verifies as signed, with every algorithm and on both platforms', () => {
    for (const algorithm of ALGORITHMS)
      fc.assert(
        fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 20 }), (texts) => {
          const lines = linesOf(texts)
          const bytes = makeBatch(algorithm, lines)
          for (const on of [suites, webSuites]) {
            const verified = verifyBatch(bytes, findKey, on)
            if (!verified.ok) throw new Error(verified.problem.detail)
            expect(verified.value.batch.lines.map(toHex)).toEqual(lines.map(toHex))
            expect(verified.value.hashes).toHaveLength(lines.length)
          }
        }),
        { numRuns: 15 },
      )
  })

  it('verifies at the bounds of records and bytes, and not one beyond', () => {
    const bytes = makeBatch('Ed25519', linesOf(Array.from({ length: BATCH_LIMITS.records }, () => 'x')))
    expect(codeOf(bytes)).toBe('ok')
    expect(codeOf(makeBatch('Ed25519', linesOf(Array(1_001).fill('x'))))).toBe('OVERSIZED')
    const line = (length: number): Uint8Array => utf8Bytes(`"${'x'.repeat(length - 2)}"`)
    expect(codeOf(makeBatch('Ed25519', [line(BATCH_LIMITS.lineBytes)]))).toBe('ok')
    expect(codeOf(makeBatch('Ed25519', [line(BATCH_LIMITS.lineBytes + 1)]))).toBe('OVERSIZED')
    const many = Array.from({ length: 64 }, () => line(BATCH_LIMITS.lineBytes))
    expect(codeOf(makeBatch('Ed25519', many))).toBe('OVERSIZED')
    expect(codeOf(new Uint8Array(BATCH_LIMITS.bytes + 1))).toBe('OVERSIZED')
  })

  it('cut at any byte, or with its halves swapped, is refused', () => {
    const bytes = makeBatch('SM2-SM3', linesOf(['a', 'b', 'c']))
    for (let at = 0; at < bytes.length; at++) {
      expect(codeOf(bytes.subarray(0, at)), `cut at ${at}`).not.toBe('ok')
      if (at > 0) {
        expect(codeOf(bytes.subarray(at)), `from ${at}`).not.toBe('ok')
        expect(codeOf(concatBytes(bytes.subarray(at), bytes.subarray(0, at))), `turned at ${at}`).not.toBe(
          'ok',
        )
      }
    }
  })

  it('with any single bit flipped is never taken for another content', { timeout: 120_000 }, () => {
    for (const algorithm of ALGORITHMS) {
      const bytes = makeBatch(algorithm, linesOf(['a', '油']))
      const genuine = contentOf(verifyBatch(bytes, findKey, suites))
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const verified = verifyBatch(flipped, findKey, suites)
        if (verified.ok) expect(contentOf(verified), `${algorithm} bit ${bit}`).toBe(genuine)
      }
    }
  })

  /** Everything that a batch states: nothing of it may change unnoticed. Only the spelling of the trailer may. */
  function contentOf(verified: ReturnType<typeof verifyBatch>): string {
    const { batch } = (verified as { value: VerifiedBatch }).value
    return [batch.headerLine, ...batch.lines].map(toHex).join() + batch.head + toHex(batch.signature)
  }

  it('with lines changed, dropped, doubled, swapped or inserted is refused', () => {
    fc.assert(
      fc.property(
        fc.nat(4),
        fc.nat(4),
        fc.constantFrom('change', 'drop', 'double', 'swap', 'insert'),
        (i, j, how) => {
          const lines = linesOf(['a', 'b', 'c', 'd', 'e'])
          const bytes = makeBatch('P256-SHA256', lines)
          const text = utf8Text(bytes)!.split('\n')
          const [at, other] = [i + 1, j + 1]
          if (how === 'change') text[at] = text[at]!.replace('}', ' }')
          if (how === 'drop') text.splice(at, 1)
          if (how === 'double') text.splice(at, 0, text[at]!)
          if (how === 'insert') text.splice(at, 0, '{}')
          if (how === 'swap') [text[at], text[other]] = [text[other]!, text[at]!]
          const changed = text.join('\n')
          // With the count mended, the chain still tells.
          const mended = changed.replace(/"count":\d+/, `"count":${text.length - 3}`)
          const same = how === 'swap' && at === other
          const expected = same ? 'ok' : 'CHAIN_BROKEN'
          return codeOf(utf8Bytes(mended)) === expected && (same || codeOf(utf8Bytes(changed)) !== 'ok')
        },
      ),
    )
  })

  it('of junk, and of junk in any place, is refused and never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (junk) => codeOf(junk) !== 'ok'))
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), fc.string()), { maxLength: 6 }), (lines) => {
        return codeOf(utf8Bytes(`${lines.join('\n')}\n`)) !== 'ok'
      }),
    )
    const bytes = makeBatch('SM2-SM3', linesOf(['a', 'b']))
    const genuine = contentOf(verifyBatch(bytes, findKey, suites))
    fc.assert(
      fc.property(
        fc.nat(bytes.length),
        fc.nat(4),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        (at, lost, junk) => {
          const spliced = concatBytes(bytes.subarray(0, at), junk, bytes.subarray(at + lost))
          const verified = verifyBatch(spliced, findKey, suites)
          return !verified.ok || contentOf(verified) === genuine
        },
      ),
      { numRuns: 400 },
    )
  })

  it('is refused under the code of the first thing that is wrong', () => {
    const bytes = makeBatch('SM2-SM3', linesOf(['a', 'b']))
    const table: [ProblemCode, Uint8Array][] = [
      ['UNSUPPORTED_VERSION', edited(bytes, '"v":1', '"v":2')],
      ['MALFORMED', edited(bytes, '"v":1', '"v":1,"w":1')],
      ['MALFORMED', edited(bytes, '"first":7', '"first":0')],
      ['MALFORMED', edited(bytes, '"first":7', '"first":9007199254740991')],
      ['MALFORMED', edited(bytes, '"first":7', '"first":7.5')],
      ['MALFORMED', edited(bytes, '"channel":"volume"', '"channel":"both"')],
      ['MALFORMED', edited(bytes, '"alg":"SM2-SM3"', '"alg":"RSA"')],
      ['MALFORMED', edited(bytes, '"county":"520327",', '')],
      ['MALFORMED', edited(bytes, '"before":"5a', '"before":"5A')],
      ['MALFORMED', edited(bytes, '"count":2', '"count":3')],
      ['MALFORMED', edited(bytes, /"sig":"[^"]*"/, '"sig":""')],
      ['MALFORMED', edited(bytes, /"sig":"[^"]*"/, '"sig":"!!!!"')],
      ['MALFORMED', edited(bytes, /\n$/, '')],
      ['MALFORMED', edited(bytes, /\n$/, '\n\n')],
      ['UNKNOWN_DEVICE', edited(bytes, '520327-S001-A', '520327-S001-B')],
      [
        'UNKNOWN_KEY',
        edited(
          bytes,
          /"key":"../,
          '"key":"zz'.replace('zz', keys['SM2-SM3'].keyId.startsWith('00') ? '01' : '00'),
        ),
      ],
      ['UNKNOWN_KEY', edited(bytes, '"alg":"SM2-SM3"', '"alg":"Ed25519"')],
      ['CHAIN_BROKEN', edited(bytes, '"text":"a"', '"text":"A"')],
      ['CHAIN_BROKEN', edited(bytes, '"before":"5a', '"before":"5b')],
      ['BAD_SIGNATURE', edited(bytes, '"first":7', '"first":8')],
      ['BAD_SIGNATURE', edited(bytes, '"channel":"volume"', '"channel":"price"')],
      ['BAD_SIGNATURE', edited(bytes, '"county":"520327"', '"county":"520328"')],
    ]
    for (const [code, changed] of table) {
      expect(codeOf(changed), utf8Text(changed)).toBe(code)
      expect(codeOf(changed, webSuites)).toBe(code)
    }
  })

  it('walks its chain exactly as docs/formats/uplink.md says', () => {
    const lines = linesOf(['a', 'b'])
    const batch = decodeBatch(makeBatch('SM2-SM3', lines))
    if (!batch.ok) throw new Error(batch.problem.detail)
    const walked = walkChain(batch.value, suites['SM2-SM3'])
    const first = suites['SM2-SM3'].hash(concatBytes(fromHex('5a'.repeat(32))!, lines[0]!))
    const second = suites['SM2-SM3'].hash(concatBytes(first, lines[1]!))
    expect(walked.ok && walked.value.map(toHex)).toEqual([toHex(first), toHex(second)])
    expect(batch.value.head).toBe(toHex(second))
  })
})
