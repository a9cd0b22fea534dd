import { createHash } from 'node:crypto'
import { decodeBatch } from '@oiltrail/protocols/uplink'
import { type CopyColumn, copyRows, type Store } from '@oiltrail/store'
import type { SignedBatch } from '../test/fleet/fleet.ts'
import { COUNTY } from './world.ts'

/** Records of one bare transaction: where COPY has reached its best rate. */
const GROUP_RECORDS = 5_000

const SALE: readonly CopyColumn[] = [
  { name: 'county', type: 'int4' },
  { name: 'position', type: 'int8' },
  { name: 'seq', type: 'int8' },
  { name: 'site_id', type: 'int4' },
  { name: 'nozzle_id', type: 'int4' },
  { name: 'grade', type: 'int2' },
  { name: 'ended_at', type: 'int8' },
  { name: 'started_at', type: 'int8' },
  { name: 'volume_ml', type: 'int8' },
  { name: 'total_ml', type: 'int8' },
  { name: 'price_fen', type: 'int4' },
  { name: 'amount_fen', type: 'int8' },
  { name: 'source', type: 'int2' },
]
const ENTRY: readonly CopyColumn[] = [
  { name: 'county', type: 'int4' },
  { name: 'position', type: 'int8' },
  { name: 'type', type: 'int2' },
  { name: 'received_at', type: 'int8' },
  { name: 'device', type: 'text' },
  { name: 'channel', type: 'int2' },
  { name: 'first_seq', type: 'int8' },
  { name: 'last_seq', type: 'int8' },
  { name: 'code', type: 'text' },
  { name: 'leaf', type: 'bytea' },
  { name: 'raw', type: 'bytea' },
]

/** The rows that intake and views would write for some batches, made beforehand: nothing is left to do but to write them. */
export interface BareGroup {
  readonly entries: readonly (readonly unknown[])[]
  readonly sales: readonly (readonly unknown[])[]
}

let nextPosition = 0

/** Turns batches of sales into rows, in groups of about 5,000 records. */
export function bareGroups(batches: readonly SignedBatch[]): BareGroup[] {
  const groups: { entries: unknown[][]; sales: unknown[][] }[] = []
  for (const batch of batches) {
    let group = groups.at(-1)
    if (!group || group.sales.length >= GROUP_RECORDS) {
      group = { entries: [], sales: [] }
      groups.push(group)
    }
    const position = nextPosition++
    const leaf =
      createHash('sha512').update(batch.head).digest('hex') +
      createHash('sha512').update('x').digest('hex').slice(0, 90)
    group.entries.push([
      COUNTY,
      position,
      0,
      Date.now(),
      batch.lane.device,
      0,
      batch.first,
      batch.last,
      null,
      Buffer.from(leaf),
      batch.bytes,
    ])
    const decoded = decodeBatch(batch.bytes)
    if (!decoded.ok) throw new Error(decoded.problem.detail)
    const siteId = Number.parseInt(batch.lane.site.slice(1), 10)
    for (const line of decoded.value.lines) {
      const fact = JSON.parse(Buffer.from(line).toString()) as Record<string, number>
      const volume = fact.volumeMillilitres!
      const nozzle = siteId * 6 + Number(fact.nozzle)
      group.sales.push([
        COUNTY,
        position,
        fact.seq,
        siteId,
        nozzle,
        nozzle % 3,
        fact.at,
        fact.startedAt,
        volume,
        fact.totalMillilitres,
        750,
        Math.round((volume * 750) / 1000),
        1,
      ])
    }
  }
  return groups
}

/** Makes tables beside the product's own, with the same columns and indexes. */
export async function makeBareTables(store: Store): Promise<void> {
  await store.pool.query(`create schema bench;
    create table bench.log_entry (like public.log_entry including all);
    create table bench.sale (like public.sale including all)`)
}

/** Binary COPY of the rows into both tables, a transaction a group, one connection. */
export async function bareCopy(store: Store, groups: readonly BareGroup[]): Promise<void> {
  for (const group of groups)
    await store.transaction(async (tx) => {
      await tx.query('set local search_path = bench')
      await copyRows(tx, 'log_entry', ENTRY, group.entries)
      await copyRows(tx, 'sale', SALE, group.sales)
    })
}

/** Single-row durable inserts of sales over some connections for a while; returns rows per second. */
export async function bareInserts(
  store: Store,
  groups: readonly BareGroup[],
  connections: number,
  seconds: number,
): Promise<number> {
  const names = SALE.map((column) => column.name).join(', ')
  const marks = SALE.map((_, i) => `$${i + 1}`).join(', ')
  const rows = groups.flatMap((group) => group.sales)
  const end = performance.now() + seconds * 1_000
  let next = 0
  const worker = async (): Promise<void> => {
    const client = await store.pool.connect()
    try {
      while (performance.now() < end) {
        const values = rows[next++ % rows.length] as unknown[]
        await client.query({
          name: 'bare-insert',
          text: `insert into bench.sale (${names}) values (${marks})`,
          values,
        })
      }
    } finally {
      client.release()
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return next / seconds
}

/** Milliseconds that one durable single-row commit takes. */
export async function bareCommitMs(store: Store, group: BareGroup): Promise<number> {
  const names = SALE.map((column) => column.name).join(', ')
  const marks = SALE.map((_, i) => `$${i + 1}`).join(', ')
  const start = performance.now()
  await store.pool.query({
    name: 'bare-insert',
    text: `insert into bench.sale (${names}) values (${marks})`,
    values: group.sales[0] as unknown[],
  })
  return performance.now() - start
}
