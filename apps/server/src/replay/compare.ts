import { quoteIdentifier, type Transaction } from '@oiltrail/store'
import type { Findings } from './findings.ts'

/** A table that can be built again from the log. */
export interface DerivedTable {
  readonly table: string
  /** Columns that name a row. */
  readonly key: readonly string[]
  /** Columns that tell a person what a row was that is not there any more, or should not be. */
  readonly tells?: readonly string[]
  /** What of the table is compared, as SQL in the place of a table; `schema` is quoted. Absent: all of it. */
  readonly part?: (schema: string) => string
}

/** Every table of the views. A migration that adds a view adds a line. */
export const VIEW_TABLES: readonly DerivedTable[] = [
  { table: 'site', key: ['site_id'] },
  { table: 'tank', key: ['tank_id'] },
  { table: 'nozzle', key: ['nozzle_id'] },
  { table: 'nozzle_link', key: ['nozzle_id', 'valid_from'] },
  { table: 'sale', key: ['position', 'seq'] },
  { table: 'receipt', key: ['position', 'seq'] },
  { table: 'level', key: ['position', 'seq'] },
  { table: 'delivery', key: ['position', 'seq'] },
  { table: 'price', key: ['nozzle_id', 'at', 'position', 'seq'] },
  { table: 'other_fact', key: ['position', 'seq'] },
  { table: 'refused_record', key: ['position', 'seq'] },
  { table: 'sales_hour', key: ['hour', 'nozzle_id', 'grade'] },
  { table: 'sales_day', key: ['day', 'nozzle_id', 'grade'] },
  { table: 'tank_hour', key: ['hour', 'tank_id'] },
  { table: 'tank_state', key: ['tank_id'] },
  { table: 'nozzle_state', key: ['nozzle_id'] },
  { table: 'channel_state', key: ['device', 'channel'] },
  { table: 'gap', key: ['device', 'channel', 'first_seq'] },
  { table: 'chart_decision', key: ['position'], tells: ['site', 'tank'] },
]

/** One table compared. */
export interface TableComparison {
  readonly table: string
  readonly liveRows: number
  readonly rebuiltRows: number
  readonly equal: boolean
}

/** Differing rows that are read of one table. */
const MOST_DIFFERENCES = 500

/**
 * Compares one table of the views with its rebuilt twin, row by row: first by a count and a sum of hashes, and only when
 * these differ by naming the rows. `live` and `rebuilt` are schema names.
 */
export async function compareTable(
  tx: Transaction,
  county: number,
  of: DerivedTable,
  schemas: { readonly live: string; readonly rebuilt: string },
  findings: Findings,
): Promise<TableComparison> {
  const [live, rebuilt] = [schemas.live, schemas.rebuilt].map(
    (schema) =>
      of.part?.(quoteIdentifier(schema)) ?? `${quoteIdentifier(schema)}.${quoteIdentifier(of.table)}`,
  )
  const digest = (table: string): string =>
    `(select jsonb_build_array(count(*), coalesce(sum(hash_record_extended(t, 0)::numeric), 0)) from ${table} t where county = $1)`
  const { rows } = await tx.query<{ live: [number, number]; rebuilt: [number, number]; equal: boolean }>(
    `select live, rebuilt, live = rebuilt as equal from (select ${digest(live!)} as live, ${digest(rebuilt!)} as rebuilt) d`,
    [county],
  )
  const found = rows[0]!
  if (!found.equal) await nameDifferences(tx, county, of, [live!, rebuilt!], findings)
  return { table: of.table, liveRows: found.live[0], rebuiltRows: found.rebuilt[0], equal: found.equal }
}

interface Difference {
  readonly live: Record<string, unknown> | null
  readonly rebuilt: Record<string, unknown> | null
}

async function nameDifferences(
  tx: Transaction,
  county: number,
  { table, key, tells = [] }: DerivedTable,
  [live, rebuilt]: readonly [string, string],
  findings: Findings,
): Promise<void> {
  const order = key.map((column) => quoteIdentifier(column)).join(', ')
  const only = (a: string, b: string): string =>
    `(select * from ${a} a where county = $1 except all select * from ${b} b where county = $1)`
  const { rows } = await tx.query<Difference>(
    `select to_jsonb(l) as live, to_jsonb(r) as rebuilt
     from (select x.*, row_number() over (partition by ${order}) as twin from ${only(live, rebuilt)} x) l
     full join (select x.*, row_number() over (partition by ${order}) as twin from ${only(rebuilt, live)} x) r
       using (${order}, twin)
     order by ${order} limit ${MOST_DIFFERENCES}`,
    [county],
  )
  for (const row of rows) {
    const one = (row.live ?? row.rebuilt)!
    const name = key.map((column) => `${column} ${String(one[column])}`).join(', ')
    const told =
      tells.length === 0 ? '' : `: ${tells.map((column) => `${column} ${String(one[column])}`).join(', ')}`
    if (row.live === null)
      findings.add('removed', table, name, clip(`the log has it, the table has not${told}`))
    else if (row.rebuilt === null)
      findings.add('inserted', table, name, clip(`the table has it, the log has not${told}`))
    else findings.add('altered', table, name, changes(row.live, row.rebuilt))
  }
}

/** Characters of a detail; a whole document would hide the other findings. */
const LONGEST_DETAIL = 500

function clip(text: string): string {
  return text.slice(0, LONGEST_DETAIL)
}

function changes(live: Record<string, unknown>, rebuilt: Record<string, unknown>): string {
  const list = Object.keys(rebuilt)
    .filter((column) => JSON.stringify(live[column]) !== JSON.stringify(rebuilt[column]))
    .map(
      (column) =>
        `${column} is ${JSON.stringify(live[column])}, the log says ${JSON.stringify(rebuilt[column])}`,
    )
    .join('; ')
  return clip(list)
}
