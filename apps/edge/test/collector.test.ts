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

const DEVICE = '520327-S001-A'
/** The collector's clock runs ten times as fast: polls and pauses take a tenth. */
const FAST = { OILTRAIL_CLOCK: `${Date.now()}x10` }

let program: string
let platform: TestPlatform
let collector: TestCollector
let tax: TestBoard
let communication: TestBoard
let pulses: TestModule
let gauge: TestGauge
let arm: TestModule
let devices: TestDevice[]
let pulseCount: number

function pulse(values: Partial<modbus.PulseInput> = {}): void {
  placePulses(pulses, pulseCount, values)
}

/** Oil through the nozzle, a step every 100 ms. At the fast clock 100 pulses a step are 1 L/s. */
async function fuel(steps: number, pulsesEach = 100): Promise<void> {
  for (let i = 0; i < steps; i++) {
    pulseCount += pulsesEach
    pulse()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const facts = (channel: string) => platform.facts(DEVICE, channel)
const events = (channel: string) =>
  facts(channel).flatMap((fact) => (fact.kind === 'health' ? [fact.event] : []))
const sales = () => facts('volume').flatMap((fact) => (fact.kind === 'sale' ? [fact] : []))

/** Nozzle 1 has had its first reading: what flows from now on must be on record. */
const pulsesAreCounted = () => facts('volume').some((fact) => fact.kind === 'total' && fact.nozzle === '1')

/** Volume of all sales counted by pulses. On a busy machine a stall of this process can make two sales of one. */
const soldByPulse = () =>
  sales().reduce((sum, sale) => sum + (sale.source === 'pulse' ? sale.volumeMillilitres : 0), 0)

async function configure(extra: object = {}): Promise<void> {
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
            port: pulses.address,
            unit: 1,
            nozzles: [{ nozzle: '1', input: 0, pulsesPerLitre: 100 }],
          },
          {
            driver: 'taxport',
            port: communication.address,
            dialect: 'ktk',
            nozzles: [{ nozzle: '2', gun: 2 }],
          },
          { driver: 'gauge', port: gauge.address, tanks: [{ tank: 'T1', number: 1 }] },
          { driver: 'arm', port: arm.address, unit: 1, arms: [{ arm: 'A1', input: 0 }] },
        ],
        price: [
          { driver: 'taxport', port: tax.address, dialect: 'ytsf', nozzles: [{ nozzle: '1', gun: 1 }] },
        ],
      },
    ],
    ...extra,
  })
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
  pulses = await testModule(144)
  gauge = await testGauge()
  arm = await testModule(32)
  pulseCount = 50_000
  devices = [tax, communication, pulses, gauge, arm]
  pulse()
  placeBox(pulses)
  placeBatch(arm, 7, 8_000_000)
  collector = await TestCollector.make(program)
})

afterEach(async () => {
  await collector.remove()
  await platform.stop()
  for (const device of devices) await device.unplug()
})

describe('a collector', () => {
  it('enrols, reads every device, and sends what each said in verified chains', async () => {
    await configure()
    collector.start(FAST)
    await until(
      'the first totals',
      () => facts('volume').filter(({ kind }) => kind === 'total').length === 2,
      collector,
    )
    await until('the price', () => facts('price').some(({ kind }) => kind === 'price'), collector)
    await until('a level', () => facts('volume').some(({ kind }) => kind === 'level'), collector)
    await fuel(8)
    tax.sell(1, 8_000)
    communication.sell(2, 31_410)
    placeBatch(arm, 8, 9_000_000)
    await until(
      'both sales',
      () => soldByPulse() === 8_000 && sales().some(({ source }) => source === 'board'),
      collector,
    )
    await until('the receipt', () => facts('price').some(({ kind }) => kind === 'receipt'), collector)
    await until('the load', () => facts('volume').some(({ kind }) => kind === 'load'), collector)
    const byPulse = sales().findLast(({ source }) => source === 'pulse')
    expect(byPulse).toMatchObject({ nozzle: '1', totalMillilitres: 508_000 })
    expect(byPulse?.pulses).toBe((byPulse?.volumeMillilitres ?? 0) / 10)
    const [byBoard] = sales().filter(({ source }) => source === 'board')
    expect(byBoard).toMatchObject({ nozzle: '2', volumeMillilitres: 31_410, totalMillilitres: 1_031_410 })
    expect(facts('price').find(({ kind }) => kind === 'receipt')).toMatchObject({
      volumeMillilitres: 8_000,
      amountFen: 6_000,
      priceFenPerLitre: 750,
      totalMillilitres: 1_008_000,
    })
    expect(facts('price').find(({ kind }) => kind === 'board-info')).toMatchObject({ oilCode: '1020' })
    expect(facts('volume').find(({ kind }) => kind === 'load')).toMatchObject({
      arm: 'A1',
      batch: 8,
      volumeMillilitres: 9_000_000,
    })
    expect(facts('volume').some((fact) => fact.kind === 'flow' && fact.state === 'fuelling')).toBe(true)
    expect(facts('volume').some((fact) => fact.kind === 'line' && fact.state === 'normal')).toBe(true)
    expect(await collector.stop()).toBe(0)
    await until(
      'the last words',
      () => events('volume').includes('stopped') && events('price').includes('stopped'),
      collector,
    )
    expect(platform.refusals).toEqual([])
    expect(collector.log).not.toContain(`token-${DEVICE}`)
  })

  it('states pulses that no refuelling makes: a rewired line dribbles a litre in quarters (C2)', async () => {
    await configure()
    collector.start(FAST)
    await until('the first total', pulsesAreCounted, collector)
    await fuel(8)
    await until('an honest sale', () => soldByPulse() === 8_000, collector)
    expect(events('volume')).not.toContain('pulses-without-sale')
    for (let i = 0; i < 5; i++) {
      await fuel(1, 25)
      await until('a dribble is counted', () => soldByPulse() === 8_250 + i * 250, collector)
    }
    await until('the self-check', () => events('volume').includes('pulses-without-sale'), collector)
    const told = facts('volume').find(
      (fact) => fact.kind === 'health' && fact.event === 'pulses-without-sale',
    )
    expect(told).toMatchObject({ subject: '1', value: 1_000 })
  })

  it('keeps physical loss, logical loss, mains, door and line apart, each with its end', async () => {
    await configure()
    collector.start(FAST)
    await until('the start', pulsesAreCounted, collector)
    await until('the line', () => facts('volume').some(({ kind }) => kind === 'line'), collector)
    placeBox(pulses, false, true)
    await until(
      'mains and door',
      () => ['mains-lost', 'last-gasp', 'cabinet-opened'].every((e) => events('volume').includes(e as never)),
      collector,
    )
    placeBox(pulses)
    pulse({ loopOhms: 65_535, flags: modbus.PULSE_FLAGS.lineCut })
    await until(
      'the cut',
      () => facts('volume').some((fact) => fact.kind === 'line' && fact.state === 'cut'),
      collector,
    )
    pulse({ loopOhms: 1_400 })
    await until(
      'the rewiring',
      () => facts('volume').some((fact) => fact.kind === 'line' && fact.state === 'rewired'),
      collector,
    )
    tax.silent = true
    await communication.unplug()
    await until('silence of the board', () => events('price').includes('board-silent'), collector)
    await until('loss of the port', () => events('volume').includes('driver-silent'), collector)
    expect(events('price')).not.toContain('driver-silent')
    expect(events('volume')).not.toContain('board-silent')
    tax.silent = false
    await communication.plug()
    await until(
      'both back',
      () => events('price').includes('board-restored') && events('volume').includes('driver-restored'),
      collector,
    )
    expect(events('volume')).toEqual(expect.arrayContaining(['mains-restored', 'cabinet-closed']))
  })

  it('back-fills an outage in order, sends live data beside it, and says that the network was gone', async () => {
    await configure()
    collector.start(FAST)
    await until('the start', pulsesAreCounted, collector)
    await platform.cut()
    await fuel(3)
    await until('a record that says so', () => collector.log.includes('disconnected from'), collector)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await platform.connect()
    await until('the end of the outage', () => events('volume').includes('network-restored'), collector)
    await until('the sale', () => sales().length >= 1, collector)
    expect(events('volume')).toContain('network-lost')
    const volume = facts('volume')
    expect(volume.map(({ seq }) => seq)).toEqual(volume.map((_, i) => i + 1))
  })

  it('restarts a killed price process, says why, and loses nothing of the volume channel meanwhile', async () => {
    await configure()
    collector.start(FAST)
    await until(
      'the start',
      () =>
        facts('price').some(({ kind }) => kind === 'price') &&
        facts('volume').some(({ kind }) => kind === 'total'),
      collector,
    )
    const volumePid = collector.pidOf('volume')
    process.kill(collector.pidOf('price')!, 'SIGKILL')
    await fuel(5)
    await until(
      'the restart',
      () =>
        facts('price').some(
          (fact) => fact.kind === 'health' && fact.event === 'restarted' && fact.subject === 'SIGKILL',
        ),
      collector,
    )
    await until('all that was sold', () => soldByPulse() === 5_000, collector)
    expect(collector.pidOf('volume')).toBe(volumePid)
    expect(events('volume')).not.toContain('restarted')
  })

  it('neither loses nor doubles a running sale when the volume process is killed in its middle', async () => {
    await configure()
    collector.start()
    await until('the start', pulsesAreCounted, collector)
    const from = pulseCount
    const restarts = () => events('volume').filter((event) => event === 'restarted').length
    for (let i = 1; i <= 3; i++) {
      await fuel(15, 10)
      process.kill(collector.pidOf('volume')!, 'SIGKILL')
      await fuel(10, 10)
      await until(`restart ${i}`, () => restarts() === i, collector)
    }
    await until('all that was sold', () => soldByPulse() >= (pulseCount - from) * 10, collector)
    expect(soldByPulse()).toBe((pulseCount - from) * 10)
    expect(platform.refusals).toEqual([])
    const report = await collector.command('spool', 'verify', collector.spool(DEVICE, 'volume'))
    expect(report.code, report.output).toBe(0)
  })

  it('changes its keys without a break in the chain', async () => {
    await configure()
    collector.start(FAST)
    await until('the start', pulsesAreCounted, collector)
    const rotated = await collector.command('rotate', '--config', collector.configFile, '--device', DEVICE)
    expect(rotated.code, rotated.output).toBe(0)
    await until(
      'the key records',
      () =>
        facts('volume').some(({ kind }) => kind === 'key') &&
        facts('price').some(({ kind }) => kind === 'key'),
      collector,
    )
    await fuel(2)
    await until('a sale signed by the new key', () => sales().length >= 1, collector)
    await collector.stop()
    collector.start(FAST)
    await until(
      'records after a restart',
      () => events('volume').filter((event) => event === 'started').length === 2,
      collector,
    )
    expect(platform.refusals).toEqual([])
  })

  it('sends by HTTP where nothing but the web gets through', async () => {
    await configure({ uplink: platform.webUrl })
    collector.start(FAST)
    await until(
      'both channels',
      () => facts('volume').some(({ kind }) => kind === 'total') && facts('price').length > 0,
      collector,
    )
    await fuel(2)
    await until('the sale', () => sales().length >= 1, collector)
    expect(platform.refusals).toEqual([])
  })
})
