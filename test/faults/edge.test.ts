import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { stringify } from 'yaml'
import {
  placeBox,
  placePulses,
  type TestBoard,
  type TestModule,
  testBoard,
  testModule,
} from '../../apps/edge/test/devices.ts'
import { testSite } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { callJson } from '../fleet/tls.ts'
import { type Witnessed, witness } from '../fleet/witness.ts'
import { dataDirectory, eventually, oiltrail } from '../scenarios/world.ts'

/** A real collector before a real server while both are killed and the collector's disk fills. */

/** How many kills: a few in `npm test`, many in `npm run test:faults`. */
const KILLS = Number(process.env.OILTRAIL_FAULT_ROUNDS ?? 5)
const EDGE = fileURLToPath(new URL('../../dist/edge.mjs', import.meta.url))
const SITE = testSite(0)
const DEVICE = `520327-${SITE.site}-A`
/** Half a litre a second: 5 pulses of 10 mL in each step. */
const STEP_MS = 100
const STEP_PULSES = 5
const MILLILITRES_PER_PULSE = 10
/** The collector's disk in the test of a full one. */
const DISK_MEGABYTES = 24
const FULL_MS = 8_000
/** Says to leave out what needs the right to mount; the run then shows it as left out. */
const mayNotMount = process.env.OILTRAIL_NO_MOUNT === '1'

let platform: Platform
let folder: string
let board: TestBoard
let pulses: TestModule
let edge: ChildProcess | undefined
let pulseCount = 0
let firstPulses = 0
let pump: NodeJS.Timeout | undefined

beforeEach(async () => {
  platform = new Platform()
  await platform.start()
  folder = dataDirectory()
  board = await testBoard('ytsf', [1])
  pulses = await testModule(144)
  pulseCount = firstPulses = 40_000
  pulse()
  placeBox(pulses)
})

afterEach(async () => {
  clearInterval(pump)
  await killEdge()
  await platform.end('SIGKILL')
  platform.remove()
  await board.unplug()
  await pulses.unplug()
  rmSync(folder, { recursive: true, force: true })
})

const ask = <T>(path: string, body: unknown): Promise<T> =>
  callJson<T>(`${platform.base}${path}`, { body, token: platform.adminToken })
const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))

function pulse(): void {
  placePulses(pulses, pulseCount)
}

/** Oil flows for nine seconds of every fifteen, so that sales begin and end among the kills. */
function startPump(): void {
  let step = 0
  pump = setInterval(() => {
    if (step++ % 150 >= 90) return
    pulseCount += STEP_PULSES
    pulse()
  }, STEP_MS)
}

async function configure(directory: string): Promise<void> {
  await ask('/api/registry/sites', SITE)
  const { code } = await ask<{ code: string }>('/api/enrol-codes', {
    device: DEVICE,
    site: SITE.site,
    validSeconds: 3_600,
  })
  writeFileSync(
    join(folder, 'edge.yaml'),
    stringify({
      county: '520327',
      uplink: platform.mqtt,
      api: platform.base,
      directory,
      sites: [
        {
          device: DEVICE,
          enrolCode: code,
          volume: [
            {
              driver: 'pulse',
              port: pulses.address,
              unit: 1,
              nozzles: [{ nozzle: '1', input: 0, pulsesPerLitre: 100 }],
            },
          ],
          price: [
            { driver: 'taxport', port: board.address, dialect: 'ytsf', nozzles: [{ nozzle: '1', gun: 1 }] },
          ],
        },
      ],
    }),
  )
}

function startEdge(): void {
  edge = spawn(process.execPath, [EDGE, 'run', '--config', join(folder, 'edge.yaml')], {
    stdio: 'ignore',
    detached: true,
  })
}

/** The current is gone: supervisor and both channels at once. */
async function killEdge(): Promise<void> {
  const child = edge
  edge = undefined
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  process.kill(-child.pid!, 'SIGKILL')
  await gone
}

/** Kills the process of one channel, found the way an administrator finds it. */
function killChannel(channel: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (words.includes(channel) && words.includes(join(folder, 'edge.yaml')))
        process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It ended while we looked.
    }
  }
}

/** What a power cut leaves of a write that was under way: the head of a frame, and not all of what it announces. */
function tearTail(directory: string): void {
  const spool = join(directory, 'spool', `${DEVICE}.volume`)
  const newest = readdirSync(spool)
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .at(-1)!
  appendFileSync(join(spool, newest), Buffer.from('4f5446310000020000000000027b', 'hex'))
}

interface SiteView {
  nozzles: { nozzle: string; totalMillilitres?: number }[]
  channels: { channel: string; openGaps?: number; faults: { event: string }[] }[]
}
const site = (): Promise<SiteView> => platform.get<SiteView>(`/api/sites/${SITE.site}`)
const total = (view: SiteView): number | undefined =>
  view.nozzles.find(({ nozzle }) => nozzle === '1')?.totalMillilitres
const truth = (): number => pulseCount * MILLILITRES_PER_PULSE
/** What the platform counted; undefined while its database comes back. */
async function sold(): Promise<number | undefined> {
  const span = `from=${Date.now() - 86_400_000}&to=${Date.now() + 3_600_000}`
  const rows = await platform
    .get<{ volumeMillilitres: number }[]>(`/api/statistics?${span}&bucket=all&place=nozzle`)
    .catch(() => undefined)
  return rows && (rows[0]?.volumeMillilitres ?? 0)
}

const readTotal = (): Promise<SiteView> =>
  eventually(
    'a first reading',
    60,
    () => site().catch(() => ({ nozzles: [], channels: [] })),
    (view) => total(view) !== undefined,
  )

/** Nothing is lost or doubled on any level, from the log to the sums. */
async function expectAllKept(): Promise<void> {
  const log = await witness(platform.base)
  expectWhole(log)
  expect(log.leaves.filter(({ type }) => type === 'refusal')).toEqual([])
  await platform.end('SIGTERM')
  for (const command of ['audit', 'replay']) {
    const result = await oiltrail([command, '--data', platform.data])
    expect(result.code, `${command}: ${result.out}${result.err}`).toBe(0)
  }
}

/**
 * No number is missing. A collector that lost its receipt with its life sends again what it does not know to be stored, in
 * batches cut elsewhere; such an overlap counts once, as the sums show.
 */
function expectWhole(log: Witnessed): void {
  for (const channel of ['volume', 'price']) {
    let next = 1
    for (const { first, last } of log.leaves
      .filter((leaf) => leaf.type === 'batch' && leaf.channel === channel)
      .sort((a, b) => a.first! - b.first!)) {
      expect(first, channel).toBeLessThanOrEqual(next)
      next = Math.max(next, last! + 1)
    }
    expect(next, channel).toBeGreaterThan(2)
  }
}

it('Z2 C3: whatever is killed while oil flows, current, channel, server or database, and whatever tears, every litre is sold once', async () => {
  const directory = join(folder, 'box')
  await configure(directory)
  startEdge()
  await readTotal()
  startPump()
  const victims = ['channel volume', 'server', 'torn', 'database', 'channel price', 'current', 'both']
  for (let i = 0; i < KILLS; i++) {
    await pause(1_200 + ((i * 7_919) % 2_000))
    const victim = victims[i % victims.length]!
    if (victim.startsWith('channel')) killChannel(victim.slice('channel '.length))
    if (victim === 'current' || victim === 'torn' || victim === 'both') {
      await killEdge()
      if (victim === 'torn') tearTail(directory)
      if (victim === 'both') await platform.end('SIGKILL')
      startEdge()
    }
    if (victim === 'database') process.kill(postmasterPid(), 'SIGKILL')
    if (victim === 'server') await platform.end('SIGKILL')
    await pause(victim === 'database' ? 3_000 : 300)
    if (platform.child!.exitCode !== null || platform.child!.signalCode !== null) await platform.start()
  }
  clearInterval(pump)
  const due = (pulseCount - firstPulses) * MILLILITRES_PER_PULSE
  expect(due).toBeGreaterThan(1_000)
  await eventually('every litre', 90, sold, (volume) => (volume ?? 0) >= due)
  expect(await sold()).toBe(due)
  expect(total(await site())).toBe(truth())
  await expectAllKept()
}, 1_800_000)

it.skipIf(mayNotMount)(
  'Z2: a collector whose disk is full goes on, invents nothing, and says what it left out once there is room (OILTRAIL_NO_MOUNT=1 leaves it out)',
  async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m`, 'tmpfs', disk])
    try {
      await configure(disk)
      startEdge()
      await readTotal()
      startPump()
      await pause(2_000)
      fill(join(disk, 'ballast'))
      await pause(FULL_MS)
      // Even a process that must begin with a full disk comes back by itself.
      killChannel('volume')
      await pause(2_000)
      rmSync(join(disk, 'ballast'))
      await pause(6_000)
      clearInterval(pump)
      await eventually('the totalizer as it stands', 60, site, (view) => total(view) === truth())
      await pause(5_000)
      expect(await sold()).toBeLessThanOrEqual((pulseCount - firstPulses) * MILLILITRES_PER_PULSE)
      expect(await sold()).toBeGreaterThan(0)
      await killEdge()
      await expectAllKept()
    } finally {
      await killEdge()
      execFileSync('umount', ['-l', disk])
    }
  },
  180_000,
)

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let size = 65_536; size >= 1; size /= 16)
      try {
        for (const piece = Buffer.alloc(size, 1); ; ) writeSync(file, piece)
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' })
      }
  } finally {
    closeSync(file)
  }
}

function postmasterPid(): number {
  return Number(
    readFileSync(join(platform.data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0],
  )
}
