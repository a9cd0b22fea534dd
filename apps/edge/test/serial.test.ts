import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
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
import { rtuCrc, SerialCable } from './serial.ts'

/** The ports of the box: real serial ports (pseudo-terminals), opened by the real collector. */

const DEVICE = '520327-S001-A'
/** Five times as fast as life: pauses between questions shrink, the line itself does not get faster. */
const FAST = { OILTRAIL_CLOCK: `${Date.now()}x5` }
const PULSE_UNIT = 1
const ARM_UNIT = 7

let program: string
let platform: TestPlatform
let collector: TestCollector
let tax: TestBoard
let communication: TestBoard
let gauge: TestGauge
let pulses: TestModule
let arm: TestModule
let devices: TestDevice[]
let bus: SerialCable
let gaugeCable: SerialCable
let taxCable: SerialCable
let communicationCable: SerialCable
let cables: SerialCable[]
let pulseCount: number

const facts = (channel: string) => platform.facts(DEVICE, channel)
const events = (channel: string) =>
  facts(channel).flatMap((fact) => (fact.kind === 'health' ? [`${fact.event} ${fact.subject}`] : []))
const soldMillilitres = (source: string) =>
  facts('volume').reduce(
    (sum, fact) => sum + (fact.kind === 'sale' && fact.source === source ? fact.volumeMillilitres : 0),
    0,
  )

function pulse(): void {
  placePulses(pulses, pulseCount)
}

async function fuel(steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    pulseCount += 100
    pulse()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function startCollector(): Promise<void> {
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
            port: bus.address('baud=19200&parity=even'),
            framing: 'rtu',
            unit: PULSE_UNIT,
            nozzles: [{ nozzle: '1', input: 0, pulsesPerLitre: 100 }],
          },
          {
            driver: 'arm',
            port: bus.address('baud=19200&parity=even'),
            framing: 'rtu',
            unit: ARM_UNIT,
            arms: [{ arm: 'A1', input: 0 }],
          },
          {
            driver: 'taxport',
            port: communicationCable.address(),
            dialect: 'ktk',
            nozzles: [{ nozzle: '2', gun: 2 }],
          },
          {
            driver: 'gauge',
            port: gaugeCable.address('baud=9600&parity=odd&data=7'),
            tanks: [{ tank: 'T1', number: 1 }],
          },
        ],
        price: [
          {
            driver: 'taxport',
            port: taxCable.address(),
            dialect: 'ytsf',
            nozzles: [{ nozzle: '1', gun: 1 }],
          },
        ],
      },
    ],
  })
  collector.start(FAST)
  await until(
    'first readings of every port',
    () =>
      facts('volume').filter(({ kind }) => kind === 'total').length === 2 &&
      facts('volume').some(({ kind }) => kind === 'level') &&
      facts('price').some(({ kind }) => kind === 'price'),
    collector,
  )
}

beforeAll(async () => {
  program = await bundleCollector()
})
afterAll(() => rm(dirname(program), { recursive: true }))

beforeEach(async () => {
  platform = new TestPlatform()
  await platform.start()
  platform.codes.add('CODE-1')
  tax = await testBoard('ytsf', [1])
  communication = await testBoard('ktk', [2])
  gauge = await testGauge()
  pulses = await testModule(144)
  arm = await testModule(32)
  devices = [tax, communication, gauge, pulses, arm]
  pulseCount = 50_000
  pulse()
  placeBox(pulses)
  placeBatch(arm, 7, 8_000_000)
  bus = await SerialCable.toBus({ [PULSE_UNIT]: pulses, [ARM_UNIT]: arm })
  gaugeCable = await SerialCable.toDevice(gauge)
  taxCable = await SerialCable.toDevice(tax)
  communicationCable = await SerialCable.toDevice(communication)
  cables = [bus, gaugeCable, taxCable, communicationCable]
  collector = await TestCollector.make(program)
})

afterEach(async () => {
  await collector.remove()
  for (const cable of cables) await cable.remove()
  await platform.stop()
  for (const device of devices) await device.unplug()
})

describe('a collector on serial ports', () => {
  it('S1 C4: reads boards, gauge, pulse counter and arm meter, two of them on one Modbus RTU bus', async () => {
    await startCollector()
    await fuel(6)
    tax.sell(1, 6_000)
    communication.sell(2, 31_410)
    const { inventory } = gauge
    gauge.inventory = {
      ...inventory,
      floats: { ...inventory.floats, named: { ...inventory.floats.named, height: 1_250 } },
    }
    await until('the load meter was asked', () => arm.reads > 1, collector)
    placeBatch(arm, 8, 9_000_000)
    await until(
      'both sales',
      () => soldMillilitres('pulse') === 6_000 && soldMillilitres('board') === 31_410,
      collector,
    )
    await until('the receipt', () => facts('price').some(({ kind }) => kind === 'receipt'), collector)
    await until('the load', () => facts('volume').some(({ kind }) => kind === 'load'), collector)
    await until(
      'the level that moved',
      () => facts('volume').some((fact) => fact.kind === 'level' && fact.heightMicrometres === 1_250_000),
      collector,
    )
    expect(facts('price').find(({ kind }) => kind === 'receipt')).toMatchObject({
      volumeMillilitres: 6_000,
      amountFen: 4_500,
      totalMillilitres: 1_006_000,
    })
    expect(facts('volume').find(({ kind }) => kind === 'load')).toMatchObject({
      arm: 'A1',
      batch: 8,
      volumeMillilitres: 9_000_000,
    })
    expect(facts('volume').some((fact) => fact.kind === 'line' && fact.state === 'normal')).toBe(true)
    expect(events('volume').filter((event) => event.includes('silent'))).toEqual([])
    expect(events('price').filter((event) => event.includes('silent'))).toEqual([])
    expect(platform.refusals).toEqual([])
  })

  it('C2: a pulled serial cable is a lost port, noise on the bus a silent device; both end, and no litre is invented', async () => {
    await startCollector()
    await taxCable.unplug()
    bus.noisy = true
    await until(
      'the lost port',
      () => events('price').some((event) => event.startsWith('driver-silent')),
      collector,
    )
    await until(
      'the silent counter',
      () => events('volume').some((event) => event.startsWith('board-silent pulse')),
      collector,
    )
    expect(events('price').some((event) => event.startsWith('board-silent'))).toBe(false)
    await taxCable.plug()
    bus.noisy = false
    await until(
      'both back',
      () =>
        events('price').some((event) => event.startsWith('driver-restored')) &&
        events('volume').some((event) => event.startsWith('board-restored pulse')),
      collector,
    )
    await fuel(3)
    await until('what was sold', () => soldMillilitres('pulse') > 0, collector)
    await until('all of it', () => soldMillilitres('pulse') === 3_000, collector)
    expect(platform.refusals).toEqual([])
  })
})

describe('the test’s own CRC', () => {
  it('is that of the specification: 02 07 → 41 12', () => {
    expect(rtuCrc(Buffer.of(0x02, 0x07)).toString('hex')).toBe('4112')
  })
})
