import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { generateKeyPair } from '../node/index.ts'

describe('the browser code', () => {
  it('bundles for a browser without anything of Node, and verifies there what Node signed', {
    timeout: 60_000,
  }, async () => {
    const entry = fileURLToPath(new URL('../web/index.ts', import.meta.url))
    const options = { entryPoints: [entry], bundle: true, write: false, minify: true } as const
    const built = await build({ ...options, platform: 'browser', format: 'iife', globalName: 'evidence' })
    expect(built.warnings).toEqual([])
    const code = built.outputFiles[0]!.text
    expect(code).not.toMatch(/require\(|node:/)
    // 200 kB is what a page may load to check a record; curves and hashes take about half of it.
    expect(code.length).toBeLessThan(200_000)
    const message = new TextEncoder().encode('{"v":1}\n00')
    const verdicts: boolean[] = []
    for (const algorithm of ['SM2-SM3', 'Ed25519', 'P256-SHA256'] as const) {
      const { signer } = generateKeyPair(algorithm)
      const scope = { TextEncoder, TextDecoder, Uint8Array, crypto: globalThis.crypto, verdicts }
      const data = JSON.stringify(
        [signer.publicKey, signer.sign(message), message].map((bytes) => [...bytes]),
      )
      runInNewContext(
        `${code}
        const [key, signature, message] = ${data}.map((bytes) => Uint8Array.from(bytes))
        const made = evidence.suites['${algorithm}'].verifier(key)
        verdicts.push(made.ok && made.value(message, signature), made.ok && made.value(message.slice(1), signature))`,
        scope,
      )
    }
    expect(verdicts).toEqual([true, false, true, false, true, false])
  })
})
