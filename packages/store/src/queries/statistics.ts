import { DAY_MS, dayIndex, HOUR_MS, hourIndex } from '@oiltrail/kernel'
import { type Reader, type SalesSums, sumColumns } from './sums.ts'

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
const PLACES: Readonly<Record<StatisticsQuestion['place'], readonly [code: string, name: string]>> = {
  county: ["''", "''"],
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

function bucketOf(bucket: StatisticsQuestion['bucket'], day: string, hour: string): string {
  switch (bucket) {
    case 'hour':
      return `(${hour})::int8 * ${HOUR_MS} - ${CHINA_MS}`
    case 'day':
      return `(${day})::int8 * ${DAY_MS} - ${CHINA_MS}`
    case 'month':
    case 'year':
      return `(extract(epoch from date_trunc('${bucket}', (date '1970-01-01' + ${day})::timestamp)) * 1000)::int8 - ${CHINA_MS}`
    case 'all':
      return '$5::int8'
  }
}

/** The statement and its values; apart from running it so that tests can ask for its plan. */
export function statisticsStatement(
  county: number,
  q: StatisticsQuestion,
): { text: string; values: unknown[] } {
  const wholeDays = (q.from + CHINA_MS) % DAY_MS === 0 && (q.to + CHINA_MS) % DAY_MS === 0
  const byDay = wholeDays && q.bucket !== 'hour'
  const [table, index] = byDay ? ['sales_day', 'day'] : ['sales_hour', 'hour']
  const bucket = bucketOf(q.bucket, byDay ? 'r.day' : 'r.hour / 24', 'r.hour')
  const [code, name] = PLACES[q.place]
  const values: unknown[] = [
    county,
    byDay ? dayIndex(q.from) : hourIndex(q.from),
    byDay ? dayIndex(q.to) : hourIndex(q.to),
    q.limit,
  ]
  if (q.bucket === 'all') values.push(q.from)
  const where: string[] = []
  const equal = (column: string, value: unknown): void => {
    if (value === undefined) return
    values.push(value)
    where.push(`${column} = $${values.length}`)
  }
  if (q.site !== undefined) {
    values.push(q.site)
    where.push(`r.site_id = (select site_id from site where county = $1 and site = $${values.length})`)
  }
  equal('s.town', q.town)
  equal('s.enterprise', q.enterprise)
  equal('r.grade', q.grade)
  if (q.kind !== 'all') where.push(q.kind === 'load' ? 'n.arm' : 'not n.arm')
  const text = `select * from (
      select ${bucket} as bucket, ${code} as place, ${name} as "placeName", ${q.byGrade ? 'r.grade' : 'null::int2'} as grade,
        ${sumColumns('r')}
      from ${table} r
      join nozzle n on n.county = $1 and n.nozzle_id = r.nozzle_id
      join site s on s.county = $1 and s.site_id = r.site_id
      where r.county = $1 and r.${index} >= $2 and r.${index} < $3 ${where.map((each) => `and ${each}`).join(' ')}
      group by 1, 2, 3, 4
    ) b order by bucket, place, grade limit $4`
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
