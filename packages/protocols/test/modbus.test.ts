import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as modbus from '../src/modbus/index.ts'

const BLOCKS = modbus.REGISTER_BLOCKS as unknown as readonly modbus.RegisterBlock<Record<string, unknown>>[]

describe.each(BLOCKS.map((block) => [block.name, block] as const))('%s', (_name, block) => {
  it('fits one read, its repetitions do not overlap, and no register serves two fields', () => {
    expect(block.length).toBeLessThanOrEqual(modbus.MOST_REGISTERS_PER_READ)
    expect(block.stride).toBeGreaterThanOrEqual(block.length)
    const used: number[] = []
    for (const field of block.fields) {
      if ('constant' in field) continue
      for (let i = 0; i < modbus.REGISTERS_OF_TYPE[field.type]; i++) used.push(field.at + i)
    }
    expect(new Set(used).size).toBe(used.length)
    expect(Math.max(...used)).toBeLessThan(block.length)
  })

  it('reads any registers or refuses them, and writes back what it read', () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 0xffff }))
    fc.assert(
      fc.property(fc.array(word, { minLength: block.length, maxLength: block.length }), (registers) => {
        const read = modbus.readBlock(block, registers)
        if (!read.ok) {
          expect(['MALFORMED', 'OUT_OF_RANGE']).toContain(read.problem.code)
          return
        }
        const written = modbus.writeBlock(block, read.value)
        expect(modbus.readBlock(block, written)).toEqual(read)
      }),
      { seed: 520_327, numRuns: 2_000 },
    )
  })

  it('refuses another number of registers, and words that are not 16 bits', () => {
    const zeros = new Array<number>(block.length).fill(0)
    for (const wrong of [
      [],
      zeros.slice(1),
      [...zeros, 0],
      [65_536, ...zeros.slice(1)],
      [-1, ...zeros.slice(1)],
      [0.5, ...zeros.slice(1)],
    ])
      expect(modbus.readBlock(block, wrong).ok).toBe(false)
  })
})

it('the module block and the inputs lie apart', () => {
  expect(modbus.blockAddress(modbus.PULSE_MODULE)).toBe(0)
  expect(modbus.blockAddress(modbus.PULSE_INPUT, 0)).toBe(16)
  expect(modbus.blockAddress(modbus.PULSE_INPUT, 7)).toBe(128)
  expect(modbus.blockAddress(modbus.ARM_METER, 3)).toBe(96)
  for (const wrong of [-1, 8, 0.5])
    expect(() => modbus.blockAddress(modbus.PULSE_INPUT, wrong)).toThrow(RangeError)
})

describe('registers as the documents give them', () => {
  it('a pulse input', () => {
    const registers = [0x0001, 0x86a0, 0x0001, 0x869f, 4_700, 1, 0b1000]
    const value = { pulsesA: 100_000, pulsesB: 99_999, loopOhms: 4_700, phase: 'a-leads' as const, flags: 8 }
    expect(modbus.readBlock(modbus.PULSE_INPUT, registers)).toEqual({ ok: true, value })
    expect(modbus.writeBlock(modbus.PULSE_INPUT, value)).toEqual(registers)
  })

  it('a pulse module', () => {
    const registers = [1, 1, 0, 0x0001, 0x5180, 0x0102, 6, 0]
    const value = {
      mapVersion: 1,
      mainsPresent: true,
      doorOpen: false,
      uptimeSeconds: 86_400,
      firmware: 258,
      inputs: 6,
    }
    expect(modbus.readBlock(modbus.PULSE_MODULE, registers)).toEqual({ ok: true, value })
    expect(modbus.writeBlock(modbus.PULSE_MODULE, value)).toEqual(registers)
  })

  it('an arm meter below freezing, its totalizer beyond 32 bits', () => {
    const value = {
      mapVersion: 1,
      state: 'idle' as const,
      product: 2_001,
      runningMillilitres: 0,
      batch: 70_000,
      volumeMillilitres: 21_000_000,
      volume20Millilitres: 21_350_400,
      temperatureCentiCelsius: -50,
      totalMillilitres: 500_000_000_000,
      startedAtSeconds: 1_795_413_600,
      endedAtSeconds: 1_795_414_500,
    }
    const registers = modbus.writeBlock(modbus.ARM_METER, value)
    expect(registers).toEqual([
      1, 0, 2_001, 0, 0, 1, 4_464, 3, 13_392, 3, 16_896, 65_531, 0, 1, 10_757, 61_952, 27_395, 54_880, 27_395,
      55_780,
    ])
    expect(modbus.readBlock(modbus.ARM_METER, registers)).toEqual({ ok: true, value })
  })

  it.each([
    ['an unknown phase relation', modbus.PULSE_INPUT, [0, 0, 0, 0, 0, 3, 0], 'MALFORMED', 'phase'],
    [
      'a flag that is neither 0 nor 1',
      modbus.PULSE_MODULE,
      [1, 2, 0, 0, 0, 0, 0, 0],
      'MALFORMED',
      'mainsPresent',
    ],
    [
      'a totalizer beyond 2^53',
      modbus.ARM_METER,
      [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      'OUT_OF_RANGE',
      'totalMillilitres',
    ],
  ])('%s is refused', (_what, block, registers, code, where) => {
    const read = modbus.readBlock(block as modbus.RegisterBlock<unknown>, registers)
    expect(read.ok ? undefined : [read.problem.code, read.problem.where]).toEqual([code, where])
  })

  it('values that do not fit are never written', () => {
    const input = { pulsesA: 0, pulsesB: 0, loopOhms: 0, phase: 'unknown' as const, flags: 0 }
    for (const wrong of [{ pulsesA: 2 ** 32 }, { pulsesB: -1 }, { loopOhms: 65_536 }, { flags: 0.5 }])
      expect(() => modbus.writeBlock(modbus.PULSE_INPUT, { ...input, ...wrong })).toThrow(RangeError)
  })
})

it('a counter grows across its wrap, at the width of its field', () => {
  expect(modbus.counterGrowth(100, 350)).toBe(250)
  expect(modbus.counterGrowth(4_294_967_290, 4)).toBe(10)
  expect(modbus.counterGrowth(7, 7)).toBe(0)
  expect(modbus.counterGrowth(65_530, 4, 16)).toBe(10)
  expect(modbus.fieldBits(modbus.PULSE_INPUT, 'pulsesA')).toBe(32)
  expect(modbus.fieldBits(modbus.PULSE_INPUT, 'phase')).toBeUndefined()
})

describe("an integrator's own table", () => {
  const table = {
    start: 1_000,
    length: 4,
    stride: 10,
    count: 3,
    wordOrder: 'low-first',
    fields: {
      pulsesA: { at: 0, type: 'u32' },
      pulsesB: { at: 2, type: 'u16' },
      loopOhms: { at: 3, type: 'u16', scale: 10 },
      phase: { constant: 'unknown' },
      flags: { constant: 0 },
    },
  }

  it('moves the fields, and says what the module lacks', () => {
    const block = modbus.blockFromTable(modbus.PULSE_INPUT, table)
    if (!block.ok) throw new Error(block.problem.detail)
    expect(modbus.blockAddress(block.value, 2)).toBe(1_020)
    const registers = [0x86a0, 0x0001, 1_696, 470]
    const value = { pulsesA: 100_000, pulsesB: 1_696, loopOhms: 4_700, phase: 'unknown', flags: 0 }
    expect(modbus.readBlock(block.value, registers)).toEqual({ ok: true, value })
    expect(modbus.writeBlock(block.value, value as modbus.PulseInput)).toEqual(registers)
    expect(modbus.fieldBits(block.value, 'pulsesB')).toBe(16)
  })

  it('may renumber choices', () => {
    const arm = {
      start: 0,
      length: 1,
      fields: Object.fromEntries(
        modbus.ARM_METER.fields.map((f) => [
          f.name,
          f.name === 'state'
            ? { at: 0, type: 'choice', choices: ['loading', 'idle', 'loading'] }
            : { constant: 0 },
        ]),
      ),
    }
    const block = modbus.blockFromTable(modbus.ARM_METER, arm)
    if (!block.ok) throw new Error(`${block.problem.where}: ${block.problem.detail}`)
    const states = [0, 1, 2].map((word) => modbus.readBlock(block.value, [word]))
    expect(states.map((s) => s.ok && s.value.state)).toEqual(['loading', 'idle', 'loading'])
  })

  const { pulsesB: _without, ...lacking } = table.fields
  it.each([
    ['no object', 'table', 'pulse input'],
    ['an unknown key', { ...table, unit: 1 }, 'unit'],
    ['a negative start', { ...table, start: -1 }, 'start'],
    ['a block too long for one read', { ...table, length: 126 }, 'length'],
    ['repetitions that overlap', { ...table, stride: 3 }, 'stride'],
    ['repetitions beyond the last register', { ...table, start: 65_530 }, 'count'],
    ['a word order of neither kind', { ...table, wordOrder: 'middle-first' }, 'wordOrder'],
    ['a field that is missing', { ...table, fields: lacking }, 'fields.pulsesB'],
    [
      'a field that does not exist',
      { ...table, fields: { ...table.fields, litres: { at: 0 } } },
      'fields.litres',
    ],
    ['a field across the end', withField('pulsesB', { at: 3, type: 'u32' }), 'fields.pulsesB.at'],
    ['a type of another kind', withField('pulsesB', { at: 0, type: 'flag' }), 'fields.pulsesB.type'],
    ['a scale of nothing', withField('pulsesB', { at: 0, type: 'u16', scale: 0 }), 'fields.pulsesB.scale'],
    [
      'a choice that does not exist',
      withField('phase', { at: 0, type: 'choice', choices: ['c-leads'] }),
      'fields.phase.choices',
    ],
    ['a constant that does not exist', withField('phase', { constant: 'c-leads' }), 'fields.phase'],
    ['a constant of another kind', withField('flags', { constant: true }), 'fields.flags'],
    ['a key that means nothing', withField('flags', { at: 0, type: 'u16', mask: 1 }), 'fields.flags.mask'],
  ])('with %s is CONFIG_INVALID at its place', (_what, wrong, where) => {
    const block = modbus.blockFromTable(modbus.PULSE_INPUT, wrong)
    expect(block.ok ? undefined : [block.problem.code, block.problem.where]).toEqual([
      'CONFIG_INVALID',
      where,
    ])
  })

  function withField(name: string, entry: unknown): unknown {
    return { ...table, fields: { ...table.fields, [name]: entry } }
  }

  it('any JSON at all is a block or a refusal, never an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, field) => {
        modbus.blockFromTable(modbus.PULSE_INPUT, value)
        modbus.blockFromTable(modbus.PULSE_INPUT, withField('pulsesA', field))
      }),
      { seed: 520_327, numRuns: 300 },
    )
  })
})
