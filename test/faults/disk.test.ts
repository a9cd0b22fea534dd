import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { enrolSite, nextBatch, type SignedBatch, testLanes } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { expectPromisesKept } from '../fleet/promises.ts'
import { Sender } from '../fleet/sender.ts'
import { dataDirectory, eventually } from '../scenarios/world.ts'

/** The disk of the test: room for a new database and a few hundred large batches, beside the ballast. */
const DISK_MEGABYTES = 640
const BALLAST_MEGABYTES = 320
/** Far more than fits: were the disk not to fill, the test must fail. */
const MOST_BATCHES = 3_000
/** Few enough that the server's own queue is not what asks to come again. */
const MOST_UNANSWERED = 8

/** A database that wants its next 16 MB piece of journal has no room any more, however many small rows would still fit. */
const FULL_BYTES = 32 * 1024 * 1024
/** How long the disk stays full; in `npm run test:faults` longer than a database is given that merely fails to start. */
const FULL_MS = process.env.OILTRAIL_FAULT_ROUNDS ? 90_000 : 6_000

/** Says to leave out what needs the right to mount; the run then shows it as left out. */
const mayNotMount = process.env.OILTRAIL_NO_MOUNT === '1'

let disk: string | undefined
let platform: Platform | undefined
let sender: Sender | undefined

afterEach(async () => {
  await sender?.close()
  await platform?.end('SIGKILL')
  if (disk) {
    // The database's own processes end a moment after their server.
    await eventually('the disk to be let go', 20, async () => unmounted(disk!), Boolean)
    rmSync(disk, { recursive: true, force: true })
  }
})

function mount(): string {
  if (process.getuid?.() !== 0)
    throw new Error(
      'this test mounts a small disk and must run as root; OILTRAIL_NO_MOUNT=1 leaves it out / 本测试需以 root 挂载小磁盘',
    )
  const directory = dataDirectory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m,mode=0711`, 'tmpfs', directory])
  return directory
}

function unmounted(directory: string): boolean {
  try {
    execFileSync('umount', [directory], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (const piece = Buffer.alloc(65_536, 1); ; ) writeSync(file, piece)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    closeSync(file)
  }
}

function postmasterPid(of: Platform): number {
  return Number(readFileSync(join(of.data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0])
}

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))

it.skipIf(mayNotMount)(
  'Z2: a server whose disk is full promises nothing it cannot keep, and goes on by itself once there is room (OILTRAIL_NO_MOUNT=1 leaves it out)',
  { timeout: 300_000 },
  async () => {
    disk = mount()
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(BALLAST_MEGABYTES * 1024 * 1024, 1))
    platform = new Platform({ data: disk })
    await platform.start()
    const lanes = testLanes(0, 'Ed25519')
    const token = await enrolSite(platform.base, platform.adminToken, 0, lanes)
    sender = new Sender(platform.mqtt, 'disk-test', lanes[0]!.device, token)
    const sent: SignedBatch[] = []
    while (sender.retries.length === 0 && sent.length < MOST_BATCHES) {
      if (sender.unanswered >= MOST_UNANSWERED) await pause(5)
      else {
        const batch = nextBatch(lanes[0]!, 1_000, Date.now())
        sent.push(batch)
        sender.send(batch)
      }
    }
    expect(sender.retries[0], 'the disk filled and the server said so').toBe('STORE_FAILED')
    expect(freeBytes(disk)).toBeLessThan(FULL_BYTES)
    expect(sender.promised.size).toBeGreaterThan(20)
    const promised = sender.promised.size
    // Even the last byte, and the database dies: it cannot come back before there is room.
    fill(join(disk, 'more-ballast'))
    process.kill(postmasterPid(platform), 'SIGKILL')
    await pause(FULL_MS)
    expect(platform.child!.exitCode, platform.words.slice(-2_000)).toBeNull()
    expect((await fetch(`${platform.base}/healthz`)).status).toBe(200)

    rmSync(ballast)
    rmSync(join(disk, 'more-ballast'))
    await sender.settled(120)
    expect(sender.refused).toEqual([])
    expect(sender.promised.size).toBe(sent.length)
    expect(promised).toBeLessThan(sent.length)
    await expectPromisesKept(platform, sender, sent)
  },
)
