import { FENGGANG, isCreditCode, siteSchema } from '@oiltrail/domain'
import { DEVICE_PATTERN, fromChina } from '@oiltrail/kernel'
import { PULSE_INPUT } from '@oiltrail/protocols/modbus'
import { dialectNamed, dialectOfFactoryNumber } from '@oiltrail/protocols/taxport'
import { describe, expect, test } from 'vitest'
import { planCounty } from '../src/county/county.ts'
import { guidePriceFen, nextAdjustment, PRICE_PERIOD_MS, pricePeriod } from '../src/county/prices.ts'
import { COUNTY_BOX, TOWN_CENTRES } from '../src/county/towns.ts'

const NOW = fromChina(2026, 11, 23, 14, 5)

describe('the county of a seed', () => {
  const plan = planCounty(7, NOW)
  const dispensers = plan.sites.flatMap((site) => site.dispensers)
  const nozzles = dispensers.flatMap((dispenser) => dispenser.nozzles)

  test('has 20 stations and a depot with 68 dispensers, 137 nozzles and 113 tanks', () => {
    expect(plan.sites.map((site) => site.site.kind).filter((kind) => kind === 'depot')).toHaveLength(1)
    expect(plan.sites).toHaveLength(21)
    expect(dispensers).toHaveLength(68)
    expect(nozzles).toHaveLength(137)
    expect(plan.sites.flatMap((site) => site.tanks)).toHaveLength(113)
  })

  test('is registered by documents that the platform accepts, in towns and inside the box of the county', () => {
    const towns = new Set(FENGGANG.towns.map((town) => town.code))
    expect(new Set(Object.keys(TOWN_CENTRES))).toEqual(towns)
    expect(new Set(plan.sites.map(({ site }) => site.town))).toEqual(towns)
    for (const { site, device } of plan.sites) {
      expect(siteSchema.parse(site)).toEqual(site)
      expect(device).toMatch(DEVICE_PATTERN)
      expect(site.longitude).toBeGreaterThan(COUNTY_BOX.west)
      expect(site.longitude).toBeLessThan(COUNTY_BOX.east)
      expect(site.latitude).toBeGreaterThan(COUNTY_BOX.south)
      expect(site.latitude).toBeLessThan(COUNTY_BOX.north)
      expect(site.effectiveAt).toBeLessThan(NOW - 365 * 86_400_000)
    }
  })

  test('belongs to firms whose credit codes are well formed and lie in the area 000000 of nobody', () => {
    for (const { site } of plan.sites) {
      expect(isCreditCode(site.enterprise.code)).toBe(true)
      expect(site.enterprise.code.slice(2, 8)).toBe('000000')
      expect(site.enterprise.name).toMatch(/^模拟/)
    }
  })

  test('has boards of every dialect, each known, and factory numbers that do not contradict it', () => {
    expect(new Set(dispensers.map((dispenser) => dispenser.dialect)).size).toBe(4)
    for (const { dialect, factoryNumber } of dispensers) {
      expect(dialectNamed(dialect)).toBeDefined()
      expect(factoryNumber).toHaveLength(10)
      if (!dialect.startsWith('synthetic')) expect(dialectOfFactoryNumber(factoryNumber)?.name).toBe(dialect)
    }
  })

  test('lets about a third of its nozzles not be tapped, and never more than a module has inputs', () => {
    const untapped = nozzles.filter((nozzle) => nozzle.input === undefined)
    expect(untapped.length / nozzles.length).toBeGreaterThan(0.25)
    expect(untapped.length / nozzles.length).toBeLessThan(0.42)
    for (const site of plan.sites) {
      const inputs = site.dispensers
        .flatMap((dispenser) => dispenser.nozzles)
        .map((nozzle) => nozzle.input)
        .filter((input) => input !== undefined)
      expect(inputs).toEqual(inputs.map((_, i) => i))
      expect(inputs.length).toBeLessThanOrEqual(PULSE_INPUT.count)
    }
  })

  test('is the same for the same seed and another for another', () => {
    expect(planCounty(7, NOW)).toEqual(plan)
    expect(planCounty(8, NOW)).not.toEqual(plan)
  })
})

describe('guide prices', () => {
  test('change at a midnight every ten working days', () => {
    const next = nextAdjustment(NOW)
    expect(next).toBeGreaterThan(NOW)
    expect(next - NOW).toBeLessThanOrEqual(PRICE_PERIOD_MS)
    expect((next + 8 * 3_600_000) % 86_400_000).toBe(0)
    expect(pricePeriod(next)).toBe(pricePeriod(NOW) + 1)
    expect(pricePeriod(next - 1)).toBe(pricePeriod(NOW))
  })

  test('stay near what fuel costs', () => {
    for (let period = 0; period < 500; period++) {
      expect(guidePriceFen(7, '92', period)).toBeGreaterThan(680)
      expect(guidePriceFen(7, '92', period)).toBeLessThan(810)
    }
  })
})
