import { asciiBytes } from '@oiltrail/kernel'
import { describe, expect, it } from 'vitest'
import * as tls from '../src/tls350/index.ts'

/** Answers made by hand from the manual's layout (synthetic); checksums computed here apart from the code under test. */
function sealed(body: string): string {
  const text = `${body}&&`
  const sum = [...asciiBytes(text)].reduce((a, b) => a + b, 1)
  return text + ((0x10000 - (sum % 0x10000)) % 0x10000).toString(16).toUpperCase().padStart(4, '0')
}

// 12345.5 L, 12201.25 L, 7654.5 L, 1500.25 mm, 12.5 mm, 18.75 °C, 60.5 L
const FLOATS = {
  volume: '4640E600',
  corrected: '463EA500',
  ullage: '45EF3400',
  height: '44BB8800',
  water: '41480000',
  temperature: '41960000',
  waterVolume: '42720000',
}
const SEVEN = Object.values(FLOATS).join('')
const HEAD = '2611231405'
const AT = Date.UTC(2026, 10, 23, 6, 5)

describe('function 201', () => {
  it('reads two tanks, their status bits, and floats beyond the seven known', () => {
    const read = tls.inventory.readAnswer(sealed(`i20100${HEAD}01A000507${SEVEN}02B000008${SEVEN}42720000`))
    expect(read.ok && read.value.items[1]?.floats.more).toEqual([60.5])
    expect(read.ok && read.value.items[0]).toEqual({
      tank: 1,
      product: 'A',
      statusBits: 5,
      floats: {
        named: {
          volume: 12_345.5,
          correctedVolume: 12_201.25,
          ullage: 7_654.5,
          height: 1_500.25,
          water: 12.5,
          temperature: 18.75,
          waterVolume: 60.5,
        },
        more: [],
      },
    })
    expect(read.ok && read.value.consoleAt).toBe(AT)
  })

  it('NN is hexadecimal: 0A floats are ten', () => {
    const read = tls.inventory.readAnswer(sealed(`i20101${HEAD}01A00000A${SEVEN}${'3F800000'.repeat(3)}`))
    expect(read.ok && read.value.items[0]?.floats.more).toEqual([1, 1, 1])
  })

  it('fewer floats than seven are kept by name', () => {
    const read = tls.inventory.readAnswer(sealed(`i20101${HEAD}01A000006${SEVEN.slice(0, 48)}`))
    if (!read.ok) throw new Error(read.problem.detail)
    expect(read.value.items[0]!.floats.named).not.toHaveProperty('waterVolume')
    const fact = tls.levelFact('1', read.value.items[0]!)
    expect(fact.ok).toBe(true)
  })

  it.each([
    ['a tank cut short', `i20101${HEAD}01A000007${SEVEN.slice(0, -1)}`, 'MALFORMED', 'waterVolume'],
    ['a letter that is no digit', `i20101${HEAD}0XA000007${SEVEN}`, 'MALFORMED', 'TT'],
    ['a day that does not exist', `i201012602301405`, 'MALFORMED', 'console time'],
    ['hour 24', `i201012611232400`, 'MALFORMED', 'console time'],
    ['another function', `i20201${HEAD}`, 'UNKNOWN_KIND', 'function'],
    ['display format', `I20100${HEAD}`, 'MALFORMED', undefined],
    ['no function at all', 'hello', 'MALFORMED', undefined],
  ])('refuses %s', (_what, body, code, where) => {
    const read = tls.inventory.readAnswer(sealed(body))
    expect(read.ok ? undefined : [read.problem.code, read.problem.where]).toEqual([code, where])
  })

  it('says so when the console does not know the command', () => {
    const read = tls.inventory.readAnswer('9999FF1B')
    expect(read.ok ? undefined : read.problem.code).toBe('UNKNOWN_KIND')
  })

  it('refuses a wrong checksum before it looks at anything else', () => {
    const read = tls.inventory.readAnswer(`${sealed(`i20100${HEAD}`).slice(0, -4)}0000`)
    expect(read.ok ? undefined : read.problem.code).toBe('BAD_CHECKSUM')
  })
})

describe('function 202', () => {
  const delivery = `261123091026112309350A${'44FA0000'.repeat(2)}${'41480000'.repeat(2)}${'466A6000'.repeat(2)}${'41480000'.repeat(2)}43FA000044BB8000`

  it('reads deliveries of two tanks; dd is decimal and 00 means none', () => {
    const read = tls.deliveries.readAnswer(sealed(`i20200${HEAD}01A02${delivery}${delivery}02B00`))
    if (!read.ok) throw new Error(read.problem.detail)
    expect(read.value.items.map((t) => t.deliveries.length)).toEqual([2, 0])
    const fact = tls.deliveryFact('7', read.value.items[0]!.deliveries[0]!)
    expect(fact).toEqual({
      ok: true,
      value: {
        at: Date.UTC(2026, 10, 23, 1, 35),
        fact: {
          kind: 'delivery',
          tank: '7',
          startedAt: Date.UTC(2026, 10, 23, 1, 10),
          startMillilitres: 2_000_000,
          endMillilitres: 15_000_000,
          startMicrometres: 500_000,
          endMicrometres: 1_500_000,
          startCentiCelsius: 1_250,
          endCentiCelsius: 1_250,
        },
      },
    })
  })

  it('refuses fewer deliveries than dd says', () => {
    const read = tls.deliveries.readAnswer(sealed(`i20200${HEAD}01A02${delivery}`))
    expect(read.ok ? undefined : [read.problem.code, read.problem.where]).toEqual(['MALFORMED', 'dd'])
  })
})

describe('functions 101 and 205', () => {
  it('reads the alarms of each tank; 00 means none', () => {
    const read = tls.parseAlarms205(sealed(`i20500${HEAD}010002020411`))
    expect(read.ok && read.value.items).toEqual([
      { tank: 1, types: [] },
      { tank: 2, types: [4, 11] },
    ])
  })

  it('nn is hexadecimal: 0A alarms are ten', () => {
    const read = tls.parseAlarms205(sealed(`i20501${HEAD}010A04050607080910111213`))
    expect(read.ok && read.value.items).toEqual([{ tank: 1, types: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13] }])
    expect(tls.TANK_ALARMS[4]).toEqual({ zh: '溢油', en: 'Overfill' })
  })

  it('category 00 of function 101 means that all is normal', () => {
    for (const body of ['000000', '']) {
      const read = tls.systemAlarms.readAnswer(sealed(`i10100${HEAD}${body}`))
      expect(read.ok && read.value.items).toEqual([])
    }
  })
})

describe('facts of a reading', () => {
  const reading = (named: Partial<Record<tls.InventoryFloat, number>>, statusBits = 0): tls.Inventory => ({
    tank: 1,
    product: '1',
    statusBits,
    floats: {
      named: {
        volume: 12_345.678_9,
        correctedVolume: 12_300,
        ullage: 7_654.321,
        height: 1_500.25,
        water: 12.5,
        temperature: 18.756,
        ...named,
      },
      more: [],
    },
  })

  it('litres, millimetres and degrees become millilitres, micrometres and hundredths, rounded', () => {
    expect(tls.levelFact('1', reading({}, 1))).toEqual({
      ok: true,
      value: {
        kind: 'level',
        tank: '1',
        heightMicrometres: 1_500_250,
        waterMicrometres: 12_500,
        temperatureCentiCelsius: 1_876,
        volumeMillilitres: 12_345_679,
        correctedMillilitres: 12_300_000,
        ullageMillilitres: 7_654_321,
        statusBits: 1,
      },
    })
  })

  it('a console set up for gallons, inches and Fahrenheit gives the same oil', () => {
    const fact = tls.levelFact(
      '1',
      reading({ volume: 1_000, height: 59.0649606, temperature: 68 }),
      tls.US_CUSTOMARY,
    )
    expect(fact.ok && fact.value).toMatchObject({
      volumeMillilitres: 3_785_412,
      heightMicrometres: 1_500_250,
      temperatureCentiCelsius: 2_000,
    })
  })

  it('an over-filled tank and a dry one are still read', () => {
    const fact = tls.levelFact('1', reading({ ullage: -20.5, water: -0.3 }))
    expect(fact.ok && fact.value).toMatchObject({ ullageMillilitres: 0, waterMicrometres: 0 })
  })

  it('no value is ever minus zero', () => {
    const fact = tls.levelFact('1', reading({ volume: -0.0001, temperature: -0.0001 }))
    expect(fact.ok && Object.is(fact.value.volumeMillilitres, 0)).toBe(true)
    expect(fact.ok && Object.is(fact.value.temperatureCentiCelsius, 0)).toBe(true)
  })

  it.each([
    ['NaN', { volume: Number.NaN }, 'volumeMillilitres'],
    ['infinity', { height: Number.POSITIVE_INFINITY }, 'heightMicrometres'],
    ['a negative volume', { volume: -5 }, 'volumeMillilitres'],
    ['boiling oil', { temperature: 121 }, 'temperatureCentiCelsius'],
    ['a tank as high as a tower', { height: 30_001 }, 'heightMicrometres'],
  ])('%s is OUT_OF_RANGE', (_what, named, where) => {
    const fact = tls.levelFact('1', reading(named))
    expect(fact.ok ? undefined : [fact.problem.code, fact.problem.where]).toEqual(['OUT_OF_RANGE', where])
  })

  it('a value the console left out is MALFORMED with its name', () => {
    const { height: _left, ...named } = reading({}).floats.named
    const fact = tls.levelFact('1', { ...reading({}), floats: { named, more: [] } })
    expect(fact.ok ? undefined : [fact.problem.code, fact.problem.where]).toEqual(['MALFORMED', 'height'])
  })
})

describe('between messages', () => {
  const events = (decoder: tls.AnswerDecoder, text: string): unknown[] =>
    decoder.feed(asciiBytes(text)).map((e) => (e.ok ? e.value : e.problem.code))

  it('line ends mean nothing, other bytes are reported once', () => {
    const decoder = new tls.AnswerDecoder()
    expect(events(decoder, '\r\n\x019999FF1B\x03\r\n')).toEqual(['9999FF1B'])
    expect(events(decoder, 'junk')).toEqual(['MALFORMED'])
    expect(events(decoder, 'more junk')).toEqual([])
    expect(events(decoder, '\x019999FF1B\x03')).toEqual(['9999FF1B'])
  })

  it('an answer broken off by the next one is reported, the next one is read', () => {
    expect(events(new tls.AnswerDecoder(), '\x01i2010026\x019999FF1B\x03')).toEqual(['MALFORMED', '9999FF1B'])
  })
})

it('times of the console are China time, to the minute', () => {
  expect(tls.parseConsoleTime('2611231405')).toBe(AT)
  expect(tls.writeConsoleTime(AT + 59_999)).toBe('2611231405')
  expect(tls.parseConsoleTime('2402291200')).toBe(Date.UTC(2024, 1, 29, 4))
  for (const wrong of [
    '2302291200',
    '2613011200',
    '2600011200',
    '2611311200',
    '2611232460',
    '26112314',
    'YYMMDDHHmm',
  ])
    expect(tls.parseConsoleTime(wrong)).toBeUndefined()
})

it('writes what the format cannot carry: never', () => {
  const report = (items: tls.Inventory[], tank = 0): Uint8Array =>
    tls.inventory.writeAnswer({ tank, consoleAt: AT, items })
  expect(() => report([], 100)).toThrow(RangeError)
  expect(() => tls.inventory.writeRequest(1, 'short')).toThrow(RangeError)
  const holes = { tank: 1, product: '1', statusBits: 0, floats: { named: { ullage: 1 }, more: [] } }
  expect(() => report([holes])).toThrow(RangeError)
})
