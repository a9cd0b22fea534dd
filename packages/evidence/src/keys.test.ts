import { expect, it } from 'vitest'
import { generateKeyPair } from '../node/index.ts'
import { bareKey } from './keys.ts'

it('reading a key leaves it as it is, also in a Buffer, whose slices share its memory, and also with its sign set', () => {
  for (const [index, algorithm] of (['Ed25519', 'SM2-SM3', 'P256-SHA256'] as const).entries()) {
    const key = Buffer.from(generateKeyPair(algorithm).signer.publicKey)
    if (index === 0) key[key.length - 1]! |= 0x80
    const before = key.toString('hex')
    expect(bareKey(algorithm, key).ok).toBe(true)
    expect(key.toString('hex')).toBe(before)
  }
})
