import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FACT_SCHEMAS, isRecord, recordSchema } from '../index.ts'

/** Values at and around every bound that a schema states, and things that are of no type it knows. */
const JUNK: readonly unknown[] = [
  null,
  true,
  [],
  {},
  '',
  '1',
  'A1',
  'a',
  'ABCDEFGHI',
  '012345',
  '0123',
  '202611231200',
  '0'.repeat(64),
  '0'.repeat(65),
  '0'.repeat(513),
  '😀'.repeat(33),
  '1\n',
  -1,
  -0,
  0,
  1,
  0.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  Number.MIN_SAFE_INTEGER,
  8_640_000_000_000_000,
  8_640_000_000_000_001,
]

/** A good value for a field, by trial: the first candidate its schema takes. */
const CANDIDATES: readonly unknown[] = ['A1', '012345', '0123', '202611231200', '', 7, 1_795_413_932_120]

type Shape = Readonly<
  Record<
    string,
    { safeParse(value: unknown): { success: boolean }; options?: readonly unknown[]; value?: unknown }
  >
>

function goodRecord(shape: Shape): Record<string, unknown> {
  const record: Record<string, unknown> = { seq: 1, at: 1_795_413_932_120 }
  for (const [name, field] of Object.entries(shape)) {
    const found = [...CANDIDATES, ...(field.options ?? []), field.value].find(
      (one) => one !== undefined && field.safeParse(one).success,
    )
    expect(found, `no candidate fits ${name}`).toBeDefined()
    record[name] = found
  }
  return record
}

const GOOD = FACT_SCHEMAS.map((schema) => goodRecord(schema.shape as unknown as Shape))
const NAMES = [...new Set(GOOD.flatMap((record) => Object.keys(record))), 'surprise', '__proto__']

/** Outside the BMP the check may say no where the schema says yes: it counts UTF-16 units, not characters. */
function expectAgreement(value: unknown): void {
  const text = JSON.stringify(value)
  const schema = recordSchema.safeParse(value).success
  if (/[\ud800-\udfff]/.test(text) && schema) return
  expect(isRecord(value), text).toBe(schema)
}

test('a good record of every kind passes the flat check as it passes its schema', () => {
  for (const record of GOOD) {
    expect(recordSchema.safeParse(record).success).toBe(true)
    expect(isRecord(record)).toBe(true)
  }
})

test('the flat check and the schema agree on every change of one field to anything', () => {
  for (const good of GOOD)
    for (const name of NAMES)
      for (const junk of JUNK) {
        // As it comes from the wire, where `__proto__` is a field like any other.
        const text = JSON.stringify(good).replace(/}$/, `,${JSON.stringify(name)}:${JSON.stringify(junk)}}`)
        expectAgreement(JSON.parse(text))
      }
})

test('the flat check and the schema agree on records with fields left out, exchanged and made up', () => {
  const change = fc.record({
    name: fc.constantFrom(...NAMES),
    value: fc.oneof(
      fc.constantFrom(...JUNK),
      fc.jsonValue(),
      fc.maxSafeInteger(),
      fc.string({ maxLength: 70, unit: 'binary' }),
    ),
    leaveOut: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.constantFrom(...GOOD), fc.array(change, { maxLength: 4 }), (good, changes) => {
      const record: Record<string, unknown> = { ...good }
      for (const { name, value, leaveOut } of changes)
        if (leaveOut) delete record[name]
        else Object.defineProperty(record, name, { value, enumerable: true, configurable: true })
      expectAgreement(JSON.parse(JSON.stringify(record)))
    }),
    { numRuns: 500 },
  )
})

test('the flat check takes no value that is not an object', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expectAgreement(value)
    }),
  )
})
