import { GRADES } from '@oiltrail/domain'
import { Select } from 'antd'
import type { ReactNode } from 'react'
import { searchOf } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { SiteSelect } from '../parts/SiteSelect.tsx'
import { useSettings, useWords } from '../settings.tsx'
import { BUCKETS, KINDS, PLACES, type Question, queryOf } from './question.ts'

interface FiltersProps {
  readonly question: Question
  readonly onChange: (changes: Readonly<Record<string, string | undefined>>) => void
}

/** Order of buckets on screen, from fine to coarse. */
const BUCKET_ORDER = [...BUCKETS].sort(
  (a, b) => 'hour day month year all'.indexOf(a) - 'hour day month year all'.indexOf(b),
)

/** The rows of the question as files. */
export function ExportLinks({ question }: { question: Question }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const search = searchOf({ ...queryOf(question), lang: language })
  return (
    <>
      <a className="button" href={`/api/statistics.csv?${search}`} download>
        {words.statistics.exportCsv}
      </a>
      <a className="button" data-primary="true" href={`/api/statistics.xlsx?${search}`} download>
        {words.statistics.exportXlsx}
      </a>
    </>
  )
}

/** All that shapes the question; each choice stands in the address. */
export function Filters({ question, onChange }: FiltersProps): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const towns = useRead('county', {}, {}, { refreshMs: false }).data?.towns ?? []
  const set = (key: string) => (value: string) => onChange({ [key]: value, page: undefined })
  return (
    <div className="filters">
      <Select
        aria-label={words.statistics.bucket}
        prefix={<span className="faint">{words.statistics.bucket}</span>}
        value={question.bucket}
        onChange={set('bucket')}
        options={BUCKET_ORDER.map((value) => ({ value, label: words.statistics.buckets[value] }))}
      />
      <Select
        aria-label={words.statistics.place}
        prefix={<span className="faint">{words.statistics.place}</span>}
        value={question.place}
        onChange={set('place')}
        options={PLACES.map((value) => ({ value, label: words.statistics.places[value] }))}
      />
      <Select
        aria-label={words.statistics.grade}
        value={question.byGrade ? '*' : question.grade}
        onChange={(value) =>
          onChange({
            byGrade: value === '*' ? 'true' : undefined,
            grade: value === '*' ? undefined : value,
            page: undefined,
          })
        }
        options={[
          { value: '', label: words.statistics.allGrades },
          { value: '*', label: words.statistics.byGrade },
          ...GRADES.map((value) => ({ value, label: words.grade[value] })),
        ]}
      />
      <Select
        aria-label={words.statistics.kind}
        value={question.kind}
        onChange={set('kind')}
        options={KINDS.map((value) => ({ value, label: words.statistics.kinds[value] }))}
      />
      <Select
        aria-label={words.statistics.town}
        value={question.town}
        onChange={set('town')}
        options={[
          { value: '', label: words.statistics.allTowns },
          ...towns.map((town) => ({ value: town.code, label: town[language] })),
        ]}
      />
      <SiteSelect
        label={words.statistics.site}
        all={words.statistics.allSites}
        value={question.site}
        onChange={set('site')}
      />
      <button
        type="button"
        className="button"
        aria-pressed={question.compare}
        onClick={() => onChange({ compare: question.compare ? undefined : 'true', page: undefined })}
      >
        {question.compare ? '☑' : '☐'} {words.statistics.compare}
      </button>
    </div>
  )
}
