import { ok, type Result, refuse } from '@oiltrail/kernel'

/** How a number lies in 16-bit registers. `flag`: 0 or 1. `choice`: index into `choices`. */
export type RegisterType = 'u16' | 'i16' | 'u32' | 'u64' | 'flag' | 'choice'

/** Registers that a type takes. */
export const REGISTERS_OF_TYPE: Readonly<Record<RegisterType, number>> = {
  u16: 1,
  i16: 1,
  u32: 2,
  u64: 4,
  flag: 1,
  choice: 1,
}

/** One field of a block, at so many registers behind its beginning; or a constant, where a module has no such register. */
export type RegisterField<T> =
  | {
      readonly name: keyof T & string
      readonly at: number
      readonly type: 'u16' | 'i16' | 'u32' | 'u64'
      /** What one count means, in the unit that ends the name; 1 when absent. */
      readonly scale?: number
    }
  | { readonly name: keyof T & string; readonly at: number; readonly type: 'flag' }
  | {
      readonly name: keyof T & string
      readonly at: number
      readonly type: 'choice'
      readonly choices: readonly string[]
    }
  | { readonly name: keyof T & string; readonly constant: number | string | boolean }

/** Which half of a number of several registers comes first. Modbus itself does not say. */
export type WordOrder = 'high-first' | 'low-first'

/**
 * A run of holding registers (read with function 03), repeated `count` times every `stride` registers: one table that
 * serves collector and module. Addresses count from 0, as in the protocol (manuals that say 40001 mean 0).
 */
export interface RegisterBlock<T> {
  readonly name: string
  readonly start: number
  readonly length: number
  readonly stride: number
  readonly count: number
  readonly wordOrder: WordOrder
  readonly fields: readonly RegisterField<T>[]
}

/** Registers that one request with function 03 may ask for (Modbus Application Protocol V1.1b3 §6.3). */
export const MOST_REGISTERS_PER_READ = 125

/** Address of the first register of the `index`th repetition. Throws RangeError beyond the last. */
export function blockAddress<T>(block: RegisterBlock<T>, index = 0): number {
  if (!Number.isInteger(index) || index < 0 || index >= block.count)
    throw new RangeError(`${block.name} ${index} of ${block.count}`)
  return block.start + index * block.stride
}

/** Reads the registers of one repetition. Refuses MALFORMED (length, choice) and OUT_OF_RANGE with the field's name. */
export function readBlock<T>(block: RegisterBlock<T>, registers: ArrayLike<number>): Result<T> {
  if (registers.length !== block.length)
    return refuse('MALFORMED', `${registers.length} registers, ${block.length} expected`, block.name)
  for (let i = 0; i < registers.length; i++) {
    const word = registers[i]!
    if (!Number.isInteger(word) || word < 0 || word > 0xffff)
      return refuse('MALFORMED', `register ${i} holds no 16-bit word`, block.name)
  }
  const values: Record<string, number | string | boolean> = {}
  for (const field of block.fields) {
    const value = readField(field, registers, block.wordOrder)
    if (!value.ok) return value
    values[field.name] = value.value
  }
  return ok(values as T)
}

function readField<T>(
  field: RegisterField<T>,
  registers: ArrayLike<number>,
  order: WordOrder,
): Result<number | string | boolean> {
  if ('constant' in field) return ok(field.constant)
  const raw = readWords(registers, field.at, REGISTERS_OF_TYPE[field.type], order)
  if (raw === undefined) return refuse('OUT_OF_RANGE', 'beyond 2^53', field.name)
  if (field.type === 'flag')
    return raw <= 1 ? ok(raw === 1) : refuse('MALFORMED', `${raw} is neither 0 nor 1`, field.name)
  if (field.type === 'choice') {
    const choice = field.choices[raw]
    return choice === undefined ? refuse('MALFORMED', `unknown choice ${raw}`, field.name) : ok(choice)
  }
  const value = (field.type === 'i16' && raw > 0x7fff ? raw - 0x10000 : raw) * (field.scale ?? 1)
  return Number.isSafeInteger(value) ? ok(value) : refuse('OUT_OF_RANGE', 'beyond 2^53', field.name)
}

function readWords(
  words: ArrayLike<number>,
  at: number,
  count: number,
  order: WordOrder,
): number | undefined {
  let value = 0
  for (let i = 0; i < count; i++)
    value = value * 0x10000 + words[order === 'high-first' ? at + i : at + count - 1 - i]!
  return Number.isSafeInteger(value) ? value : undefined
}

/** Writes one repetition; registers that no field uses are 0. Throws RangeError when a value does not fit its field. */
export function writeBlock<T>(block: RegisterBlock<T>, values: T): number[] {
  const registers = new Array<number>(block.length).fill(0)
  for (const field of block.fields) {
    if ('constant' in field) continue
    let raw = rawOf(field, values[field.name])
    const count = REGISTERS_OF_TYPE[field.type]
    for (let i = count - 1; i >= 0; i--) {
      registers[block.wordOrder === 'high-first' ? field.at + i : field.at + count - 1 - i] = raw % 0x10000
      raw = Math.floor(raw / 0x10000)
    }
  }
  return registers
}

const MOST: Readonly<Record<'u16' | 'u32' | 'u64', number>> = {
  u16: 0xffff,
  u32: 0xffff_ffff,
  u64: Number.MAX_SAFE_INTEGER,
}

function rawOf<T>(field: Exclude<RegisterField<T>, { constant: unknown }>, value: unknown): number {
  const wrong = new RangeError(`${field.name} cannot be ${String(value)}`)
  if (field.type === 'flag') {
    if (typeof value !== 'boolean') throw wrong
    return value ? 1 : 0
  }
  if (field.type === 'choice') {
    const index = field.choices.indexOf(value as string)
    if (index < 0) throw wrong
    return index
  }
  const raw = (value as number) / (field.scale ?? 1)
  if (!Number.isInteger(raw)) throw wrong
  if (field.type === 'i16') {
    if (raw < -0x8000 || raw > 0x7fff) throw wrong
    return raw < 0 ? raw + 0x10000 : raw
  }
  if (raw < 0 || raw > MOST[field.type]) throw wrong
  return raw
}

/** How many bits a number field counts before it wraps; undefined for a constant, a flag or a choice. */
export function fieldBits<T>(block: RegisterBlock<T>, name: keyof T & string): number | undefined {
  const field = block.fields.find((f) => f.name === name)
  if (!field || 'constant' in field || field.type === 'flag' || field.type === 'choice') return undefined
  return 16 * REGISTERS_OF_TYPE[field.type]
}

/**
 * Growth of a counter that wraps, between two readings. A module that restarted counts from 0 again: its uptime tells,
 * and then this growth means nothing.
 */
export function counterGrowth(before: number, after: number, bits: number = 32): number {
  return after >= before ? after - before : after + 2 ** bits - before
}
