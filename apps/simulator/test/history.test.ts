import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CHANNEL_OF_KIND, type Fact, type FactOf, recordSchema } from '@oiltrail/domain'
import { amountFen, dayIndex, fromChina } from '@oiltrail/kernel'
import { priceFits } from '@oiltrail/protocols/taxport'
import { beforeAll, describe, expect, test } from 'vitest'
import { planCounty } from '../src/county/county.ts'
import { liveHistory, writeSites } from '../src/history/history.ts'
import type { Truth } from '../src/history/truth.ts'
import { testFolder } from './folder.ts'

/** Ten days in which prices change and a month ends. */
const NOW = fromChina(2026, 12, 2, 9, 17)
const DAYS = 10
const folder = testFolder()

type Line = Fact & { at: number }

async function make(seed: number, name: string): Promise<string> {
  const directory = join(folder, name)
  const plan = planCounty(seed, NOW)
  writeSites(plan, directory)
  await liveHistory(plan, { now: NOW, days: DAYS, speed: 1 }, directory)
  return directory
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort()
}

function fingerprint(directory: string): string {
  const hash = createHash('sha256')
  for (const name of filesOf(directory)) hash.update(name).update(readFileSync(join(directory, name)))
  return hash.digest('hex')
}

function linesOf(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

describe('a history', () => {
  let directory = ''
  let truth: Truth
  const lines = new Map<string, Line[]>()

  const ofKind = <K extends Fact['kind']>(device: string, kind: K): (FactOf<K> & { at: number })[] => {
    const channel = CHANNEL_OF_KIND[kind] === 'price' ? 'price' : 'volume'
    const all = lines.get(`${device}.${channel}`) ?? []
    return all.filter((line) => line.kind === kind) as unknown as (FactOf<K> & { at: number })[]
  }

  beforeAll(async () => {
    directory = await make(7, 'first')
    truth = JSON.parse(readFileSync(join(directory, 'truth.json'), 'utf8')) as Truth
    for (const name of readdirSync(join(directory, 'history')))
      lines.set(name.replace('.jsonl', ''), linesOf(join(directory, 'history', name)))
  })

  test('has the same bytes for the same seed and time, and others for another seed', async () => {
    expect(fingerprint(await make(7, 'second'))).toBe(fingerprint(directory))
    expect(fingerprint(await make(8, 'third'))).not.toBe(fingerprint(directory))
  })

  test('is kept when it is there already, and the county stands where it stood', async () => {
    const before = statSync(join(directory, 'history', '520327-S001-A.volume.jsonl')).mtimeMs
    const plan = planCounty(7, NOW)
    const { world, records } = await liveHistory(plan, { now: NOW, days: DAYS, speed: 1 }, directory)
    expect(statSync(join(directory, 'history', '520327-S001-A.volume.jsonl')).mtimeMs).toBe(before)
    expect(records).toBe([...lines.values()].reduce((sum, all) => sum + all.length, 0))
    expect(world.sites[0]!.nozzles[0]!.totalMillilitres).toBe(truth.sites[0]!.nozzles[0]!.closingMillilitres)
  })

  test('consists of records that the platform accepts, on the channel of their kind, in order of time', () => {
    let checked = 0
    for (const [name, all] of lines) {
      const channel = name.split('.')[1]
      let last = 0
      for (const [i, line] of all.entries()) {
        const parsed = recordSchema.safeParse({ seq: i + 1, ...line })
        if (!parsed.success) expect.fail(`${name} ${i + 1}: ${JSON.stringify(line)} ${parsed.error.message}`)
        const onChannel = CHANNEL_OF_KIND[line.kind] === 'both' || CHANNEL_OF_KIND[line.kind] === channel
        if (!onChannel || line.at < last || line.at > NOW || line.kind === 'flow')
          expect.fail(`${name} ${i + 1}: ${JSON.stringify(line)} after ${last}`)
        last = line.at
        checked += 1
      }
    }
    expect(checked).toBeGreaterThan(150_000)
  })

  test('loses no oil: opening + delivered − sold − evaporated = closing in every tank, to the millilitre', () => {
    for (const site of truth.sites)
      for (const tank of site.tanks) {
        expect(tank.opening20 + tank.delivered20 - tank.sold20 - tank.evaporated20).toBe(tank.closing20)
        expect(tank.closing20).toBeGreaterThan(0)
        expect(tank.evaporated20).toBeGreaterThanOrEqual(0)
      }
    const all = truth.sites.flatMap((site) => site.tanks)
    expect(all.reduce((sum, tank) => sum + tank.delivered20, 0)).toBeGreaterThan(1_000_000_000)
  })

  test('totalizers grow by exactly the sales, on both channels, in litres and in fen', () => {
    for (const site of truth.sites) {
      const sales = ofKind(site.device, 'sale')
      const receipts = ofKind(site.device, 'receipt')
      for (const nozzle of site.nozzles) {
        const own = sales.filter((sale) => sale.nozzle === nozzle.nozzle)
        const shown = receipts.filter((receipt) => receipt.nozzle === nozzle.nozzle)
        expect(own).toHaveLength(nozzle.sales)
        expect(shown).toHaveLength(nozzle.sales)
        let total = nozzle.openingMillilitres
        let fen = nozzle.openingFen
        for (const [i, sale] of own.entries()) {
          total += sale.volumeMillilitres
          fen += shown[i]!.amountFen
          expect(sale.totalMillilitres).toBe(total)
          expect(shown[i]!.totalMillilitres).toBe(total)
          expect(shown[i]!.totalFen).toBe(fen)
          if (sale.source === 'pulse') expect(sale.pulses! * 10).toBe(sale.volumeMillilitres)
        }
        expect(total).toBe(nozzle.closingMillilitres)
        expect(fen).toBe(nozzle.closingFen)
        const hours = Object.values(nozzle.hours).reduce((sum, volume) => sum + volume, 0)
        expect(hours).toBe(nozzle.trueMillilitres)
        expect(Math.abs(hours / nozzle.meteredMillilitres - 1)).toBeLessThan(0.005)
      }
    }
  })

  test('boards round right: a preset amount or volume × price, at the price that the price channel had told', () => {
    let presets = 0
    let changes = 0
    for (const site of truth.sites) {
      const prices = ofKind(site.device, 'price')
      for (const nozzle of site.nozzles) {
        const own = prices.filter((price) => price.nozzle === nozzle.nozzle)
        changes += new Set(own.map((price) => price.priceFenPerLitre)).size - 1
        const sales = ofKind(site.device, 'sale').filter((sale) => sale.nozzle === nozzle.nozzle)
        const receipts = ofKind(site.device, 'receipt').filter((r) => r.nozzle === nozzle.nozzle)
        for (const [i, receipt] of receipts.entries()) {
          const inForce = own.findLast((price) => price.at <= sales[i]!.at)
          expect(inForce?.priceFenPerLitre).toBe(receipt.priceFenPerLitre)
          const preset = receipt.amountFen % 5_000 === 0
          if (preset) presets += 1
          else expect(receipt.amountFen).toBe(amountFen(receipt.volumeMillilitres, receipt.priceFenPerLitre))
          expect(priceFits(receipt, receipt.priceFenPerLitre)).toBe(true)
        }
      }
    }
    expect(presets).toBeGreaterThan(15_000)
    expect(changes).toBeGreaterThan(100)
  })

  test('the tax memory agrees with the sales: days by the board’s clock, the month as the sum of its days', () => {
    const site = truth.sites[0]!
    for (const nozzle of site.nozzles) {
      const totals = ofKind(site.device, 'board-total').filter((total) => total.nozzle === nozzle.nozzle)
      const receipts = ofKind(site.device, 'receipt').filter((r) => r.nozzle === nozzle.nozzle)
      const days = totals.filter((total) => total.period === 'day')
      expect(days).toHaveLength(DAYS)
      for (const day of days) {
        const from = fromChina(+day.label.slice(0, 4), +day.label.slice(4, 6), +day.label.slice(6, 8))
        const near = (span: number): number =>
          receipts
            .filter((r) => r.at >= from - span && r.at < from + 86_400_000 + span)
            .reduce((sum, r) => sum + r.volumeMillilitres, 0)
        // The board's clock is up to half a minute off, and a receipt up to four seconds late.
        expect(day.volumeMillilitres).toBeGreaterThanOrEqual(near(-35_000))
        expect(day.volumeMillilitres).toBeLessThanOrEqual(near(35_000))
      }
      const months = totals.filter((total) => total.period === 'month')
      expect(new Set(months.map((month) => month.label))).toEqual(new Set(['202611', '202612']))
    }
  })

  test('the month in a board’s tax memory is the sum of its days, also of those before the history', async () => {
    const options = { now: NOW, days: DAYS, speed: 1 }
    const { world } = await liveHistory(planCounty(7, NOW), options, directory)
    for (const nozzle of world.sites.flatMap((site) => site.nozzles)) {
      const november = [...nozzle.days].filter(([day]) => day < dayIndex(fromChina(2026, 12, 1)))
      expect(november).toHaveLength(30)
      const sum = november.reduce((total, [, day]) => total + day.volumeMillilitres, 0)
      expect(nozzle.months.get(202_611)?.volumeMillilitres).toBe(sum)
    }
  })

  test('every delivery to a station was loaded at the depot earlier that day or the day before, and fits', () => {
    const loads = ofKind('520327-D001-A', 'load')
    let deliveries = 0
    for (const site of truth.sites.filter(({ site }) => site !== 'D001'))
      for (const delivery of ofKind(site.device, 'delivery')) {
        deliveries += 1
        const minutes = (delivery.at - delivery.startedAt) / 60_000
        expect(minutes).toBeGreaterThanOrEqual(14)
        expect(minutes).toBeLessThanOrEqual(31)
        const rise = delivery.endMillilitres - delivery.startMillilitres
        const match = loads.some(
          (load) =>
            load.at < delivery.startedAt &&
            load.at > delivery.startedAt - 5 * 3_600_000 &&
            rise < load.volumeMillilitres * 1.04 &&
            rise > load.volumeMillilitres * 0.85,
        )
        expect(match).toBe(true)
      }
    expect(deliveries).toBeGreaterThan(80)
    expect(Math.abs(loads.length - deliveries)).toBeLessThan(12)
  })

  test('no tank is ever filled above its safe level or pumped dry', () => {
    const plan = planCounty(7, NOW)
    for (const { device, tanks } of plan.sites)
      for (const tank of tanks) {
        const volumes = ofKind(device, 'level')
          .filter((level) => level.tank === tank.tank)
          .map((level) => level.volumeMillilitres)
        expect(volumes.length).toBeGreaterThan(DAYS * 95)
        expect(Math.max(...volumes)).toBeLessThan(tank.safeFillMillilitres * 1.035)
        expect(Math.min(...volumes)).toBeGreaterThan(tank.capacityMillilitres * 0.03)
      }
  })

  test('looks like a county: sales a day, litres a sale, quiet nights, flow that a pump can give', () => {
    const sales = truth.sites.flatMap((site) => ofKind(site.device, 'sale'))
    const days = DAYS + 9.28 / 24
    expect(sales.length / days).toBeGreaterThan(5_600)
    expect(sales.length / days).toBeLessThan(6_900)
    const mean = sales.reduce((sum, sale) => sum + sale.volumeMillilitres, 0) / sales.length
    expect(mean).toBeGreaterThan(30_000)
    expect(mean).toBeLessThan(35_500)
    const inHour = (hour: number): number =>
      sales.filter((sale) => Math.floor(sale.at / 3_600_000 + 8) % 24 === hour).length
    expect(inHour(3) * 8).toBeLessThan(inHour(17))
    for (const sale of sales) {
      const litresPerMinute = (sale.volumeMillilitres / (sale.at - sale.startedAt)) * 60
      expect(litresPerMinute).toBeLessThanOrEqual(40)
    }
  })
})
