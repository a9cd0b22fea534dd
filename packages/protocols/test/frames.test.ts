import { asciiBytes, concatBytes, fromHex, toHex } from '@oiltrail/kernel'
import { describe, expect, it } from 'vitest'
import * as taxport from '../src/taxport/index.ts'

/** Hex frames made by hand from the public layout (synthetic: no capture of this port is public). */

const YTSF = taxport.dialectNamed('ytsf')!
const hex = (text: string): Uint8Array => fromHex(text.replaceAll(/\s/g, ''))!
const ascii = (text: string): string => toHex(asciiBytes(text))

/** `BB LEN` before and the check byte behind the bytes of a frame, computed here apart from the code under test. */
function framed(counted: string): Uint8Array {
  const bytes = hex(counted)
  const check = bytes.reduce((xor, byte) => xor ^ byte, 0)
  return concatBytes(Uint8Array.of(0xbb, bytes.length + 1), bytes, Uint8Array.of(check))
}

const SALE = { boardTime: '231405', volumeMillilitres: 32_450, amountFen: 24_435, priceFenPerLitre: 753 }

describe('answers of the tax-control port', () => {
  const cases: [
    what: string,
    dialect: string,
    message: keyof typeof MESSAGES,
    frame: Uint8Array,
    value: unknown,
  ][] = [
    ['a sale', 'ytsf', 'lastSale', framed(`ff8601${ascii('2314050032450244350753')}`), SALE],
    [
      'a sale with two bytes behind',
      'ktk',
      'lastSale',
      framed(`ff8601${ascii('2314050032450244350753')}2020`),
      SALE,
    ],
    [
      'a sale padded with spaces',
      'synthetic-spaces',
      'lastSale',
      framed(`ff8601${ascii('231405  3245 24435 753')}`),
      SALE,
    ],
    [
      'a sale with the price first',
      'synthetic-price-first',
      'lastSale',
      framed(`ff8601${ascii('2314050753003245024435')}`),
      SALE,
    ],
    [
      'a day',
      'ytsf',
      'dayTotal',
      framed(`ff8701${ascii('2026112300123456009283890753')}`),
      {
        date: '20261123',
        volumeMillilitres: 1_234_560,
        amountFen: 928_389,
        priceFenPerLitre: 753,
      },
    ],
    [
      'a month',
      'ytsf',
      'monthTotal',
      framed(`ff8801${ascii('20261100012345670009289012')}`),
      {
        month: '202611',
        volumeMillilitres: 12_345_670,
        amountFen: 9_289_012,
      },
    ],
    [
      'the largest grand total',
      'ytsf',
      'grandTotal',
      framed(`ff8902${ascii('9'.repeat(24))}`),
      {
        volumeMillilitres: 9_999_999_999_990,
        amountFen: 999_999_999_999,
      },
    ],
  ]
  const MESSAGES = {
    lastSale: taxport.lastSale,
    dayTotal: taxport.dayTotal,
    monthTotal: taxport.monthTotal,
    grandTotal: taxport.grandTotal,
  }
  it.each(cases)('%s (%s) is read', (_what, dialect, message, frame, value) => {
    const read = taxport.readFrame(frame)
    if (!read.ok) throw new Error(read.problem.detail)
    const answer = MESSAGES[message].readAnswer([read.value], taxport.dialectNamed(dialect)!)
    expect(answer).toEqual({ ok: true, value: { status: frame[4], value } })
  })

  it.each([
    ['a letter in a number', 'ytsf', `ff8601${ascii('23140500324S0244350753')}`, 'volumeMillilitres'],
    [
      'spaces where the dialect has zeros',
      'ytsf',
      `ff8601${ascii('231405  3245 24435 753')}`,
      'volumeMillilitres',
    ],
    [
      'a space inside of a number',
      'synthetic-spaces',
      `ff8601${ascii('23140532 450 24435 753')}`,
      'volumeMillilitres',
    ],
    ['an empty number', 'synthetic-spaces', `ff8601${ascii('231405       24435 753')}`, 'volumeMillilitres'],
    ['the layout of another maker', 'ytsf', `ff8601${ascii('231405003245024435075300')}`, undefined],
    ['the layout of another maker', 'ktk', `ff8601${ascii('2314050032450244350753')}`, undefined],
    ['no STATUS', 'ytsf', 'ff86', undefined],
    ['data that is neither there nor absent', 'ytsf', `ff8600${ascii('231405')}`, undefined],
  ])('%s (%s) is refused as MALFORMED', (_what, dialect, counted, where) => {
    const read = taxport.readFrame(framed(counted))
    if (!read.ok) throw new Error(read.problem.detail)
    const answer = taxport.lastSale.readAnswer([read.value], taxport.dialectNamed(dialect)!)
    expect(answer.ok ? undefined : [answer.problem.code, answer.problem.where]).toEqual(['MALFORMED', where])
  })

  it('STATUS 0 means no data, whether the place of the data is filled or left out', () => {
    for (const data of ['', ascii('0'.repeat(28))]) {
      const read = taxport.readFrame(framed(`ff8700${data}`))
      if (!read.ok) throw new Error(read.problem.detail)
      expect(taxport.dayTotal.readAnswer([read.value], YTSF)).toEqual({ ok: true, value: { status: 0 } })
    }
  })

  it('the answer to another command is refused as UNKNOWN_KIND', () => {
    const read = taxport.readFrame(framed(`ff8901${ascii('0'.repeat(24))}`))
    if (!read.ok) throw new Error(read.problem.detail)
    const answer = taxport.lastSale.readAnswer([read.value], YTSF)
    expect(answer.ok ? undefined : answer.problem.code).toBe('UNKNOWN_KIND')
  })
})

describe('board info', () => {
  const first = framed(`ff8301${ascii('012345678901')}${ascii('9152032700001234567')}`)
  const tail = ascii('81020202611231405')
  const value = {
    factoryNumber: '0123456789',
    tax: {
      gunCodes: '01',
      taxpayerNumber: '91520327000012345678',
      oilCode: '1020',
      boardClock: '202611231405',
    },
  }

  it.each([
    ['with STATUS', `ff8301${tail}`],
    ['without STATUS', `ff83${tail}`],
    ['without STATUS, two bytes behind', `ff83${tail}3030`],
  ])('joins the two frames, the second %s', (_what, second) => {
    for (const dialect of taxport.DIALECTS) {
      const reply = new taxport.Reply(taxport.boardInfo, dialect)
      expect(reply.feed(first)).toEqual([])
      expect(reply.feed(framed(second))).toEqual([{ ok: true, value: { status: 1, value } }])
    }
  })

  it.each([
    ['a second frame of an unknown length', `ff83${tail}303030`],
    ['a second frame with another STATUS', `ff8302${tail}`],
    ['a second frame of another command', `ff8601${tail}`],
    ['a letter in the clock', `ff8301${ascii('8102020261123140S')}`],
  ])('refuses %s', (_what, second) => {
    const reply = new taxport.Reply(taxport.boardInfo, YTSF)
    reply.feed(first)
    expect(reply.feed(framed(second)).map((r) => r.ok)).toEqual([false])
  })

  it('a board that was never initialised gives its factory number alone', () => {
    const reply = new taxport.Reply(taxport.boardInfo, YTSF)
    expect(reply.feed(framed(`ff8300${ascii('0123456789')}`))).toEqual([
      { ok: true, value: { status: 0, value: { factoryNumber: '0123456789' } } },
    ])
  })
})

describe('what two grand totals imply', () => {
  it.each([
    [32_450, 24_435, 753, 753],
    // 0.05 L at 7.53: anything from 6.91 to 8.44 gives 0.38 yuan.
    [50, 38, 691, 844],
    // 1 L at 7.53 still leaves seven prices.
    [1_000, 753, 750, 756],
  ])('%i mL for %i fen allows %i to %i fen a litre', (volumeMillilitres, amountFen, lowest, highest) => {
    expect(taxport.impliedPrices({ volumeMillilitres, amountFen })).toEqual({
      lowestFenPerLitre: lowest,
      highestFenPerLitre: highest,
    })
    for (const price of [lowest, highest])
      expect(taxport.priceFits({ volumeMillilitres, amountFen }, price)).toBe(true)
    for (const price of [lowest - 1, highest + 1])
      expect(taxport.priceFits({ volumeMillilitres, amountFen }, price)).toBe(false)
  })

  it('a price is certain only for a sale large enough', () => {
    expect(taxport.impliedPrice({ volumeMillilitres: 32_450, amountFen: 24_435 })).toBe(753)
    expect(taxport.impliedPrice({ volumeMillilitres: 1_000, amountFen: 753 })).toBeUndefined()
    expect(taxport.impliedPrice({ volumeMillilitres: 0, amountFen: 0 })).toBeUndefined()
  })

  it('an amount that no whole price explains fits none', () => {
    // 100 L for 753.50 yuan: 7.535 a litre, which no dispenser can be set to.
    const sale = { volumeMillilitres: 100_000, amountFen: 75_350 }
    expect(taxport.impliedPrices(sale)).toBeUndefined()
    expect(taxport.priceFits(sale, 753)).toBe(false)
  })

  it('growth is the sale; a total that fell is OUT_OF_RANGE with its name', () => {
    const before = { volumeMillilitres: 1_000_000, amountFen: 753_000 }
    const after = { volumeMillilitres: 1_032_450, amountFen: 777_435 }
    expect(taxport.saleBetween(before, after)).toEqual({
      ok: true,
      value: { volumeMillilitres: 32_450, amountFen: 24_435 },
    })
    const fell = taxport.saleBetween(after, before)
    expect(fell.ok ? undefined : [fell.problem.code, fell.problem.where]).toEqual([
      'OUT_OF_RANGE',
      'volumeMillilitres',
    ])
    const moneyFell = taxport.saleBetween(before, { ...after, amountFen: 752_999 })
    expect(moneyFell.ok ? undefined : moneyFell.problem.where).toBe('amountFen')
  })
})

describe('writing what a field cannot carry', () => {
  it.each([
    ['a volume finer than 0.01 L', { ...SALE, volumeMillilitres: 32_455 }],
    ['a volume of seven digits', { ...SALE, volumeMillilitres: 10_000_000 }],
    ['a negative amount', { ...SALE, amountFen: -1 }],
    ['a price of five digits', { ...SALE, priceFenPerLitre: 10_000 }],
    ['a time of four digits', { ...SALE, boardTime: '2314' }],
  ])('throws for %s', (_what, value) => {
    expect(() => taxport.lastSale.writeAnswer({ status: 1, value }, YTSF)).toThrow(RangeError)
  })

  it('throws for an answer whose status and value disagree', () => {
    expect(() => taxport.lastSale.writeAnswer({ status: 0, value: SALE }, YTSF)).toThrow(RangeError)
    expect(() => taxport.lastSale.writeAnswer({ status: 1 }, YTSF)).toThrow(RangeError)
  })

  it('throws for a gun that is no byte', () => {
    expect(() => taxport.boardInfo.writeRequest({ gun: 256 })).toThrow(RangeError)
  })
})

it('dialects are named once, and the forms of the second 0x83 frame differ in length', () => {
  expect(new Set(taxport.DIALECTS.map((d) => d.name)).size).toBe(taxport.DIALECTS.length)
  for (const { infoContinuations } of taxport.DIALECTS)
    expect(new Set(infoContinuations.map((c) => Number(c.status) + c.reservedBytes)).size).toBe(3)
})
