import { DAY_MS, dayIndex, HOUR_MS, hourIndex } from '@oiltrail/kernel'
import { type Reader, type SalesSums, SUM_NAMES, sumAgain, sumColumns } from './sums.ts'

/** One question to the rollups. Times are epoch milliseconds on whole hours; the span is half open. */
export interface StatisticsQuestion {
  readonly from: number
  readonly to: number
  readonly bucket: 'hour' | 'day' | 'month' | 'year' | 'all'
  readonly place: 'county' | 'town' | 'enterprise' | 'site' | 'dispenser' | 'nozzle'
  readonly byGrade: boolean
  /** Sales of dispensers, loads of depot arms, or both. */
  readonly kind: 'sale' | 'load' | 'all'
  readonly site?: string | undefined
  readonly town?: string | undefined
  readonly enterprise?: string | undefined
  /** Place in GRADES. */
  readonly grade?: number | undefined
  readonly limit: number
}

export interface StatisticsRow extends SalesSums {
  /** Epoch milliseconds at which the bucket begins; `from` for the bucket `all`. */
  readonly bucket: number
  /** Code of the place; empty for the county. */
  readonly place: string
  /** Name of the place where the tables know one, else empty. */
  readonly placeName: string
  readonly grade: number | null
}

/** Code and name of a place in SQL; `n` is the nozzle, `s` the site. An arm stands for its own dispenser. */
const PLACES: Readonly<Record<Exclude<StatisticsQuestion['place'], 'county'>, readonly [string, string]>> = {
  town: ['s.town', "''"],
  enterprise: ['s.enterprise', 's.enterprise_name'],
  site: ['s.site', 's.name'],
  dispenser: [
    "s.site || '/' || case when n.arm then n.nozzle else n.dispenser end",
    "s.name || ' ' || case when n.arm then n.nozzle else n.dispenser end",
  ],
  nozzle: ["s.site || '/' || n.nozzle", "s.name || ' ' || n.nozzle"],
}

const CHINA_MS = 28_800_000

/** Moments at which the months or years of a span begin in China, the first at or before its start. */
function calendarStarts({ from, to, bucket }: StatisticsQuestion): number[] {
  const first = new Date(from + CHINA_MS)
  const step = bucket === 'year' ? 12 : 1
  const month = bucket === 'year' ? 0 : first.getUTCMonth()
  const starts: number[] = []
  for (let i = 0; ; i += step) {
    const start = Date.UTC(first.getUTCFullYear(), month + i) - CHINA_MS
    if (start >= to) return starts
    starts.push(start)
  }
}

/** Takes a value into a statement and names its place. */
type Bind = (value: unknown) => string

/**
 * The bucket of a rollup row as a small whole number, and the moment it stands for. Rows are grouped by the number; months
 * and years are looked up in a list of their starts, which is many times cheaper than asking the calendar for each row.
 */
function bucketOf(q: StatisticsQuestion, byDay: boolean, bind: Bind): { key: string; moment: string } {
  switch (q.bucket) {
    case 'hour':
      return { key: 'r.hour', moment: `g.bucket_key::int8 * ${HOUR_MS} - ${CHINA_MS}` }
    case 'day':
      return { key: byDay ? 'r.day' : 'r.hour / 24', moment: `g.bucket_key::int8 * ${DAY_MS} - ${CHINA_MS}` }
    case 'month':
    case 'year': {
      const starts = calendarStarts(q)
      const indexes = bind(starts.map(byDay ? dayIndex : hourIndex))
      return {
        key: `width_bucket(${byDay ? 'r.day' : 'r.hour'}, ${indexes}::int4[])`,
        moment: `(${bind(starts)}::int8[])[g.bucket_key]`,
      }
    }
    case 'all':
      return { key: '0', moment: `${bind(q.from)}::int8` }
  }
}

/** Conditions on rollup rows `r`, each by the small tables alone. */
function conditions(q: StatisticsQuestion, bind: Bind): string {
  const where: string[] = []
  const sites = (column: string, value: unknown): void => {
    if (value !== undefined)
      where.push(
        `and r.site_id in (select site_id from site where county = $1 and ${column} = ${bind(value)})`,
      )
  }
  if (q.site !== undefined)
    where.push(`and r.site_id = (select site_id from site where county = $1 and site = ${bind(q.site)})`)
  sites('town', q.town)
  sites('enterprise', q.enterprise)
  if (q.grade !== undefined) where.push(`and r.grade = ${bind(q.grade)}`)
  if (q.kind !== 'all')
    where.push(
      `and r.nozzle_id ${q.kind === 'load' ? '' : 'not '}in (select nozzle_id from nozzle where county = $1 and arm)`,
    )
  return where.join(' ')
}

/** Names for the groups `g`; several sites or nozzles may make one place. */
function named(place: StatisticsQuestion['place'], moment: string): string {
  if (place === 'county')
    return `select ${moment} as bucket, '' as place, '' as "placeName", g.grade, ${SUM_NAMES} from g`
  const [code, name] = PLACES[place]
  const tables =
    place === 'dispenser' || place === 'nozzle'
      ? `g join nozzle n on n.county = $1 and n.nozzle_id = g.place_key join site s on s.county = $1 and s.site_id = n.site_id`
      : 'g join site s on s.county = $1 and s.site_id = g.place_key'
  // One name for a place, also where sites write the name of their enterprise differently.
  return `select ${moment} as bucket, ${code} as place, max(${name}) as "placeName", g.grade, ${sumAgain('g')}
    from ${tables} group by 1, 2, 4`
}

/**
 * The statement and its values; apart from running it so that tests can ask for its plan. Rollup rows are summed by whole
 * numbers alone before anything is joined to them: names are needed for what is answered, not for what is read.
 */
export function statisticsStatement(
  county: number,
  q: StatisticsQuestion,
): { text: string; values: unknown[] } {
  const wholeDays = (q.from + CHINA_MS) % DAY_MS === 0 && (q.to + CHINA_MS) % DAY_MS === 0
  const byDay = wholeDays && q.bucket !== 'hour'
  const [table, index, indexOf] = byDay
    ? (['sales_day', 'day', dayIndex] as const)
    : (['sales_hour', 'hour', hourIndex] as const)
  const values: unknown[] = [county, indexOf(q.from), indexOf(q.to), q.limit]
  const bind: Bind = (value) => `$${values.push(value)}`
  const { key, moment } = bucketOf(q, byDay, bind)
  const placeKey =
    q.place === 'county' ? '0' : q.place === 'dispenser' || q.place === 'nozzle' ? 'r.nozzle_id' : 'r.site_id'
  const text = `with g as (
      select ${key} as bucket_key, ${placeKey} as place_key, ${q.byGrade ? 'r.grade' : 'null::int2'} as grade, ${sumColumns('r')}
      from ${table} r
      where r.county = $1 and r.${index} >= $2 and r.${index} < $3 ${conditions(q, bind)}
      group by 1, 2, 3
    )
    select * from (${named(q.place, moment)}) b order by bucket, place, grade limit $4`
  return { text, values }
}

/** Answers from the rollups alone, whatever the span. */
export async function askStatistics(
  reader: Reader,
  county: number,
  question: StatisticsQuestion,
): Promise<StatisticsRow[]> {
  const { rows } = await reader.query<StatisticsRow>(statisticsStatement(county, question))
  return rows
}
