import { z } from 'zod'
import { type RecordedFact, recordSchemas } from './index.ts'

/**
 * The record schemas as flat lists of bounds, derived from the schemas themselves: intake looks at every record of every
 * batch, and a schema library that can explain each fault costs several times what it takes to see that there is none.
 */

/** What one field may hold. Bounds are of the value of an integer, or of the length of a text. */
interface Field {
  readonly name: string
  readonly required: boolean
  readonly type: 'integer' | 'string'
  readonly least: number
  readonly most: number
  readonly pattern: RegExp | undefined
  readonly among: ReadonlySet<unknown> | undefined
}

/** The part of JSON Schema that our fields use. A schema that says more than this must be added here first. */
const KNOWN_WORDS: ReadonlySet<string> = new Set([
  'type',
  'minimum',
  'maximum',
  'maxLength',
  'pattern',
  'enum',
  'const',
])

/** By kind; made at the first record, so that a page which only wants the names of the kinds does not pay for it. */
let checks: ReadonlyMap<string, readonly Field[]> | undefined

function makeChecks(): ReadonlyMap<string, readonly Field[]> {
  return new Map(recordSchemas.map((schema) => [schema.shape.kind.value, fieldsOf(schema)]))
}

function fieldsOf(schema: z.ZodType): Field[] {
  const { properties = {}, required = [], additionalProperties } = z.toJSONSchema(schema)
  if (additionalProperties !== false) throw new Error('a record schema lets unknown fields through')
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(name, required.includes(name), property),
  )
}

function fieldOf(name: string, required: boolean, property: z.core.JSONSchema._JSONSchema): Field {
  if (typeof property === 'boolean') throw new Error(`field ${name} has no type`)
  const { type, pattern } = property
  const unknown = Object.keys(property).filter((word) => !KNOWN_WORDS.has(word))
  if (unknown.length > 0 || (type !== 'integer' && type !== 'string'))
    throw new Error(`field ${name} says ${[type, ...unknown].join(', ')}, which is not checked`)
  const among = property.enum ?? (property.const === undefined ? undefined : [property.const])
  return {
    name,
    required,
    type,
    least: property.minimum ?? (type === 'integer' ? Number.MIN_SAFE_INTEGER : 0),
    most: property.maximum ?? property.maxLength ?? Number.MAX_SAFE_INTEGER,
    pattern: pattern === undefined ? undefined : new RegExp(pattern),
    among: among && new Set(among),
  }
}

/**
 * Whether a parsed JSON value is a record as `recordSchema` wants it. A yes is final. After a no ask `recordSchema`: it
 * knows the reason, and takes a long text of characters outside the BMP, which this counts as two each.
 */
export function isRecord(value: unknown): value is RecordedFact {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Record<string, unknown>
  const kind = record.kind
  checks ??= makeChecks()
  const fields = typeof kind === 'string' ? checks.get(kind) : undefined
  if (!fields) return false
  let present = 0
  for (const field of fields) {
    const held = record[field.name]
    if (held === undefined) {
      if (field.required) return false
    } else if (fits(field, held)) present++
    else return false
  }
  for (const _ in record) present--
  return present === 0
}

function fits(field: Field, held: unknown): boolean {
  if (field.type === 'integer')
    return Number.isSafeInteger(held) && (held as number) >= field.least && (held as number) <= field.most
  if (typeof held !== 'string' || held.length > field.most) return false
  if (field.among) return field.among.has(held)
  return field.pattern === undefined || field.pattern.test(held)
}
