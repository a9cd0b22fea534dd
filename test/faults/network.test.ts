import { afterEach, expect, it } from 'vitest'
import { enrolSite, type Lane, nextBatch, type SignedBatch, testLanes } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { expectPromisesKept } from '../fleet/promises.ts'
import { Sender } from '../fleet/sender.ts'
import { BadLine } from '../fleet/weather.ts'

let platform: Platform
let sender: Sender | undefined
let line: BadLine | undefined

afterEach(async () => {
  await sender?.close()
  await line?.close()
  await platform.end('SIGKILL')
  platform.remove()
})

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))

async function lanesBehindBadLine(): Promise<Lane[]> {
  platform = new Platform()
  await platform.start()
  const lanes = testLanes(0)
  const token = await enrolSite(platform.base, platform.adminToken, 0, lanes)
  line = new BadLine(platform.mqtt)
  sender = new Sender(await line.listen('mqtt'), 'behind-bad-line', lanes[0]!.device, token)
  return lanes
}

function sendAll(lanes: readonly Lane[], sent: SignedBatch[], rounds: number): void {
  for (let i = 0; i < rounds; i++)
    for (const lane of lanes) {
      const batch = nextBatch(lane, 5, Date.now())
      sent.push(batch)
      sender!.send(batch)
    }
}

it('Z2 C2: a line that is cut, slow and torn in the middle of packets delays records but loses and doubles none', async () => {
  const lanes = await lanesBehindBadLine()
  const sent: SignedBatch[] = []
  sendAll(lanes, sent, 5)
  await pause(500)
  line!.set({ cut: true })
  sendAll(lanes, sent, 20)
  await pause(1_500)
  line!.set({ cut: false, breaksAfterBytes: 12_000 })
  sendAll(lanes, sent, 20)
  await pause(4_000)
  line!.set({ cut: false, bytesPerSecond: 40_000 })
  sendAll(lanes, sent, 10)
  await pause(2_000)
  line!.set({ cut: true })
  await pause(300)
  line!.set({ cut: false })
  await sender!.settled(60)
  expect(sender!.promised.size).toBe(sent.length)
  await expectPromisesKept(platform, sender!, sent)
})

it('C2 Z2: a server whose clock jumps keeps what comes, lists what it cannot believe, and counts again when the clock is right', async () => {
  const lanes = await lanesBehindBadLine()
  const believed: SignedBatch[] = []
  sendAll(lanes, believed, 3)
  await sender!.settled(20)
  await platform.end('SIGTERM')
  // With this clock the server lives an hour in the past, so that today's records lie in its future.
  const now = Date.now()
  const late = new Platform({ data: platform.data, env: { OILTRAIL_CLOCK: `${now + 3_600_000}x2` } })
  await late.start()
  const unbelieved = nextBatch(lanes[0]!, 4, now)
  const answer = await fetch(`${late.base}/uplink`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(unbelieved.bytes),
  })
  expect(await answer.json()).toMatchObject({ outcome: 'stored' })
  await expect
    .poll(
      async () =>
        (await late.get<{ records: { code: string }[] }>('/api/log/refusals')).records.map(
          (record) => record.code,
        ),
      { timeout: 20_000 },
    )
    .toEqual(['CLOCK_FUTURE', 'CLOCK_FUTURE', 'CLOCK_FUTURE', 'CLOCK_FUTURE'])
  await late.end('SIGTERM')
  await platform.start()
  sendAll(lanes, believed, 2)
  await sender!.settled(30)
  await expectPromisesKept(platform, sender!, believed)
})
