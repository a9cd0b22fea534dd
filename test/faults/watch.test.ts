import type { AlarmView } from '@oiltrail/contract'
import type { Fact } from '@oiltrail/domain'
import { afterEach, expect, it } from 'vitest'
import { closeBatch, enrolSite, type Lane, type SignedBatch, testLanes } from '../fleet/fleet.ts'
import { Platform } from '../fleet/platform.ts'
import { Sender } from '../fleet/sender.ts'
import { witness } from '../fleet/witness.ts'
import { eventually, oiltrail } from '../scenarios/world.ts'

/** The watch of the real server, with the real rules, under faults: no alarm is lost and none is doubled. */

const PRODUCERS = 64
/** How many kills: a few in `npm test`, more in `npm run test:faults`. */
const KILLS = Math.min(Number(process.env.OILTRAIL_FAULT_ROUNDS ?? 2), 8)
const HOUR_MS = 3_600_000
const WEEK_HOURS = 168
/** Batches of a week arrive in runs of so many, the newest of each run first: fewer than the gaps a channel may have. */
const RUN = 12
/** Rules that judge by the time of facts alone; what a silence is depends on when the platform heard. */
const BY_FACTS = [
  'line-cut',
  'totalizer-back',
  'cabinet-opened',
  'mains-lost',
  'missing-sales',
  'clock-turned-back',
]

const platforms: Platform[] = []
const senders: Sender[] = []

afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.close()
  for (const platform of platforms.splice(0)) {
    await platform.end('SIGKILL')
    platform.remove()
  }
})

async function started(options: ConstructorParameters<typeof Platform>[0] = {}): Promise<Platform> {
  const platform = new Platform(options)
  platforms.push(platform)
  await platform.start()
  return platform
}

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))
const alarmsOf = async (platform: Platform): Promise<AlarmView[]> =>
  (await platform.get<{ alarms: AlarmView[] }>('/api/alarms?state=all&limit=500')).alarms
const of = (alarms: readonly AlarmView[], rule: string): AlarmView[] =>
  alarms.filter((alarm) => alarm.rule === rule)

function line(at: number, state: 'cut' | 'normal'): Fact & { at: number } {
  return {
    at,
    kind: 'line',
    nozzle: '1',
    state,
    loopOhms: state === 'cut' ? 65_535 : 1_000,
    phase: 'a-leads',
  }
}

/** Posts until the platform answers, through any number of its deaths. */
async function posted(platform: Platform, bytes: Uint8Array): Promise<string> {
  for (;;) {
    try {
      const answer = await fetch(`${platform.base}/uplink`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.from(bytes),
        signal: AbortSignal.timeout(10_000),
      })
      const { outcome } = (await answer.json()) as { outcome?: string }
      if (outcome === 'stored' || outcome === 'refused') return outcome
    } catch {
      // It was killed; it comes back.
    }
    await pause(100)
  }
}

async function expectReplayAgrees(platform: Platform): Promise<void> {
  await platform.end('SIGTERM')
  const result = await oiltrail(['replay', '--data', platform.data])
  expect(result.code, result.out + result.err).toBe(0)
}

it('B3 Z2: 64 producers of one cause at once raise exactly one alarm, also when the server is killed among them', async () => {
  const platform = await started()
  const lanes = testLanes(0, 'Ed25519')
  await enrolSite(platform.base, platform.adminToken, 0, lanes)
  const now = Date.now()
  const batches = Array.from({ length: PRODUCERS }, (_, i) =>
    closeBatch(lanes[0]!, [line(now - PRODUCERS * 1_000 + i * 1_000, 'cut')]),
  )
  // In the order of their numbers in runs, since a channel may have only so many gaps; each twice.
  const cut = (async () => {
    for (let i = 0; i < batches.length; i += RUN)
      await Promise.all(
        batches
          .slice(i, i + RUN)
          .flatMap((batch) => [posted(platform, batch.bytes), posted(platform, batch.bytes)]),
      )
  })()
  const forged = Promise.all(
    Array.from({ length: PRODUCERS }, async () => {
      const thief = { ...lanes[1]!, key: testLanes(0, 'Ed25519')[1]!.key }
      return posted(
        platform,
        closeBatch(thief, [{ at: now, kind: 'price', nozzle: '1', priceFenPerLitre: 1 }]).bytes,
      )
    }),
  )
  for (let i = 0; i < KILLS; i++) {
    await pause(60 + i * 150)
    await platform.end('SIGKILL')
    await platform.start()
  }
  await cut
  expect(new Set(await forged)).toEqual(new Set(['refused']))
  const alarms = await eventually(
    'every finding folded',
    60,
    () => alarmsOf(platform),
    (list) => of(list, 'line-cut')[0]?.count === PRODUCERS && of(list, 'key-wrong').length > 0,
  )
  expect(of(alarms, 'line-cut')).toMatchObject([{ active: true, handling: 'waiting' }])
  // What is counted is on record, as soon as it is sealed.
  const [wrong, refusals] = await eventually(
    'every refusal sealed and counted',
    60,
    async () => {
      const { leaves } = await witness(platform.base)
      return [
        of(await alarmsOf(platform), 'key-wrong'),
        leaves.filter(({ code }) => code === 'UNKNOWN_KEY').length,
      ] as const
    },
    ([wrong, refusals]) => wrong[0]?.count === refusals,
  )
  expect(refusals).toBeGreaterThan(1)
  expect(wrong).toHaveLength(1)
  await expectReplayAgrees(platform)
}, 600_000)

/** The totalizer of the nozzle that sells in the week. */
let totalMillilitres = 0

/** An hour of a station: a sale, its totalizer, a level; and now and then something to find. */
function hourOf(lane: Lane, hour: number, at: number): SignedBatch {
  const volumeMillilitres = 20_000 + (hour % 7) * 1_000
  totalMillilitres += volumeMillilitres
  // Somebody sets the totalizer back once.
  if (hour === 100) totalMillilitres -= 1_000_000
  const facts: (Fact & { at: number })[] = [
    {
      at,
      kind: 'sale',
      nozzle: '1',
      volumeMillilitres,
      totalMillilitres,
      startedAt: at - 60_000,
      source: 'pulse',
      pulses: volumeMillilitres / 10,
    },
  ]
  if (hour === 40) facts.push(line(at + 1_000, 'cut'))
  if (hour === 43) facts.push(line(at + 1_000, 'normal'))
  if (hour === 130) facts.push(line(at + 1_000, 'cut'))
  const health = (event: 'cabinet-opened' | 'cabinet-closed' | 'mains-lost' | 'mains-restored'): void => {
    facts.push({ at: at + 2_000, kind: 'health', event, subject: '' })
  }
  if (hour === 60) health('cabinet-opened')
  if (hour === 61) health('cabinet-closed')
  if (hour === 80) health('mains-lost')
  if (hour === 82) health('mains-restored')
  return closeBatch(lane, facts)
}

/** What an alarm says, without the numbers that depend on when the log heard of it. */
async function told(platform: Platform): Promise<unknown[]> {
  const alarms = (await alarmsOf(platform)).filter(({ rule }) => BY_FACTS.includes(rule))
  const details = await Promise.all(
    alarms.map(({ alarm }) => platform.get<{ first: { facts: object } }>(`/api/alarms/${alarm}`)),
  )
  return alarms
    .map(({ rule, subject, count, active, openedAt, clearedAt, sentence }, i) => ({
      ...{ rule, subject, count, active, openedAt, clearedAt, sentence: sentence.zh },
      facts: details[i]!.first.facts,
    }))
    .sort((a, b) => `${a.rule} ${a.openedAt}`.localeCompare(`${b.rule} ${b.openedAt}`))
}

it('C2 Z2: a week that arrives at once, out of order and through kills, raises what it raises when it arrives in order', async () => {
  const [sudden, calm] = [await started(), await started()]
  const lanes = testLanes(0, 'Ed25519')
  const lane = lanes[0]!
  const began = Date.now() - (WEEK_HOURS + 1) * HOUR_MS
  const week = Array.from({ length: WEEK_HOURS }, (_, hour) => hourOf(lane, hour, began + hour * HOUR_MS))
  for (const platform of [sudden, calm]) {
    const token = await enrolSite(platform.base, platform.adminToken, 0, lanes)
    senders.push(new Sender(platform.mqtt, 'week', lane.device, token))
  }
  const [suddenly, calmly] = senders as [Sender, Sender]
  for (let i = 0; i < week.length; i += RUN)
    for (const batch of week.slice(i, i + RUN).reverse()) suddenly.send(batch)
  for (let i = 0; i < KILLS; i++) {
    await pause(80 + i * 120)
    await sudden.end('SIGKILL')
    await sudden.start()
  }
  for (const batch of week) {
    calmly.send(batch)
    if (calmly.unanswered > 4) await calmly.settled(20)
  }
  for (const sender of senders) await sender.settled(60)
  for (const sender of senders) expect(sender.refused).toEqual([])
  const expected = await eventually(
    'the calm week',
    60,
    () => told(calm),
    (alarms) => alarms.length >= 4,
  )
  await eventually(
    'the sudden week',
    60,
    () => told(sudden),
    (alarms) => alarms.length >= expected.length,
  )
  await expect.poll(() => told(sudden), { timeout: 30_000 }).toEqual(await told(calm))
  for (const platform of [sudden, calm]) await expectReplayAgrees(platform)
}, 600_000)

it('Z2: a server whose clock jumps back and forth neither loses nor doubles an alarm', async () => {
  const platform = await started()
  const lanes = testLanes(0, 'Ed25519')
  await enrolSite(platform.base, platform.adminToken, 0, lanes)
  const at = Date.now() - 3 * HOUR_MS
  await posted(platform, closeBatch(lanes[0]!, [line(at, 'cut')]).bytes)
  const raised = (of_: Platform, count: number): Promise<AlarmView[]> =>
    eventually(
      'the finding',
      30,
      () => alarmsOf(of_),
      (list) => of(list, 'line-cut')[0]?.count === count,
    )
  await raised(platform, 1)
  await platform.end('SIGKILL')
  const past = await started({
    data: platform.data,
    env: { OILTRAIL_CLOCK: `${Date.now() + 2 * HOUR_MS}x2` },
  })
  await posted(past, closeBatch(lanes[0]!, [line(at + 60_000, 'cut')]).bytes)
  await raised(past, 2)
  await past.end('SIGKILL')
  const future = await started({
    data: platform.data,
    env: { OILTRAIL_CLOCK: `${Date.now() - 5 * HOUR_MS}x2` },
  })
  await posted(future, closeBatch(lanes[0]!, [line(at + 120_000, 'cut')]).bytes)
  await raised(future, 3)
  await future.end('SIGKILL')
  await platform.start()
  await posted(platform, closeBatch(lanes[0]!, [line(at + 180_000, 'normal')]).bytes)
  const alarms = await eventually(
    'the end of the cut',
    30,
    () => alarmsOf(platform),
    (list) => of(list, 'line-cut').some((alarm) => !alarm.active),
  )
  expect(of(alarms, 'line-cut')).toMatchObject([{ count: 3, active: false, clearedAt: at + 180_000 }])
  await expectReplayAgrees(platform)
}, 300_000)
