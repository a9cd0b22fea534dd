import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RecordedFact } from '@oiltrail/domain'
import { suites } from '@oiltrail/evidence/node'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ArmDriver } from '../src/drivers/arm.ts'
import type { Driver } from '../src/drivers/loop.ts'
import { PortPool } from '../src/drivers/ports.ts'
import { PulseDriver } from '../src/drivers/pulse.ts'
import { ensureIdentity } from '../src/keys/identity.ts'
import { KeyRing } from '../src/keys/keyring.ts'
import { Spool } from '../src/spool/spool.ts'
import { Station } from '../src/station/station.ts'
import { placeBatch, placeBox, placePulses, type TestModule, testModule } from './devices.ts'

/** Modbus TCP has no check of its own: whichever bit of a module's answer is wrong, no litre may be lost or made. */

const DEVICE = '520327-S001-A'
const PULSES_PER_LITRE = 100
const CONFIG = {
  driver: 'pulse',
  unit: 1,
  nozzles: [{ nozzle: '1', input: 0, pulsesPerLitre: PULSES_PER_LITRE }],
} as const
/** A poll takes 30 to 60 ms: at so fast a clock three without growth end a sale, and two seconds are no interruption yet. */
const SPEED = 50
const POLLS_TO_END = 4

let folder: string
let module: TestModule
let ports: PortPool
let spool: Spool
let station: Station
let driver: Driver
let now: number
let said: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wrong-bit-'))
  module = await testModule(32)
  ports = new PortPool()
  said = ''
  now = Date.now()
  const identity = await ensureIdentity(folder, DEVICE, 'Ed25519')
  const opened = await Spool.open({
    directory: join(folder, 'spool'),
    device: DEVICE,
    channel: 'volume',
    algorithm: 'Ed25519',
    hash: suites.Ed25519.hash,
    maxBytes: 16_777_216,
    groupDelayMs: 0,
    onFatal: (error) => {
      throw error
    },
  })
  if (!identity.ok || !opened.ok) throw new Error('cannot begin')
  spool = opened.value
  const keys = await KeyRing.load(folder, identity.value, 'volume', spool)
  if (!keys.ok) throw new Error(keys.problem.detail)
  const config = { ...CONFIG, port: module.address, nozzles: [...CONFIG.nozzles] }
  station = new Station({
    site: { device: DEVICE, algorithm: 'Ed25519', volume: [config], price: [] },
    channel: 'volume',
    spool,
    keys: keys.value,
    clock: { now: () => now, speed: SPEED },
    log: pino(
      {},
      {
        write: (line: string) => {
          said += line
        },
      },
    ),
  })
  driver = new PulseDriver(config, station, ports)
})

afterEach(async () => {
  await ports.close()
  await module.unplug()
  await spool.close()
  await rm(folder, { recursive: true })
})

const poll = async (): Promise<boolean> => {
  now += 1_000
  return (await driver.poll(now)).ok
}

async function facts(): Promise<RecordedFact[]> {
  const read = await spool.read(1, { records: 10_000, bytes: 10_000_000 })
  if (!read.ok) throw new Error(read.problem.detail)
  return read.value.lines.map((line) => JSON.parse(Buffer.from(line).toString()) as RecordedFact)
}

/** The module's registers with one bit turned. */
function turned(register: number, bit: number): number[] {
  const image = [...module.image]
  image[register]! ^= 1 << bit
  return image
}

/** What a bit turned means: `name`, register and bit. */
const bitsOf = (name: string, register: number, bits: readonly number[]) =>
  bits.map((bit): [string, number, number] => [name, register, bit])
const [UPTIME, COUNT_A, COUNT_B, OHMS, FLAGS] = [3, 16, 18, 20, 22]
const BITS = [
  ...bitsOf('map version', 0, [0]),
  ...bitsOf('mains', 1, [0]),
  ...bitsOf('door', 2, [0]),
  ...bitsOf('uptime, high word', UPTIME, [0, 3]),
  ...bitsOf('uptime', UPTIME + 1, [0, 1, 3, 4, 5, 6, 9, 15]),
  ...bitsOf('count, high word', COUNT_A, [0, 8, 15]),
  ...bitsOf('count', COUNT_A + 1, [0, 1, 2, 4, 6, 8, 10, 13]),
  ...bitsOf('count of phase B', COUNT_B + 1, [1, 9]),
  ...bitsOf('resistance', OHMS, [9]),
  ...bitsOf('flags', FLAGS, [0, 2]),
]

describe('one wrong bit in an answer of a pulse module', () => {
  it.each([
    ['both phases wired', 0, BITS],
    ['phase B never wired', 7_000, BITS.filter(([name]) => name === 'count')],
  ])('C2: makes and costs no litre, and no fault of the box or the line, %s', async (_which, apart, bits) => {
    let pulses = 8_000
    const was = new Set<number>()
    const stand = (): void => {
      was.add(pulses * (1_000 / PULSES_PER_LITRE))
      placePulses(module, pulses, { pulsesB: pulses - apart })
    }
    placeBox(module)
    stand()
    for (let i = 0; i < 4; i++) expect(await poll()).toBe(true)
    for (const [name, register, bit] of bits) {
      // At rest; as the first reading that shows growth; as the one that is to prove it.
      module.next.push(turned(register, bit))
      await poll()
      module.next.splice(0)
      for (const wrongReading of [0, 1]) {
        pulses += 37
        stand()
        if (wrongReading === 1) module.next.push(module.image)
        module.next.push(turned(register, bit))
        await poll()
        module.next.splice(0)
      }
      for (let i = 0; i < POLLS_TO_END; i++) expect(await poll(), `${name}, bit ${bit}`).toBe(true)
      const last = (await facts()).findLast((fact) => fact.kind === 'sale')
      expect(last, `${name}, bit ${bit}`).toMatchObject({
        totalMillilitres: pulses * (1_000 / PULSES_PER_LITRE),
      })
    }
    const all = await facts()
    let sold = 0
    for (const fact of all) {
      if (fact.kind === 'sale') sold += fact.volumeMillilitres
      if (fact.kind === 'sale' || fact.kind === 'total')
        expect(was.has(fact.totalMillilitres), JSON.stringify(fact)).toBe(true)
      if (fact.kind === 'line') expect(fact.state).toBe('normal')
      if (fact.kind === 'health') expect(fact.event).toBe('pulses-without-sale')
    }
    expect(sold).toBe((pulses - 8_000) * (1_000 / PULSES_PER_LITRE))
    expect(said).not.toContain('a counter was set')
  })

  it('C2: an uptime that was read too high and believed is no restart when it is read right again', async () => {
    placeBox(module)
    placePulses(module, 8_000)
    await poll()
    const high = turned(UPTIME + 1, 5)
    module.next.push(high, high)
    expect(await poll()).toBe(true)
    module.next.splice(0)
    placePulses(module, 8_300)
    for (let i = 0; i < POLLS_TO_END; i++) expect(await poll()).toBe(true)
    expect((await facts()).findLast((fact) => fact.kind === 'sale')).toMatchObject({
      volumeMillilitres: 3_000,
      totalMillilitres: 83_000,
    })
  })

  it('C2: a module that was busy once is asked for all registers at once again, one that lacks some block by block', async () => {
    placeBox(module)
    placePulses(module, 8_000)
    await poll()
    const requests = async (): Promise<number> => {
      const before = module.reads
      await poll()
      return module.reads - before
    }
    for (const exception of [6, 11]) {
      module.next.push({ exception })
      expect(await poll()).toBe(false)
      expect(await requests()).toBe(1)
    }
    module.next.push({ exception: 2 })
    expect(await poll()).toBe(true)
    expect(await requests()).toBe(2)
  })

  it('C2: a module that was started anew is followed from 0', async () => {
    placeBox(module)
    placePulses(module, 8_000)
    await poll()
    module.image[UPTIME] = 0
    module.image[UPTIME + 1] = 20
    placePulses(module, 150)
    for (let i = 0; i < POLLS_TO_END; i++) expect(await poll()).toBe(true)
    expect((await facts()).findLast((fact) => fact.kind === 'sale')).toMatchObject({
      volumeMillilitres: 1_500,
      totalMillilitres: 81_500,
    })
  })
})

describe('one wrong bit in an answer of a batch meter', () => {
  /** Registers of the meter's map, and one bit of each that makes a number nobody would doubt. */
  const FIELDS = [
    ['map version', 0, 1],
    ['batch', 6, 0],
    ['volume', 8, 3],
    ['volume at 20 °C', 10, 3],
    ['temperature', 11, 2],
    ['totalizer', 15, 4],
    ['start', 17, 5],
    ['end', 19, 3],
  ] as const

  it.each(FIELDS)('C2: states each load once and as it was: %s', async (_name, register, bit) => {
    driver = new ArmDriver(
      { driver: 'arm', port: module.address, unit: 1, arms: [{ arm: 'A1', input: 0 }] },
      station,
      ports,
    )
    placeBatch(module, 7, 8_000_000)
    expect(await poll()).toBe(true)
    for (const wrongReading of [0, 1]) {
      const batch = 8 + wrongReading
      placeBatch(module, batch, 8_000_000 + batch * 100_000)
      if (wrongReading === 1) module.next.push(module.image)
      module.next.push(turned(register, bit))
      await poll()
      module.next.splice(0)
      expect(await poll()).toBe(true)
    }
    const load = (batch: number) => ({
      kind: 'load',
      batch,
      volumeMillilitres: 8_000_000 + batch * 100_000,
      volume20Millilitres: 8_000_000 + batch * 100_000 - 100,
      temperatureCentiCelsius: 1_850,
      totalMillilitres: 508_000_000 + batch * 100_000,
    })
    const loads = await facts()
    expect(loads).toMatchObject([load(8), load(9)])
    for (const { at, startedAt } of loads as { at: number; startedAt: number }[])
      expect(at - startedAt).toBe(540_000)
  })
})
