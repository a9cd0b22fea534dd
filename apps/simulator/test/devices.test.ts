import type { EpochMs } from '@oiltrail/kernel'
import { ARM_METER, blockAddress, PULSE_INPUT, PULSE_MODULE, readBlock } from '@oiltrail/protocols/modbus'
import {
  type Answer,
  boardInfo,
  dayTotal,
  dialectNamed,
  type Frame,
  FrameDecoder,
  grandTotal,
  lastSale,
  monthTotal,
  type TaxportMessage,
} from '@oiltrail/protocols/taxport'
import {
  deliveries,
  deliveryFact,
  inventory,
  levelFact,
  systemAlarms,
  type TlsReport,
  tankAlarms,
  writeUnknownCommand,
} from '@oiltrail/protocols/tls350'
import ModbusRTU from 'modbus-serial'
import { describe, expect, test } from 'vitest'
import type { SiteDevices } from '../src/devices/site-devices.ts'
import { deliveryOf, levelOf } from '../src/history/facts.ts'
import type { DispenserBody } from '../src/physics/site.ts'
import { ask, liveCounty, NOON } from './harness.ts'

function framesIn(bytes: Uint8Array): Frame[] {
  return new FrameDecoder().feed(bytes).flatMap((event) => (event.ok ? [event.value] : []))
}

/** Asks a board as a collector does; undefined when it is silent. */
async function askBoard<Q, A>(
  port: number,
  dispenser: DispenserBody,
  message: TaxportMessage<Q, A>,
  request: Q,
  options: { timeoutMs?: number; pieceBytes?: number } = {},
): Promise<Answer<A> | undefined> {
  const dialect = dialectNamed(dispenser.plan.dialect)!
  const complete = (bytes: Buffer): boolean => {
    const frames = framesIn(bytes)
    return frames[0] !== undefined && frames.length >= message.framesExpected(frames[0])
  }
  const bytes = await ask(port, message.writeRequest(request), complete, options)
  if (!bytes) return undefined
  const answer = message.readAnswer(framesIn(bytes), dialect)
  if (!answer.ok) throw new Error(answer.problem.detail)
  return answer.value
}

async function askGauge<T>(port: number, report: TlsReport<T>, tank: number): Promise<readonly T[]> {
  const bytes = await ask(port, report.writeRequest(tank), (answer) => answer.at(-1) === 3)
  const read = report.readAnswer(bytes!.subarray(1, -1).toString('latin1'))
  if (!read.ok) throw new Error(read.problem.detail)
  return read.value.items
}

async function withModbus<T>(port: number, unit: number, act: (client: ModbusRTU) => Promise<T>): Promise<T> {
  const client = new ModbusRTU()
  await client.connectTCP('127.0.0.1', { port })
  client.setID(unit)
  client.setTimeout(2_000)
  try {
    return await act(client)
  } finally {
    await new Promise<void>((resolve) => client.close(() => resolve()))
  }
}

function boardOfDialect(sites: readonly SiteDevices[], dialect: string) {
  return sites
    .flatMap((site) => [...site.boards.values()])
    .find(({ dispenser }) => dispenser.plan.dialect === dialect)!
}

describe('a dispenser’s board', () => {
  test.each(['ytsf', 'ktk', 'synthetic-spaces', 'synthetic-price-first'])(
    'tells identity, last sale and totals in the dialect %s on both its ports',
    async (dialect) => {
      const { live } = await liveCounty()
      const { dispenser, tax, communication } = boardOfDialect(live.sites, dialect)
      const nozzle = dispenser.nozzles[0]!
      for (const { port } of [tax, communication]) {
        const info = await askBoard(port, dispenser, boardInfo, { gun: 1 })
        expect(info?.value).toMatchObject({
          factoryNumber: dispenser.plan.factoryNumber,
          tax: { taxpayerNumber: dispenser.plan.taxpayerNumber, gunCodes: '01' },
        })
        expect(info?.value?.tax?.boardClock.slice(0, 8)).toBe('20261123')
        const grand = await askBoard(port, dispenser, grandTotal, { gun: 1, queryMode: 0, returnMode: 1 })
        expect(grand?.value).toEqual({
          volumeMillilitres: nozzle.totalMillilitres,
          amountFen: nozzle.totalFen,
        })
        const last = await askBoard(port, dispenser, lastSale, { gun: 1, returnMode: 0 })
        expect(last?.value).toMatchObject({
          volumeMillilitres: nozzle.lastFill!.meteredMillilitres,
          amountFen: nozzle.lastFill!.amountFen,
          priceFenPerLitre: nozzle.lastFill!.priceFenPerLitre,
        })
        const day = await askBoard(port, dispenser, dayTotal, { gun: 1, date: '20261123', returnMode: 0 })
        expect(day?.value).toEqual({
          date: '20261123',
          volumeMillilitres: nozzle.truth.meteredMillilitres,
          amountFen: nozzle.truth.amountFen,
          priceFenPerLitre: nozzle.priceFenPerLitre,
        })
        const month = await askBoard(port, dispenser, monthTotal, { gun: 1, month: '202611', returnMode: 0 })
        expect(month!.value!.volumeMillilitres).toBeGreaterThan(20 * day!.value!.volumeMillilitres)
      }
    },
  )

  test('answers the same however its request is cut into pieces', async () => {
    const { live } = await liveCounty()
    const { dispenser, tax } = boardOfDialect(live.sites, 'ktk')
    const request = { gun: 2, queryMode: 0, returnMode: 1 }
    const whole = await askBoard(tax.port, dispenser, grandTotal, request)
    for (const pieceBytes of [1, 2, 3, 5])
      expect(await askBoard(tax.port, dispenser, grandTotal, request, { pieceBytes })).toEqual(whole)
  })

  test('is silent to a gun it has not, to an unknown command and to junk, and answers afterwards', async () => {
    const { live } = await liveCounty()
    const { dispenser, tax } = boardOfDialect(live.sites, 'ytsf')
    const request = { queryMode: 0, returnMode: 1 }
    const short = { timeoutMs: 150 }
    expect(await askBoard(tax.port, dispenser, grandTotal, { gun: 9, ...request }, short)).toBeUndefined()
    expect(
      await ask(tax.port, Uint8Array.of(0xbb, 4, 0xff, 0x70, 1, 0x8e), () => true, short),
    ).toBeUndefined()
    expect(await ask(tax.port, new Uint8Array(5_000).fill(0xbb), () => true, short)).toBeUndefined()
    expect(await askBoard(tax.port, dispenser, grandTotal, { gun: 1, ...request })).toBeDefined()
  })

  test('answers a past day without sales, and a date that does not exist, with STATUS 0', async () => {
    const { live } = await liveCounty()
    const { dispenser, tax } = boardOfDialect(live.sites, 'ytsf')
    for (const date of ['20200101', '20269999'])
      expect(await askBoard(tax.port, dispenser, dayTotal, { gun: 1, date, returnMode: 0 })).toEqual({
        status: 0,
      })
  })

  test('books a sale into its totals at the last drop, while the pulse module counts it as it flows', async () => {
    const { live, clock, world } = await liveCounty()
    const devices = live.sites[0]!
    const nozzle = devices.site.nozzles.find(({ plan }) => plan.input !== undefined)!
    const board = devices.boards.get(nozzle.dispenser.dispenser)!
    const totals = async (): Promise<[number, number]> => {
      const address = blockAddress(PULSE_INPUT, nozzle.plan.input)
      const { data } = await withModbus(devices.pulses!.port, 1, (client) =>
        client.readHoldingRegisters(address, PULSE_INPUT.length),
      )
      const input = readBlock(PULSE_INPUT, data)
      const gun = nozzle.plan.gun
      const grand = await askBoard(board.tax.port, board.dispenser, grandTotal, {
        gun,
        queryMode: 0,
        returnMode: 1,
      })
      return [input.ok ? input.value.pulsesA * 10 : -1, grand!.value!.volumeMillilitres]
    }
    while (!nozzle.fills[0] || nozzle.fills[0].startedAt <= clock.at) {
      clock.at += 1_000
      live.present()
    }
    const { startedAt, endsAt, meteredMillilitres } = nozzle.fills[0]
    const [pulsesBefore, boardBefore] = await totals()
    expect(pulsesBefore).toBe(boardBefore)
    clock.at = Math.floor((startedAt + endsAt) / 2)
    const [pulsesMiddle, boardMiddle] = await totals()
    expect(boardMiddle).toBe(boardBefore)
    expect(pulsesMiddle - pulsesBefore).toBeGreaterThan(meteredMillilitres * 0.45)
    expect(pulsesMiddle - pulsesBefore).toBeLessThan(meteredMillilitres * 0.55)
    clock.at = endsAt
    expect(await totals()).toEqual([pulsesBefore + meteredMillilitres, boardBefore + meteredMillilitres])
    expect(world.now).toBe(endsAt)
  })
})

describe('a tank gauge', () => {
  test('tells its tanks as the history’s records have them, to the last digit', async () => {
    const { live } = await liveCounty()
    for (const devices of [live.sites[0]!, live.sites[20]!]) {
      const items = await askGauge(devices.gauge.port, inventory, 0)
      expect(items).toHaveLength(devices.site.tanks.size)
      for (const item of items) {
        const tank = String(item.tank)
        const expected = levelOf(tank, gaugeOf(live, devices, tank, NOON))
        expect(levelFact(tank, item)).toEqual({ ok: true, value: expected })
      }
    }
  })

  test('reports a delivery once it is over, as the history would record it, and shows it while it runs', async () => {
    const { live, clock, world } = await liveCounty()
    const started: [SiteDevices, string, EpochMs][] = []
    world.witnesses.push({
      inflowStarting: (site, tank, inflow) => {
        if (site.plan.site.kind === 'station')
          started.push([live.site(site.code)!, tank.plan.tank, inflow.endsAt])
      },
    })
    while (started.length === 0) {
      clock.at += 60_000
      live.present()
    }
    const [devices, tank, endsAt] = started[0]!
    const [during] = await askGauge(devices.gauge.port, inventory, Number(tank))
    expect(during!.statusBits).toBe(1)
    clock.at = endsAt + 5 * 60_000
    const [report] = await askGauge(devices.gauge.port, deliveries, Number(tank))
    expect(report!.deliveries).toHaveLength(1)
    const fact = deliveryFact(tank, report!.deliveries[0]!)
    const seen = live.instruments.gauge(devices.site).deliveries(tank)[0]!
    expect(fact).toEqual({ ok: true, value: { at: seen.endedAt, fact: deliveryOf(seen) } })
    if (fact.ok)
      expect(fact.value.fact.endMillilitres - fact.value.fact.startMillilitres).toBeGreaterThan(3_500_000)
  })

  test('has no alarm on a sound tank, and refuses what it does not know', async () => {
    const { live } = await liveCounty()
    const { gauge } = live.sites[0]!
    expect(await askGauge(gauge.port, systemAlarms, 0)).toEqual([])
    expect((await askGauge(gauge.port, tankAlarms, 1))[0]).toEqual({ tank: 1, types: [] })
    const unknown = await ask(gauge.port, Buffer.from('\x01i99900\r\n'), (answer) => answer.at(-1) === 3)
    expect(unknown).toEqual(Buffer.from(writeUnknownCommand()))
  })

  test('takes a command without a line end once the line is silent', async () => {
    const { live } = await liveCounty()
    const answer = await ask(
      live.sites[0]!.gauge.port,
      Buffer.from('\x01i20100'),
      (bytes) => bytes.at(-1) === 3,
    )
    expect(answer?.subarray(0, 5).toString('latin1')).toBe('\x01i201')
  })
})

describe('Modbus modules', () => {
  test('a pulse module tells mains, door and every tapped nozzle to a Modbus client of others', async () => {
    const { live } = await liveCounty()
    const devices = live.sites[0]!
    await withModbus(devices.pulses!.port, 1, async (client) => {
      const module = readBlock(PULSE_MODULE, (await client.readHoldingRegisters(0, PULSE_MODULE.length)).data)
      expect(module).toMatchObject({
        ok: true,
        value: { mainsPresent: true, doorOpen: false, mapVersion: 1 },
      })
      for (const nozzle of devices.site.nozzles) {
        if (nozzle.plan.input === undefined) continue
        const address = blockAddress(PULSE_INPUT, nozzle.plan.input)
        const input = readBlock(
          PULSE_INPUT,
          (await client.readHoldingRegisters(address, PULSE_INPUT.length)).data,
        )
        expect(input).toMatchObject({
          ok: true,
          value: { loopOhms: nozzle.plan.loopOhms, phase: 'a-leads', flags: 0 },
        })
      }
    })
  })

  test('a module refuses writes, wrong addresses and wrong counts as the protocol says', async () => {
    const { live } = await liveCounty()
    await withModbus(live.sites[0]!.pulses!.port, 1, async (client) => {
      await expect(client.readHoldingRegisters(140, 10)).rejects.toMatchObject({ modbusCode: 2 })
      await expect(client.writeRegister(1, 0)).rejects.toMatchObject({ modbusCode: 1 })
      expect((await client.readHoldingRegisters(0, 8)).data).toHaveLength(8)
    })
  })

  test('a depot’s arms tell their batches and totalizers, each meter under its unit', async () => {
    const { live, clock, world } = await liveCounty()
    const devices = live.sites[20]!
    const loads: string[] = []
    world.witnesses.push({ loadEnded: (_site, arm) => loads.push(arm.plan.arm) })
    while (loads.length < 3) {
      clock.at += 60_000
      live.present()
    }
    for (const arm of devices.site.arms.filter(({ plan }) => loads.includes(plan.arm))) {
      const unit = 1 + Math.floor(arm.plan.input / 4)
      const address = blockAddress(ARM_METER, arm.plan.input % 4)
      const { data } = await withModbus(devices.arms!.port, unit, (client) =>
        client.readHoldingRegisters(address, ARM_METER.length),
      )
      expect(readBlock(ARM_METER, data)).toMatchObject({
        ok: true,
        value: {
          batch: arm.lastLoad!.batch,
          volumeMillilitres: arm.lastLoad!.grossMillilitres,
          volume20Millilitres: arm.lastLoad!.volume20Millilitres,
          totalMillilitres: arm.totalMillilitres,
          endedAtSeconds: Math.floor(arm.lastLoad!.endsAt / 1000),
        },
      })
    }
  })

  test('junk on a Modbus port harms nobody', async () => {
    const { live } = await liveCounty()
    const { port } = live.sites[0]!.pulses!
    expect(await ask(port, new Uint8Array(4_000).fill(0xa5), () => true, { timeoutMs: 150 })).toBeUndefined()
    const { data } = await withModbus(port, 1, (client) => client.readHoldingRegisters(0, 8))
    expect(data[0]).toBe(1)
  })
})

function gaugeOf(
  live: Awaited<ReturnType<typeof liveCounty>>['live'],
  devices: SiteDevices,
  tank: string,
  at: EpochMs,
) {
  return live.instruments.gauge(devices.site).read(tank, at)
}
