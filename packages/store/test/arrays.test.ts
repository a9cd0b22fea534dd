import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { texts, wholeNumbers } from '../src/arrays.ts'
import { type TestDatabase, testDatabase } from '../src/testing.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ empty: true })
})
afterAll(() => database.close())

test('whole numbers and nulls come back from the database as they went in', async () => {
  const number = fc.option(fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 1)), { nil: null })
  await fc.assert(
    fc.asyncProperty(fc.array(number, { maxLength: 50 }), async (numbers) => {
      const { rows } = await database.store.pool.query<{ n: number | null }>(
        'select n from unnest($1::int8[]) with ordinality as u (n, place) order by place',
        [wholeNumbers(numbers, (each) => each)],
      )
      expect(rows.map((row) => row.n)).toEqual(numbers)
    }),
    { numRuns: 100 },
  )
})

test('texts, whatever they hold, come back from the database as they went in', async () => {
  const nasty = fc.constantFrom(
    '',
    'NULL',
    'null',
    '{',
    '}',
    ',',
    '"',
    '\\',
    '\\"',
    '{"a":"b\\\\c"}',
    ' ',
    '\n',
    '油',
  )
  const text = fc.option(fc.oneof(nasty, fc.string({ unit: 'grapheme' })), { nil: null })
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 30 }), async (values) => {
      const given = values.map((value) => value?.replaceAll('\0', '') ?? null)
      const { rows } = await database.store.pool.query<{ t: string | null }>(
        'select t from unnest($1::text[]) with ordinality as u (t, place) order by place',
        [texts(given, (each) => each)],
      )
      expect(rows.map((row) => row.t)).toEqual(given)
    }),
    { numRuns: 200 },
  )
})
