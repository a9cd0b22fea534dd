import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as k from './index.ts'

describe('bytes', () => {
  it('hex and base64 agree with the platform for any bytes and refuse anything not canonical', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(k.toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
        expect(k.toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(k.fromHex(k.toHex(bytes))).toEqual(bytes)
        expect(k.fromBase64(k.toBase64(bytes))).toEqual(bytes)
      }),
    )
    for (const text of ['0', 'zz', '0g']) expect(k.fromHex(text)).toBeUndefined()
    for (const text of ['A', 'AA==A', 'AB==', 'AAA', '====', 'AA\n='])
      expect(k.fromBase64(text), text).toBeUndefined()
  })

  it('a reader past its end says so and yields zeros instead of throwing', () => {
    const reader = new k.ByteReader(Uint8Array.of(0x12, 0x34, 0x56))
    expect([reader.u16(), reader.overrun]).toEqual([0x1234, false])
    expect([reader.u32(), reader.overrun, reader.remaining]).toEqual([0, true, 0])
    expect(reader.slice(-1).length).toBe(0)
  })

  it('text that is not UTF-8 or not JSON is undefined', () => {
    expect(k.utf8Text(Uint8Array.of(0xff))).toBeUndefined()
    expect(k.parseJsonBytes(k.utf8Bytes('{"a":1}'))).toEqual({ a: 1 })
    expect(k.parseJsonBytes(k.utf8Bytes('{"a":'))).toBeUndefined()
  })
})

describe('money and time', () => {
  it.each([
    // volume ml, price fen/L, amount fen
    [0, 789, 0],
    [1_000, 789, 789],
    [10, 750, 8], // 7.5 rounds up
    [32_450, 789, 25_603],
    [9_999_999_990, 9_999, 99_989_999_900],
  ])('%i ml at %i fen per litre cost %i fen', (volume, price, amount) =>
    expect(k.amountFen(volume, price)).toBe(amount),
  )

  it('hours and days are cut at China midnight, also before 1970', () => {
    const midnight = k.fromChina(2026, 11, 23)
    expect(midnight).toBe(Date.UTC(2026, 10, 22, 16))
    expect(k.dayIndex(midnight) - k.dayIndex(midnight - 1)).toBe(1)
    expect(k.dayStart(k.dayIndex(midnight + 5))).toBe(midnight)
    expect(k.hourStart(k.hourIndex(midnight + k.HOUR_MS - 1))).toBe(midnight)
    expect(k.dayIndex(-k.CHINA_OFFSET_MS - 1)).toBe(-1)
    expect(k.chinaTimestamp(midnight)).toBe('2026-11-23 00:00:00')
    expect(k.chinaParts(midnight)).toMatchObject({ year: 2026, month: 11, day: 23, hour: 0, weekday: 1 })
  })

  it('a shared clock text gives every process the same faster time, and a wrong one is refused', () => {
    let real = 1_000_000
    const clock = k.parseClock('1000000x10', () => real)
    real += 500
    expect([clock.now(), clock.speed]).toEqual([1_005_000, 10])
    expect(k.parseClock('', () => 42).now()).toBe(42)
    for (const text of ['x', '5', '5x', '5x0', '5x-1', '5x1e3'])
      expect(() => k.parseClock(text, () => 0), text).toThrow(/OILTRAIL_CLOCK/)
  })
})

describe('catalogue', () => {
  it('every code has a status and words in both languages', () => {
    for (const [code, entry] of Object.entries(k.CATALOGUE)) {
      expect(code).toMatch(/^[A-Z][A-Z_]+$/)
      expect(entry.status).toBeGreaterThanOrEqual(200)
      expect(entry.zh + entry.remedyZh).toMatch(/[\u4e00-\u9fff]/)
      expect(entry.en + entry.remedyEn).not.toMatch(/[\u4e00-\u9fff]/)
    }
    expect(k.explainProblem({ code: 'CHAIN_FORK', detail: '' }, 'zh').remedy).toContain('保全')
    expect(k.isProblemCode('toString')).toBe(false)
  })
})
