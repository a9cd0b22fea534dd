import { ok, type Problem, type Result, refuse } from '@oiltrail/kernel'
import {
  MOST_REGISTERS_PER_READ,
  REGISTERS_OF_TYPE,
  type RegisterBlock,
  type RegisterField,
  type RegisterType,
} from './block.ts'

/** Registers of a Modbus device are numbered with 16 bits. */
const ADDRESSES = 65_536
/** More inputs than any module has; keeps a mistaken table from polling for ever. */
const MOST_REPETITIONS = 64
/** A count of more than a cubic metre is a mistake in the table. */
const LARGEST_SCALE = 1_000_000

const NUMBER_TYPES: readonly RegisterType[] = ['u16', 'i16', 'u32', 'u64']
const TABLE_KEYS = ['start', 'length', 'stride', 'count', 'wordOrder', 'fields']
const FIELD_KEYS: Readonly<Record<string, readonly string[]>> = {
  number: ['at', 'type', 'scale'],
  flag: ['at', 'type'],
  choice: ['at', 'type', 'choices'],
}

type Json = Readonly<Record<string, unknown>>

/**
 * A block laid out by an integrator's own table (JSON or YAML, already parsed), for a module with other registers than
 * ours: same field names and meanings as `ours`, other places, types, scales and word order; a field that the module
 * lacks becomes `{ constant }`. Refuses CONFIG_INVALID with the place in the table.
 */
export function blockFromTable<T>(ours: RegisterBlock<T>, table: unknown): Result<RegisterBlock<T>> {
  if (!isObject(table)) return invalid('a table of registers is an object', ours.name)
  const unknown = Object.keys(table).find((key) => !TABLE_KEYS.includes(key))
  if (unknown !== undefined) return invalid('unknown key', unknown)
  const { start, length, stride, count, wordOrder, fields } = {
    stride: table.length,
    count: 1,
    wordOrder: 'high-first',
    ...table,
  } as Json
  if (!isCount(start, 0, ADDRESSES - 1)) return invalid(`0 to ${ADDRESSES - 1}`, 'start')
  if (!isCount(length, 1, MOST_REGISTERS_PER_READ))
    return invalid(`1 to ${MOST_REGISTERS_PER_READ}`, 'length')
  if (!isCount(stride, length, ADDRESSES)) return invalid('at least the length', 'stride')
  if (!isCount(count, 1, MOST_REPETITIONS)) return invalid(`1 to ${MOST_REPETITIONS}`, 'count')
  if (start + stride * (count - 1) + length > ADDRESSES) return invalid('beyond the last register', 'count')
  if (wordOrder !== 'high-first' && wordOrder !== 'low-first')
    return invalid('high-first or low-first', 'wordOrder')
  if (!isObject(fields)) return invalid('an object with one entry for each field', 'fields')
  const read = fieldsFromTable(ours.fields, fields, length)
  if (!read.ok) return read
  return ok({ name: ours.name, start, length, stride, count, wordOrder, fields: read.value })
}

function fieldsFromTable<T>(
  ours: readonly RegisterField<T>[],
  table: Json,
  length: number,
): Result<RegisterField<T>[]> {
  const unknown = Object.keys(table).find((name) => !ours.some((field) => field.name === name))
  if (unknown !== undefined) return invalid('no such field', `fields.${unknown}`)
  const fields: RegisterField<T>[] = []
  for (const field of ours) {
    const entry = Object.hasOwn(table, field.name) ? table[field.name] : undefined
    if (!isObject(entry))
      return invalid('missing; a module without it says { constant }', `fields.${field.name}`)
    const read = fieldFromTable(field, entry, length)
    if (!read.ok) return read
    fields.push(read.value)
  }
  return ok(fields)
}

function fieldFromTable<T>(ours: RegisterField<T>, entry: Json, length: number): Result<RegisterField<T>> {
  const where = `fields.${ours.name}`
  const kind = kindOf(ours)
  const choices = 'choices' in ours ? ours.choices : []
  if ('constant' in entry) {
    const constant = entry.constant
    const fits = {
      number: Number.isSafeInteger(constant),
      flag: typeof constant === 'boolean',
      choice: choices.includes(constant as string),
    }[kind]
    if (!fits || Object.keys(entry).length !== 1) return invalid(`not a constant for a ${kind}`, where)
    return ok({ name: ours.name, constant: constant as number | string | boolean })
  }
  const unknown = Object.keys(entry).find((key) => !FIELD_KEYS[kind]!.includes(key))
  if (unknown !== undefined) return invalid('unknown key', `${where}.${unknown}`)
  const { at, type } = entry
  const typeFits = kind === 'number' ? NUMBER_TYPES.includes(type as RegisterType) : type === kind
  if (!typeFits) return invalid(kind === 'number' ? NUMBER_TYPES.join(', ') : kind, `${where}.type`)
  if (!isCount(at, 0, length - REGISTERS_OF_TYPE[type as RegisterType]))
    return invalid('outside of the block', `${where}.at`)
  if (kind === 'number') {
    const scale = entry.scale ?? 1
    if (!isCount(scale, 1, LARGEST_SCALE)) return invalid(`1 to ${LARGEST_SCALE}`, `${where}.scale`)
    return ok({ name: ours.name, at, type: type as 'u16' | 'i16' | 'u32' | 'u64', scale })
  }
  if (kind === 'flag') return ok({ name: ours.name, at, type: 'flag' })
  const own = entry.choices ?? choices
  if (!Array.isArray(own) || own.length === 0 || !own.every((choice) => choices.includes(choice as string)))
    return invalid(`a list of: ${choices.join(', ')}`, `${where}.choices`)
  return ok({ name: ours.name, at, type: 'choice', choices: own as string[] })
}

function kindOf<T>(field: RegisterField<T>): 'number' | 'flag' | 'choice' {
  if ('constant' in field) return 'number'
  return field.type === 'flag' || field.type === 'choice' ? field.type : 'number'
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

function invalid(detail: string, where: string): { ok: false; problem: Problem } {
  return refuse('CONFIG_INVALID', detail, where)
}
