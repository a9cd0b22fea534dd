import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Fact, recordSchemas } from '@oiltrail/domain'
import { encodeBundle, leafHash, TreeBuilder, tilePath } from '@oiltrail/evidence'
import { platform, sha256, suites } from '@oiltrail/evidence/node'
import { asciiBytes, fromBase64, toHex, utf8Bytes } from '@oiltrail/kernel'
import { enrolProofBytes, verifyBatch } from '@oiltrail/protocols/uplink'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { runVerify } from '../src/cli.ts'

const page = (name: string): Promise<string> =>
  readFile(new URL(`../../../docs/formats/${name}.md`, import.meta.url), 'utf8')
/** The blocks between fences of a page. */
const fenced = (text: string): string[] =>
  [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)].map((match) => match[1]!)
const KEY = 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='

it('the batch in uplink.md is a batch, with the hashes that stand there', async () => {
  const text = await page('uplink')
  const bytes = utf8Bytes(fenced(text).find((block) => block.startsWith('{"v":1'))!)
  expect(bytes.length).toBe(547)
  expect(text).toContain(toHex(sha256(bytes)))
  expect(text).toContain(KEY)
  const key = { algorithm: 'Ed25519' as const, publicKey: fromBase64(KEY)! }
  expect(toHex(sha256(key.publicKey)).slice(0, 16)).toBe('06e3fd8fda29bb60')
  const verified = verifyBatch(bytes, () => ({ ok: true, value: key }), suites)
  if (!verified.ok) throw new Error(verified.problem.detail)
  const { batch, hashes } = verified.value
  for (const hash of hashes) expect(text).toContain(toHex(hash))
  let chained: Uint8Array = new Uint8Array(32)
  for (const line of batch.lines) {
    chained = suites['SM2-SM3'].hash(chained, line)
    expect(text).toContain(toHex(chained))
  }
  for (const line of batch.lines)
    expect(
      recordSchemas.some((schema) => schema.safeParse(JSON.parse(new TextDecoder().decode(line))).success),
    ).toBe(true)
})

it('the proof of an enrolment in uplink.md is one', async () => {
  const proof = /`proof` for the price channel of `520327-S001-A` is `([^`]+)`/.exec(
    await page('uplink'),
  )![1]!
  const verifier = suites.Ed25519.verifier(fromBase64(KEY)!)
  if (!verifier.ok) throw new Error(verifier.problem.detail)
  const signed = enrolProofBytes('ABCD-EFGH-JKLM', '520327-S001-A', 'price')
  expect(verifier.value(signed, fromBase64(proof)!)).toBe(true)
  expect(
    verifier.value(enrolProofBytes('ABCD-EFGH-JKLM', '520327-S001-A', 'volume'), fromBase64(proof)!),
  ).toBe(false)
})

it('the tree in log.md has these hashes, tiles and paths', async () => {
  const text = await page('log')
  const leaves = [...text.matchAll(/^\| leaf [01] \| `([^`]+)`/gm)].map((match) => asciiBytes(match[1]!))
  const hashes = leaves.map((leaf) => leafHash(sha256, leaf))
  expect([...text.matchAll(/^\| its hash \| `([0-9a-f]{64})`/gm)].map((match) => match[1])).toEqual(
    hashes.map(toHex),
  )
  const tree = new TreeBuilder(sha256)
  for (const leaf of leaves) tree.append(leaf)
  const root = /^\| root \| `([0-9a-f]{64})`, in a checkpoint `([^`]+)`/m.exec(text)!
  expect([toHex(tree.root()), platform.encodeBase64(tree.root())]).toEqual([root[1], root[2]])
  const bundle = encodeBundle(leaves)
  expect(text).toContain(`${bundle.length} bytes`)
  expect([toHex(bundle.slice(0, 2)), toHex(bundle.slice(2 + leaves[0]!.length).slice(0, 2))]).toEqual([
    '00ca',
    '00a1',
  ])
  expect(tilePath({ kind: 'hashes', level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067')
})

it('the evidence file of evidence.md verifies as is said there, and with no byte changed', async () => {
  const of = (name: string): string =>
    fileURLToPath(new URL(`../../../docs/formats/example/${name}`, import.meta.url))
  const trust = ['--vkey', of('vkey'), '--vkey', of('vkey-sm2'), '--older', of('older-checkpoint')]
  const run = async (file: string): Promise<{ code: number; out: string }> => {
    const lines: string[] = []
    const code = await runVerify([file, ...trust, '--json'], {
      out: (line) => lines.push(line),
      err: () => {},
    })
    return { code, out: lines.join('\n') }
  }
  const good = await run(of('evidence.jsonl'))
  expect(good.code).toBe(0)
  const report = JSON.parse(good.out) as { steps: { failed: number; checked: number }[]; counts: unknown }
  expect(report.steps.map(({ failed, checked }) => [failed, checked > 0])).toEqual(
    Array.from({ length: 10 }, () => [0, true]),
  )
  expect(report).toMatchObject({
    olderSize: 2,
    counts: { batches: 3, records: 6, sales: 5, saleMillilitres: 100_170 },
  })
  const folder = mkdtempSync(join(tmpdir(), 'oiltrail-formats-'))
  try {
    const bytes = await readFile(of('evidence.jsonl'))
    const file = join(folder, 'changed.jsonl')
    // One in seventeen is enough here; verify.test.ts changes each byte of such a file.
    for (let at = 0; at < bytes.length; at += 17) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= 1
      writeFileSync(file, changed)
      expect((await run(file)).code, `byte ${at}`).toBe(1)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** What a type of records.md allows, as JSON Schema says it. */
interface Bounds {
  readonly json: string
  readonly least: number
  readonly most: number
}

it('records.md names the fields, types and bounds of every kind', async () => {
  const text = await page('records')
  const types = new Map<string, Bounds>()
  for (const [, name, json, least, most] of text.matchAll(
    /^\| `(\w+)` \| (number|string) \| (-?\d+) \| (-?\d+) \|/gm,
  ))
    types.set(name!, { json: json!, least: Number(least), most: Number(most) })
  const documented = new Map<string, Record<string, string>>()
  for (const line of fenced(text)[0]!.split('\n')) {
    const [kind, ...fields] = line.split(/ +/)
    if (fields.some((field) => field.includes(':')))
      documented.set(kind!, Object.fromEntries(fields.map((field) => field.split(':') as [string, string])))
  }
  const kinds: Fact['kind'][] = recordSchemas.map((schema) => schema.shape.kind.value)
  expect([...documented.keys()].sort()).toEqual([...kinds].sort())
  for (const schema of recordSchemas) {
    const { properties = {}, required = [] } = z.toJSONSchema(schema)
    const said = documented.get(schema.shape.kind.value)!
    const fields = Object.keys(properties).filter((name) => !['seq', 'at', 'kind'].includes(name))
    expect(Object.keys(said)).toEqual(fields.map((name) => (required.includes(name) ? name : `${name}?`)))
    for (const name of fields) expectBounds(types, said[name] ?? said[`${name}?`]!, properties[name]!)
  }
})

function expectBounds(
  types: ReadonlyMap<string, Bounds>,
  type: string,
  property: z.core.JSONSchema._JSONSchema,
): void {
  if (typeof property === 'boolean') throw new Error('a field without a type')
  const { json, least, most } = types.get(type) ?? { json: 'one of', least: 0, most: 0 }
  if (property.enum !== undefined) expect(type).toBe(property.enum.join('|'))
  else if (property.type === 'integer')
    expect([type, json, least, most]).toEqual([type, 'number', property.minimum, property.maximum])
  else expect([type, json, ...lengthsOf(property)]).toEqual([type, property.type, least, most])
}

/** The shortest and the longest text of digits that a string field takes. */
function lengthsOf({ pattern = '', maxLength }: z.core.JSONSchema.BaseSchema): (number | undefined)[] {
  if (maxLength !== undefined) return [0, maxLength]
  const expression = new RegExp(pattern)
  const lengths = Array.from({ length: LONGEST_PATTERN }, (_, n) => n).filter((n) =>
    expression.test('1'.repeat(n)),
  )
  return [lengths[0], lengths.at(-1)]
}

/** Beyond the longest text that any pattern of a record takes. */
const LONGEST_PATTERN = 64
