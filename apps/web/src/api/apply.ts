import type { StreamEvent, StreamEventName } from '@oiltrail/contract'
import type { QueryClient } from '@tanstack/react-query'
import type { Answer } from './endpoints.ts'
import { noteAlarm } from './liveAlarms.ts'
import { noteSale } from './liveSales.ts'
import { keyOf } from './queries.ts'

/** One event as it came, its payload typed by its name. */
export type NamedEvent = { [K in StreamEventName]: { name: K; data: StreamEvent<K> } }[StreamEventName]

/** How many sales a site page keeps while they run in. */
const SALES_KEPT = 200

function change<T>(client: QueryClient, key: readonly unknown[], to: (old: T) => T): void {
  client.setQueryData<T>(key, (old) => (old === undefined ? undefined : to(old)))
}

function changeSite(client: QueryClient, site: string, to: (old: Answer<'site'>) => Answer<'site'>): void {
  change<Answer<'site'>>(client, keyOf('site', { site }, {}), to)
}

/** What each event does to the answers in the cache. An event is a change of state, complete in itself. */
const EFFECTS: { [K in StreamEventName]: (client: QueryClient, event: StreamEvent<K>) => void } = {
  sale: (client, event) => {
    noteSale(client, event)
    const { site, siteName: _, ...sale } = event
    client.setQueriesData<Answer<'siteSales'>>({ queryKey: ['siteSales', { site }] }, (old) =>
      old && !old.some((other) => other.position === sale.position && other.seq === sale.seq)
        ? [sale, ...old].slice(0, SALES_KEPT)
        : old,
    )
    changeSite(client, site, (old) => ({
      ...old,
      nozzles: old.nozzles.map((nozzle) =>
        nozzle.nozzle === sale.nozzle && sale.endedAt >= (nozzle.lastSaleAt ?? 0)
          ? {
              ...nozzle,
              lastSaleAt: sale.endedAt,
              lastSaleMillilitres: sale.volumeMillilitres,
              totalMillilitres: sale.totalMillilitres,
            }
          : nozzle,
      ),
    }))
  },
  today: (client, { site, sums, county }) => {
    change<Answer<'overview'>>(client, keyOf('overview', {}, {}), (old) => ({
      ...old,
      today: county,
      sites: old.sites.map((row) => (row.site === site ? { ...row, today: sums } : row)),
    }))
    change<Answer<'sites'>>(client, keyOf('sites', {}, {}), (old) =>
      old.map((row) => (row.site === site ? { ...row, today: sums } : row)),
    )
    changeSite(client, site, (old) => ({ ...old, summary: { ...old.summary, today: sums } }))
  },
  tank: (client, { site, tank }) =>
    changeSite(client, site, (old) => ({
      ...old,
      tanks: old.tanks.map((other) => (other.tank === tank.tank ? tank : other)),
    })),
  nozzle: (client, { site, nozzle }) =>
    changeSite(client, site, (old) => ({
      ...old,
      nozzles: old.nozzles.map((other) =>
        other.nozzle === nozzle.nozzle && other.arm === nozzle.arm ? { ...other, ...nozzle } : other,
      ),
    })),
  channel: (client, event) => {
    const same = (other: typeof event): boolean =>
      other.device === event.device && other.channel === event.channel
    change<Answer<'channels'>>(client, keyOf('channels', {}, {}), (old) =>
      old.some(same) ? old.map((other) => (same(other) ? event : other)) : [...old, event],
    )
    changeSite(client, event.site, (old) => ({
      ...old,
      channels: old.channels.map((other) => (same(other) ? event : other)),
    }))
  },
  alarm: noteAlarm,
  log: (client, { size, checkpoint }) =>
    change<Answer<'overview'>>(client, keyOf('overview', {}, {}), (old) => ({
      ...old,
      log: { ...old.log, size, ...(checkpoint ? { checkpoint } : {}) },
    })),
  progress: (client, progress) =>
    change<Answer<'overview'>>(client, keyOf('overview', {}, {}), (old) => ({ ...old, progress })),
  reset: (client) => void client.invalidateQueries(),
}

/** Puts one event into the cache. */
export function applyEvent(client: QueryClient, event: NamedEvent): void {
  const effect = EFFECTS[event.name] as (client: QueryClient, data: unknown) => void
  effect(client, event.data)
}

/** Whether an event changes sums of the overview that it does not carry itself (by grade, stock, newest events). */
export function touchesOverview(name: StreamEventName): boolean {
  return name === 'today' || name === 'sale' || name === 'tank' || name === 'channel' || name === 'progress'
}
