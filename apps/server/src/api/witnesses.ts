import { MOST_WITNESS_DAYS } from '@oiltrail/contract'
import {
  balanceWitnesses,
  conclusionWords,
  doubleBooks,
  GRADES,
  type HourOfNozzle,
  type PairResult,
  pairWords,
  SettingsBook,
  type SettingValues,
  type WitnessBalance,
  type WitnessDay,
  type WitnessSources,
} from '@oiltrail/domain'
import { DAY_MS, dayIndex, dayStart, HOUR_MS, hourIndex, hourStart } from '@oiltrail/kernel'
import {
  listNozzleHours,
  listNozzleTanks,
  listSettingsChanges,
  listTankDeliveries,
  listTankReadings,
  listTelling,
  type NozzleHourRow,
  type NozzleTankRow,
} from '@oiltrail/store'
import { acceptedCharts, undecidedTanks } from './charts.ts'
import { type ApiParts, bounded, groupBy, type Handlers } from './handler.ts'
import { registered } from './sites.ts'

/** Changes of one rule's settings that are looked at. */
const MOST_CHANGES = 200

/** Settings of the rule that judges the same three, in force for a site: page and alarm go by the same. */
async function settingsOf({ context }: ApiParts, site: string, at: number): Promise<SettingValues> {
  const changes = await listSettingsChanges(context.store.pool, context.county, doubleBooks.id, MOST_CHANGES)
  const book = new SettingsBook([[doubleBooks.id, doubleBooks.settings]])
  for (const { change } of changes.toReversed()) book.take(change)
  return book.valuesAt(doubleBooks.id, site, at)
}

/** Each hour of a nozzle with the tank it drew from then. */
function linked(hours: readonly NozzleHourRow[], links: readonly NozzleTankRow[]): HourOfNozzle[] {
  const byNozzle = groupBy(links, ({ nozzle }) => nozzle)
  return hours.map(({ nozzle, hour, sales, volumeMillilitres, boardSales, boardMillilitres }) => {
    const own = byNozzle.get(nozzle) ?? []
    const link = own.findLast(({ validFrom }) => validFrom <= hourStart(hour)) ?? own[0]
    const { tank = '', tapped = false } = link ?? {}
    return { hour, tank, tapped, sales, volumeMillilitres, boardSales, boardMillilitres }
  })
}

async function sourcesOf(
  parts: ApiParts,
  site: string,
  span: { readonly from: number; readonly to: number },
  missingRecords: number,
): Promise<WitnessSources> {
  const { siteId, document } = await registered(parts, site)
  const { store, county } = parts.context
  const { pool } = store
  const hours = { fromHour: hourIndex(span.from), toHour: hourIndex(span.to) }
  const [readings, nozzles, links, deliveries, charts, settings] = await Promise.all([
    // The readings before the first moment stand for it.
    listTankReadings(pool, county, siteId, { ...hours, fromHour: hours.fromHour - 2 }),
    listNozzleHours(pool, county, siteId, hours),
    listNozzleTanks(pool, county, siteId),
    listTankDeliveries(pool, county, siteId, { from: span.from, to: span.to + DAY_MS }),
    acceptedCharts(parts, site),
    settingsOf(parts, site, span.to),
  ])
  return {
    tanks: document.tanks,
    readings: groupBy(readings, ({ tank }) => tank),
    nozzles: linked(nozzles, links),
    deliveries,
    charts,
    chartError: settings.chartPercent! / 100,
    confirms: settings.tankShare! / 100,
    missingRecords,
  }
}

/** Up to when all channels of a site have told what they know, at most now, and how many of their records are missing. */
async function toldUntil(parts: ApiParts, site: string): Promise<{ until: number; missingRecords: number }> {
  const { store, county, clock } = parts.context
  const channels = await listTelling(store.pool, county, site)
  const until = channels.reduce((least, { lastAt }) => Math.min(least, lastAt ?? 0), clock.now())
  const missingRecords = channels.reduce((sum, channel) => sum + channel.missingRecords, 0)
  return { until: Math.max(until, 0), missingRecords }
}

function pairShape(result: PairResult) {
  const { daysNeeded, ...pair } = result
  return { ...pair, ...(daysNeeded === undefined ? {} : { daysNeeded }), says: pairWords(result) }
}

/** `{ [name]: whole number }`, or nothing when the witness says nothing. */
function told<K extends string>(name: K, value: number | undefined): { [N in K]?: number } {
  return (value === undefined ? {} : { [name]: Math.round(value) }) as { [N in K]?: number }
}

function dayShape({ from, to, pulses, boardTapped, board, tank, rises }: WitnessDay) {
  return {
    from,
    to,
    pulsesMillilitres: Math.round(pulses),
    boardTappedMillilitres: Math.round(boardTapped),
    boardMillilitres: Math.round(board),
    ...told('tankMillilitres', tank),
    deliveries: rises,
  }
}

function gradeShape(
  { grade, days, told: testimony, pairs, conclusion, charted }: WitnessBalance,
  undecided: readonly string[],
) {
  return {
    grade,
    conclusion,
    says: conclusionWords(conclusion),
    pairs: pairs.map(pairShape),
    ...told('pulsesMillilitres', testimony.pulses),
    ...told('boardTappedMillilitres', testimony.boardTapped),
    ...told('boardMillilitres', testimony.board),
    ...told('tankMillilitres', testimony.tank),
    comparedDays: testimony.days,
    chartErrorPercent: testimony.chartError * 100,
    chartedTanks: [...charted],
    undecidedTanks: [...undecided],
    days: days.map(dayShape),
  }
}

export const witnessHandlers: Handlers<'witnesses'> = {
  async witnesses({ params: { site }, query }, parts) {
    const { document } = await registered(parts, site)
    const days = bounded(query.days, 1, MOST_WITNESS_DAYS, 'days')
    const { until, missingRecords } = await toldUntil(parts, site)
    const to = hourStart(hourIndex(until))
    const from = dayStart(dayIndex(to - HOUR_MS) - days)
    const [sources, undecided] = await Promise.all([
      sourcesOf(parts, site, { from, to }, missingRecords),
      undecidedTanks(parts, site, document.tanks),
    ])
    const sold = new Set(document.dispensers.flatMap(({ nozzles }) => nozzles.map(({ tank }) => tank)))
    const grades = GRADES.filter((grade) =>
      document.tanks.some((tank) => tank.grade === grade && sold.has(tank.tank)),
    )
    return {
      from,
      to,
      missingRecords,
      grades: grades.map((grade) =>
        gradeShape(
          balanceWitnesses(sources, grade, { from, to }),
          document.tanks
            .filter((tank) => tank.grade === grade && undecided.has(tank.tank))
            .map(({ tank }) => tank),
        ),
      ),
    }
  },
}
