import { modbus } from '@oiltrail/protocols'
import { describe, expect, it } from 'vitest'
import { ClockWatch } from '../station/clockwatch.ts'
import { reconnectPauseMs } from '../uplink/carrier.ts'
import { parsePort } from './address.ts'
import { LineWatch } from './line-watch.ts'
import { PriceWatch } from './price-watch.ts'

const NOW = 1_795_413_600_000
const sound: modbus.PulseInput = { pulsesA: 0, pulsesB: 0, loopOhms: 1_000, phase: 'a-leads', flags: 0 }

describe('a line watch', () => {
  const three = (watch: LineWatch, reading: modbus.PulseInput): unknown[] =>
    [1, 2, 3].flatMap(() => watch.read(reading, NOW)?.state ?? [])

  it.each<[string, Partial<modbus.PulseInput>, string]>([
    ['an open loop', { loopOhms: modbus.LOOP_OPEN }, 'cut'],
    ['the module says cut', { flags: modbus.PULSE_FLAGS.lineCut }, 'cut'],
    ['the module says shorted', { flags: modbus.PULSE_FLAGS.lineShorted }, 'shorted'],
    ['resistance 21 % higher', { loopOhms: 1_210 }, 'rewired'],
    ['resistance 21 % lower', { loopOhms: 790 }, 'rewired'],
    ['the other phase leads', { phase: 'b-leads' }, 'rewired'],
    ['phases count apart', { flags: modbus.PULSE_FLAGS.phasesDiffer }, 'rewired'],
  ])('names %s after three equal reads, and its end', (_, fault, state) => {
    const watch = new LineWatch('1', undefined, undefined)
    expect(three(watch, sound)).toEqual(['normal'])
    expect(three(watch, { ...sound, ...fault })).toEqual([state])
    expect(three(watch, { ...sound, ...fault })).toEqual([])
    expect(three(watch, sound)).toEqual(['normal'])
  })

  it('keeps quiet about resistance within a fifth, and about single odd reads', () => {
    const watch = new LineWatch('1', 1_000, undefined)
    three(watch, sound)
    expect(three(watch, { ...sound, loopOhms: 1_199 })).toEqual([])
    for (let i = 0; i < 10; i++)
      expect(watch.read(i % 2 ? sound : { ...sound, loopOhms: 5_000 }, NOW)).toBeUndefined()
  })

  it.each([0, 1, 2])('takes no reference from one wrong reading, the %i. of the first three', (wrong) => {
    const watch = new LineWatch('1', undefined, undefined)
    for (let i = 0; i < 3; i++) watch.read(i === wrong ? { ...sound, loopOhms: 1_512 } : sound, NOW)
    expect(three(watch, sound)).toEqual([])
    expect(three(watch, { ...sound, loopOhms: 1_512 })).toEqual(['rewired'])
  })

  it('remembers its reference over a restart, so that a rewiring during it is noticed', () => {
    const before = new LineWatch('1', undefined, undefined)
    three(before, sound)
    const after = new LineWatch('1', undefined, JSON.parse(JSON.stringify(before.state)))
    expect(three(after, { ...sound, loopOhms: 1_500 })).toEqual(['rewired'])
  })
})

describe('a price watch', () => {
  it('states a price after three equal reads, from the first of them', () => {
    const watch = new PriceWatch(undefined)
    const said = [750, 750, 750, 750, 760, 75, 760, 760, 760, 760].map(
      (price, i) => watch.read(price, NOW + i * 4_000, undefined)?.at,
    )
    expect(said.map((at) => at && at - NOW)).toEqual([
      undefined,
      undefined,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      24_000,
      undefined,
    ])
  })

  it('dates a price that came with a sale before that sale, but not before an earlier one', () => {
    const sale = { boardTime: '231200', volumeMillilitres: 30_000, amountFen: 22_800, priceFenPerLitre: 760 }
    const watch = new PriceWatch(undefined)
    for (let i = 0; i < 4; i++) watch.read(750, NOW + i * 4_000, undefined)
    const seen = NOW + 600_000
    watch.read(760, seen, sale)
    watch.read(760, seen + 4_000, undefined)
    expect(watch.read(760, seen + 8_000, undefined)?.at).toBe(seen - 150_000)
  })

  it('states the price again on another day and after a restart on the same day does not', () => {
    const watch = new PriceWatch(undefined)
    for (let i = 0; i < 3; i++) watch.read(750, NOW, undefined)
    const after = new PriceWatch(watch.state)
    expect([0, 1, 2, 3].map((i) => after.read(750, NOW + i, undefined))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(after.read(750, NOW + 86_400_000, undefined)).toEqual({ at: NOW + 86_400_000 })
  })
})

describe('a clock watch', () => {
  it('tells a step of more than two seconds by how much, once, and bears drift', () => {
    let wall = NOW
    let steady = 0
    const watch = new ClockWatch(
      () => wall,
      () => steady,
    )
    const pass = (wallMs: number, steadyMs: number): number | undefined => {
      wall += wallMs
      steady += steadyMs
      return watch.look()
    }
    expect(pass(1_000, 1_000)).toBeUndefined()
    expect(pass(2_900, 1_000)).toBeUndefined()
    expect(pass(121_000, 1_000)).toBe(120_000)
    expect(pass(1_000, 1_000)).toBeUndefined()
    expect(pass(-4_000, 1_000)).toBe(-5_000)
  })
})

describe('addresses and pauses', () => {
  it.each([
    'tcp://127.0.0.1:5020',
    'tcp://[::1]:5020',
    'serial:///dev/ttyS1',
    'serial:///dev/ttyUSB0?baud=19200&parity=even&data=7&stop=2',
  ])('reads %s', (text) => expect(parsePort(text).ok).toBe(true))

  it.each([
    '',
    'tcp://host',
    'tcp://host:0',
    'tcp://host:5/x',
    'udp://host:5',
    'serial://host/dev/ttyS1',
    'serial:///',
    'serial:///dev/ttyS1?baud=9601',
    'serial:///dev/ttyS1?parity=mark',
    'serial:///dev/ttyS1?bits=8',
  ])('refuses "%s"', (text) =>
    expect(parsePort(text)).toMatchObject({ ok: false, problem: { code: 'CONFIG_INVALID' } }),
  )

  it('pauses longer each time, never beyond 30 s, and spread by half', () => {
    expect(reconnectPauseMs(0, 0)).toBe(250)
    expect(reconnectPauseMs(0, 0.999)).toBeLessThanOrEqual(500)
    expect(reconnectPauseMs(3, 0)).toBe(2_000)
    expect(reconnectPauseMs(1_000, 0.999)).toBeLessThanOrEqual(30_000)
  })
})
