import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, equalBytes, fromHex, toHex, utf8Bytes } from '@oiltrail/kernel'
import fc from 'fast-check'
import { sm2, sm3 } from 'sm-crypto-v2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateKeyPair, keyIdOf, suites as node, sha256, signerFromPkcs8 } from '../node/index.ts'
import { suites as web } from '../web/index.ts'
import {
  ALGORITHMS,
  type Algorithm,
  bareKey,
  publicKeyOf,
  type Signer,
  type Suites,
  signatureDer,
  signatureNumbers,
  sm2IdentityBytes,
  type Verifier,
} from './index.ts'

const vectorFile = (name: string): string =>
  readFileSync(new URL(`../../../test/vectors/gm/${name}`, import.meta.url), 'utf8')
const gb = JSON.parse(vectorFile('gbt32918_vectors.json')) as {
  sm2sign: Record<'msg' | 'd' | 'px' | 'py' | 'za' | 'e' | 'r' | 's' | 'der' | 'spkiDer' | 'sec1Der', string>
  sm3: { msg: string; digest: string }[]
}

const platforms: [string, Suites][] = [
  ['node', node],
  ['web', web],
]
const hex = (text: string): Uint8Array => fromHex(text)!

function verifierOf(suites: Suites, algorithm: Algorithm, publicKey: Uint8Array): Verifier {
  const made = suites[algorithm].verifier(publicKey)
  if (!made.ok) throw new Error(made.problem.detail)
  return made.value
}

describe.each(platforms)('the standards on %s', (_name, suites) => {
  it('hashes the examples of GB/T 32905 and of OpenSSL with SM3', () => {
    for (const { msg, digest } of gb.sm3) expect(toHex(suites['SM2-SM3'].hash(utf8Bytes(msg)))).toBe(digest)
    let checked = 0
    const pattern = /^Digest = SM3\nInput = ([0-9A-Fa-f]*)\nOutput = ([0-9A-Fa-f]{64})$/gm
    for (const [, input, output] of vectorFile('evpmd_sm3.txt').matchAll(pattern)) {
      expect(toHex(suites['SM2-SM3'].hash(hex(input!)))).toBe(output!.toLowerCase())
      checked++
    }
    expect(checked).toBeGreaterThan(2)
  })

  it('verifies the signature example of GB/T 32918.5 and no other message, identity or number', () => {
    const v = gb.sm2sign
    const publicKey = hex(v.spkiDer)
    const bare = concatBytes(Uint8Array.of(4), hex(v.px), hex(v.py))
    expect(toHex(publicKeyOf('SM2-SM3', bare))).toBe(v.spkiDer)
    expect(toHex(suites['SM2-SM3'].hash(sm2IdentityBytes(bare)))).toBe(v.za)
    expect(toHex(suites['SM2-SM3'].hash(hex(v.za), utf8Bytes(v.msg)))).toBe(v.e)
    const verify = verifierOf(suites, 'SM2-SM3', publicKey)
    expect(verify(utf8Bytes(v.msg), hex(v.der))).toBe(true)
    expect(verify(utf8Bytes(`${v.msg} `), hex(v.der))).toBe(false)
    const numbers = concatBytes(hex(v.s), hex(v.r))
    expect(verify(utf8Bytes(v.msg), signatureDer(numbers))).toBe(false)
  })

  it('hashes parts as it hashes them joined, at any length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 6 }),
        fc.constantFrom(...ALGORITHMS),
        (parts, algorithm) => {
          const joined = concatBytes(...parts)
          const expected = algorithm === 'SM2-SM3' ? sm3(joined) : toHex(sha256(joined))
          return toHex(suites[algorithm].hash(...parts)) === expected
        },
      ),
    )
  })

  it('remembers nothing of an earlier hash in a later one', () => {
    const first = suites['SM2-SM3'].hash(Uint8Array.of(1), Uint8Array.of(2))
    const copy = first.slice()
    suites['SM2-SM3'].hash(Uint8Array.of(3), Uint8Array.of(4))
    expect(first).toEqual(copy)
  })
})

describe('keys', () => {
  it('come back from their PEM and DER as the same signer, and never as one of another algorithm', () => {
    for (const algorithm of ALGORITHMS) {
      const { signer, privateKeyPem } = generateKeyPair(algorithm)
      expect(signer.keyId).toBe(toHex(sha256(signer.publicKey)).slice(0, 16))
      expect(signer.keyId).toBe(keyIdOf(signer.publicKey))
      const der = Buffer.from(privateKeyPem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
      for (const form of [privateKeyPem, Buffer.from(privateKeyPem), new Uint8Array(der)]) {
        const again = signerFromPkcs8(algorithm, form)
        expect(again.ok && again.value.keyId).toBe(signer.keyId)
      }
      for (const other of ALGORITHMS)
        if (other !== algorithm) expect(signerFromPkcs8(other, privateKeyPem).ok).toBe(false)
    }
  })

  it('are refused without quoting them when they are junk', () => {
    for (const algorithm of ALGORITHMS)
      fc.assert(
        fc.property(fc.oneof(fc.string(), fc.uint8Array()), (junk) => {
          const made = signerFromPkcs8(algorithm, junk)
          return !made.ok && made.problem.detail === 'not a private key in PKCS #8'
        }),
      )
  })

  it('have one encoding only, on both platforms: any changed byte of the frame is refused', () => {
    for (const algorithm of ALGORITHMS) {
      const { publicKey } = generateKeyPair(algorithm).signer
      const frame = publicKey.length - (algorithm === 'Ed25519' ? 32 : 64)
      for (let i = 0; i < frame; i++)
        for (const [, suites] of platforms) {
          const changed = publicKey.slice()
          changed[i]! ^= 1
          expect(suites[algorithm].verifier(changed).ok).toBe(false)
        }
      for (const [, suites] of platforms) {
        expect(suites[algorithm].verifier(publicKey.slice(1)).ok).toBe(false)
        expect(suites[algorithm].verifier(concatBytes(publicKey, Uint8Array.of(0))).ok).toBe(false)
        expect(suites[algorithm].verifier(new Uint8Array(0)).ok).toBe(false)
      }
    }
  })

  it('must lie on their curve', () => {
    for (const algorithm of ['SM2-SM3', 'P256-SHA256'] as const) {
      const { publicKey } = generateKeyPair(algorithm).signer
      const off = publicKey.slice()
      off[off.length - 1]! ^= 1
      for (const [, suites] of platforms) expect(suites[algorithm].verifier(off).ok).toBe(false)
    }
  })

  it('may not be points of small order, under which one signature fits many messages', () => {
    const small = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000080',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    ]
    for (const text of small)
      expect(bareKey('Ed25519', publicKeyOf('Ed25519', hex(text))).ok, text).toBe(false)
  })
})

describe('signatures', () => {
  it('made on Node verify on both platforms, and on neither after any single bit was flipped', () => {
    const message = utf8Bytes('{"v":1,"county":"520327"}\n0123')
    for (const algorithm of ALGORITHMS) {
      const { signer } = generateKeyPair(algorithm)
      const signature = signer.sign(message)
      const onNode = verifierOf(node, algorithm, signer.publicKey)
      const onWeb = verifierOf(web, algorithm, signer.publicKey)
      expect([onNode(message, signature), onWeb(message, signature)]).toEqual([true, true])
      for (let bit = 0; bit < signature.length * 8; bit++) {
        const flipped = signature.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        expect(onNode(message, flipped), `${algorithm} bit ${bit}`).toBe(false)
        if (bit % 16 === 0) expect(onWeb(message, flipped), `${algorithm} bit ${bit}`).toBe(false)
      }
      for (let i = 0; i < message.length; i++) {
        const changed = message.slice()
        changed[i]! ^= 0x20
        expect(onNode(changed, signature)).toBe(false)
      }
    }
  })

  it('of junk are wrong, never an exception', () => {
    for (const algorithm of ALGORITHMS) {
      const { signer } = generateKeyPair(algorithm)
      const verifiers = platforms.map(([, suites]) => verifierOf(suites, algorithm, signer.publicKey))
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), (junk) =>
          verifiers.every((verify) => verify(utf8Bytes('x'), junk) === false),
        ),
      )
    }
  })

  it('are read from DER in its one spelling only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (numbers) => {
        numbers[31]! |= 1
        numbers[63]! |= 1
        const der = signatureDer(numbers)
        const read = signatureNumbers(der)
        return read !== undefined && equalBytes(read, numbers)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (junk) => {
        const read = signatureNumbers(junk)
        return read === undefined || equalBytes(signatureDer(read), junk)
      }),
    )
    const lenient = [
      '30070202000102010300', // trailing
      '3006020100020101', // zero
      '30060201ff020101', // negative
      '3007020200010201 01', // spare zero
      '308106020101020101', // long length
    ]
    for (const der of lenient) expect(signatureNumbers(hex(der.replace(' ', ''))), der).toBeUndefined()
  })

  it('interoperate with sm-crypto-v2 in both directions', () => {
    const message = utf8Bytes('油踪 a message of any bytes \u0000\u0001')
    const { signer } = generateKeyPair('SM2-SM3')
    const bare = toHex(signer.publicKey.slice(-65))
    const der = toHex(signer.sign(message))
    expect(sm2.doVerifySignature(message, der, bare, { der: true, hash: true })).toBe(true)
    const pair = sm2.generateKeyPairHex()
    const theirs = hex(
      sm2.doSignature(message, pair.privateKey, { der: true, hash: true, publicKey: pair.publicKey }),
    )
    const verify = verifierOf(node, 'SM2-SM3', publicKeyOf('SM2-SM3', hex(pair.publicKey)))
    expect(verify(message, theirs)).toBe(true)
    expect(verify(message.slice(1), theirs)).toBe(false)
  })
})

describe('the openssl command line', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'oiltrail-openssl-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const path = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const options: Readonly<Record<Algorithm, string[]>> = {
    'SM2-SM3': ['-rawin', '-digest', 'sm3', '-pkeyopt', 'distid:1234567812345678'],
    Ed25519: ['-rawin'],
    'P256-SHA256': ['-rawin', '-digest', 'sha256'],
  }
  const pem = (publicKey: Uint8Array): string =>
    `-----BEGIN PUBLIC KEY-----\n${Buffer.from(publicKey).toString('base64')}\n-----END PUBLIC KEY-----\n`
  const message = utf8Bytes('{"v":1,"device":"520327-S001-A"}\n00ff')

  function verifiesThere(algorithm: Algorithm, signer: Signer): boolean {
    writeFileSync(path('pub.pem'), pem(signer.publicKey))
    writeFileSync(path('signed.bin'), message)
    writeFileSync(path('sig.der'), signer.sign(message))
    const args = ['-verify', '-pubin', '-inkey', 'pub.pem', '-in', 'signed.bin', '-sigfile', 'sig.der']
    return /Verified Successfully/.test(openssl('pkeyutl', ...args, ...options[algorithm]))
  }

  it('verifies what is signed here', () => {
    for (const algorithm of ALGORITHMS)
      expect(verifiesThere(algorithm, generateKeyPair(algorithm).signer)).toBe(true)
  })

  it('signs what is verified here, with a key it made, and lends that key to us', () => {
    const names = { 'SM2-SM3': 'SM2', Ed25519: '', 'P256-SHA256': 'P-256' } as const
    for (const algorithm of ALGORITHMS) {
      const kind =
        algorithm === 'Ed25519' ? ['ED25519'] : ['EC', '-pkeyopt', `ec_paramgen_curve:${names[algorithm]}`]
      // OpenSSL knows SM2 as an algorithm of its own, with a fixed curve.
      openssl('genpkey', '-algorithm', ...(algorithm === 'SM2-SM3' ? ['SM2'] : kind), '-out', 'key.pem')
      const der = execFileSync('openssl', ['pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER'], {
        cwd: folder,
      })
      writeFileSync(path('message.bin'), message)
      openssl(
        'pkeyutl',
        '-sign',
        '-inkey',
        'key.pem',
        '-in',
        'message.bin',
        '-out',
        'theirs.der',
        ...options[algorithm],
      )
      const signature = readFileSync(path('theirs.der'))
      for (const [, suites] of platforms) {
        const verify = verifierOf(suites, algorithm, new Uint8Array(der))
        expect(verify(message, signature), algorithm).toBe(true)
        expect(verify(message.slice(1), signature), algorithm).toBe(false)
      }
      const lent = signerFromPkcs8(algorithm, readFileSync(path('key.pem'), 'utf8'))
      if (!lent.ok) throw new Error(lent.problem.detail)
      expect(toHex(lent.value.publicKey)).toBe(toHex(der))
      expect(verifiesThere(algorithm, lent.value)).toBe(true)
    }
  })
})
