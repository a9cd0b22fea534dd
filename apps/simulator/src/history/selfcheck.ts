import type { Fact, FactOf, HealthEvent } from '@oiltrail/domain'
import type { Channel } from '@oiltrail/kernel'
import type { LineState, SiteConditions } from '../devices/conditions.ts'
import { loopOhmsOf } from '../devices/modules.ts'
import type { SiteBody } from '../physics/site.ts'

/** What a collector last knew of the conditions around it. */
export interface Seen {
  readonly mains: boolean
  readonly cabinetOpen: boolean
  readonly gaugeSilent: boolean
  readonly unplugged: boolean
  readonly priceBlind: boolean
  readonly clockBackMs: number
  readonly silentBoards: ReadonlySet<string>
  readonly lines: ReadonlyMap<string, LineState>
}

/** A snapshot of conditions; of a sound site when there are none. */
export function seenOf(conditions: SiteConditions | undefined): Seen {
  const boards = [...(conditions?.boards ?? [])].filter(([, board]) => board.silent).map(([name]) => name)
  return {
    mains: conditions?.mains ?? true,
    cabinetOpen: conditions?.cabinetOpen ?? false,
    gaugeSilent: conditions?.gauge.silent ?? false,
    unplugged: conditions?.collector.unplugged ?? false,
    priceBlind: conditions?.collector.priceBlind ?? false,
    clockBackMs: conditions?.collector.clockBackMs ?? 0,
    silentBoards: new Set(boards),
    lines: new Map([...(conditions?.lines ?? [])].map(([nozzle, line]) => [nozzle, line.state])),
  }
}

interface Check {
  readonly channel: Channel
  readonly fact: Fact
}

/** Records that a change leads to, and whether the box comes back from having been off. */
export function selfChecks(
  site: SiteBody,
  before: Seen,
  after: Seen,
): { records: readonly Check[]; restarts: boolean } {
  const records: Check[] = []
  const note = (channel: Channel, event: HealthEvent, subject = '', value?: number): void => {
    records.push({
      channel,
      fact: { kind: 'health', event, subject, ...(value === undefined ? {} : { value }) },
    })
  }
  if (before.mains && !after.mains) {
    note('volume', 'mains-lost')
    note('volume', 'last-gasp', '', 0)
  }
  const restarts = (!before.mains && after.mains) || (before.unplugged && !after.unplugged)
  if (restarts) {
    note('volume', 'started')
    note('price', 'started')
  }
  if (!before.mains && after.mains) note('volume', 'mains-restored')
  if (after.unplugged) return { records: before.unplugged ? [] : records, restarts }
  if (before.cabinetOpen !== after.cabinetOpen)
    note('volume', after.cabinetOpen ? 'cabinet-opened' : 'cabinet-closed')
  if (before.gaugeSilent !== after.gaugeSilent)
    note('volume', after.gaugeSilent ? 'driver-silent' : 'driver-restored', 'gauge')
  if (before.priceBlind !== after.priceBlind)
    note('price', after.priceBlind ? 'driver-silent' : 'driver-restored', 'taxport')
  if (before.clockBackMs !== after.clockBackMs)
    for (const channel of ['volume', 'price'] as const)
      note(channel, 'clock-stepped', '', before.clockBackMs - after.clockBackMs)
  for (const { plan } of site.dispensers) {
    const was = before.silentBoards.has(plan.dispenser)
    const is = after.silentBoards.has(plan.dispenser)
    if (was === is) continue
    const event = is ? 'board-silent' : 'board-restored'
    note('price', event, `taxport ${plan.dispenser}`)
    if (!plan.tapped) note('volume', event, `taxport ${plan.dispenser}`)
  }
  return { records: [...records, ...lineChecks(site, before, after)], restarts }
}

function lineChecks(site: SiteBody, before: Seen, after: Seen): Check[] {
  return site.nozzles.flatMap((nozzle) => {
    const code = nozzle.plan.nozzle
    const state = after.lines.get(code) ?? 'normal'
    if (nozzle.plan.input === undefined || state === (before.lines.get(code) ?? 'normal')) return []
    const fact: FactOf<'line'> = {
      kind: 'line',
      nozzle: code,
      state,
      loopOhms: loopOhmsOf(nozzle, state),
      phase: state === 'rewired' ? 'b-leads' : 'a-leads',
    }
    return [{ channel: 'volume' as const, fact }]
  })
}
