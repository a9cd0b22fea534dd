import type { StreamEvent } from '@oiltrail/contract'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { read } from './client.ts'
import { serverNow } from './clock.ts'
import type { Answer } from './endpoints.ts'

export type LiveSale = StreamEvent<'sale'>

/** How many a wall can show. */
const KEPT = 12
/** What a back-fill brings is no news. */
const NEWS_MS = 15 * 60_000

const KEY = ['live sales'] as const

/** Puts a sale before those that are kept, when it has just ended. */
export function noteSale(client: QueryClient, sale: LiveSale): void {
  if (serverNow() - sale.endedAt > NEWS_MS) return
  client.setQueryData<LiveSale[]>(KEY, (old = []) => {
    if (old.some((other) => other.position === sale.position && other.seq === sale.seq)) return old
    return [sale, ...old].sort((a, b) => b.endedAt - a.endedAt).slice(0, KEPT)
  })
}

/** Sales that ended since the page was opened, newest first. */
export function useLiveSales(): readonly LiveSale[] {
  return useQuery<LiveSale[]>({ queryKey: KEY, queryFn: () => [], enabled: false, initialData: [] }).data
}

/** Sites asked, and sales taken from each, to fill the list when the page opens. */
const FIRST_SITES = 6
const FIRST_SALES = 4

/** Fills the list with the newest sales of the busiest sites, so that a wall that was just switched on is not empty. */
export function useFirstSales(sites: Answer<'overview'>['sites']): void {
  const client = useQueryClient()
  const busiest = [...sites]
    .filter((site) => site.kind === 'station')
    .sort((a, b) => b.today.sales - a.today.sales)
    .slice(0, FIRST_SITES)
  const ready = busiest.length > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the sites are known
  useEffect(() => {
    if (!ready || (client.getQueryData<LiveSale[]>(KEY)?.length ?? 0) > 0) return
    const to = Math.ceil(serverNow())
    for (const { site, name } of busiest)
      read('siteSales', { site }, { from: to - NEWS_MS, to, limit: FIRST_SALES })
        .then((sales) => {
          for (const sale of sales) noteSale(client, { ...sale, site, siteName: name })
        })
        .catch(() => undefined) // The stream brings the next ones.
  }, [ready])
}
