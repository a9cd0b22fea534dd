import { readFileSync } from 'node:fs'
import { asciiBytes, fromHex, toHex } from '@oiltrail/kernel'
import { describe, expect, it } from 'vitest'
import * as taxport from '../src/taxport/index.ts'
import * as tls from '../src/tls350/index.ts'

const folder = new URL('../../../test/vectors/', import.meta.url)
const load = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'))

interface TlsCase {
  id: string
  kind: string
  requestAscii: string
  responseHex: string
  checksumOk?: boolean
  checksumComputed?: string
  decodedPerManual?: { now: string; tanks: { tank: string; count: number; first: Sample }[] }
}
interface Sample {
  start: string
  end: string
  fields: number[]
}

const atg = load('atg/veeder_root_tls.json') as {
  floatExamples: { hex: string; value: number }[]
  cases: TlsCase[]
}

describe('public Veeder-Root samples', () => {
  it.each(atg.floatExamples)('float $hex is $value', ({ hex, value }) => {
    expect(tls.parseFloatHex(hex)).toBeCloseTo(value, 10)
    expect(tls.writeFloatHex(value)).toBe(hex)
  })

  it.each(atg.cases)('$id is told apart, checked and delimited', (sample) => {
    const events = new tls.AnswerDecoder().feed(fromHex(sample.responseHex)!)
    expect(events).toHaveLength(1)
    const [event] = events
    if (!event?.ok) throw new Error('not delimited')
    const expected = { computer: 'computer', error: 'unknown-command' }[sample.kind] ?? 'display'
    expect(tls.answerKind(event.value)).toBe(sample.id === 'gaspot-I99999' ? 'unknown-command' : expected)
    const checked = tls.checkAnswer(event.value)
    if (sample.checksumOk === undefined) expect(checked.ok).toBe(false)
    else {
      expect(checked.ok).toBe(sample.checksumOk)
      expect(tls.checksumOf(event.value.slice(0, -4))).toBe(sample.checksumComputed)
      if (!checked.ok) expect(checked.problem.code).toBe('BAD_CHECKSUM')
    }
  })

  it('reads the overfill alarm of tank 2 in function 101', () => {
    const text = 'i101002301231342020402&&FB3B'
    expect(tls.systemAlarms.readAnswer(text)).toEqual({
      ok: true,
      value: {
        tank: 0,
        consoleAt: Date.UTC(2023, 0, 23, 5, 42),
        items: [{ category: 2, type: 4, number: 2 }],
      },
    })
  })

  it('reads every adjusted delivery of the 21B sample and writes the same bytes', () => {
    const sample = atg.cases.find((c) => c.decodedPerManual)!
    const bytes = fromHex(sample.responseHex)!
    const text = new TextDecoder().decode(bytes.slice(1, -1))
    const read = tls.adjustedDeliveries.readAnswer(text)
    if (!read.ok) throw new Error(read.problem.detail)
    const { now, tanks } = sample.decodedPerManual!
    expect(tls.writeConsoleTime(read.value.consoleAt)).toBe(now)
    expect(read.value.items.map((t) => t.tank)).toEqual(tanks.map((t) => Number(t.tank)))
    read.value.items.forEach((tank, i) => {
      const { count, first } = tanks[i]!
      expect(tank.deliveries).toHaveLength(count)
      const delivery = tank.deliveries[0]!
      expect(tls.writeConsoleTime(delivery.startedAt)).toBe(first.start)
      expect(tls.writeConsoleTime(delivery.endedAt)).toBe(first.end)
      const values = tls.floatValues(delivery.floats, tls.ADJUSTED_DELIVERY_FLOATS)
      expect(values).toHaveLength(first.fields.length)
      values.forEach((value, j) => {
        expect(value).toBeCloseTo(first.fields[j]!, 3)
      })
    })
    expect(toHex(tls.adjustedDeliveries.writeAnswer(read.value))).toBe(sample.responseHex.toLowerCase())
  })
})

interface TaxLayout {
  commands: {
    cmd: string
    name: string
    requestLen: number
    dataBytes: number
    totalBytes: number | Record<string, number>
  }[]
  exampleRequests: { what: string; hex: string }[]
}
const layout = load('taxport/layout.json') as TaxLayout

describe('public layout of the tax-control port', () => {
  it('writes the example requests byte for byte and reads them back', () => {
    const { boardInfo, lastSale, dayTotal, monthTotal, grandTotal } = taxport
    const requests = [
      boardInfo.writeRequest({ gun: 1 }),
      lastSale.writeRequest({ gun: 1, returnMode: 0 }),
      dayTotal.writeRequest({ gun: 1, date: '20261123', returnMode: 0 }),
      monthTotal.writeRequest({ gun: 1, month: '202611', returnMode: 0 }),
      grandTotal.writeRequest({ gun: 1, queryMode: 0, returnMode: 1 }),
    ]
    expect(requests.map(toHex)).toEqual(layout.exampleRequests.map((r) => r.hex))
  })

  it('answers of the two real dialects have the documented lengths', () => {
    const tax = {
      gunCodes: '12',
      taxpayerNumber: '9'.repeat(20),
      oilCode: '1020',
      boardClock: '202611231405',
    }
    const sale = { boardTime: '231405', volumeMillilitres: 32_450, amountFen: 24_435, priceFenPerLitre: 753 }
    const total = { volumeMillilitres: 998_877_660, amountFen: 752_154_878 }
    const lengths = (dialect: taxport.Dialect): number[] => [
      taxport.boardInfo.writeAnswer({ status: 1, value: { factoryNumber: '0123456789', tax } }, dialect)
        .length,
      taxport.lastSale.writeAnswer({ status: 1, value: sale }, dialect).length,
      taxport.dayTotal.writeAnswer({ status: 1, value: { ...sale, date: '20261123' } }, dialect).length,
      taxport.monthTotal.writeAnswer({ status: 1, value: { ...total, month: '202611' } }, dialect).length,
      taxport.grandTotal.writeAnswer({ status: 1, value: total }, dialect).length,
    ]
    for (const name of ['ytsf', 'ktk']) {
      const expected = layout.commands.map((c) =>
        typeof c.totalBytes === 'number' ? c.totalBytes : c.totalBytes[name.toUpperCase()],
      )
      expect(lengths(taxport.dialectNamed(name)!)).toEqual(expected)
    }
    const bare = taxport.boardInfo.writeAnswer(
      { status: 0, value: { factoryNumber: '0123456789' } },
      taxport.dialectNamed('ytsf')!,
    )
    expect(bare).toHaveLength(16)
  })

  it('tells the maker by the first character of the factory number', () => {
    expect(taxport.dialectOfFactoryNumber('0123456789')?.name).toBe('ytsf')
    expect(taxport.dialectOfFactoryNumber('A123456789')?.name).toBe('ktk')
    expect(taxport.dialectOfFactoryNumber('')).toBeUndefined()
  })

  it('an answer to a wrong command on the console side is the documented error', () => {
    expect(tls.writeUnknownCommand()).toEqual(asciiBytes('\x019999FF1B\x03'))
    expect(tls.checksumOf('9999')).toBe('FF1B')
  })
})
