import { GRADES } from '@oiltrail/domain'
import type { Query } from '../api/endpoints.ts'
import { type DaySpan, momentsOf, type Preset, spanOf } from '../pages/span.ts'
import { oneOf, wholeNumber } from '../pages/useSearch.ts'

/** The contract's lists, restated here so that its schemas stay out of the page; a test keeps them equal. */
export const BUCKETS = ['day', 'hour', 'month', 'year', 'all'] as const
export const PLACES = ['county', 'town', 'enterprise', 'site', 'dispenser', 'nozzle'] as const

export const KINDS = ['sale', 'load', 'all'] as const

/** Everything the statistics page asks for, as its address says it. */
export interface Question {
  readonly span: DaySpan & { preset?: Preset }
  readonly bucket: (typeof BUCKETS)[number]
  readonly place: (typeof PLACES)[number]
  readonly kind: (typeof KINDS)[number]
  readonly byGrade: boolean
  readonly grade: '' | (typeof GRADES)[number]
  readonly site: string
  readonly town: string
  readonly compare: boolean
  readonly page: number
}

/** Reads the address; what is malformed counts as absent. */
export function questionOf(search: URLSearchParams, now: number): Question {
  const site = search.get('site') ?? ''
  const town = search.get('town') ?? ''
  return {
    span: spanOf(search, 'month', now),
    bucket: oneOf(search.get('bucket'), BUCKETS),
    place: oneOf(search.get('place'), PLACES),
    kind: oneOf(search.get('kind'), KINDS),
    byGrade: search.get('byGrade') === 'true',
    grade: oneOf(search.get('grade'), ['', ...GRADES]),
    site: /^[A-Z0-9]{1,16}$/.test(site) ? site : '',
    town: /^[0-9]{9}$/.test(town) ? town : '',
    compare: search.get('compare') === 'true',
    page: wholeNumber(search.get('page'), 1, 100_000),
  }
}

/** The question as the endpoint takes it, for a span of moments. */
export function queryOf(
  q: Question,
  moments: { from: number; to: number } = momentsOf(q.span),
): Query<'statistics'> {
  return {
    from: moments.from,
    to: moments.to,
    bucket: q.bucket,
    place: q.place,
    byGrade: q.byGrade ? 'true' : 'false',
    kind: q.kind,
    ...(q.site ? { site: q.site } : {}),
    ...(q.town ? { town: q.town } : {}),
    ...(q.grade ? { grade: q.grade } : {}),
  }
}
