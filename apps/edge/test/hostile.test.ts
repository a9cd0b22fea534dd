import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { modbus } from '@oiltrail/protocols'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundleCollector, TestCollector, until } from './collector.ts'
import {
  placeBatch,
  placeBox,
  placePulses,
  type TestBoard,
  type TestDevice,
  type TestGauge,
  type TestModule,
  testBoard,
  testGauge,
  testModule,
} from './devices.ts'
import { TestPlatform } from './platform.ts'
import { BORNE, MISCHIEFS, Saboteur } from './saboteur.ts'

/** Lines and devices at their worst before the real collector: it may fall silent, it may never state what was not. */

const DEVICE = '520327-S001-A'
const FAST = { OILTRAIL_CLOCK: `${Date.now()}x10` }
/** `npm run test:faults`: two minutes of mischief, and the gauge, which is waited for six seconds, has its share of each. */
const IS_LONG = process.env.OILTRAIL_FAULT_ROUNDS !== undefined
/** Several polls of every other device at the fast clock, time-outs included. */
const MISCHIEF_MS = IS_LONG ? 8_000 : 1_000
/**
 * A litre at a time: at the fast clock two steps may come in one reading, and a reading late by a tenth of a second is late
 * by one; more would be faster than any nozzle delivers.
 */
const PULSES_PER_STEP = 100

let program: string
let platform: TestPlatform
let collector: TestCollector
let volumeBoard: TestBoard
let priceBoard: TestBoard
let pulses: TestModule
let gauge: TestGauge
let arm: TestModule
let devices: TestDevice[]
let saboteurs: Saboteur[]
let pulseCount: number
let batch: number

/** Everything that was ever true, by what a fact says it of. */
let truth: Map<string, Set<number>>
const was = (what: string, value: number): void => {
  truth.set(what, (truth.get(what) ?? new Set()).add(value))
}
const facts = (channel: string) => platform.facts(DEVICE, channel)

beforeAll(async () => {
  program = await bundleCollector()
})
afterAll(() => rm(dirname(program), { recursive: true }))

beforeEach(async () => {
  platform = new TestPlatform()
  await platform.start()
  platform.codes.add('CODE-1')
  volumeBoard = await testBoard('ytsf', [1, 2])
  priceBoard = await testBoard('ktk', [1, 2])
  for (const [i, board] of [volumeBoard, priceBoard].entries()) {
    board.guns.get(2)!.totalMillilitres = 7_777_770 + i * 1_000_000
    board.guns.get(2)!.totalFen = 5_833_327
    board.guns.get(2)!.priceFenPerLitre = 812
  }
  pulses = await testModule(144)
  gauge = await testGauge()
  arm = await testModule(64)
  devices = [volumeBoard, priceBoard, pulses, gauge, arm]
  pulseCount = 50_000
  batch = 7
  truth = new Map()
  place()
  saboteurs = await Promise.all(
    [
      new Saboteur(volumeBoard, { seed: 11 }),
      new Saboteur(priceBoard, { seed: 12 }),
      new Saboteur(pulses, { seed: 13 }),
      new Saboteur(gauge, { seed: 14 }),
      new Saboteur(arm, { seed: 15, rtu: true }),
    ].map((each) => each.start()),
  )
  collector = await TestCollector.make(program)
  await configure()
})

afterEach(async () => {
  await collector.remove()
  await platform.stop()
  for (const each of saboteurs) await each.stop()
  for (const device of devices) await device.unplug()
})

async function configure(): Promise<void> {
  const [volume, price, pulse, level, load] = saboteurs.map(({ address }) => address)
  const guns = (names: string[]) => names.map((nozzle, i) => ({ nozzle, gun: i + 1 }))
  await collector.configure({
    uplink: platform.mqttUrl,
    api: platform.webUrl,
    sites: [
      {
        device: DEVICE,
        enrolCode: 'CODE-1',
        volume: [
          {
            driver: 'pulse',
            port: pulse,
            unit: 1,
            nozzles: [{ nozzle: '1', input: 0, pulsesPerLitre: 100 }],
          },
          { driver: 'taxport', port: volume, dialect: 'ytsf', nozzles: guns(['3', '4']) },
          { driver: 'gauge', port: level, pollSeconds: 5, tanks: [{ tank: 'T1', number: 1 }] },
          { driver: 'arm', port: load, framing: 'rtu', unit: 1, arms: [{ arm: 'A1', input: 0 }] },
        ],
        price: [{ driver: 'taxport', port: price, dialect: 'ktk', nozzles: guns(['5', '6']) }],
      },
    ],
  })
}

/** Puts the present into the devices, and on record as true. */
function place(): void {
  placePulses(pulses, pulseCount)
  placeBox(pulses)
  placeBatch(arm, batch, 8_000_000 + batch * 100_000)
  was('total 1', pulseCount * 10)
  was('batch A1', batch)
  was('load A1', 8_000_000 + batch * 100_000)
  was('level T1', gauge.inventory.floats.named.height! * 1_000)
  for (const [board, first] of [
    [volumeBoard, 3],
    [priceBoard, 5],
  ] as const)
    for (const [number, gun] of board.guns) {
      was(`total ${first + number - 1}`, gun.totalMillilitres)
      was(`price ${first + number - 1}`, gun.priceFenPerLitre)
      was(`sale ${first + number - 1}`, gun.last?.volumeMillilitres ?? 0)
    }
}

/** Something happens everywhere at the station. */
function live(step: number): void {
  pulseCount += PULSES_PER_STEP
  volumeBoard.sell(1 + (step % 2), 5_000 + step * 10)
  priceBoard.sell(1 + (step % 2), 6_000 + step * 10)
  batch++
  const { inventory } = gauge
  const height = inventory.floats.named.height! - 5
  gauge.inventory = {
    ...inventory,
    floats: { ...inventory.floats, named: { ...inventory.floats.named, height } },
  }
  place()
}

/** Every statement must have been true at some time. */
function expectOnlyTruth(): void {
  const known = (what: string, value: number, fact: unknown): void =>
    expect(truth.get(what)?.has(value), `${what} = ${value}: ${JSON.stringify(fact)}`).toBe(true)
  for (const fact of [...facts('volume'), ...facts('price')]) {
    if (fact.kind === 'total') known(`total ${fact.nozzle}`, fact.totalMillilitres, fact)
    if (fact.kind === 'sale') known(`total ${fact.nozzle}`, fact.totalMillilitres, fact)
    if (fact.kind === 'board-total' && fact.period === 'grand')
      known(`total ${fact.nozzle}`, fact.volumeMillilitres, fact)
    if (fact.kind === 'receipt') known(`sale ${fact.nozzle}`, fact.volumeMillilitres, fact)
    if (fact.kind === 'price') known(`price ${fact.nozzle}`, fact.priceFenPerLitre, fact)
    if (fact.kind === 'level') known(`level ${fact.tank}`, fact.heightMicrometres, fact)
    if (fact.kind === 'load') {
      known(`batch ${fact.arm}`, fact.batch, fact)
      known(`load ${fact.arm}`, fact.volumeMillilitres, fact)
    }
    if (fact.kind === 'line') expect(fact.state, JSON.stringify(fact)).toBe('normal')
    if (fact.kind === 'health')
      expect(['mains-lost', 'cabinet-opened', 'restarted', 'pulses-without-sale']).not.toContain(fact.event)
  }
}

const totalOf = (nozzle: string): number | undefined => {
  const stated = [...facts('volume'), ...facts('price')].findLast(
    (fact) =>
      ((fact.kind === 'total' || fact.kind === 'sale') && fact.nozzle === nozzle) ||
      (fact.kind === 'board-total' && fact.period === 'grand' && fact.nozzle === nozzle) ||
      (fact.kind === 'receipt' && fact.nozzle === nozzle),
  )
  if (stated?.kind === 'board-total') return stated.volumeMillilitres
  return stated && 'totalMillilitres' in stated ? stated.totalMillilitres : undefined
}

async function everythingRead(): Promise<void> {
  await until(
    'every device as it is',
    () =>
      totalOf('1') === pulseCount * 10 &&
      totalOf('3') === volumeBoard.guns.get(1)!.totalMillilitres &&
      totalOf('4') === volumeBoard.guns.get(2)!.totalMillilitres &&
      totalOf('5') === priceBoard.guns.get(1)!.totalMillilitres &&
      totalOf('6') === priceBoard.guns.get(2)!.totalMillilitres &&
      facts('volume').some(({ kind }) => kind === 'level'),
    collector,
  )
}

describe('a hostile device', () => {
  it('C2 C3: whatever it does to its answers, nothing false is stated, no process ends, and all is caught up afterwards', async () => {
    const [, , , ofGauge] = saboteurs
    collector.start(FAST)
    await everythingRead()
    const pids = [collector.pidOf('volume'), collector.pidOf('price')]
    for (const [i, mischief] of MISCHIEFS.entries()) {
      for (const each of saboteurs) Object.assign(each, { mischief, spoilt: 0 })
      for (let step = 0; step < 4; step++) {
        live(4 * i + step)
        await new Promise((resolve) => setTimeout(resolve, MISCHIEF_MS / 4))
      }
      await until(
        `${mischief} of every device`,
        () => saboteurs.every((each) => each.spoilt > 0 || (each === ofGauge && !IS_LONG)),
        collector,
      )
      if (BORNE.has(mischief)) await everythingRead()
      for (const each of saboteurs) each.mischief = undefined
      expectOnlyTruth()
      expect([collector.pidOf('volume'), collector.pidOf('price')], mischief).toEqual(pids)
    }
    await everythingRead()
    await until(
      'the last load',
      () => facts('volume').some((fact) => fact.kind === 'load' && fact.batch === batch),
      collector,
    )
    expectOnlyTruth()
    // No litre of the counted pulses was doubled on the way.
    const sold = facts('volume').reduce(
      (sum, fact) => sum + (fact.kind === 'sale' && fact.nozzle === '1' ? fact.volumeMillilitres : 0),
      0,
    )
    expect(sold).toBeLessThanOrEqual((pulseCount - 50_000) * 10)
    const loads = facts('volume').flatMap((fact) => (fact.kind === 'load' ? [fact.batch] : []))
    expect(new Set(loads).size).toBe(loads.length)
    expect(platform.refusals).toEqual([])
    expect(collector.log).not.toContain('restart')
    expect(collector.log).not.toContain('a counter was set')
  }, 300_000)

  it('C2: counters that wrap are followed, counters that fall or leap are not made into litres', async () => {
    pulseCount = 4_294_967_200
    place()
    collector.start(FAST)
    await until('the first total', () => totalOf('1') === pulseCount * 10, collector)
    // Over the wrap: 2 L.
    for (const raw of [4_294_967_290, 4, 104]) {
      placePulses(pulses, raw)
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    const wrapped = (4_294_967_296 + 104) * 10
    await until('the sale over the wrap', () => totalOf('1') === wrapped, collector)
    const sold = () =>
      facts('volume').reduce((sum, fact) => sum + (fact.kind === 'sale' ? fact.volumeMillilitres : 0), 0)
    expect(sold()).toBe(2_000)
    // One wild reading, then a counter that was set back and goes on from there.
    placePulses(pulses, 3_000_000_000)
    await new Promise((resolve) => setTimeout(resolve, 120))
    placePulses(pulses, 104)
    await new Promise((resolve) => setTimeout(resolve, 600))
    placePulses(pulses, 50)
    await until('the word in the log', () => collector.log.includes('a counter was set'), collector)
    for (const raw of [100, 150]) {
      placePulses(pulses, raw)
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    await until('the sale after it', () => sold() === 3_000, collector)
    expect(totalOf('1')).toBe(wrapped + 1_000)
    expect(
      facts('volume').some((fact) => fact.kind === 'health' && fact.event === 'board-silent'),
      'a counter that was set is on record',
    ).toBe(true)
  })

  it('C2: a second phase that is cut, or was never wired, costs no litre', async () => {
    collector.start(FAST)
    await until('the first total', () => totalOf('1') === pulseCount * 10, collector)
    const [from, wired] = [pulseCount, pulseCount]
    for (let step = 0; step < 20; step++) {
      pulseCount += 37
      placePulses(pulses, pulseCount, { pulsesB: wired })
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    const sold = () =>
      facts('volume').reduce((sum, fact) => sum + (fact.kind === 'sale' ? fact.volumeMillilitres : 0), 0)
    await until('all that flowed', () => sold() === (pulseCount - from) * 10, collector)
  })

  it('C2: a module of another make, a gauge of other tanks, levels below zero: silence, said so, never a reading', async () => {
    const { inventory } = gauge
    gauge.inventory = { ...inventory, tank: 2 }
    modbus
      .writeBlock(modbus.PULSE_MODULE, {
        mapVersion: 9,
        mainsPresent: false,
        doorOpen: true,
        uptimeSeconds: 1,
        firmware: 1,
        inputs: 8,
      })
      .forEach((word, i) => {
        pulses.image[i] = word
      })
    collector.start(FAST)
    const silent = (driver: string) => () =>
      facts('volume').some(
        (fact) => fact.kind === 'health' && fact.event === 'board-silent' && fact.subject.startsWith(driver),
      )
    await until('silence of the gauge', silent('gauge'), collector)
    await until('silence of the module', silent('pulse'), collector)
    const { floats } = inventory
    for (const height of [-1, Number.MAX_VALUE, 40_000]) {
      gauge.inventory = { ...inventory, floats: { ...floats, named: { ...floats.named, height } } }
      await new Promise((resolve) => setTimeout(resolve, 1_200))
    }
    expect(facts('volume').filter(({ kind }) => kind === 'level' || kind === 'line')).toEqual([])
    const events = facts('volume').flatMap((fact) => (fact.kind === 'health' ? [fact.event] : []))
    expect(events).not.toContain('mains-lost')
    expect(events).not.toContain('cabinet-opened')
    gauge.inventory = inventory
    placeBox(pulses)
    await until('a level', () => facts('volume').some(({ kind }) => kind === 'level'), collector)
    await until('a total', () => totalOf('1') === pulseCount * 10, collector)
  })
})
