import type { Channel } from '@oiltrail/kernel'
import {
  type ChannelStateRow,
  channelNumber,
  type GapRow,
  loadStates,
  type NozzleStateRow,
  type TankStateRow,
  type Transaction,
} from '@oiltrail/store'
import { countRange, overlap } from './islands.ts'
import type { Round } from './round.ts'

/** Whether a record named by (at, seq) is newer than the one that was kept. */
export function isNewer(at: number, seq: number, keptAt: number | null, keptSeq: number | null): boolean {
  return keptAt === null || at > keptAt || (at === keptAt && seq > keptSeq!)
}

function channelKey(device: string, channel: number): string {
  return `${device}/${channel}`
}

/** Latest states of a county in memory, as its tables hold them. One row each for channel, nozzle and tank. */
export class LatestStates {
  readonly channels = new Map<string, ChannelStateRow>()
  readonly nozzles = new Map<number, NozzleStateRow>()
  readonly tanks = new Map<number, TankStateRow>()
  /** Holes still open, by channel. */
  readonly #gaps = new Map<string, GapRow[]>()

  /** Forgets memory and reads the tables. */
  async load(tx: Transaction, county: number): Promise<void> {
    for (const kept of [this.channels, this.nozzles, this.tanks, this.#gaps]) kept.clear()
    const rows = await loadStates(tx, county)
    for (const row of rows.channels) this.channels.set(channelKey(row.device, row.channel), row)
    for (const row of rows.nozzles) this.nozzles.set(row.nozzleId, row)
    for (const row of rows.tanks) this.tanks.set(row.tankId, row)
    for (const row of rows.openGaps) this.gapsOf(row).push(row)
  }

  /** The channel of a device; one that was never enrolled belongs to no site. */
  channel(device: string, channel: Channel): ChannelStateRow {
    const number = channelNumber(channel)
    const key = channelKey(device, number)
    let row = this.channels.get(key)
    if (!row) {
      row = {
        device,
        channel: number,
        site: '',
        firstReceivedAt: null,
        lastReceivedAt: null,
        lastAt: null,
        lastSeq: 0,
        records: 0,
        refused: 0,
        faults: {},
        islands: [],
        revokedAt: null,
      }
      this.channels.set(key, row)
    }
    return row
  }

  /** Open holes of a channel, oldest first. */
  gapsOf(channel: { readonly device: string; readonly channel: number }): GapRow[] {
    const key = channelKey(channel.device, channel.channel)
    let gaps = this.#gaps.get(key)
    if (!gaps) {
      gaps = []
      this.#gaps.set(key, gaps)
    }
    return gaps
  }

  nozzle(nozzleId: number, siteId: number): NozzleStateRow {
    let row = this.nozzles.get(nozzleId)
    if (!row) {
      row = emptyNozzle(nozzleId, siteId)
      this.nozzles.set(nozzleId, row)
    }
    return row
  }

  /**
   * Counts a batch into its channel: what of it is fresh, which holes it opens or fills. Returns the fresh ranges.
   */
  receive(
    round: Round,
    channel: ChannelStateRow,
    batch: { first: number; last: number; receivedAt: number },
  ): readonly (readonly [number, number])[] {
    const highest = channel.islands.at(-1)?.[1] ?? 0
    const { islands, fresh } = countRange(channel.islands, batch.first, batch.last)
    channel.islands = islands
    channel.firstReceivedAt ??= batch.receivedAt
    channel.lastReceivedAt = Math.max(channel.lastReceivedAt ?? 0, batch.receivedAt)
    channel.lastSeq = Math.max(channel.lastSeq, batch.last)
    round.channels.add(channel)
    const gaps = this.gapsOf(channel)
    if (batch.first > highest + 1) {
      const gap: GapRow = {
        device: channel.device,
        channel: channel.channel,
        firstSeq: highest + 1,
        lastSeq: batch.first - 1,
        missing: batch.first - 1 - highest,
        openedAt: batch.receivedAt,
        filledAt: null,
      }
      gaps.push(gap)
      round.gaps.add(gap)
    } else if (gaps.length > 0) this.#fill(round, gaps, fresh, batch.receivedAt)
    return fresh
  }

  #fill(
    round: Round,
    gaps: GapRow[],
    fresh: readonly (readonly [number, number])[],
    receivedAt: number,
  ): void {
    for (const gap of [...gaps]) {
      const filled = overlap(fresh, gap.firstSeq, gap.lastSeq)
      if (filled === 0) continue
      gap.missing -= filled
      if (gap.missing === 0) {
        gap.filledAt = receivedAt
        gaps.splice(gaps.indexOf(gap), 1)
      }
      round.gaps.add(gap)
    }
  }
}

function emptyNozzle(nozzleId: number, siteId: number): NozzleStateRow {
  return {
    nozzleId,
    siteId,
    flowAt: null,
    flowSeq: null,
    flow: null,
    runningMillilitres: null,
    priceAt: null,
    priceSeq: null,
    priceFenPerLitre: null,
    saleAt: null,
    saleSeq: null,
    saleMillilitres: null,
    totalAt: null,
    totalSeq: null,
    totalMillilitres: null,
    lineAt: null,
    lineSeq: null,
    line: null,
  }
}
