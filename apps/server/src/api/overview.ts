import { DAY_MS, dayIndex, dayStart, hourIndex, hourStart } from '@oiltrail/kernel'
import {
  type HourGradeRow,
  listDeliveries,
  listNotable,
  NO_SALES,
  plusSums,
  readLatestCheckpoint,
  readLogFigures,
  type SalesSums,
  sumHours,
  sumSpan,
  sumStock,
} from '@oiltrail/store'
import { type ApiParts, countyOf, type Handlers } from './handler.ts'
import { checkpointShape, gradeOf } from './shape.ts'
import { siteSummaries } from './sites.ts'

const HOURS_OF_DAY = 24
const HOURS_OF_WEEK = 168
const DAYS_OF_WEEK = 7
const LATEST = 12

function total(rows: readonly SalesSums[]): SalesSums {
  return rows.reduce((sum, row) => plusSums(sum, row), NO_SALES)
}

/** Sales of today so far, and of the same weekday last week up to the same moment, whole and by grade and hour. */
async function salesPart({ context }: ApiParts, now: number) {
  const { store, county } = context
  const first = dayIndex(now) * HOURS_OF_DAY
  const thisHour = hourIndex(now)
  const lastWeekNow = now - DAYS_OF_WEEK * DAY_MS
  const [today, lastWeek, partial] = await Promise.all([
    sumHours(store.pool, county, first, thisHour + 1),
    sumHours(store.pool, county, first - HOURS_OF_WEEK, first - HOURS_OF_WEEK + HOURS_OF_DAY),
    sumSpan(store.pool, county, hourStart(thisHour - HOURS_OF_WEEK), lastWeekNow),
  ])
  const before = [...lastWeek.filter((row) => row.hour < thisHour - HOURS_OF_WEEK), ...partial]
  const grades = [...new Set([...today, ...before].map((row) => row.grade))].sort((a, b) => a - b)
  const of = (rows: readonly (SalesSums & { grade: number })[], grade: number): SalesSums =>
    total(rows.filter((row) => row.grade === grade))
  const volume = (rows: readonly HourGradeRow[], hour: number): number =>
    total(rows.filter((row) => row.hour === hour)).volumeMillilitres
  return {
    today: total(today),
    lastWeek: total(before),
    byGrade: grades.map((grade) => ({
      grade: gradeOf(grade),
      today: of(today, grade),
      lastWeek: of(before, grade),
    })),
    hours: Array.from({ length: HOURS_OF_DAY }, (_, hour) => ({
      hour,
      ...(first + hour <= thisHour ? { todayMillilitres: volume(today, first + hour) } : {}),
      lastWeekMillilitres: volume(lastWeek, first - HOURS_OF_WEEK + hour),
    })),
  }
}

async function latestPart({ context }: ApiParts) {
  const { store, county } = context
  const [notable, deliveries] = await Promise.all([
    listNotable(store.pool, county, LATEST),
    listDeliveries(store.pool, county, LATEST),
  ])
  return [
    ...notable.map(({ value, ...row }) => ({ ...row, ...(value === null ? {} : { value }) })),
    ...deliveries.map((row) => ({
      at: row.endedAt,
      kind: 'delivery',
      site: row.site,
      siteName: row.siteName,
      subject: row.tank,
      value: row.endMillilitres - row.startMillilitres,
    })),
  ]
    .sort((a, b) => b.at - a.at)
    .slice(0, LATEST)
}

async function logPart({ context }: ApiParts, now: number) {
  const { store, county } = context
  const [figures, checkpoint] = await Promise.all([
    readLogFigures(store.pool, county, dayStart(dayIndex(now))),
    readLatestCheckpoint(store.pool, county),
  ])
  return {
    size: figures.size,
    refusalsToday: figures.refusals,
    ...(checkpoint ? { checkpoint: checkpointShape(checkpoint) } : {}),
  }
}

export const overviewHandlers: Handlers<'progress' | 'county' | 'overview'> = {
  progress: async (_input, { live }) => live.progress(),

  async county(_input, { context }) {
    const { code, zh, en, towns } = countyOf(context.countyCode)
    return { code, zh, en, demo: context.demo, towns: [...towns] }
  },

  async overview(_input, parts) {
    const now = parts.context.clock.now()
    const today = dayIndex(now)
    const [sales, stock, { sites, channels }, latest, log] = await Promise.all([
      salesPart(parts, now),
      sumStock(parts.context.store.pool, parts.context.county, today - DAYS_OF_WEEK, today),
      siteSummaries(parts),
      latestPart(parts),
      logPart(parts, now),
    ])
    return {
      asOf: now,
      progress: parts.live.progress(),
      ...sales,
      stock: stock.map(({ grade, ...row }) => ({ grade: gradeOf(grade), ...row })),
      channels: {
        total: channels.length,
        online: channels.filter((channel) => channel.online).length,
        withFaults: channels.filter((channel) => channel.faults.length > 0).length,
        openGaps: channels.reduce((sum, channel) => sum + channel.openGaps, 0),
        missingRecords: channels.reduce((sum, channel) => sum + channel.missingRecords, 0),
      },
      sites,
      latest,
      log,
    }
  },
}
