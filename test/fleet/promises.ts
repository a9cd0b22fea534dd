import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { eventually, oiltrail } from '../scenarios/world.ts'
import type { SignedBatch } from './fleet.ts'
import type { Platform } from './platform.ts'
import type { Sender } from './sender.ts'
import { type Witnessed, witness } from './witness.ts'

interface StatisticsRow {
  sales: number
  volumeMillilitres: number
}

/** Wide enough for every record of these tests. */
const EVER = { from: Date.now() - 300 * 86_400_000, to: Date.now() + 86_400_000 }

/**
 * What must hold after any fault: every promised batch is in the log at the position of its receipt, byte for byte, once; the tree verifies for an outsider; sums equal what was sent; audit and replay find nothing.
 */
export async function expectPromisesKept(
  platform: Platform,
  sender: Sender,
  sent: readonly SignedBatch[],
): Promise<Witnessed> {
  const highest = Math.max(...[...sender.promised.values()].map((receipt) => receipt.position))
  const seen = await eventually(
    'a checkpoint over every promised position',
    30,
    () => witness(platform.base),
    (log) => log.size > highest,
  )
  for (const batch of sent) {
    const receipt = sender.promised.get(batch.head)
    if (!receipt) continue
    const leaf = seen.leaves[receipt.position]
    expect(leaf).toMatchObject({
      type: 'batch',
      device: batch.lane.device,
      channel: batch.lane.channel,
      first: batch.first,
      last: batch.last,
    })
    expect(leaf!.raw).toBe(createHash('sha256').update(batch.bytes).digest('hex'))
  }
  expectOnce(seen)
  await expectSums(platform, sent)
  await platform.end('SIGTERM')
  for (const command of ['audit', 'replay']) {
    const result = await oiltrail([command, '--data', platform.data])
    expect(result.code, `${command}: ${result.out}${result.err}`).toBe(0)
  }
  return seen
}

/** Every sequence number of every channel stands in the log exactly once, and none is missing. Back-fill may come behind live data. */
function expectOnce(log: Witnessed): void {
  const lanes = new Map<string, { first: number; last: number }[]>()
  for (const leaf of log.leaves) {
    if (leaf.type !== 'batch') continue
    const lane = `${leaf.device} ${leaf.channel}`
    lanes.set(lane, [...(lanes.get(lane) ?? []), { first: leaf.first!, last: leaf.last! }])
  }
  for (const [lane, ranges] of lanes) {
    let next = 1
    for (const range of ranges.sort((a, b) => a.first - b.first)) {
      expect(range.first, lane).toBe(next)
      next = range.last + 1
    }
  }
}

async function expectSums(platform: Platform, sent: readonly SignedBatch[]): Promise<void> {
  const sales = sent.reduce((sum, batch) => sum + batch.sales, 0)
  const volumeMillilitres = sent.reduce((sum, batch) => sum + batch.volumeMillilitres, 0)
  const ask = async (): Promise<StatisticsRow | undefined> =>
    (
      await platform.get<StatisticsRow[]>(
        `/api/statistics?from=${EVER.from}&to=${EVER.to}&bucket=all&place=county`,
      )
    )[0]
  await eventually(
    'sums equal to what was sent',
    30,
    ask,
    (row) => row?.sales === sales && row.volumeMillilitres === volumeMillilitres,
  )
}
