import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { bundleCollector, TestCollector, until } from './collector.ts'
import { placeBatch, type TestBoard, type TestModule, testBoard, testModule } from './devices.ts'
import { TestPlatform } from './platform.ts'

const DEVICE = '520327-S001-A'
/** Enough lines that the import outlasts the debounce of the network watch at this speed by far. */
const LINES = 40_000
const SPEED = 500
const NOW = Date.now()
/** Nothing listens there. */
const NOBODY = 'tcp://127.0.0.1:9'

let program: string
let platform: TestPlatform
let collector: TestCollector
let board: TestBoard
let arm: TestModule

beforeAll(async () => {
  program = await bundleCollector()
})
afterAll(() => rm(dirname(program), { recursive: true }))
beforeEach(async () => {
  platform = new TestPlatform()
  await platform.start()
  platform.codes.add('CODE-1')
  board = await testBoard('ytsf', [1])
  arm = await testModule(32)
  collector = await TestCollector.make(program)
})
afterEach(async () => {
  await collector.remove()
  await platform.stop()
  await board.unplug()
  await arm.unplug()
})

it('C1: a network that is away while history is imported is told of behind it, so that no chain steps back in time', async () => {
  const history = join(collector.folder, 'history')
  await mkdir(history)
  const lines = Array.from({ length: LINES }, (_, i) =>
    JSON.stringify({
      at: NOW - 86_400_000 + i * 1_000,
      kind: 'total',
      nozzle: '1',
      totalMillilitres: i * 10,
      source: 'board',
    }),
  )
  await writeFile(join(history, `${DEVICE}.volume.jsonl`), lines.join('\n'))
  const drivers = (port: string) => [
    { driver: 'taxport', port, dialect: 'ytsf', nozzles: [{ nozzle: '1', gun: 1 }] },
  ]
  await collector.configure({
    uplink: platform.mqttUrl,
    api: platform.webUrl,
    history: './history',
    sites: [{ device: DEVICE, enrolCode: 'CODE-1', volume: drivers(board.address), price: drivers(NOBODY) }],
  })
  await platform.cut()
  collector.start({ OILTRAIL_CLOCK: `${NOW}x${SPEED}` })
  await until('the collector to speak', () => collector.log.includes('the port is lost'), collector)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await platform.connect()
  const events = () =>
    platform.facts(DEVICE, 'volume').flatMap((fact) => (fact.kind === 'health' ? [fact.event] : []))
  await until('the end of the outage', () => events().includes('network-restored'), collector)
  // Live records travel ahead of the backlog.
  const whole = () => platform.facts(DEVICE, 'volume').findLastIndex(({ seq }, i) => seq === i + 1) >= LINES
  await until('the backlog', whole, collector)
  const facts = platform.facts(DEVICE, 'volume')
  expect(facts.findIndex(({ kind }) => kind === 'health')).toBe(LINES)
  expect(events().slice(0, 2)).toEqual(['history-imported', 'started'])
  expect(events().filter((event) => event === 'network-lost')).toHaveLength(1)
  expect(platform.refusals).toEqual([])
})

it.each([
  { was: 'of the history', batch: 7, totalMillilitres: 508_000_000, loads: [7] },
  {
    was: 'that ended between the history and the first look',
    batch: 8,
    totalMillilitres: 509_000_000,
    loads: [7, 8],
  },
])('S5: the batch $was is stated once', async ({ batch, totalMillilitres, loads }) => {
  const history = join(collector.folder, 'history')
  await mkdir(history)
  const load = {
    at: NOW - 600_000,
    kind: 'load',
    arm: 'A1',
    batch: 7,
    volumeMillilitres: 8_000_000,
    volume20Millilitres: 7_999_900,
    temperatureCentiCelsius: 1_850,
    totalMillilitres: 508_000_000,
    startedAt: NOW - 1_200_000,
  }
  await writeFile(join(history, `${DEVICE}.volume.jsonl`), `${JSON.stringify(load)}\n`)
  placeBatch(arm, batch, totalMillilitres - 500_000_000)
  await collector.configure({
    uplink: platform.mqttUrl,
    api: platform.webUrl,
    history: './history',
    sites: [
      {
        device: DEVICE,
        enrolCode: 'CODE-1',
        volume: [{ driver: 'arm', port: arm.address, unit: 1, arms: [{ arm: 'A1', input: 0 }] }],
        price: [],
      },
    ],
  })
  collector.start({ OILTRAIL_CLOCK: `${NOW}x${SPEED}` })
  // At the first poll a new batch is read twice and stated; some more leave it the time to arrive.
  await until('the meter to be polled', () => arm.reads > 20, collector)
  const stated = (): number[] =>
    platform.facts(DEVICE, 'volume').flatMap((fact) => (fact.kind === 'load' ? [fact.batch] : []))
  await until('the loads', () => stated().length >= loads.length, collector)
  expect(stated()).toEqual(loads)
})
