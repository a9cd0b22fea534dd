import { asciiBytes, ByteReader, concatBytes, ok, type Result, refuse } from '@oiltrail/kernel'

/**
 * One field of a frame's body. The same table reads and writes.
 * `byte`: one binary byte. `count`: ASCII digits of `scale` units each. `digits`: ASCII digits kept as text (dates,
 * codes). `text`: ASCII, padded behind with spaces. `reserved`: bytes of unknown meaning, written as `0`, not read.
 */
export type Field<T> =
  | { readonly name: keyof T & string; readonly type: 'byte' }
  | {
      readonly name: keyof T & string
      readonly type: 'count'
      readonly width: number
      readonly scale: number
    }
  | { readonly name: keyof T & string; readonly type: 'digits' | 'text'; readonly width: number }
  | { readonly type: 'reserved'; readonly width: number }

export type Layout<T> = readonly Field<T>[]

/** What a board puts before a number that does not fill its field. */
export type Padding = '0' | ' '

/** A volume of the port: 0.01 L to millilitres. */
export const VOLUME_SCALE = 10

/** Bytes a layout takes. */
export function layoutBytes<T>(layout: Layout<T>): number {
  let bytes = 0
  for (const field of layout) bytes += field.type === 'byte' ? 1 : field.width
  return bytes
}

/** Reads a body by its layout; its length must be exactly the layout's. Refuses MALFORMED with the field's name. */
export function readLayout<T>(layout: Layout<T>, body: Uint8Array, padding: Padding): Result<T> {
  const expected = layoutBytes(layout)
  if (body.length !== expected)
    return refuse('MALFORMED', `the body has ${body.length} bytes, ${expected} expected`)
  const reader = new ByteReader(body)
  const values: Record<string, string | number> = {}
  for (const field of layout) {
    if (field.type === 'byte') values[field.name] = reader.u8()
    else if (field.type === 'reserved') reader.slice(field.width)
    else {
      const value = readField(field, reader.ascii(field.width), padding)
      if (value === undefined) return refuse('MALFORMED', `not ${field.type}`, field.name)
      values[field.name] = value
    }
  }
  return ok(values as T)
}

const PADDED_COUNT: Readonly<Record<Padding, RegExp>> = { '0': /^[0-9]+$/, ' ': /^ *[0-9]+$/ }

function readField<T>(
  field: Exclude<Field<T>, { type: 'byte' | 'reserved' }>,
  characters: string,
  padding: Padding,
): string | number | undefined {
  if (field.type === 'count')
    return PADDED_COUNT[padding].test(characters) ? Number(characters) * field.scale : undefined
  if (field.type === 'digits') return /^[0-9]*$/.test(characters) ? characters : undefined
  return /^[ -~]*$/.test(characters) ? characters.replace(/ +$/, '') : undefined
}

/** Writes values by their layout. Throws RangeError when one does not fit its field: a mistake of the caller. */
export function writeLayout<T>(layout: Layout<T>, values: T, padding: Padding): Uint8Array {
  return concatBytes(...layout.map((field) => writeField(field, values, padding)))
}

function writeField<T>(field: Field<T>, values: T, padding: Padding): Uint8Array {
  if (field.type === 'reserved') return asciiBytes('0'.repeat(field.width))
  const value: unknown = values[field.name]
  const wrong = new RangeError(`${field.name} cannot be ${String(value)}`)
  if (field.type === 'byte') {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xff) throw wrong
    return Uint8Array.of(value as number)
  }
  if (field.type === 'count') {
    const ticks = (value as number) / field.scale
    if (!Number.isSafeInteger(ticks) || ticks < 0 || String(ticks).length > field.width) throw wrong
    return asciiBytes(String(ticks).padStart(field.width, padding))
  }
  if (typeof value !== 'string') throw wrong
  const fits = field.type === 'digits' ? value.length === field.width : value.length <= field.width
  const allowed = field.type === 'digits' ? /^[0-9]*$/ : /^([ -~]*[!-~])?$/
  if (!fits || !allowed.test(value)) throw wrong
  return asciiBytes(value.padEnd(field.width, ' '))
}
