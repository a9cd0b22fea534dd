import { hexDigits, type TextReader, writeFloatHex } from './text.ts'

/**
 * A counted list of floats: NN (two **hexadecimal** digits), then NN floats. The names a table gives to the first
 * ones; firmware newer than the table sends more, older sends fewer, and both are kept.
 */
export interface Floats<N extends string> {
  /** Values by name; a name is missing when NN was smaller. In the console's own units. */
  readonly named: Readonly<Partial<Record<N, number>>>
  /** Values behind the last name of the table. */
  readonly more: readonly number[]
}

/** Names of a counted list, in the order sent. */
export type FloatTable<N extends string> = readonly N[]

/** Reads NN and its floats. */
export function readFloats<N extends string>(reader: TextReader, table: FloatTable<N>): Floats<N> {
  const count = reader.hexadecimal('NN', 2)
  const named: Partial<Record<N, number>> = {}
  const more: number[] = []
  for (let i = 0; i < count; i++) {
    const name = table[i]
    const value = reader.float(name ?? `float ${i + 1}`)
    if (name === undefined) more.push(value)
    else named[name] = value
  }
  return { named, more }
}

/** Writes NN and the floats. Throws RangeError when a name is missing before one that is there. */
export function writeFloats<N extends string>(floats: Floats<N>, table: FloatTable<N>): string {
  const present = table.filter((name) => floats.named[name] !== undefined)
  const complete = floats.more.length === 0 || present.length === table.length
  if (!complete || present.some((name, i) => name !== table[i]))
    throw new RangeError('a float is missing in the middle')
  const values = [...present.map((name) => floats.named[name]!), ...floats.more]
  return hexDigits(values.length, 2) + values.map(writeFloatHex).join('')
}

/** Every float of the list in the order sent. */
export function floatValues<N extends string>(floats: Floats<N>, table: FloatTable<N>): number[] {
  const named = table.map((name) => floats.named[name]).filter((value) => value !== undefined)
  return [...named, ...floats.more]
}
