import { concatBytes, fromBase64, toBase64, utf8Bytes } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateKeyPair, sha256, suites } from '../../node/index.ts'
import { suites as webSuites } from '../../web/index.ts'
import {
  defaultOrigin,
  encodeCheckpoint,
  encodeVkey,
  type NoteSigner,
  noteSigner,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signCheckpoint,
  signNote,
  verifyNote,
} from './index.ts'

function value<T>(result: { ok: true; value: T } | { ok: false; problem: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problem))
  return result.value
}
const origin = defaultOrigin('520327')
function signerOf(algorithm: 'Ed25519' | 'SM2-SM3', name = origin): NoteSigner {
  return value(noteSigner(sha256, name, generateKeyPair(algorithm).signer))
}
const checkpoint = { origin, size: 88_124, root: sha256(utf8Bytes('root')) }

/** Made with the openssl command line and Python's hashlib from the text of docs/formats/checkpoint.md, not with our code. */
const FOREIGN_ED25519 = 'county.invalid/log+ac67dbf1+Afxz/Xa7KDmexOMTJjEbTHYCncWRC9B7/ISlhHOShuqQ'
const FOREIGN_SM2 =
  'county.invalid/log+9532951d+/29pbHRyYWlsL3NtMi1zbTME6qU0R5s4rrCGpUy/6NtywMpYIqn+AdMXdOuut+IaOwnyK2zwu07EL32Ple6Fui+8CHKmj6lbRLVkqkhNiuL9eg=='
const FOREIGN_NOTE =
  'county.invalid/log\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n' +
  '— county.invalid/log rGfb8XAvwrwrch6agg3IdwFT3TCX6SXMlz/MNOhCejH94u9FIZGGPj9H1HTWf+KlVDuyPCjwBJOtlDR4y+gvZy17/Q8=\n' +
  '— county.invalid/log lTKVHTBFAiEAop9P4FS1M2edr26LomSgwoorG3ay1HNg/kvY13kGwhQCIGpC1l889IPgHJ/iYWpYG/M6hwtqsmFL4Hn/EDYHQWz0\n'

describe('signed notes', () => {
  it.each([FOREIGN_ED25519, FOREIGN_SM2])(
    'verifies a note and key that were made by other tools: %s',
    (vkey) => {
      const key = value(parseVkey(sha256, vkey))
      expect(encodeVkey(key)).toBe(vkey)
      for (const platform of [suites, webSuites]) {
        expect(openCheckpoint(FOREIGN_NOTE, [key], platform).ok).toBe(true)
        expect(openCheckpoint(FOREIGN_NOTE.replace('7', '8'), [key], platform).ok).toBe(false)
      }
    },
  )

  it('carries an SM2 signature beside the Ed25519 one, either of which convinces who trusts its key', () => {
    const [ed, sm] = [signerOf('Ed25519'), signerOf('SM2-SM3')]
    const note = signCheckpoint(checkpoint, [ed, sm])
    expect(note.split('\n').filter((line) => line.startsWith('— '))).toHaveLength(2)
    for (const trusted of [[ed.key], [sm.key], [ed.key, sm.key]]) {
      const opened = value(openCheckpoint(note, trusted, suites))
      expect(opened.checkpoint).toEqual(checkpoint)
      expect(opened.signedBy).toEqual(trusted)
    }
    const stranger = signerOf('Ed25519').key
    expect(openCheckpoint(note, [stranger], suites)).toMatchObject({
      ok: false,
      problem: { code: 'UNKNOWN_KEY' },
    })
    expect(openCheckpoint(note, [], suites)).toMatchObject({ ok: false, problem: { code: 'UNKNOWN_KEY' } })
  })

  it('rejects the whole note when one trusted signature is wrong, though another is right', () => {
    const [ed, sm] = [signerOf('Ed25519'), signerOf('SM2-SM3')]
    const note = value(parseNote(signCheckpoint(checkpoint, [ed, sm])))
    const signatures = note.signatures.map((line, i) =>
      i === 1 ? { ...line, signature: line.signature.map((b, at) => (at === 20 ? b ^ 1 : b)) } : line,
    )
    const spoiled = { text: note.text, signatures }
    expect(verifyNote(spoiled, [ed.key, sm.key], suites)).toMatchObject({
      problem: { code: 'BAD_SIGNATURE' },
    })
    expect(verifyNote(spoiled, [ed.key], suites).ok).toBe(true)
  })

  it('believes a checkpoint only from a key of that log, not from a witness alone', () => {
    const witness = signerOf('Ed25519', 'witness.invalid/w1')
    const note = signCheckpoint(checkpoint, [witness])
    expect(openCheckpoint(note, [witness.key], suites)).toMatchObject({ problem: { code: 'UNKNOWN_KEY' } })
  })

  it('detects every changed byte of text and signature', () => {
    const ed = signerOf('Ed25519')
    const bytes = utf8Bytes(signCheckpoint(checkpoint, [ed]))
    const decoder = new TextDecoder()
    for (let i = 0; i < bytes.length; i++)
      for (const bit of [1, 4, 32]) {
        const changed = bytes.slice()
        changed[i]! ^= bit
        expect(openCheckpoint(decoder.decode(changed), [ed.key], suites).ok, `byte ${i}`).toBe(false)
      }
  })

  it('reads back what it writes, and no junk makes it throw', () => {
    const ed = signerOf('Ed25519')
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'grapheme' }).filter((line) => !/[\p{Cc}\p{Cs}]/u.test(line)),
          { minLength: 1 },
        ),
        (lines) => {
          const text = `${lines.join('\n')}\n`
          const parsed = parseNote(signNote(text, [ed]))
          return parsed.ok && parsed.value.text === text && verifyNote(parsed.value, [ed.key], suites).ok
        },
      ),
    )
    const good = signCheckpoint(checkpoint, [ed])
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(good.length), (junk, at) => {
        const spliced = good.slice(0, at) + junk + good.slice(at)
        return junk === '' || !openCheckpoint(spliced, [ed.key], suites).ok || isHarmless(good, spliced)
      }),
      { numRuns: 500 },
    )
    for (let cut = 0; cut < good.length; cut++)
      expect(openCheckpoint(good.slice(0, cut), [ed.key], suites).ok).toBe(false)
  })

  /** A further line that no known key claims may be added to a note by anyone; the text stays. */
  function isHarmless(good: string, spliced: string): boolean {
    return value(parseNote(good)).text === value(parseNote(spliced)).text
  }

  it('refuses more signatures than the bound and control characters', () => {
    const line = signCheckpoint(checkpoint, [signerOf('Ed25519')]).split('\n\n')[1]!
    const text = encodeCheckpoint(checkpoint)
    expect(parseNote(`${text}\n${line.repeat(16)}`).ok).toBe(true)
    expect(parseNote(`${text}\n${line.repeat(33)}`)).toMatchObject({ problem: { code: 'OVERSIZED' } })
    expect(parseNote(`a\tb\n\n${line}`).ok).toBe(false)
    expect(parseNote(`${text}\n`).ok).toBe(false)
  })
})

describe('verifier keys', () => {
  it('survive writing and reading, for both kinds of signature', () => {
    for (const algorithm of ['Ed25519', 'SM2-SM3'] as const) {
      const { key } = signerOf(algorithm)
      expect(parseVkey(sha256, encodeVkey(key))).toEqual({ ok: true, value: key })
    }
  })

  it('spell SM2 as 0xff, then oiltrail/sm2-sm3, then the uncompressed point', () => {
    const { key } = signerOf('SM2-SM3')
    const encoded = fromBase64(encodeVkey(key).split('+').slice(2).join('+'))!
    expect(encoded).toEqual(
      concatBytes(Uint8Array.of(255), utf8Bytes('oiltrail/sm2-sm3'), key.publicKey.slice(-65)),
    )
    const id = sha256(utf8Bytes(`${origin}\n`), encoded)
    expect(key.keyId).toBe(new DataView(id.buffer).getUint32(0))
  })

  it('are refused when any character is changed', () => {
    const { key } = signerOf('Ed25519')
    const text = encodeVkey(key)
    for (let i = 0; i < text.length; i++) {
      const changed = `${text.slice(0, i)}${text[i] === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`
      expect(parseVkey(sha256, changed).ok, changed).toBe(false)
    }
  })

  it('never make the reader throw', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), (name, bytes) => {
        return !parseVkey(sha256, `${name}+00000000+${toBase64(bytes)}`).ok
      }),
    )
  })
})

describe('the text of a checkpoint', () => {
  it('is read as strictly as it is written', () => {
    const good = encodeCheckpoint(checkpoint)
    expect(parseCheckpoint(good)).toEqual({ ok: true, value: checkpoint })
    expect(parseCheckpoint(`${good}extension\n`)).toEqual({ ok: true, value: checkpoint })
    const [first, size, root] = good.split('\n') as [string, string, string]
    const wrong = [
      `${first}\n${size}\n${root}`,
      `${first}\n0${size}\n${root}\n`,
      `${first}\n+${size}\n${root}\n`,
      `${first}\n99999999999999999999\n${root}\n`,
      `${first}\n${size}\n${root.slice(4)}\n`,
      `\n${size}\n${root}\n`,
      `${first}\n${size}\n${root}\n\n`,
      `${first}\n${size}\n`,
    ]
    for (const text of wrong) expect(parseCheckpoint(text).ok, JSON.stringify(text)).toBe(false)
  })

  it('is that of the tlog specification', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    expect(encodeCheckpoint(value(parseCheckpoint(text)))).toBe(text)
  })
})
