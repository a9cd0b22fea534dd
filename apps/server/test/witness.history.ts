import type { Channel, EpochMs } from '@oiltrail/kernel'
import { asciiBytes, HOUR_MS } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import { planCounty } from '../../simulator/src/county/county.ts'
import type { SitePlan } from '../../simulator/src/county/plan.ts'
import { stageHistory } from '../../simulator/src/history/staged.ts'
import type { LogEntry } from '../src/log/entry.ts'
import { batchEntry, deskEntries, type Stream } from './views.history.ts'

/** Weeks of a small simulated station as a log: four tanks, four nozzles, deliveries and their notices, hour by hour. */

/** A county of a test: another one for each log. */
export interface StationLog {
  readonly station: SitePlan
  readonly log: readonly LogEntry[]
}

/** The station that is lived. */
export const STATION = 'S010'

/** A channel that is silent for ten minutes would hold no rule's clock up. */
const SENT_EVERY_MS = 5 * 60_000

interface Order {
  readonly seed: number
  readonly county: number
  readonly from: EpochMs
  readonly days: number
  /** As the simulator's fault desk reads them. */
  readonly faults?: readonly string[]
  /** How wrong the gauges' charts are, by tank; none when absent. */
  readonly chartErrors?: readonly number[]
}

type Unplaced = Parameters<typeof Array.of<Omit<LogEntry, 'position' | 'receivedAt' | 'county'>>>[0]

/** Lives the station and answers what its collector and its enterprise gave to the log. */
export function stationLog({ seed, county, from, days, faults = [], chartErrors = [] }: Order): StationLog {
  const whole = planCounty(seed, from)
  const sites = whole.sites
    .filter(({ site }) => site.site === STATION || site.kind === 'depot')
    .map((plan) => ({
      ...plan,
      tanks: plan.tanks.map((tank, i) =>
        plan.site.site === STATION ? { ...tank, chartError: chartErrors[i] ?? 0 } : tank,
      ),
    }))
  const station = sites.find(({ site }) => site.site === STATION)!
  const log: LogEntry[] = []
  const add = (entry: Unplaced, receivedAt: EpochMs): void => {
    log.push({ ...entry, county, position: log.length, receivedAt })
  }
  for (const entry of deskEntries([station.site])) add(entry, from)
  const streams = new Map<
    Channel,
    { stream: { records: Stream['records'][number][] } & Stream; sent: number }
  >()
  for (const channel of ['volume', 'price'] as const)
    streams.set(channel, { stream: { device: station.device, channel, records: [] }, sent: 0 })
  const staged = stageHistory(
    { ...whole, sites },
    from,
    {
      add(device, channel, at, fact) {
        if (device !== station.device) return
        const { records } = streams.get(channel)!.stream
        records.push({ ...fact, seq: records.length + 1, at } as Stream['records'][number])
      },
      flush() {},
    },
    { sites: [STATION], levelEveryMs: 300_000, totalEveryMs: HOUR_MS },
  )
  staged.world.witnesses.push({
    stated: (site, statement) => {
      if (site.code !== STATION || statement.type !== 'notice') return
      const { at, notice } = statement
      const raw = encodeDesk({ v: 1, action: 'delivery-noticed', actor: 'test', at, notice })
      add({ type: 'desk', code: 'delivery-noticed', leaf: asciiBytes('{}'), raw }, at)
    },
  })
  for (const fault of faults) {
    const ordered = staged.desk.order(fault)
    if (!ordered.ok) throw new Error(ordered.problem.detail)
  }
  for (let at = from + SENT_EVERY_MS; at <= from + days * 24 * HOUR_MS; at += SENT_EVERY_MS) {
    staged.world.advanceTo(at)
    for (const each of streams.values()) {
      const last = each.stream.records.length
      if (last > each.sent) add(batchEntry(each.stream, each.sent + 1, last), at + 5_000)
      each.sent = last
    }
  }
  return { station, log }
}
