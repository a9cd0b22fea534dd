import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { CopyColumn } from '../src/copy.ts'
import { mustTouch, Pipeline, TOUCHED_NOTHING } from '../src/pipeline.ts'
import { openStore, type Store } from '../src/pool.ts'
import { type TestDatabase, testDatabase } from '../src/testing.ts'

const COLUMNS: readonly CopyColumn[] = [
  { name: 'n', type: 'int4' },
  { name: 'word', type: 'text' },
]

let database: TestDatabase
/** One connection, so that a test meets what the one before it left on it. */
let store: Store
beforeAll(async () => {
  database = await testDatabase({ empty: true })
  store = openStore(database.url, { max: 1 })
  await store.pool.query('create table thing (n integer not null check (n < 1000), word text, data bytea)')
})
afterEach(() => store.pool.query('truncate thing'))
afterAll(async () => {
  await store.close()
  await database.close()
})

function insert(n: number, word: string | null = null): Pipeline {
  const writes = new Pipeline()
  addInsert(writes, n, word)
  return writes
}

function addInsert(writes: Pipeline, n: number, word: string | null = null): void {
  writes.add({ name: 'insert', text: 'insert into thing (n, word) values ($1, $2)', values: [n, word] })
}

async function numbers(): Promise<number[]> {
  const { rows } = await store.pool.query<{ n: number }>('select n from thing order by n')
  return rows.map((row) => row.n)
}

async function transactionIsOpen(): Promise<boolean> {
  const { rows } = await store.pool.query<{ open: boolean }>('select now() <> statement_timestamp() as open')
  return rows[0]!.open
}

test('statements and COPY of one pipeline are committed together', async () => {
  await store.round(async () => {
    const writes = insert(1, 'one')
    writes.copy('thing', COLUMNS, [
      [2, 'two'],
      [3, null],
    ])
    addInsert(writes, 4)
    writes.copy('thing', COLUMNS, [[5, 'five']])
    writes.add({
      name: 'bytes',
      text: 'update thing set data = $2 where n = $1',
      values: [1, Buffer.from([0, 255, 10])],
    })
    return writes
  })
  expect(await numbers()).toEqual([1, 2, 3, 4, 5])
  const { rows } = await store.pool.query('select word, data from thing where n = 1')
  expect(rows).toEqual([{ word: 'one', data: Buffer.from([0, 255, 10]) }])
})

test('a second time the same statements are prepared already, and a text that changed under its name is prepared anew', async () => {
  for (const n of [1, 2, 3]) await store.round(async () => insert(n))
  await store.round(async () => {
    const writes = new Pipeline()
    writes.add({ name: 'insert', text: 'insert into thing (n) values ($1 + 100)', values: [1] })
    return writes
  })
  await store.round(async () => insert(4))
  expect(await numbers()).toEqual([1, 2, 3, 4, 101])
})

const refusals: readonly (readonly [string, (writes: Pipeline) => void, string])[] = [
  ['a statement that fails', (writes) => addInsert(writes, 5_000), 'thing_n_check'],
  [
    'a COPY that the table refuses',
    (writes) => writes.copy('thing', COLUMNS, [[5_000, 'x']]),
    'thing_n_check',
  ],
  [
    'a COPY into a table that is not there',
    (writes) => writes.copy('nothing', COLUMNS, [[1, 'x']]),
    'nothing',
  ],
  [
    'a statement that cannot be parsed',
    (writes) => writes.add({ name: 'junk', text: 'junk' }),
    'syntax error',
  ],
  [
    'an UPDATE that had to touch a row',
    (writes) => writes.add({ name: 'touch', text: mustTouch('update thing set word = null where n = 77') }),
    'division by zero',
  ],
]
for (const [name, spoil, words] of refusals)
  test(`${name} undoes what went before and skips what comes behind, COMMIT too; the connection stays good`, async () => {
    const round = store.round(async () => {
      const writes = insert(1)
      writes.copy('thing', COLUMNS, [[2, 'two']])
      spoil(writes)
      writes.copy('thing', COLUMNS, [[3, 'three']])
      addInsert(writes, 4)
      return writes
    })
    await expect(round).rejects.toThrow(words)
    expect(await numbers()).toEqual([])
    expect(await transactionIsOpen()).toBe(false)
    await store.round(async () => insert(6))
    expect(await numbers()).toEqual([6])
  })

test('what had to touch a row fails with a code of its own, and passes when it does', async () => {
  const touch = (n: number): Pipeline => {
    const writes = new Pipeline()
    writes.add({
      name: 'touch n',
      text: mustTouch("update thing set word = 'seen' where n = $1"),
      values: [n],
    })
    return writes
  }
  await store.round(async () => insert(1))
  await store.round(async () => touch(1))
  await expect(store.round(async () => touch(2))).rejects.toMatchObject({ code: TOUCHED_NOTHING })
})

test('a round that reads first sees and commits in one transaction', async () => {
  await store.round(async (open) => {
    const tx = await open()
    await tx.query('insert into thing (n) values (10)')
    expect(await open()).toBe(tx)
    const { rows } = await tx.query<{ n: number }>('select max(n) + 1 as n from thing')
    return insert(rows[0]!.n)
  })
  expect(await numbers()).toEqual([10, 11])
})

test('a round whose work throws, or swallowed a failure, commits nothing', async () => {
  const thrown = store.round(async (open) => {
    await (await open()).query('insert into thing (n) values (1)')
    throw new Error('no further')
  })
  await expect(thrown).rejects.toThrow('no further')
  const swallowed = store.round(async (open) => {
    const tx = await open()
    await tx.query('insert into thing (n) values (2)')
    await tx.query('select 1 / 0').catch(() => undefined)
    return new Pipeline()
  })
  await expect(swallowed).rejects.toThrow('rolled back')
  expect(await numbers()).toEqual([])
  expect(await transactionIsOpen()).toBe(false)
})

test('a value that does not fit its column is refused before anything is sent', () => {
  expect(() => new Pipeline().copy('thing', COLUMNS, [[1.5, 'x']])).toThrow(RangeError)
})

test('a connection that breaks under a pipeline fails it; the next round has another', async () => {
  await expect(
    store.round(async (open) => {
      await (await open()).query('insert into thing (n) values (1)')
      const writes = new Pipeline()
      writes.add({ name: 'die', text: 'select pg_terminate_backend(pg_backend_pid())' })
      return writes
    }),
  ).rejects.toThrow()
  await store.round(async () => insert(2))
  expect(await numbers()).toEqual([2])
})

test('many rows of a COPY follow each other through the same memory unharmed', async () => {
  const word = 'x'.repeat(500)
  for (let round = 0; round < 5; round++)
    await store.round(async () => {
      const writes = new Pipeline()
      writes.copy(
        'thing',
        COLUMNS,
        Array.from({ length: 5_000 }, (_, i) => [i % 1_000, word]),
      )
      writes.copy('thing', COLUMNS, [[round, 'after']])
      return writes
    })
  const { rows } = await store.pool.query<{ n: number; bytes: number }>(
    'select count(*) as n, sum(length(word)) as bytes from thing',
  )
  expect(rows).toEqual([{ n: 25_005, bytes: 25_000 * 500 + 25 }])
})
