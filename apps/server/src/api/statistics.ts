import type { statisticsQuery, statisticsRow } from '@oiltrail/contract'
import { gradeIndex } from '@oiltrail/domain'
import { CHINA_OFFSET_MS, DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import { askStatistics, pickSums, type StatisticsQuestion } from '@oiltrail/store'
import type { z } from 'zod'
import { type ApiParts, countyOf, fail, type Handlers } from './handler.ts'
import { gradeOf } from './shape.ts'
import { MAX_HOUR_SPAN_MS, spanOf } from './sites.ts'

export type StatisticsQuery = z.output<typeof statisticsQuery>
export type StatisticsAnswer = z.output<typeof statisticsRow>[]

/** Days are few rows; twenty years of them are a matter of a second. */
const MAX_DAY_SPAN_MS = 20 * 366 * DAY_MS
/** Rows of one answer: a month of hours for a site's nozzles, or a year of days for every site. */
export const MAX_STATISTICS_ROWS = 20_000

function questionOf(query: StatisticsQuery): StatisticsQuestion {
  const aligned = [query.from, query.to].every((at) => (at + CHINA_OFFSET_MS) % DAY_MS === 0)
  spanOf(query, aligned && query.bucket !== 'hour' ? MAX_DAY_SPAN_MS : MAX_HOUR_SPAN_MS)
  return {
    // Rollups know whole hours; a question that cuts an hour gets all of it.
    from: Math.floor(query.from / HOUR_MS) * HOUR_MS,
    to: Math.ceil(query.to / HOUR_MS) * HOUR_MS,
    bucket: query.bucket,
    place: query.place,
    byGrade: query.byGrade === 'true',
    kind: query.kind,
    site: query.site,
    town: query.town,
    enterprise: query.enterprise,
    grade: query.grade === undefined ? undefined : gradeIndex(query.grade),
    limit: MAX_STATISTICS_ROWS + 1,
  }
}

/** Answers one statistics question, for the screen and for both exports. */
export async function answerStatistics(
  { context }: ApiParts,
  query: StatisticsQuery,
  language: 'zh' | 'en' = 'zh',
): Promise<StatisticsAnswer> {
  const rows = await askStatistics(context.store.pool, context.county, questionOf(query))
  if (rows.length > MAX_STATISTICS_ROWS)
    fail(
      'INVALID_REQUEST',
      `more than ${MAX_STATISTICS_ROWS} rows; ask for a shorter span or a coarser bucket`,
      'to',
    )
  const county = countyOf(context.countyCode)
  const towns = new Map(county.towns.map((town) => [town.code, town[language]]))
  return rows.map((row) => {
    const place = query.place === 'county' ? county.code : row.place
    return {
      bucket: row.bucket,
      place,
      placeName:
        query.place === 'county'
          ? county[language]
          : query.place === 'town'
            ? (towns.get(place) ?? place)
            : row.placeName,
      ...(row.grade === null ? {} : { grade: gradeOf(row.grade) }),
      ...pickSums(row),
    }
  })
}

export const statisticsHandlers: Handlers<'statistics'> = {
  statistics: ({ query }, parts) => answerStatistics(parts, query),
}
