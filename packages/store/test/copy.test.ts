import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CopyColumn, copyRows } from '../src/copy.ts'
import { type TestDatabase, testDatabase } from '../src/testing.ts'

const COLUMNS: readonly CopyColumn[] = [
  { name: 'small', type: 'int2' },
  { name: 'middle', type: 'int4' },
  { name: 'large', type: 'int8' },
  { name: 'real', type: 'float8' },
  { name: 'words', type: 'text' },
  { name: 'bytes', type: 'bytea' },
  { name: 'json', type: 'jsonb' },
  { name: 'yes', type: 'bool' },
]

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ empty: true })
  await database.store.pool.query(
    `create table everything (id int generated always as identity, small int2, middle int4, large int8 check (large <> 42), real float8, words text, bytes bytea, json jsonb, yes bool)`,
  )
  await database.store.pool.query('create table "odd ""name" ("a column" int4)')
})
afterAll(() => database.close())

function copy(rows: readonly (readonly unknown[])[]): Promise<void> {
  return database.store.transaction((tx) => copyRows(tx, 'everything', COLUMNS, rows))
}

async function readAndEmpty(): Promise<unknown[][]> {
  const { rows } = await database.store.pool.query<unknown[]>({
    text: 'select small, middle, large, real, words, bytes, json, yes from everything order by id',
    rowMode: 'array',
  })
  await database.store.pool.query('truncate everything restart identity')
  return rows
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'))
const json = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value)) && !Object.is(value, -0))
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
  .filter((value) => value !== null && !JSON.stringify(value).includes('e'))

const row = fc.tuple(
  fc.option(fc.integer({ min: -32_768, max: 32_767 })),
  fc.option(fc.integer()),
  fc.option(fc.maxSafeInteger().filter((value) => value !== 42)),
  fc.option(fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0))),
  fc.option(text),
  fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))),
  fc.option(json),
  fc.option(fc.boolean()),
)

describe('binary COPY', () => {
  test('returns every value as it went in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        await copy(rows)
        expect(await readAndEmpty()).toEqual(rows)
      }),
      { numRuns: 60 },
    )
  })

  test('keeps the limits of each type', async () => {
    const rows = [
      [-32_768, -2_147_483_648, Number.MIN_SAFE_INTEGER, -Number.MAX_VALUE, '', Buffer.alloc(0), {}, false],
      [
        32_767,
        2_147_483_647,
        Number.MAX_SAFE_INTEGER,
        Number.MIN_VALUE,
        '凤冈县 ⛽',
        Buffer.from([0, 255]),
        [1],
        true,
      ],
      [0, 0, -1, 0, 'a', Buffer.from([1]), 'text', true],
      [null, null, -4_294_967_296, null, null, null, null, null],
    ]
    await copy(rows)
    expect(await readAndEmpty()).toEqual(rows)
  })

  test('takes rows larger than its first buffer and than a frame of the protocol', async () => {
    const words = '记'.repeat(200_000)
    const bytes = Buffer.alloc(700_000, 7)
    await copy(Array.from({ length: 12 }, (_, i) => [i, i, i, i, words, bytes, {}, true]))
    const { rows } = await database.store.pool.query(
      'select count(*) as n, bool_and(words = $1 and bytes = $2) as whole from everything',
      [words, bytes],
    )
    await database.store.pool.query('truncate everything restart identity')
    expect(rows).toEqual([{ n: 12, whole: true }])
  })

  test('no rows is no statement', async () => {
    await copy([])
    expect(await readAndEmpty()).toEqual([])
  })

  test.each([
    ['int2', 0, 32_768],
    ['int4', 1, 2_147_483_648],
    ['int4', 1, 1.5],
    ['int8', 2, 2 ** 53],
    ['int8', 2, '5'],
    ['float8', 3, '1.5'],
    ['text', 4, 7],
    ['bytea', 5, 'text'],
    ['jsonb', 6, () => 1],
    ['bool', 7, 1],
  ] as const)('refuses what does not fit: %s', async (_type, column, value) => {
    const bad: unknown[] = Array(8).fill(null)
    bad[column] = value
    await expect(copy([bad])).rejects.toThrow(RangeError)
    expect(await readAndEmpty()).toEqual([])
  })

  test('refuses a row with another number of values', async () => {
    await expect(copy([[1, 2, 3]])).rejects.toThrow('3 values for 8 columns')
  })

  test('a failed COPY reports the server’s reason, takes nothing, and leaves the connection fit for use', async () => {
    const good = [1, 1, 1, 1, 'a', Buffer.alloc(0), {}, true]
    const bad = [1, 1, 42, 1, 'a', Buffer.alloc(0), {}, true]
    const many = [
      ...Array.from({ length: 20_000 }, () => good),
      bad,
      ...Array.from({ length: 20_000 }, () => good),
    ]
    const tx = await database.store.pool.connect()
    await expect(copyRows(tx, 'everything', COLUMNS, many)).rejects.toThrow('everything_large_check')
    await expect(copyRows(tx, 'missing', COLUMNS, many)).rejects.toThrow('"missing" does not exist')
    await copyRows(tx, 'everything', COLUMNS, [good])
    tx.release()
    expect(await readAndEmpty()).toEqual([good])
  })

  test('several connections copy at once without mixing', async () => {
    const jobs = Array.from({ length: 8 }, (_, job) =>
      Array.from({ length: 3_000 }, () => [job, job, job, job, `job ${job}`, Buffer.from([job]), {}, true]),
    )
    await Promise.all(jobs.map((rows) => copy(rows)))
    const { rows } = await database.store.pool.query(
      `select small, count(*) as n, bool_and(words = 'job ' || small and bytes = decode(lpad(to_hex(middle), 2, '0'), 'hex')) as whole from everything group by 1 order by 1`,
    )
    await database.store.pool.query('truncate everything')
    expect(rows).toEqual(jobs.map((_, small) => ({ small, n: 3_000, whole: true })))
  })

  test('names are quoted', async () => {
    await database.store.transaction((tx) =>
      copyRows(tx, 'odd "name', [{ name: 'a column', type: 'int4' }], [[5]]),
    )
    const { rows } = await database.store.pool.query('select * from "odd ""name"')
    expect(rows).toEqual([{ 'a column': 5 }])
  })
})

describe('transactions', () => {
  const one = [1, 1, 1, 1, 'a', Buffer.alloc(0), {}, true]

  test('roll back when the work throws', async () => {
    const failing = database.store.transaction(async (tx) => {
      await copyRows(tx, 'everything', COLUMNS, [one])
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await readAndEmpty()).toEqual([])
  })

  test('do not claim success when a statement inside failed and the work ignored it', async () => {
    const ignoring = database.store.transaction(async (tx) => {
      await tx.query('select 1/0').catch(() => undefined)
    })
    await expect(ignoring).rejects.toThrow('rolled back')
  })

  test('a connection that dies in one is thrown away, and the next works', async () => {
    const dying = database.store.transaction(async (tx) => {
      await tx.query('select pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
      await tx.query('select 1')
    })
    await expect(dying).rejects.toThrow()
    expect(await database.store.transaction((tx) => tx.query('select 1 as n').then((r) => r.rows))).toEqual([
      { n: 1 },
    ])
  })

  test('a number beyond 2^53 fails the query instead of being rounded', async () => {
    await expect(database.store.pool.query('select 9007199254740993::bigint')).rejects.toThrow('beyond 2^53')
    await expect(database.store.pool.query('select 9007199254740993::numeric')).rejects.toThrow('beyond 2^53')
    const { rows } = await database.store.pool.query(
      'select sum(n) as sum, avg(n) as mean from generate_series(1, 4::bigint) n',
    )
    expect(rows).toEqual([{ sum: 10, mean: 2.5 }])
  })
})
