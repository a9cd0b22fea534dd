import { DAY_MS, dayIndex, HOUR_MS, hourIndex } from '@oiltrail/kernel'
import {
  listChannels,
  listDeliveries,
  listGaps,
  listLevels,
  listNozzles,
  listSales,
  listSites,
  listTanks,
  readRegistration,
} from '@oiltrail/store'
import { type ApiParts, bounded, fail, groupBy, type Handlers } from './handler.ts'
import {
  channelShape,
  deliveryShape,
  gapShape,
  gradeOf,
  levelShape,
  nozzleShape,
  saleShape,
  siteShape,
  tankShape,
} from './shape.ts'

/** Longest span of a question by hour: a year and a month to compare with. */
export const MAX_HOUR_SPAN_MS = 400 * DAY_MS
const MAX_SALES = 1_000
const SITE_DELIVERIES = 20
const SITE_GAPS = 50
const ALL_GAPS = 1_000

/** Year 10000: beyond it calendars have no dates and hours no place in the tables. */
const LATEST_MOMENT = 253_402_300_800_000

/** A span of time from a query: `from` before `to`, and not too long. */
export function spanOf(query: { from: number; to: number }, longestMs: number): { from: number; to: number } {
  if (query.from >= query.to) fail('INVALID_REQUEST', 'from must lie before to', 'from')
  if (query.from < 0 || query.to > LATEST_MOMENT)
    fail('INVALID_REQUEST', 'not a moment between the years 1970 and 9999, in milliseconds', 'to')
  if (query.to - query.from > longestMs)
    fail('INVALID_REQUEST', `the span is longer than ${Math.round(longestMs / DAY_MS)} days`, 'to')
  return query
}

/** The registration of a site in force; NOT_FOUND when there is none. */
export async function registered({ context }: ApiParts, site: string) {
  const found = await readRegistration(context.store.pool, context.county, site)
  return found ?? fail('NOT_FOUND', `site ${site} is not registered`, 'site')
}

/** All sites as lists show them. */
export async function siteSummaries({ context }: ApiParts) {
  const { store, county, clock } = context
  const now = clock.now()
  const [sites, channels] = await Promise.all([
    listSites(store.pool, county, dayIndex(now)),
    listChannels(store.pool, county),
  ])
  const shapes = channels.map((row) => channelShape(row, now))
  const bySite = groupBy(shapes, (channel) => channel.site)
  return {
    sites: sites.map((row) => siteShape(row, bySite.get(row.site) ?? [])),
    channels: shapes,
  }
}

export const siteHandlers: Handlers<'sites' | 'site' | 'siteSales' | 'siteLevels' | 'channels' | 'gaps'> = {
  sites: async (_input, parts) => (await siteSummaries(parts)).sites,

  async site({ params }, parts) {
    const { store, county, clock } = parts.context
    const { siteId, document } = await registered(parts, params.site)
    const now = clock.now()
    const day = dayIndex(now)
    const [list, tanks, nozzles, channelRows, deliveries, gaps] = await Promise.all([
      listSites(store.pool, county, day, params.site),
      listTanks(store.pool, county, siteId),
      listNozzles(store.pool, county, siteId, { now, day }),
      listChannels(store.pool, county, params.site),
      listDeliveries(store.pool, county, SITE_DELIVERIES, siteId),
      listGaps(store.pool, county, SITE_GAPS, params.site),
    ])
    const channels = channelRows.map((row) => channelShape(row, now))
    // What a newer registration no longer names stays in the statistics, not on the page.
    const standing = new Set([
      ...document.tanks.map((tank) => `tank ${tank.tank}`),
      ...document.dispensers.flatMap((each) => each.nozzles.map(({ nozzle }) => `nozzle ${nozzle}`)),
      ...document.arms.map((arm) => `arm ${arm.arm}`),
    ])
    return {
      summary: siteShape(list[0]!, channels),
      registration: document,
      tanks: tanks.filter((row) => standing.has(`tank ${row.tank}`)).map(tankShape),
      nozzles: nozzles
        .filter((row) => standing.has(`${row.arm ? 'arm' : 'nozzle'} ${row.nozzle}`))
        .map((row) => nozzleShape(row, now)),
      channels,
      deliveries: deliveries.map(deliveryShape),
      gaps: gaps.map(gapShape),
    }
  },

  async siteSales({ params, query }, parts) {
    const { siteId } = await registered(parts, params.site)
    const { from, to } = spanOf(query, MAX_HOUR_SPAN_MS)
    const limit = bounded(query.limit, 1, MAX_SALES, 'limit')
    const { store, county } = parts.context
    return (await listSales(store.pool, county, siteId, { from, to, limit })).map(saleShape)
  },

  async siteLevels({ params, query }, parts) {
    const { siteId } = await registered(parts, params.site)
    const { from, to } = spanOf(query, MAX_HOUR_SPAN_MS)
    const { store, county } = parts.context
    const [tanks, points] = await Promise.all([
      listTanks(store.pool, county, siteId),
      listLevels(store.pool, county, siteId, hourIndex(from), hourIndex(to + HOUR_MS - 1)),
    ])
    const byTank = groupBy(points, (point) => point.tank)
    return tanks.map(({ tank, grade }) => ({
      tank,
      grade: gradeOf(grade),
      points: (byTank.get(tank) ?? []).map(levelShape),
    }))
  },

  channels: async (_input, parts) => (await siteSummaries(parts)).channels,

  async gaps(_input, { context }) {
    return (await listGaps(context.store.pool, context.county, ALL_GAPS)).map(gapShape)
  },
}
