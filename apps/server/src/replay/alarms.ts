import type { Rule } from '@oiltrail/domain'
import { readCursor, type Store } from '@oiltrail/store'
import { replayWatch, type WatchReplay } from '../watch/replay.ts'
import { Findings, readable } from './findings.ts'
import { readLogEnd } from './replay.ts'

/** The follower that raises alarms. */
const WATCH = 'watch'

/**
 * Raises all alarms again and compares them, as `replayWatch`, on a database that may hold anything: what cannot be replayed
 * is a finding, not an error.
 */
export async function replayAlarms(
  store: Store,
  county: number,
  rules?: readonly Rule[],
): Promise<WatchReplay> {
  const findings = new Findings()
  const report = await readable(findings, 'alarms', async () => {
    // In this order: the log of a working server grows between the two.
    const cursor = await readCursor(store.pool, county, WATCH)
    const end = await readLogEnd(store.pool, county)
    if (cursor <= end) return replayWatch(store, county, rules)
    findings.add(
      'altered',
      'follower_cursor',
      `follower ${WATCH}`,
      `it stands at ${cursor}, the log ends before position ${end}`,
    )
    return undefined
  })
  return (
    report ?? {
      entries: 0,
      rebuildMs: 0,
      tables: [],
      findingCount: findings.count,
      findings: findings.list,
    }
  )
}
