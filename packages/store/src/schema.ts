import type { Store } from './pool.ts'

interface ColumnRow {
  table: string
  name: string
  type: string
  required: boolean
  fallback: string | null
  storage: string | null
}

interface ObjectRow {
  table: string
  definition: string
}

const COLUMNS = `
  select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
    pg_get_expr(d.adbin, d.adrelid) as fallback,
    case when a.attstorage <> t.typstorage then
      case a.attstorage when 'e' then 'external' when 'm' then 'main' when 'p' then 'plain' else 'extended' end end as storage
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  order by c.relname, a.attnum`

const CONSTRAINTS = `
  select conrelid::regclass::text as table, format('constraint %I %s', conname, pg_get_constraintdef(oid)) as definition
  from pg_constraint
  where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'
  order by 1, contype desc, conname`

const INDEXES = `
  select c.relname as table, pg_get_indexdef(i.indexrelid) as definition
  from pg_index i join pg_class c on c.oid = i.indrelid
  where c.relnamespace = 'public'::regnamespace
    and not exists (select from pg_constraint where conindid = i.indexrelid)
  order by 1, 2`

function grouped<T extends { table: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) groups.set(row.table, [...(groups.get(row.table) ?? []), row])
  return groups
}

function columnText(column: ColumnRow): string {
  const parts = [column.name, column.type]
  if (column.storage) parts.push('storage', column.storage)
  if (column.required) parts.push('not null')
  if (column.fallback !== null) parts.push('default', column.fallback)
  return parts.join(' ')
}

/**
 * The schema as the database itself sees it after all migrations, as SQL in a fixed order. It is committed as `schema.sql`, so that
 * a reader sees the whole and a reviewer sees what a migration really did.
 */
export async function dumpSchema(store: Store): Promise<string> {
  const columns = grouped((await store.pool.query<ColumnRow>(COLUMNS)).rows)
  const constraints = grouped((await store.pool.query<ObjectRow>(CONSTRAINTS)).rows)
  const indexes = grouped((await store.pool.query<ObjectRow>(INDEXES)).rows)
  const tables = [...columns].map(([table, rows]) => {
    const inside = [
      ...rows.map(columnText),
      ...(constraints.get(table) ?? []).map((constraint) => constraint.definition),
    ]
    const body = `create table ${table} (\n  ${inside.join(',\n  ')}\n);`
    const outside = (indexes.get(table) ?? []).map((index) => `${index.definition};`)
    return [body, ...outside].join('\n')
  })
  return `-- Made from the migrations; see packages/store/test/schema.test.ts. Do not edit.\n\n${tables.join('\n\n')}\n`
}
