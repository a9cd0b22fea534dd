import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { closeBatch, enrolSite, type Lane, nextBatch, type SignedBatch, testLanes } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { expectPromisesKept } from '../fleet/promises.ts'
import { Sender } from '../fleet/sender.ts'

/** How many kills: a few in `npm test`, many in `npm run test:faults`. */
const KILLS = Number(process.env.OILTRAIL_FAULT_ROUNDS ?? 3)
const SITES = 4

let platform: Platform
let sender: Sender | undefined
let stop = (): void => undefined

afterEach(async () => {
  stop()
  await sender?.close()
  await platform.end('SIGKILL')
  platform.remove()
})

async function fleetOn(target: Platform): Promise<Lane[]> {
  const lanes: Lane[] = []
  let token = ''
  for (let i = 0; i < SITES; i++) {
    const pair = testLanes(i)
    token = await enrolSite(target.base, target.adminToken, i, pair)
    lanes.push(...pair)
  }
  sender = new Sender(target.mqtt, 'fault-test', lanes.at(-1)!.device, token)
  return lanes
}

/** Sends a few batches on every lane each 60 ms until told to stop. */
function flow(lanes: readonly Lane[], sent: SignedBatch[]): () => void {
  const timer = setInterval(() => {
    if (sender!.unanswered > 200) return
    for (const lane of lanes) {
      const batch = nextBatch(lane, 1 + (sent.length % 20), Date.now())
      sent.push(batch)
      sender!.send(batch)
    }
  }, 60)
  return () => clearInterval(timer)
}

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))

it('Z2 C1: a server killed at random moments while data flows keeps every promise', async () => {
  platform = new Platform()
  await platform.start()
  const sent: SignedBatch[] = []
  stop = flow(await fleetOn(platform), sent)
  for (let i = 0; i < KILLS; i++) {
    await pause(300 + ((i * 7_919) % 900))
    await platform.end('SIGKILL')
    await platform.start()
  }
  await pause(500)
  stop()
  await sender!.settled(60)
  expect(sender!.refused).toEqual([])
  expect(sent.length).toBeGreaterThan(50)
  await expectPromisesKept(platform, sender!, sent)
})

it('Z2: a database killed while data flows loses nothing that was promised', async () => {
  platform = new Platform()
  await platform.start()
  const sent: SignedBatch[] = []
  stop = flow(await fleetOn(platform), sent)
  for (let i = 0; i < KILLS; i++) {
    await pause(400 + ((i * 104_729) % 700))
    process.kill(postmasterPid(platform), 'SIGKILL')
    // The server may restart its database or end and be restarted by its keeper; either way promises hold.
    await pause(3_000)
    if (platform.child!.exitCode !== null || platform.child!.signalCode !== null) await platform.start()
  }
  stop()
  await sender!.settled(60)
  await expectPromisesKept(platform, sender!, sent)
})

it('B1: a second server on the same database is turned away and the first goes on unharmed', async () => {
  platform = new Platform()
  await platform.start()
  const lanes = await fleetOn(platform)
  const sent: SignedBatch[] = []
  stop = flow(lanes, sent)
  const rival = new Platform({ data: platform.data })
  await expect(rival.start()).rejects.toThrow(/SHARD_OWNED/)
  stop()
  await sender!.settled(30)
  await expectPromisesKept(platform, sender!, sent)
})

it('C1: forged, replayed, reordered and malformed batches are refused on record while honest devices go on', async () => {
  platform = new Platform()
  await platform.start()
  const lanes = await fleetOn(platform)
  const [victim, honest] = [lanes[0]!, lanes[2]!]
  const sent: SignedBatch[] = []
  const send = (batch: SignedBatch): void => {
    sent.push(batch)
    sender!.send(batch)
  }
  send(nextBatch(victim, 3, Date.now()))
  await sender!.settled(20)
  const strangers = await attack(platform, victim)
  send(nextBatch(victim, 2, Date.now()))
  send(nextBatch(honest, 2, Date.now()))
  await sender!.settled(20)
  expect(sender!.refused).toEqual([])
  const log = await expectPromisesKept(platform, sender!, sent)
  const refused = log.leaves.filter((leaf) => leaf.type === 'refusal').map((leaf) => leaf.code)
  for (const code of strangers) expect(refused).toContain(code)
})

/** Posts what an attacker would; returns the codes under which it must be on record. */
async function attack(target: Platform, victim: Lane): Promise<string[]> {
  const outcome = async (bytes: Uint8Array): Promise<string> => {
    const answer = await fetch(`${target.base}/uplink`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from(bytes),
    })
    return ((await answer.json()) as { code?: string }).code ?? 'none'
  }
  const copy = (): Lane => ({ ...victim })
  const now = Date.now()
  const good = nextBatch(copy(), 2, now)
  const text = new TextDecoder().decode(good.bytes)
  const thief = { ...copy(), key: testLanes(99)[0]!.key }
  const rewritten = { ...copy(), seq: victim.seq - 1, head: 'ab'.repeat(32) }
  expect(
    await outcome(
      Buffer.from(
        text.replace(
          /"volumeMillilitres":(\d)/,
          (_, d: string) => `"volumeMillilitres":${(Number(d) % 9) + 1}`,
        ),
      ),
    ),
  ).toBe('CHAIN_BROKEN')
  expect(
    await outcome(
      Buffer.from(
        text.replace(/"sig":"(.{20})/, (_, s: string) => `"sig":"${s.split('').reverse().join('')}`),
      ),
    ),
  ).toMatch(/BAD_SIGNATURE|MALFORMED/)
  expect(await outcome(nextBatch(thief, 1, now).bytes)).toBe('UNKNOWN_KEY')
  expect(
    await outcome(closeBatch(rewritten, [{ at: now, kind: 'health', event: 'started', subject: '' }]).bytes),
  ).toMatch(/CHAIN_FORK|CHAIN_BROKEN/)
  expect(await outcome(nextBatch({ ...testLanes(98)[0]! }, 1, now).bytes)).toBe('UNKNOWN_DEVICE')
  expect(await outcome(Buffer.from('{"v":1'))).toBe('MALFORMED')
  return ['CHAIN_BROKEN', 'UNKNOWN_KEY', 'UNKNOWN_DEVICE', 'MALFORMED']
}

function postmasterPid(target: Platform): number {
  return Number(
    readFileSync(join(target.data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0],
  )
}
